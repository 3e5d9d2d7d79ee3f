#include "match/filter-memory.h"

#include <string.h>

#include "match/filter-private.h"

/* After so many lines, at the latest, it is tried again to join others. */
#define TRY_EVERY 256

/* --- life --------------------------------------------------------------------------------------------------------- */
static FilterMemory *
new_with (ConnectionCache *connections /* taken */)
{
  FilterMemory *self = g_new0 (FilterMemory, 1);

  self->refs = self->n_members = 1;
  self->last_time_text = g_string_new (NULL);
  self->connections = connections;
  return self;
}

FilterMemory *
filter_memory_new (void)
{
  return new_with (connection_cache_new ());
}

FilterMemory *
filter_memory_ref (FilterMemory *self)
{
  self->refs++;
  return self;
}

static void
event_clear (gpointer data)
{
  FilterEvent *event = data;

  g_free (event->text);
}

static void
forget_outcome (FilterMemory *self)
{
  self->is_quiet = TRUE;
  self->failure_at = 0;
  if (self->has_failure)
    failure_clear (&self->failure);
  self->has_failure = FALSE;
  g_clear_pointer (&self->host, g_free);
  if (self->events != NULL)
    g_array_set_size (self->events, 0);
  g_clear_error (&self->error);
}

void
filter_memory_unref (FilterMemory *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  forget_outcome (self);
  g_clear_pointer (&self->events, g_array_unref);
  filter_memory_unref (self->next);
  g_string_free (self->last_time_text, TRUE);
  connection_cache_free (self->connections);
  g_free (self);
}

const char *
filter_memory_peek_key (const FilterMemory *self)
{
  return self->key;
}

static FilterMemory *
copy (const FilterMemory *self)
{
  FilterMemory *other = new_with (connection_cache_copy (self->connections));

  g_string_append_len (other->last_time_text, self->last_time_text->str, (gssize) self->last_time_text->len);
  other->last_time = self->last_time;
  other->n_lines = self->n_lines;
  memcpy (other->audiences, self->audiences, sizeof self->audiences);
  other->n_audiences = self->n_audiences;
  other->next_audience = self->next_audience;
  return other;
}

static gboolean
are_equal (const FilterMemory *a, const FilterMemory *b)
{
  const FilterTime *x = &a->last_time, *y = &b->last_time;

  return x->is_set == y->is_set && x->time.usec == y->time.usec && x->time.is_int == y->time.is_int
         && x->time.int_seconds == y->time.int_seconds && x->time.seconds == y->time.seconds
         && g_string_equal (a->last_time_text, b->last_time_text)
         && connection_cache_equal (a->connections, b->connections);
}

/* --- members ------------------------------------------------------------------------------------------------------ */
/* self gets a reference of its own. */
static void
move_to (Filter *filter, FilterMemory *self)
{
  FilterMemory *old = filter->memory;

  self->n_members++;
  filter->memory = filter_memory_ref (self);
  filter->n_lines = self->n_lines;
  filter->last_date = 0;
  old->n_members--;
  filter_memory_unref (old);
}

/* The filter has a copy now, which is given. */
static FilterMemory *
take_copy (Filter *filter)
{
  FilterMemory *self = copy (filter->memory);

  self->n_members = 0;
  move_to (filter, self);
  filter_memory_unref (self);
  return self;
}

void
filter_leave_memory (Filter *self)
{
  FilterMemory *memory = self->memory;

  if (memory->teller == self)
    {
      memory->teller = NULL;
      memory->line = NULL;
    }
  if (memory->n_members > 1)
    (void) take_copy (self);
  self->memory->key = NULL;
}

void
filter_free_memory (Filter *self)
{
  FilterMemory *memory = self->memory;

  if (memory->teller == self)
    {
      memory->teller = NULL;
      memory->line = NULL;
    }
  memory->n_members--;
  filter_memory_unref (memory);
  self->memory = NULL;
}

/* --- audiences ---------------------------------------------------------------------------------------------------- */
static gboolean
knows_audience (const FilterMemory *self, guint64 audience)
{
  for (guint i = 0; i < self->n_audiences; i++)
    if (self->audiences[i] == audience)
      return audience != 0;
  return FALSE;
}

static void
learn_audience (FilterMemory *self, guint64 audience)
{
  guint place = self->next_audience;

  if (audience == 0 || knows_audience (self, audience))
    return;
  if (self->n_audiences < FILTER_MEMORY_AUDIENCES)
    place = self->n_audiences++;
  else
    self->next_audience = (place + 1) % FILTER_MEMORY_AUDIENCES;
  self->audiences[place] = audience;
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
static gboolean
is_at (const FilterMemory *self, const LogLine *line)
{
  return self->line == line && self->line_number == log_line_get_number (line);
}

/* To where those went before who got this line; FALSE: it is the first one, and has a copy now. */
static gboolean
follow (Filter *filter, const LogLine *line, const char *key)
{
  FilterMemory *self = filter->memory, *next = self->next;

  if (next != NULL && key != NULL && next->key == key && is_at (next, line) && next->n_lines == self->n_lines + 1)
    {
      move_to (filter, next);
      return TRUE;
    }
  self = filter_memory_ref (self);
  next = take_copy (filter);
  learn_audience (next, log_line_get_audience (line));
  filter_memory_unref (self->next);
  self->next = filter_memory_ref (next);
  filter_memory_unref (self);
  return FALSE;
}

gboolean
filter_begin_line (Filter *self, LogLine *line, gboolean in_operation)
{
  FilterMemory *memory = self->memory;
  const char *key = filter_get_key (self, in_operation);

  if (is_at (memory, line) && self->n_lines + 1 == memory->n_lines && memory->key == key && key != NULL)
    {
      self->n_lines++;
      self->last_date = 0;
      return TRUE;
    }
  if (memory->n_members > 1)
    {
      if (self->n_lines != memory->n_lines) /* it did not get what was meant for all of them */
        (void) take_copy (self);
      else if ((key != memory->key || !knows_audience (memory, log_line_get_audience (line)))
               && follow (self, line, key))
        return TRUE;
      memory = self->memory;
    }
  if (memory->teller != self)
    self->last_date = 0; /* of one that it has told before: others have come since */
  g_clear_pointer (&memory->next, filter_memory_unref);
  forget_outcome (memory);
  memory->key = key;
  memory->line = line;
  memory->line_number = log_line_get_number (line);
  memory->teller = self;
  self->n_lines = ++memory->n_lines;
  return FALSE;
}

static gboolean
is_due (FilterMemory *self)
{
  guint n = ++self->n_tries;

  return (n & (n - 1)) == 0 || n % TRY_EVERY == 0;
}

static void
join (Filter *filter, FilterMemory *self, guint64 audience)
{
  move_to (filter, self);
  self->n_audiences = self->next_audience = 0;
  learn_audience (self, audience);
}

void
filter_end_line (Filter *self, LogLine *line, const GError *error)
{
  FilterMemory *memory = self->memory, *known;
  guint64 audience = log_line_get_audience (line);

  if (memory->key == NULL || audience == 0)
    return;
  if (error != NULL)
    {
      memory->is_quiet = FALSE;
      memory->error = g_error_copy (error);
    }
  known = log_line_peek_memory (line, memory->key);
  if (known == NULL)
    log_line_put_memory (line, memory);
  else if (known != memory && is_at (known, line) && is_due (memory) && are_equal (known, memory))
    join (self, known, audience);
}

gboolean
filter_memory_settle (FilterMemory *self, const LogLine *line, guint n_readers)
{
  if (!self->is_quiet || self->n_members != n_readers || self->teller == NULL || !is_at (self, line)
      || !knows_audience (self, log_line_get_audience (line)))
    return FALSE;
  self->teller->n_lines = --self->n_lines;
  self->line = NULL;
  return TRUE;
}

/* --- what became of it -------------------------------------------------------------------------------------------- */
void
filter_happened (Filter *self, FilterEventKind kind, const LinePieces *pieces, const char *text, gsize len, gint64 number)
{
  FilterMemory *memory = self->memory;
  FilterEvent event = { .kind = kind, .number = number };

  event.text = text != NULL ? g_memdup2 (text, len + 1) : NULL;
  if (pieces != NULL)
    memory->pieces = *pieces;
  if (memory->events == NULL)
    {
      memory->events = g_array_new (FALSE, FALSE, sizeof (FilterEvent));
      g_array_set_clear_func (memory->events, event_clear);
    }
  event.len = len;
  g_array_append_val (memory->events, event);
  memory->is_quiet = FALSE;
  filter_tell_event (self, &g_array_index (memory->events, FilterEvent, memory->events->len - 1), &memory->pieces,
                     memory->now_usec);
}

void
filter_report (Filter *self, const Failure *failure, char *host, FailureFunc func, gpointer user_data)
{
  FilterMemory *memory = self->memory;

  if (memory->has_failure)
    failure_clear (&memory->failure);
  g_free (memory->host);
  memory->failure = *failure;
  memory->failure.host = memory->host = host;
  memory->failure.is_for_many = memory->n_members > 1;
  memory->has_failure = TRUE;
  memory->is_quiet = FALSE;
  memory->failure_at = memory->events != NULL ? memory->events->len : 0;
  func (&memory->failure, user_data);
}

static gboolean
repeat_all (Filter *self, FailureFunc func, gpointer user_data, GError **error)
{
  FilterMemory *memory = self->memory;
  guint n = memory->events != NULL ? memory->events->len : 0;

  for (guint i = 0; i <= n; i++)
    {
      if (memory->has_failure && i == memory->failure_at)
        func (&memory->failure, user_data);
      if (i < n)
        filter_tell_event (self, &g_array_index (memory->events, FilterEvent, i), &memory->pieces, memory->now_usec);
    }
  if (memory->error == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (memory->error);
  return FALSE;
}

gboolean
filter_repeat_line (Filter *self, FailureFunc func, gpointer user_data, GError **error)
{
  return self->memory->is_quiet || repeat_all (self, func, user_data, error);
}
