#include "action/python-action.h"

#include <string.h>

#include "action/python-helper.h"

#define LOGGER         "fail2ban.actions"
#define RETRY_USEC     (5 * G_USEC_PER_SEC)
#define PROPERTIES_MAX 200 /* of those whose values are kept for a new helper */

struct PythonRequest
{
  PythonAction *owner;
  gint64 id;
  ActionInfo *info; /* lent */
  PythonDone done;  /* NULL: forgotten, or nobody is interested */
  gpointer user_data;
  PyValue *pairs;   /* set: kept when it succeeded */
  gboolean creates; /* the one that makes the action */
  GSource *timer;
  PyValue *result; /* it is through; told from the loop */
};

struct PythonAction
{
  char *jail_name, *name, *file, *folder;
  PyValue *options;
  gint64 timeout_usec;
  Log *log;
  PyValue *(*ask_jail) (gpointer user_data, const char *question, const PyValue *args);
  gpointer user_data;

  PythonHelper *helper; /* NULL: not running */
  int level;            /* the log level that it knows */
  PythonTraits traits;
  gboolean started, loaded;
  PyValue *properties; /* name -> value, as set since it was made */
  GPtrArray *requests; /* of PythonRequest, in order */
  gint64 last_id;
  PyValue *failure; /* of the last attempt to make it; good until retry_usec of the monotonic clock */
  gint64 retry_usec;
  GSource *teller;
};

/* --- requests -------------------------------------------------------------------------------------------------------- */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
request_free (gpointer data)
{
  PythonRequest *request = data;

  clear_source (&request->timer);
  py_value_unref (request->pairs);
  py_value_unref (request->result);
  g_free (request);
}

static PythonRequest *
find_request (const PythonAction *self, gint64 id)
{
  for (guint i = 0; i < self->requests->len; i++)
    if (((const PythonRequest *) self->requests->pdata[i])->id == id)
      return self->requests->pdata[i];
  return NULL;
}

void
python_request_forget (PythonRequest *request)
{
  if (request == NULL)
    return;
  request->done = NULL;
  request->info = NULL;
}

static PythonRequest *
peek_told (const PythonAction *self)
{
  for (guint i = 0; i < self->requests->len; i++)
    if (((const PythonRequest *) self->requests->pdata[i])->result != NULL)
      return self->requests->pdata[i];
  return NULL;
}

/* The results are told one a turn: the one who is told may free everything. */
static gboolean
on_tell (gpointer data)
{
  PythonAction *self = data;
  PythonRequest *request = peek_told (self);

  if (request == NULL)
    {
      g_clear_pointer (&self->teller, g_source_unref);
      return G_SOURCE_REMOVE;
    }
  PythonDone done = request->done;
  gpointer user_data = request->user_data;
  g_autoptr (PyValue) result = g_steal_pointer (&request->result);
  (void) g_ptr_array_remove (self->requests, request);
  if (done != NULL)
    done (result, user_data);
  return G_SOURCE_CONTINUE; /* harmless when it was just destroyed */
}

static void
finish_request (PythonRequest *request, PyValue *result /* taken */)
{
  PythonAction *self = request->owner;

  clear_source (&request->timer);
  request->info = NULL;
  request->result = result;
  if (self->teller != NULL)
    return;
  self->teller = g_idle_source_new ();
  g_source_set_priority (self->teller, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->teller, on_tell, self, NULL);
  g_source_attach (self->teller, NULL);
}

/* The helper is no more: nobody will answer. */
static void
fail_all (PythonAction *self, const PyValue *exception)
{
  for (guint i = 0; i < self->requests->len; i++)
    {
      PythonRequest *request = self->requests->pdata[i];
      if (request->result == NULL)
        finish_request (request, py_value_ref ((PyValue *) exception));
    }
}

static void
drop_helper (PythonAction *self, gboolean kill)
{
  python_helper_free (g_steal_pointer (&self->helper), kill);
  self->loaded = FALSE;
}

static gboolean
on_timeout (gpointer data)
{
  PythonRequest *request = data;
  PythonAction *self = request->owner;
  g_autoptr (PyValue) exception = py_exception_new_printf ("RuntimeError", "%s: timed out after %g seconds", self->file,
                                                           (double) self->timeout_usec / G_USEC_PER_SEC);

  g_clear_pointer (&request->timer, g_source_unref);
  log_error (self->log, LOGGER, "[%s] action %s (%s) timed out after %g seconds, killed", self->jail_name, self->name,
             self->file, (double) self->timeout_usec / G_USEC_PER_SEC);
  drop_helper (self, TRUE);
  fail_all (self, exception);
  return G_SOURCE_REMOVE;
}

static void
start_clock (PythonRequest *request)
{
  clear_source (&request->timer);
  request->timer = g_timeout_source_new ((guint) (request->owner->timeout_usec / 1000));
  g_source_set_callback (request->timer, on_timeout, request, NULL);
  g_source_attach (request->timer, NULL);
}

/* --- what the helper says -------------------------------------------------------------------------------------------- */

static gint64
int_at (const PyValue *message, guint index)
{
  const PyValue *value = index < py_seq_length (message) ? py_seq_peek (message, index) : NULL;

  return value != NULL && py_value_type (value) == PY_INT ? py_int_get (value) : 0;
}

static const char *
text_at (const PyValue *message, guint index, gsize *ret_length)
{
  const PyValue *value = index < py_seq_length (message) ? py_seq_peek (message, index) : NULL;

  if (value != NULL && py_value_type (value) == PY_STR)
    return py_str_peek (value, ret_length);
  if (ret_length != NULL)
    *ret_length = 0;
  return "";
}

static gboolean
trait (const PyValue *traits, const char *name)
{
  const PyValue *value = py_dict_get_str (traits, name);

  return value != NULL && py_value_truth (value);
}

static void
read_traits (PythonAction *self, const PyValue *message)
{
  const PyValue *traits = py_seq_length (message) > 4 ? py_seq_peek (message, 4) : NULL;

  if (traits == NULL || py_value_type (traits) != PY_DICT || py_dict_length (traits) == 0)
    return;
  self->traits = (PythonTraits){ .norestored = trait (traits, "norestored"),
                                 .prolongs = trait (traits, "prolongs"),
                                 .flushes = trait (traits, "flushes"),
                                 .reloads = trait (traits, "reloads"),
                                 .clears = trait (traits, "clears"),
                                 .checks = trait (traits, "checks") };
}

/* (CLASS, ARGS, TEXT, TRACEBACK) */
static PyValue *
read_failure (PythonAction *self, const PyValue *failure)
{
  if (!py_value_is_seq (failure) || py_seq_length (failure) < 4 || !py_value_is_seq (py_seq_peek (failure, 1)))
    return py_exception_new_text ("RuntimeError", "the helper gave no reason");
  const PyValue *args = py_seq_peek (failure, 1);
  PyValue *tuple = py_tuple_new ();
  gsize length;
  const char *trace = text_at (failure, 3, &length);

  for (guint i = 0; i < py_seq_length (args); i++)
    py_list_append (tuple, py_value_ref (py_seq_peek (args, i)));
  if (length > 0 && log_enabled (self->log, LOG_LEVEL_DEBUG))
    log_write_text (self->log, LOG_LEVEL_DEBUG, LOGGER, __func__, trace, length);
  return py_exception_new ("builtins", text_at (failure, 0, NULL), tuple);
}

static gboolean
list_has (const PyValue *list, const PyValue *item)
{
  for (guint i = 0; i < py_seq_length (list); i++)
    if (py_value_equal (py_seq_peek (list, i), item))
      return TRUE;
  return FALSE;
}

/* names: those that are properties; the others were methods, and called. */
static void
keep_properties (PythonAction *self, const PyValue *pairs, const PyValue *names)
{
  for (guint i = 0; i < py_seq_length (pairs); i++)
    {
      PyValue *pair = py_seq_peek (pairs, i);
      if (!py_value_is_seq (pair) || py_seq_length (pair) < 2 || !list_has (names, py_seq_peek (pair, 0)))
        continue;
      if (py_dict_length (self->properties) < PROPERTIES_MAX
          || py_dict_get (self->properties, py_seq_peek (pair, 0)) != NULL)
        py_dict_set (self->properties, py_value_ref (py_seq_peek (pair, 0)), py_value_ref (py_seq_peek (pair, 1)));
    }
}

/* What the one who asked wants to have of a reply; "set" replies (VALUE, [NAME, …]). */
static PyValue *
take_value (PythonRequest *request, PyValue *value)
{
  if (request->pairs == NULL)
    return py_value_ref (value);
  if (!py_value_is_seq (value) || py_seq_length (value) < 2 || !py_value_is_seq (py_seq_peek (value, 1)))
    return py_none_new ();
  keep_properties (request->owner, request->pairs, py_seq_peek (value, 1));
  return py_value_ref (py_seq_peek (value, 0));
}

static void
handle_reply (PythonAction *self, const PyValue *message)
{
  PythonRequest *request = find_request (self, int_at (message, 1));

  read_traits (self, message);
  if (request == NULL || request->result != NULL || py_seq_length (message) < 4)
    return;
  if (py_value_truth (py_seq_peek (message, 2)))
    {
      if (request->creates)
        self->loaded = TRUE;
      finish_request (request, take_value (request, py_seq_peek (message, 3)));
      return;
    }
  PyValue *exception = read_failure (self, py_seq_peek (message, 3));
  if (!request->creates)
    {
      finish_request (request, exception);
      return;
    }
  /* All that waits for the action fails for the same reason. */
  py_value_unref (self->failure);
  self->failure = exception;
  self->retry_usec = g_get_monotonic_time () + RETRY_USEC;
  drop_helper (self, FALSE);
  fail_all (self, exception);
}

/* ("ask", ID, REQUEST, TAG, ARGS): of the ticket that a request is about; REQUEST 0: of the jail. */
static void
handle_question (PythonAction *self, const PyValue *message)
{
  const PythonRequest *request = find_request (self, int_at (message, 2));
  const char *tag = text_at (message, 3, NULL);
  const PyValue *args = py_seq_length (message) > 4 ? py_seq_peek (message, 4) : NULL;
  g_autoptr (PyValue) value = NULL;

  if (int_at (message, 2) == 0)
    value = py_value_is_seq (args) && self->ask_jail != NULL ? self->ask_jail (self->user_data, tag, args) : NULL;
  else if (request != NULL && request->info != NULL)
    {
      PyValue *found = action_info_peek (request->info, tag);
      value = found != NULL ? py_value_ref (found) : NULL;
    }
  gboolean known = value != NULL;
  if (!known)
    value = py_str_printf ("%s cannot be asked for, or not any more", tag);
  python_helper_send (self->helper, py_tuple_new_items (py_str_new ("answer"), py_int_new (int_at (message, 1)),
                                                        py_bool_new (known), g_steal_pointer (&value), NULL));
}

static void
handle_log (PythonAction *self, const PyValue *message)
{
  gsize length;
  const char *text = text_at (message, 3, &length);
  int level = (int) CLAMP (int_at (message, 1), 1, LOG_LEVEL_CRITICAL);

  if (log_enabled (self->log, level))
    log_write_text (self->log, level, text_at (message, 2, NULL), __func__, text, length);
}

static void
on_received (PyValue *message, gpointer user_data)
{
  PythonAction *self = user_data;

  if (!py_value_is_seq (message))
    return;
  const char *what = text_at (message, 0, NULL);
  if (g_str_equal (what, "reply"))
    handle_reply (self, message);
  else if (g_str_equal (what, "log"))
    handle_log (self, message);
  else if (g_str_equal (what, "ask"))
    handle_question (self, message);
  else if (g_str_equal (what, "began"))
    {
      PythonRequest *request = find_request (self, int_at (message, 1));
      if (request != NULL && request->result == NULL)
        start_clock (request);
    }
}

static void
on_helper_ended (const char *why, gpointer user_data)
{
  PythonAction *self = user_data;
  g_autoptr (PyValue) exception
      = py_exception_new_printf ("RuntimeError", "%s: its process ended (%s)", self->file, why);

  log_error (self->log, LOGGER, "[%s] action %s (%s): its process ended (%s)", self->jail_name, self->name, self->file,
             why);
  if (!self->loaded)
    {
      py_value_unref (self->failure);
      self->failure = py_value_ref (exception);
      self->retry_usec = g_get_monotonic_time () + RETRY_USEC;
    }
  drop_helper (self, TRUE);
  fail_all (self, exception);
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static PythonRequest *
request_new (PythonAction *self, PythonDone done, gpointer user_data)
{
  PythonRequest *request = g_new0 (PythonRequest, 1);

  request->owner = self;
  request->id = ++self->last_id;
  request->done = done;
  request->user_data = user_data;
  g_ptr_array_add (self->requests, request);
  return request;
}

/* (VERB, ID, …), to be completed */
static PyValue *
message_new (const char *verb, const PythonRequest *request)
{
  return py_tuple_new_items (py_str_new (verb), py_int_new (request->id), NULL);
}

static PyValue *
file_text (const char *text)
{
  return py_str_new_surrogateescape (text, -1);
}

/* What a new helper has to do before anything else: make the action, and bring it to where the old one was. */
static void
send_history (PythonAction *self)
{
  PythonRequest *request = request_new (self, NULL, NULL);
  PyValue *message = message_new ("create", request);

  request->creates = TRUE;
  py_list_append (message, py_str_new (self->jail_name));
  py_list_append (message, py_str_new (self->name));
  py_list_append (message, file_text (self->file));
  py_list_append (message, py_value_ref (self->options));
  python_helper_send (self->helper, message);
  start_clock (request);

  if (py_dict_length (self->properties) > 0)
    {
      PyValue *pairs = py_list_new ();
      for (guint i = 0; i < py_dict_length (self->properties); i++)
        py_list_append (pairs, py_list_new_items (py_value_ref (py_dict_peek_key (self->properties, i)),
                                                  py_value_ref (py_dict_peek_value (self->properties, i)), NULL));
      message = message_new ("set", request_new (self, NULL, NULL));
      py_list_append (message, pairs);
      py_list_append (message, py_bool_new (FALSE));
      python_helper_send (self->helper, message);
    }
  if (self->started)
    {
      message = message_new ("run", request_new (self, NULL, NULL));
      py_list_append (message, py_str_new ("start"));
      py_list_append (message, py_none_new ());
      python_helper_send (self->helper, message);
    }
}

/* NULL, or why there is no helper: the caller's. */
static PyValue *
ensure_helper (PythonAction *self)
{
  static const PythonHelperFuncs funcs = { on_received, on_helper_ended };
  g_autoptr (GError) error = NULL;

  if (self->helper == NULL)
    {
      if (self->failure != NULL && g_get_monotonic_time () < self->retry_usec)
        return py_value_ref (self->failure);
      g_clear_pointer (&self->failure, py_value_unref);
      self->helper = python_helper_start (self->folder, &funcs, self, &error);
      if (self->helper == NULL)
        return py_exception_new_printf ("RuntimeError", "%s: %s", self->file, error->message);
      self->level = -1;
    }
  int level = log_get_level (self->log);
  if (level != self->level)
    python_helper_send (self->helper, py_tuple_new_items (py_str_new ("level"), py_int_new (level), NULL));
  if (self->level == -1)
    send_history (self);
  self->level = level;
  return NULL;
}

/* Starts the helper when there is none.  Returns the message to complete and send, or NULL: the request has failed. */
static PyValue *
begin (PythonAction *self, const char *verb, PythonDone done, gpointer user_data, PythonRequest **ret_request)
{
  PyValue *failure = ensure_helper (self);
  PythonRequest *request = request_new (self, done, user_data);

  *ret_request = request;
  if (failure == NULL)
    return message_new (verb, request);
  finish_request (request, failure);
  return NULL;
}

PythonRequest *
python_action_load (PythonAction *self, PythonDone done, gpointer user_data)
{
  /* A list of no properties is set as soon as there is something to set them on. */
  g_autoptr (PyValue) nothing = py_list_new ();

  return python_action_set (self, nothing, FALSE, done, user_data);
}

PythonRequest *
python_action_run (PythonAction *self, const char *method, ActionInfo *info, PythonDone done, gpointer user_data)
{
  PythonRequest *request;
  PyValue *message = begin (self, "run", done, user_data, &request);

  if (message == NULL)
    return request;
  request->info = info;
  py_list_append (message, py_str_new (method));
  py_list_append (message, info != NULL ? action_info_dup_values (info) : py_none_new ());
  python_helper_send (self->helper, message);
  return request;
}

PythonRequest *
python_action_call (PythonAction *self, const char *method, const PyValue *kwargs, PythonDone done, gpointer user_data)
{
  PythonRequest *request;
  PyValue *message = begin (self, "call", done, user_data, &request);

  if (message == NULL)
    return request;
  py_list_append (message, py_str_new (method));
  py_list_append (message, kwargs != NULL ? py_value_ref ((PyValue *) kwargs) : py_dict_new ());
  python_helper_send (self->helper, message);
  return request;
}

PythonRequest *
python_action_set (PythonAction *self, PyValue *pairs, gboolean wanted, PythonDone done, gpointer user_data)
{
  PythonRequest *request;
  PyValue *message = begin (self, "set", done, user_data, &request);

  if (message == NULL)
    return request;
  request->pairs = py_value_ref (pairs);
  py_list_append (message, py_value_ref (pairs));
  py_list_append (message, py_bool_new (wanted));
  python_helper_send (self->helper, message);
  return request;
}

PythonRequest *
python_action_get (PythonAction *self, const char *name, PythonDone done, gpointer user_data)
{
  PythonRequest *request;
  PyValue *message = begin (self, "get", done, user_data, &request);

  if (message == NULL)
    return request;
  py_list_append (message, py_str_new (name));
  python_helper_send (self->helper, message);
  return request;
}

PythonRequest *
python_action_list (PythonAction *self, gboolean methods, PythonDone done, gpointer user_data)
{
  PythonRequest *request;
  PyValue *message = begin (self, methods ? "methods" : "properties", done, user_data, &request);

  if (message != NULL)
    python_helper_send (self->helper, message);
  return request;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PythonAction *
python_action_new (const PythonActionSpec *spec)
{
  g_return_val_if_fail (spec != NULL && spec->file != NULL && spec->options != NULL && spec->timeout_usec > 0, NULL);

  PythonAction *self = g_new0 (PythonAction, 1);
  self->jail_name = g_strdup (spec->jail_name);
  self->name = g_strdup (spec->name);
  self->file = g_strdup (spec->file);
  self->folder = g_strdup (spec->folder);
  self->options = py_value_ref ((PyValue *) spec->options);
  self->timeout_usec = spec->timeout_usec;
  self->log = spec->log;
  self->ask_jail = spec->ask_jail;
  self->user_data = spec->user_data;
  self->properties = py_dict_new ();
  self->requests = g_ptr_array_new_with_free_func (request_free);
  return self;
}

void
python_action_free (PythonAction *self)
{
  if (self == NULL)
    return;
  python_helper_free (self->helper, FALSE);
  clear_source (&self->teller);
  g_ptr_array_unref (self->requests);
  py_value_unref (self->properties);
  py_value_unref (self->options);
  py_value_unref (self->failure);
  g_free (self->jail_name);
  g_free (self->name);
  g_free (self->file);
  g_free (self->folder);
  g_free (self);
}

const char *
python_action_peek_file (const PythonAction *self)
{
  return self->file;
}

const PyValue *
python_action_peek_options (const PythonAction *self)
{
  return self->options;
}

const PythonTraits *
python_action_peek_traits (const PythonAction *self)
{
  return &self->traits;
}

void
python_action_set_started (PythonAction *self, gboolean started)
{
  self->started = started;
}

gboolean
python_action_is_started (const PythonAction *self)
{
  return self->started;
}
