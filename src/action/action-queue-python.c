#include "action/action-queue.h"

#include <string.h>
#include <sys/stat.h>

#include "action/action-private.h"
#include "action/python-action.h"
#include "compat/py-repr.h"

/* A question to a Python action, until it is answered. */
typedef struct
{
  ActionQueue *queue;
  Action *action;         /* reffed; NULL: nobody was found to ask */
  PythonRequest *request; /* NULL: the answer is known */
  PyValue *answer;
  GSource *idle; /* tells the answer */
  ActionQueueCallDone done;
  gpointer user_data;

  /* For adding: */
  PythonAction *fresh; /* becomes the action's when it is loaded */
  char *stamp;
  gboolean keep_broken;
} Ask;

/* --- asking and answering -------------------------------------------------------------------------------------------- */

static void
ask_free (Ask *ask)
{
  if (ask->idle != NULL)
    g_source_destroy (ask->idle);
  g_clear_pointer (&ask->idle, g_source_unref);
  python_request_forget (ask->request);
  python_action_free (ask->fresh);
  action_unref (ask->action);
  py_value_unref (ask->answer);
  g_free (ask->stamp);
  g_free (ask);
}

static Ask *
ask_new (ActionQueue *queue, Action *action, ActionQueueCallDone done, gpointer user_data)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->queue = queue;
  ask->action = action != NULL ? action_ref (action) : NULL;
  ask->done = done;
  ask->user_data = user_data;
  g_ptr_array_add (action_queue_peek_asks (queue), ask);
  return ask;
}

static void
tell (Ask *ask, PyValue *result)
{
  ActionQueue *queue = ask->queue;
  ActionQueueCallDone done = ask->done;
  gpointer user_data = ask->user_data;
  g_autoptr (PyValue) kept = py_value_ref (result);

  (void) g_ptr_array_remove (action_queue_peek_asks (queue), ask);
  ask_free (ask);
  if (done != NULL)
    done (queue, kept, user_data);
}

void
action_queue_end_asks (ActionQueue *self)
{
  GPtrArray *asks = action_queue_peek_asks (self);
  g_autoptr (PyValue) gone = py_exception_new_text ("RuntimeError", "the jail is gone");

  while (asks->len > 0)
    tell (asks->pdata[asks->len - 1], gone);
}

static void
on_answer (PyValue *result, gpointer user_data)
{
  Ask *ask = user_data;

  ask->request = NULL;
  tell (ask, result);
}

static gboolean
on_idle (gpointer user_data)
{
  Ask *ask = user_data;

  tell (ask, ask->answer);
  return G_SOURCE_REMOVE; /* its source is destroyed by now */
}

static void
answer_later (Ask *ask, PyValue *answer /* taken */)
{
  ask->answer = answer;
  ask->idle = g_idle_source_new ();
  g_source_set_priority (ask->idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (ask->idle, on_idle, ask, NULL);
  g_source_attach (ask->idle, NULL);
}

/* NULL: there is no such Python action, and the answer says so. */
static PythonAction *
begin (ActionQueue *self, const char *name, ActionQueueCallDone done, gpointer user_data, Ask **ret_ask)
{
  Action *action = action_queue_find (self, name);

  *ret_ask = ask_new (self, action, done, user_data);
  if (action != NULL && action->python != NULL)
    return action->python;
  answer_later (*ret_ask, py_exception_new_printf ("KeyError", "Invalid Action name: %s", name));
  return NULL;
}

gboolean
action_queue_is_python (const ActionQueue *self, const char *name)
{
  const Action *action = action_queue_find (self, name);

  return action != NULL && action->python != NULL;
}

void
action_queue_python_get (ActionQueue *self, const char *name, const char *property, ActionQueueCallDone done,
                         gpointer user_data)
{
  Ask *ask;
  PythonAction *python = begin (self, name, done, user_data, &ask);

  if (python != NULL)
    ask->request = python_action_get (python, property, on_answer, ask);
}

void
action_queue_python_set (ActionQueue *self, const char *name, PyValue *pairs, ActionQueueCallDone done,
                         gpointer user_data)
{
  Ask *ask;
  PythonAction *python = begin (self, name, done, user_data, &ask);

  if (python != NULL)
    ask->request = python_action_set (python, pairs, TRUE, on_answer, ask);
}

void
action_queue_python_list (ActionQueue *self, const char *name, gboolean methods, ActionQueueCallDone done,
                          gpointer user_data)
{
  Ask *ask;
  PythonAction *python = begin (self, name, done, user_data, &ask);

  if (python != NULL)
    ask->request = python_action_list (python, methods, on_answer, ask);
}

/* --- adding ---------------------------------------------------------------------------------------------------------- */

/* Changes whenever somebody edits the file. */
static char *
file_stamp (const char *file)
{
  struct stat about;

  if (stat (file, &about) != 0)
    return g_strdup ("");
  return g_strdup_printf ("%lld.%09ld %lld %llu", (long long) about.st_mtim.tv_sec, about.st_mtim.tv_nsec,
                          (long long) about.st_size, (unsigned long long) about.st_ino);
}

static PyValue *
ask_jail (gpointer user_data, const char *question, const PyValue *args)
{
  return action_queue_ask_jail (user_data, question, args);
}

static PythonAction *
python_new (ActionQueue *self, const char *name, const char *file, const PyValue *options)
{
  const ActionContext *context = action_queue_peek_context (self);
  PythonActionSpec spec = {
    .jail_name = action_queue_peek_jail_name (self),
    .name = name,
    .file = file,
    .options = options,
    .folder = context->python_folder,
    .timeout_usec
    = context->python_timeout_usec > 0 ? context->python_timeout_usec : PYTHON_TIMEOUT_SEC * G_USEC_PER_SEC,
    .log = context->log,
    .ask_jail = ask_jail,
    .user_data = self,
  };

  return python_action_new (&spec);
}

/* The object is there, or at least its place.  Returns whether it follows one that had been started. */
static gboolean
put_in_place (Ask *ask)
{
  Action *action = ask->action;
  Action *known = action_queue_find (ask->queue, action->name);

  gboolean started = action->python != NULL && python_action_is_started (action->python);
  python_action_free (action->python);
  action->python = g_steal_pointer (&ask->fresh);
  g_free (action->python_stamp);
  action->python_stamp = g_steal_pointer (&ask->stamp);
  g_clear_pointer (&action->python_options, py_value_unref);
  if (known == action)
    action->taken_over = TRUE;
  else if (known == NULL)
    {
      action->is_new = action_queue_is_reloading (ask->queue);
      action_queue_append (ask->queue, action_ref (action));
    }
  return started;
}

static void
log_failure (const Ask *ask, const char *verb, const PyValue *exception)
{
  g_autofree char *text = py_str (exception, NULL);

  log_error (action_queue_peek_context (ask->queue)->log, "fail2ban.actions", "Failed to %s jail '%s' action '%s': %s",
             verb, action_queue_peek_jail_name (ask->queue), ask->action->name, text);
}

static void
on_started (PyValue *result, gpointer user_data)
{
  Ask *ask = user_data;
  g_autoptr (PyValue) done = py_none_new ();

  ask->request = NULL;
  if (py_value_type (result) == PY_EXCEPTION)
    log_failure (ask, "start", result);
  tell (ask, done);
}

static void
on_loaded (PyValue *result, gpointer user_data)
{
  Ask *ask = user_data;
  gboolean broken = py_value_type (result) == PY_EXCEPTION;
  g_autoptr (PyValue) done = py_none_new ();

  ask->request = NULL;
  if (broken && !ask->keep_broken)
    {
      tell (ask, result);
      return;
    }
  if (broken)
    log_failure (ask, "add", result);
  if (!put_in_place (ask))
    {
      tell (ask, done);
      return;
    }
  ask->request = python_action_run (ask->action->python, "start", NULL, on_started, ask);
  python_action_set_started (ask->action->python, TRUE);
}

static gboolean
is_unchanged (const Action *action, const char *file, const PyValue *options, const char *stamp)
{
  return g_str_equal (python_action_peek_file (action->python), file)
         && py_value_equal (python_action_peek_options (action->python), options)
         && g_strcmp0 (action->python_stamp, stamp) == 0;
}

static void
on_cleared (PyValue *result, gpointer user_data)
{
  Ask *ask = user_data;

  ask->request = NULL;
  tell (ask, result);
}

/* The object is there and knows how to be reloaded, or it needs not to be.  FALSE: it has to be made anew. */
static gboolean
take_over (Ask *ask, const char *file, const PyValue *options)
{
  Action *action = ask->action;
  const PythonTraits *traits = python_action_peek_traits (action->python);

  if (traits->reloads && traits->clears)
    {
      action->python_options = py_value_ref ((PyValue *) options);
      action->taken_over = TRUE;
      ask->request = python_action_call (action->python, "clearAllParams", NULL, on_cleared, ask);
      return TRUE;
    }
  if (!is_unchanged (action, file, options, ask->stamp))
    return FALSE;
  action->taken_over = TRUE;
  answer_later (ask, py_none_new ());
  return TRUE;
}

void
action_queue_python_add (ActionQueue *self, const char *name, const char *file, const PyValue *options,
                         gboolean keep_broken, ActionQueueCallDone done, gpointer user_data)
{
  g_return_if_fail (name != NULL && file != NULL && options != NULL);

  Action *known = action_queue_find (self, name);
  Ask *ask = ask_new (self, known, done, user_data);
  if (known != NULL && !action_queue_is_reloading (self))
    {
      answer_later (ask, py_exception_new_printf ("ValueError", "Action %s already exists", name));
      return;
    }
  if (py_value_type (options) != PY_DICT)
    {
      answer_later (ask, py_exception_new_printf ("TypeError", "Action() argument after ** must be a mapping, not %s",
                                                  py_value_type_name (options)));
      return;
    }
  ask->stamp = file_stamp (file);
  if (known != NULL && known->python != NULL)
    {
      g_clear_pointer (&known->python_options, py_value_unref);
      if (take_over (ask, file, options))
        return;
    }
  if (known == NULL)
    ask->action = action_new (self, name);
  ask->keep_broken = keep_broken;
  ask->fresh = python_new (self, name, file, options);
  ask->request = python_action_load (ask->fresh, on_loaded, ask);
}
