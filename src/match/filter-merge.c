#include "match/filter-private.h"

/* Lines of one connection that are kept until a failure comes, the newest.  The reference keeps all of them; a stranger can write as
 * many as he likes, and no ticket shows more than maxmatches. */
#define MAX_PENDING_MATCHES 1000

static gboolean
has (const PyValue *dict, const char *key)
{
  PyValue *value = py_dict_get_str (dict, key);

  return value != NULL && py_value_truth (value);
}

static gboolean
take_out (PyValue *dict, const char *key)
{
  gboolean was = has (dict, key);

  (void) py_dict_remove_str (dict, key);
  return was;
}

/* Appends what is in other, of very long lists only the end. */
static void
append_all (PyValue *list, const PyValue *other)
{
  guint length = other != NULL && py_value_is_seq (other) ? py_seq_length (other) : 0;

  for (guint i = length > MAX_PENDING_MATCHES ? length - MAX_PENDING_MATCHES : 0; i < length; i++)
    py_list_append (list, py_value_ref (py_seq_peek (other, i)));
}

/* Adds a user to the set of those that the connection tried; returns how many there are (0: no set). */
static guint
note_user (PyValue *data, const PyValue *user)
{
  PyValue *users = py_dict_get_str (data, "users");

  if (user != NULL && py_value_truth (user))
    {
      if (users == NULL || !py_value_truth (users))
        {
          users = py_set_new ();
          py_dict_set_str (data, "users", users);
        }
      py_set_add (users, py_value_ref ((PyValue *) user));
    }
  return users != NULL && py_value_type (users) == PY_SET ? py_set_length (users) : 0;
}

/* The state of a connection after its newest line. */
typedef struct
{
  gboolean no_failure; /* the line is no failure (F-NOFAIL, F-MLFGAINED) */
  gboolean gained;     /* it says that access was granted */
  gboolean forget;     /* it ends the connection */
  gboolean was_quiet;  /* an earlier line was no failure */
} State;

/* The line is one more of a known connection: known gets all its values. */
static guint
extend_known (PyValue *known, PyValue *fail, State *state)
{
  guint n_users = note_user (known, py_dict_get_str (fail, "user"));

  /* These two are of the last line only. */
  if (take_out (known, "nofail"))
    state->was_quiet = TRUE;
  if (take_out (known, "mlfgained"))
    state->was_quiet = TRUE;
  if (state->gained)
    (void) py_dict_remove_str (known, "mlfpending");
  /* Nothing was held back, so these lines were reported already. */
  if (!state->was_quiet && !has (known, "mlfpending"))
    (void) py_dict_remove_str (known, "matches");
  py_dict_update (known, fail, PY_DICT_UPDATE_NOT_NONE);
  return n_users;
}

static void
collect_matches (PyValue *fail, const PyValue *matched, const State *state)
{
  PyValue *lines = py_list_new ();

  if (!state->no_failure)
    {
      append_all (lines, py_dict_get_str (fail, "nofail-matches"));
      append_all (lines, py_dict_get_str (fail, "matches"));
      if (!state->gained)
        append_all (lines, matched);
      (void) py_dict_remove_str (fail, "nofail-matches");
      py_dict_set_str (fail, "matches", lines);
    }
  else if (!state->forget)
    {
      append_all (lines, py_dict_get_str (fail, "nofail-matches"));
      append_all (lines, matched);
      py_dict_set_str (fail, "nofail-matches", lines);
    }
  else
    py_value_unref (lines);
}

PyValue *
filter_merge (Filter *self, PyValue *mlfid, PyValue *fail, const PyValue *matched)
{
  gint64 now_usec = clock_get_time_usec (self->clock);
  PyValue *known = connection_cache_peek (self->connections, mlfid, now_usec);
  g_autoptr (PyValue) id = py_value_ref (mlfid);
  State state = { 0 };
  guint n_users = 0;

  if (has (fail, "mlfgained"))
    {
      state.gained = state.no_failure = TRUE;
      if (!has (fail, "nofail"))
        py_dict_set_str (fail, "nofail", py_value_ref (py_dict_get_str (fail, "mlfgained")));
    }
  else if (has (fail, "nofail"))
    state.no_failure = TRUE;
  state.forget = take_out (fail, "mlfforget");

  if (known != NULL)
    {
      n_users = extend_known (known, fail, &state);
      py_value_unref (fail);
      fail = py_value_ref (known);
      if (state.forget)
        connection_cache_remove (self->connections, id);
    }
  else if (!state.forget)
    {
      n_users = note_user (fail, py_dict_get_str (fail, "user"));
      connection_cache_put (self->connections, id, fail, now_usec);
    }
  /* A failure without an id is waiting, or a second user is tried: success of the last one does not make it good. */
  if (take_out (fail, "mlfpending") || n_users > 1)
    {
      (void) py_dict_remove_str (fail, "nofail");
      (void) py_dict_remove_str (fail, "mlfgained");
      state.no_failure = state.gained = FALSE;
    }
  collect_matches (fail, matched, &state);
  return fail;
}
