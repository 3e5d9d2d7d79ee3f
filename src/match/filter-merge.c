#include "match/filter-private.h"

/* Lines of one connection that are kept until a failure comes, the newest.  The reference keeps all of them; a stranger can write as
 * many as he likes, and no ticket shows more than maxmatches. */
#define MAX_PENDING_MATCHES 1000

void
matched_append_to (const Matched *self, LineList *lines)
{
  guint n;

  if (self->line != NULL)
    {
      line_list_append (lines, self->line);
      return;
    }
  n = py_seq_length (self->several);
  for (guint i = n > MAX_PENDING_MATCHES ? n - MAX_PENDING_MATCHES : 0; i < n; i++)
    {
      LinePieces line;

      line_tuple_peek (py_seq_peek (self->several, i), &line);
      line_list_append (lines, &line);
    }
}

static gboolean
take_out (Captures *captures, CaptureName name)
{
  gboolean was = captures_truth (captures, name);

  (void) captures_remove (captures, name);
  return was;
}

/* Adds a user to the set of those that the connection tried.  A group can have its name, and then it is no set. */
static gboolean
note_user (Captures *data, const Captures *fail, GError **error)
{
  if (!captures_truth (fail, CAPTURE_USER)
      || captures_add_member (data, CAPTURE_USERS, captures_peek (fail, CAPTURE_USER)))
    return TRUE;
  g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "AttributeError(\"'%s' object has no attribute 'add'\")",
               captures_peek (data, CAPTURE_USERS)->kind == CAPTURED_TEXT ? "str" : "tuple");
  return FALSE;
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
static void
extend_known (Captures *known, const Captures *fail, State *state)
{
  /* These two are of the last line only. */
  if (take_out (known, CAPTURE_NOFAIL))
    state->was_quiet = TRUE;
  if (take_out (known, CAPTURE_MLFGAINED))
    state->was_quiet = TRUE;
  if (state->gained)
    (void) captures_remove (known, CAPTURE_MLFPENDING);
  /* Nothing was held back, so these lines were reported already. */
  if (!state->was_quiet && !captures_truth (known, CAPTURE_MLFPENDING))
    (void) captures_remove (known, CAPTURE_MATCHES);
  captures_update_copied (known, fail);
}

/* The lines that were held back, those that a failure has already (or what a group of that name captured), and the newest. */
static gboolean
collect_failure (Captures *fail, const Matched *matched, const State *state, GError **error)
{
  LineList *lines;

  if (!captures_list_items (fail, CAPTURE_MATCHES, MAX_PENDING_MATCHES))
    {
      (void) captures_remove (fail, CAPTURE_NOFAIL_MATCHES);
      g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "TypeError(\"'NoneType' object is not iterable\")");
      return FALSE;
    }
  captures_put_lines_first (fail, CAPTURE_MATCHES, CAPTURE_NOFAIL_MATCHES, MAX_PENDING_MATCHES);
  lines = captures_get_lines (fail, CAPTURE_MATCHES);
  if (!state->gained)
    matched_append_to (matched, lines);
  return TRUE;
}

static gboolean
collect_matches (Captures *fail, const Matched *matched, const State *state, GError **error)
{
  LineList *lines;

  if (!state->no_failure)
    return collect_failure (fail, matched, state, error);
  if (!state->forget)
    {
      lines = captures_get_lines (fail, CAPTURE_NOFAIL_MATCHES);
      line_list_keep_last (lines, MAX_PENDING_MATCHES);
      matched_append_to (matched, lines);
    }
  return TRUE;
}

Captures *
filter_merge (Filter *self, Captures *fail, const Matched *matched, gint64 now_usec, GError **error)
{
  const Capture *mlfid = captures_peek (fail, CAPTURE_MLFID);
  Captures *known = connection_cache_peek (self->memory->connections, mlfid, now_usec);
  State state = { 0 };
  guint n_users = 0;

  if (captures_truth (fail, CAPTURE_MLFGAINED))
    {
      state.gained = state.no_failure = TRUE;
      if (!captures_truth (fail, CAPTURE_NOFAIL))
        captures_copy (fail, CAPTURE_NOFAIL, captures_peek (fail, CAPTURE_MLFGAINED));
    }
  else if (captures_truth (fail, CAPTURE_NOFAIL))
    state.no_failure = TRUE;
  state.forget = take_out (fail, CAPTURE_MLFFORGET);
  mlfid = captures_peek (fail, CAPTURE_MLFID); /* it may have moved */

  if (known != NULL)
    {
      if (!note_user (known, fail, error))
        return NULL;
      n_users = captures_count_members (known, CAPTURE_USERS);
      extend_known (known, fail, &state);
      if (state.forget)
        connection_cache_remove (self->memory->connections, mlfid);
      fail = known;
    }
  else if (!state.forget)
    {
      if (!note_user (fail, fail, error))
        return NULL;
      known = connection_cache_add (self->memory->connections, captures_peek (fail, CAPTURE_MLFID), now_usec);
      captures_copy_all (known, fail);
      n_users = captures_count_members (known, CAPTURE_USERS);
      fail = known;
    }
  /* A failure without an id is waiting, or a second user is tried: success of the last one does not make it good. */
  if (take_out (fail, CAPTURE_MLFPENDING) || n_users > 1)
    {
      (void) captures_remove (fail, CAPTURE_NOFAIL);
      (void) captures_remove (fail, CAPTURE_MLFGAINED);
      state.no_failure = state.gained = FALSE;
    }
  return collect_matches (fail, matched, &state, error) ? fail : NULL;
}
