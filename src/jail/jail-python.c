#include "jail/jail-private.h"

/* Python actions: their objects are asked in their own processes, and ask us. */

typedef struct
{
  Jail *jail;
  JailCallDone done;
  gpointer user_data;
} Ask;

static Ask *
ask_new (Jail *self, JailCallDone done, gpointer user_data)
{
  Ask *ask = g_new0 (Ask, 1);

  *ask = (Ask){ self, done, user_data };
  return ask;
}

static void
on_answer (ActionQueue *queue, PyValue *result, gpointer user_data)
{
  g_autofree Ask *ask = user_data;

  ask->done (ask->jail, result, ask->user_data);
}

void
jail_add_python_action (Jail *self, const char *name, const char *file, const PyValue *options, gboolean keep_broken,
                        JailCallDone done, gpointer user_data)
{
  action_queue_python_add (self->actions, name, file, options, keep_broken, on_answer, ask_new (self, done, user_data));
}

gboolean
jail_action_is_python (Jail *self, const char *name)
{
  return action_queue_is_python (self->actions, name);
}

void
jail_get_python_property (Jail *self, const char *action, const char *property, JailCallDone done, gpointer user_data)
{
  action_queue_python_get (self->actions, action, property, on_answer, ask_new (self, done, user_data));
}

void
jail_set_python_properties (Jail *self, const char *action, PyValue *pairs, JailCallDone done, gpointer user_data)
{
  action_queue_python_set (self->actions, action, pairs, on_answer, ask_new (self, done, user_data));
}

void
jail_list_python (Jail *self, const char *action, gboolean methods, JailCallDone done, gpointer user_data)
{
  action_queue_python_list (self->actions, action, methods, on_answer, ask_new (self, done, user_data));
}

/* --- what they ask ------------------------------------------------------------------------------------------------------- */

/* The first argument when it is a list of text; NULL: it is not. */
static PyValue *
peek_ids (const PyValue *args)
{
  PyValue *ids = py_seq_length (args) == 1 ? py_seq_peek (args, 0) : NULL;

  if (!py_value_is_seq (ids))
    return NULL;
  for (guint i = 0; i < py_seq_length (ids); i++)
    if (py_value_type (py_seq_peek (ids, i)) != PY_STR)
      return NULL;
  return ids;
}

/* How many it concerns is known at once; that it is done is nothing to wait for, since the action itself has a part in it. */
static PyValue *
ban_or_unban (Jail *self, const PyValue *args, gboolean ban)
{
  PyValue *ids = peek_ids (args);
  gint64 count = 0;

  if (ids == NULL)
    return NULL;
  for (guint i = 0; i < py_seq_length (ids); i++)
    if (jail_is_banned (self, py_str_peek (py_seq_peek (ids, i), NULL)) != ban)
      count++;
  if (ban)
    jail_ban (self, ids, NULL, NULL);
  else
    jail_unban (self, ids, FALSE, NULL, NULL);
  return py_int_new (count);
}

PyValue *
jail_answer_action (gpointer jail, const char *question, const PyValue *args)
{
  Jail *self = jail;

  if (g_str_equal (question, "bantime") || g_str_equal (question, "findtime") || g_str_equal (question, "maxretry"))
    return jail_get (self, question);
  if (g_str_equal (question, "banlist"))
    return jail_dup_ban_list (self, py_seq_length (args) > 0 && py_value_truth (py_seq_peek (args, 0)));
  if (g_str_equal (question, "addbanned"))
    return ban_or_unban (self, args, TRUE);
  if (g_str_equal (question, "removebanned"))
    return ban_or_unban (self, args, FALSE);
  return NULL;
}
