#include "action/action.h"

#include <string.h>

#include "action/action-driver.h"
#include "action/action-private.h"
#include "action/python-action.h"
#include "base/duration.h"
#include "compat/py-expr.h"
#include "compat/py-repr.h"
#include "firewall/firewall-watch.h"

G_DEFINE_QUARK (fail2ban - action - error - quark, action_error)

static const struct
{
  ActionError code;
  const char *exception;
} exceptions[] = {
  { ACTION_ERROR_EXISTS, "ValueError" },
  { ACTION_ERROR_NO_ACTION, "KeyError" },
  { ACTION_ERROR_NO_ATTRIBUTE, "AttributeError" },
  { ACTION_ERROR_VALUE, "ValueError" },
  { ACTION_ERROR_TYPE, "TypeError" },
  { ACTION_ERROR_RUN, "RuntimeError" },
  { ACTION_ERROR_PYTHON, "RuntimeError" },
};

PyValue *
action_error_to_exception (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (error->domain == PY_EXPR_ERROR)
    return py_exception_new_text (py_expr_error_class (error), error->message);
  if (error->domain == ACTION_ERROR)
    for (gsize i = 0; i < G_N_ELEMENTS (exceptions); i++)
      if (error->code == (int) exceptions[i].code)
        return py_exception_new_text (exceptions[i].exception, error->message);
  return py_exception_new_text ("Exception", error->message);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static const char *const commands[] = {
  "actionban",    "actioncheck", "actionflush", "actionreban", "actionreload",
  "actionrepair", "actionstart", "actionstop",  "actionunban",
};

#define DEFAULT_TIMEOUT_SEC 60

static const char *const methods[] = {
  "ban",     "clearAllParams", "consistencyCheck", "escapeTag",          "executeCmd", "flush", "invalidateBanEpoch",
  "prolong", "reban",          "reload",           "replaceDynamicTags", "replaceTag", "start", "stop",
  "unban",
};

static void
family_clear (gpointer data)
{
  ActionFamily *family = data;

  g_free (family->family);
}

Action *
action_new (ActionQueue *queue, const char *name)
{
  Action *self = g_new0 (Action, 1);

  self->refs = 1;
  self->queue = queue;
  self->name = g_strdup (name);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) py_value_unref);
  self->families = g_array_new (FALSE, TRUE, sizeof (ActionFamily));
  g_array_set_clear_func (self->families, family_clear);
  self->runs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  action_clear (self);
  return self;
}

static void
forget_owner (const Action *self, gconstpointer owner)
{
  Firewall *firewall = action_queue_peek_context (self->queue)->firewall;

  if (firewall != NULL)
    firewall_forget (firewall, owner);
}

Action *
action_ref (Action *self)
{
  self->refs++;
  return self;
}

void
action_unref (Action *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (self->owners); i++)
    forget_owner (self, &self->owners[i]);
  g_free (self->name);
  g_hash_table_unref (self->values);
  tag_table_free (self->tags);
  g_array_unref (self->families);
  g_hash_table_unref (self->runs);
  python_action_free (self->python);
  g_free (self->python_stamp);
  py_value_unref (self->python_options);
  g_free (self);
}

const char *
action_peek_name (const Action *self)
{
  return self->name;
}

/* A property changed: neither the texts made from them nor the memory of what ran for which family hold any more. */
static void
forget_texts (Action *self)
{
  g_clear_pointer (&self->tags, tag_table_free);
  g_hash_table_remove_all (self->runs);
}

void
action_clear (Action *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_hash_table_replace (self->values, g_strdup (commands[i]), py_str_new (""));
  g_hash_table_replace (self->values, g_strdup ("timeout"), py_int_new (DEFAULT_TIMEOUT_SEC));
  forget_texts (self);
}

/* --- properties ------------------------------------------------------------------------------------------------------ */

static PyValue *
parse_timeout (PyValue *value, GError **error)
{
  gsize length;

  if (py_value_type (value) != PY_STR)
    return py_value_ref (value);
  const char *text = py_str_peek (value, &length);
  return duration_parse (text, (gssize) length, error);
}

gboolean
action_set (Action *self, const char *name, PyValue *value, GError **error)
{
  g_return_val_if_fail (self != NULL && name != NULL && value != NULL, FALSE);

  if (g_str_equal (name, "bantime"))
    return TRUE; /* the ticket's, never a property */
  g_autoptr (PyValue) kept = NULL;
  if (g_str_equal (name, "timeout"))
    {
      double seconds;
      kept = parse_timeout (value, error);
      if (kept == NULL)
        return FALSE;
      if (!py_value_to_double (kept, &seconds))
        {
          g_set_error (error, ACTION_ERROR, ACTION_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
                       py_value_type_name (kept));
          return FALSE;
        }
    }
  else
    kept = py_value_ref (value);

  g_hash_table_replace (self->values, g_strdup (name), g_steal_pointer (&kept));
  if (*name != '_')
    forget_texts (self);
  return TRUE;
}

PyValue *
action_get (Action *self, const char *name, GError **error)
{
  if (g_str_equal (name, "banEpoch"))
    return py_int_new (self->ban_epoch);
  PyValue *value = g_hash_table_lookup (self->values, name);
  if (value != NULL)
    return py_value_ref (value);
  if (g_str_equal (name, "driver")) /* ours; one of that name in the action's file goes before */
    {
      g_autofree char *driver = action_dup_driver (self);
      return py_str_new (driver);
    }
  g_set_error (error, ACTION_ERROR, ACTION_ERROR_NO_ATTRIBUTE, "'CommandAction' object has no attribute '%s'", name);
  return NULL;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static PyValue *
take_sorted (GPtrArray *names)
{
  PyValue *list = py_list_new ();

  g_ptr_array_sort (names, compare_strings);
  for (guint i = 0; i < names->len; i++)
    py_list_append (list, py_str_new (names->pdata[i]));
  g_ptr_array_unref (names);
  return list;
}

PyValue *
action_dup_properties (const Action *self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (*(const char *) name != '_')
      g_ptr_array_add (names, name);
  /* Two constants of the class and a computed one that 1.1.2 counts as properties of every action. */
  g_ptr_array_add (names, (gpointer) "ESCAPE_CRE");
  g_ptr_array_add (names, (gpointer) "ESCAPE_VN_CRE");
  g_ptr_array_add (names, (gpointer) "banEpoch");
  return take_sorted (names);
}

PyValue *
action_dup_methods (const Action *self)
{
  GPtrArray *names = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    g_ptr_array_add (names, (gpointer) methods[i]);
  return take_sorted (names);
}

gboolean
action_is_method (const Action *self, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i], name))
      return TRUE;
  return FALSE;
}

gconstpointer
action_peek_owner (const Action *self, const char *family)
{
  return &self->owners[g_strcmp0 (family, "inet4") == 0 ? 0 : g_strcmp0 (family, "inet6") == 0 ? 1 : 2];
}

void
action_forget_bans (Action *self, const char *family)
{
  forget_owner (self, action_peek_owner (self, family));
}

gboolean
action_take_loss (Action *self)
{
  Firewall *firewall = action_queue_peek_context (self->queue)->firewall;
  gboolean lost = FALSE;

  for (gsize i = 0; firewall != NULL && i < G_N_ELEMENTS (self->owners); i++)
    lost |= firewall_take_loss (firewall, &self->owners[i]);
  return lost;
}

char *
action_dup_text (const Action *self, const char *name)
{
  const PyValue *value = g_hash_table_lookup (self->values, name);

  return value != NULL ? py_str (value, NULL) : NULL;
}

gboolean
action_is_true (const Action *self, const char *name)
{
  const PyValue *value = g_hash_table_lookup (self->values, name);

  return value != NULL && py_value_truth (value);
}

gboolean
action_is_empty (const Action *self, const char *name)
{
  return !action_is_true (self, name);
}

gboolean
action_mentions_tag (const Action *self, const char *tag)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (py_value_type (value) == PY_STR && tags_contain (py_str_peek (value, NULL), tag))
      return TRUE;
  return FALSE;
}

double
action_get_timeout_sec (const Action *self)
{
  double seconds = DEFAULT_TIMEOUT_SEC;

  (void) py_value_to_double (g_hash_table_lookup (self->values, "timeout"), &seconds);
  return seconds;
}

gboolean
action_wants_native (const Action *self)
{
  static const char *const no[] = { "no", "false", "off", "0", "False" };
  g_autofree char *value = action_dup_text (self, "native");

  for (gsize i = 0; value != NULL && i < G_N_ELEMENTS (no); i++)
    if (g_str_equal (value, no[i]))
      return FALSE;
  return TRUE;
}

/* --- families -------------------------------------------------------------------------------------------------------- */

/* "blocktype?family=inet6" */
static gboolean
is_conditional_name (const char *name)
{
  const char *question = strstr (name, "?family=");

  if (question == NULL || question == name)
    return FALSE;
  for (const char *at = name; at < question; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (c != '_' && !g_unichar_isalnum (c))
        return FALSE;
    }
  return strchr (question, '\n') == NULL;
}

static gboolean
has_conditional (const Action *self)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (*(const char *) name != '_' && is_conditional_name (name))
      return TRUE;
  return FALSE;
}

gboolean
action_starts_on_demand (const Action *self)
{
  const PyValue *value = g_hash_table_lookup (self->values, "actionstart_on_demand");

  if (value != NULL && py_value_type (value) != PY_NONE)
    return py_value_truth (value);
  return has_conditional (self);
}

GPtrArray *
action_dup_families (const Action *self, gboolean ipv6_allowed)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *words = action_dup_text (self, "families");

  if (words != NULL && action_is_true (self, "families"))
    {
      g_auto (GStrv) split = g_strsplit_set (words, ", \t\r\n\v\f", -1);
      for (guint i = 0; split[i] != NULL; i++)
        if (*split[i] != '\0')
          g_ptr_array_add (families, g_strdup (split[i]));
    }
  else if (has_conditional (self))
    {
      g_ptr_array_add (families, g_strdup ("inet4"));
      if (ipv6_allowed)
        g_ptr_array_add (families, g_strdup ("inet6"));
    }
  else
    g_ptr_array_add (families, g_strdup (""));
  return families;
}

static ActionFamily *
find_family (const Action *self, const char *family)
{
  for (guint i = 0; i < self->families->len; i++)
    {
      ActionFamily *known = &g_array_index (self->families, ActionFamily, i);
      if (g_strcmp0 (known->family, family) == 0)
        return known;
    }
  return NULL;
}

guint
action_get_state (const Action *self, const char *family)
{
  const ActionFamily *known = find_family (self, family);

  return known != NULL ? known->state : 0;
}

gboolean
action_knows_family (const Action *self, const char *family)
{
  return find_family (self, family) != NULL;
}

void
action_set_state (Action *self, const char *family, guint state)
{
  ActionFamily *known = find_family (self, family);

  if (known == NULL)
    {
      ActionFamily one = { g_strdup (family), state };
      g_array_append_val (self->families, one);
      return;
    }
  known->state = state;
}

GPtrArray *
action_dup_started (const Action *self, guint mask)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->families->len; i++)
    {
      const ActionFamily *known = &g_array_index (self->families, ActionFamily, i);
      if (known->state != 0 && (known->state & mask) == mask)
        g_ptr_array_add (families, g_strdup (known->family));
    }
  return families;
}

void
action_forget_started (Action *self)
{
  g_array_set_size (self->families, 0);
}

/* --- what ran -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  char *family;
  char *command;
} ActionRun;

static void
run_free (gpointer data)
{
  ActionRun *run = data;

  g_free (run->family);
  g_free (run->command);
  g_free (run);
}

static ActionRun *
find_run (const GPtrArray *runs, const char *family)
{
  for (guint i = 0; runs != NULL && i < runs->len; i++)
    if (g_strcmp0 (((const ActionRun *) runs->pdata[i])->family, family) == 0)
      return runs->pdata[i];
  return NULL;
}

static void
forget_run (GPtrArray *runs, const char *family)
{
  ActionRun *run = find_run (runs, family);

  if (run == NULL)
    return;
  g_autofree char *command = g_strdup (run->command);
  for (guint i = runs->len; i-- > 0;)
    if (g_str_equal (((const ActionRun *) runs->pdata[i])->command, command))
      g_ptr_array_remove_index (runs, i);
}

void
action_set_run (Action *self, const char *operation, const char *family, const GString *command)
{
  GPtrArray *runs = g_hash_table_lookup (self->runs, operation);

  if (command == NULL || command->len == 0)
    {
      forget_run (runs, family);
      return;
    }
  if (runs == NULL)
    {
      runs = g_ptr_array_new_with_free_func (run_free);
      g_hash_table_insert (self->runs, g_strdup (operation), runs);
    }
  ActionRun *run = find_run (runs, family);
  if (run == NULL)
    {
      run = g_new0 (ActionRun, 1);
      run->family = g_strdup (family);
      g_ptr_array_add (runs, run);
    }
  g_free (run->command);
  run->command = g_strdup (command->str);
}

gboolean
action_ran_for_other (Action *self, const char *operation, const char *family, const GString *command)
{
  const GPtrArray *runs = g_hash_table_lookup (self->runs, operation);

  for (guint i = 0; runs != NULL && i < runs->len; i++)
    {
      const ActionRun *run = runs->pdata[i];
      if (g_strcmp0 (run->family, family) != 0 && g_str_equal (run->command, command->str))
        return TRUE;
    }
  return FALSE;
}

/* --- tags ------------------------------------------------------------------------------------------------------------ */

static char *
builtin_tag (const char *tag, gpointer data)
{
  return action_queue_dup_builtin_tag (data, tag);
}

static TagTable *
build_tags (const Action *self)
{
  TagTable *tags = tag_table_new (builtin_tag, self->queue);
  g_autofree char *epoch = g_strdup_printf ("%u", self->ban_epoch);
  GHashTableIter iter;
  gpointer name, value;

  tag_table_set (tags, "banEpoch", epoch, -1);
  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      gsize length;
      if (*(const char *) name == '_' || py_value_type (value) == PY_NONE)
        continue;
      g_autofree char *text = py_str (value, &length);
      tag_table_set (tags, name, text, (gssize) length);
    }
  return tags;
}

const GString *
action_replace_static (Action *self, const char *query, const char *family, GError **error)
{
  if (self->tags == NULL)
    self->tags = build_tags (self);
  return tag_table_replace (self->tags, query, family, error);
}

gboolean
action_is_for_firewall (Action *self)
{
  const GString *text = self->python == NULL ? action_replace_static (self, "<actionban>", NULL, NULL) : NULL;

  return text != NULL && firewall_watch_concerns (text->str);
}

gboolean
action_ban_is_one_command (Action *self)
{
  const GString *text = self->python == NULL ? action_replace_static (self, "<actionban>", NULL, NULL) : NULL;

  if (text == NULL)
    return FALSE;
  g_autofree char *command = g_strstrip (g_strdup (text->str));
  return strpbrk (command, "\n;") == NULL && strstr (command, "&&") == NULL;
}
