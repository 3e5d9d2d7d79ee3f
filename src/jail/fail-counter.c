#include "jail/fail-counter.h"

#include "jail/ticket-table.h"

struct FailCounter
{
  TicketTable *tickets; /* in the order in which the ids came up */
  gint64 find_time_usec;
  gint64 max_retry;
  gint64 max_matches;
  guint64 total;
  GArray *changes; /* of Change, in order; NULL: not tracked */
};

/* An id whose count changed or went since the changes were last taken. */
typedef struct
{
  Ticket *ticket; /* of the id: the present one may be another */
  guint32 place; /* where it was then; NOWHERE: to be looked for */
} Change;

#define NOWHERE     TICKET_TABLE_NOWHERE
#define MARK_CHANGE G_MAXUINT32 /* of a ticket that is among the changes */

FailCounter *
fail_counter_new (void)
{
  FailCounter *self = g_new0 (FailCounter, 1);

  self->tickets = ticket_table_new ();
  self->find_time_usec = 600 * G_USEC_PER_SEC;
  self->max_retry = 3;
  self->max_matches = 5;
  return self;
}

void
fail_counter_free (FailCounter *self)
{
  if (self == NULL)
    return;
  ticket_table_free (self->tickets);
  g_clear_pointer (&self->changes, g_array_unref);
  g_free (self);
}

void
fail_counter_set_find_time_usec (FailCounter *self, gint64 find_time_usec)
{
  self->find_time_usec = find_time_usec;
}

void
fail_counter_set_max_retry (FailCounter *self, gint64 max_retry)
{
  self->max_retry = max_retry;
}

gint64
fail_counter_get_max_retry (const FailCounter *self)
{
  return self->max_retry;
}

void
fail_counter_set_max_matches (FailCounter *self, gint64 max_matches)
{
  self->max_matches = max_matches;
}

gint64
fail_counter_get_max_matches (const FailCounter *self)
{
  return self->max_matches;
}

static void
note_change (FailCounter *self, Ticket *ticket, guint32 place)
{
  const Change change = { .ticket = ticket_ref (ticket), .place = place };

  g_array_append_val (self->changes, change);
}

static void
changed (FailCounter *self, guint32 place)
{
  if (self->changes == NULL || ticket_table_get_mark (self->tickets, place) == MARK_CHANGE)
    return;
  note_change (self, ticket_table_peek (self->tickets, place), place);
  ticket_table_set_mark (self->tickets, place, MARK_CHANGE);
}

static void
change_clear (gpointer data)
{
  ticket_unref (((Change *) data)->ticket);
}

void
fail_counter_track_changes (FailCounter *self, gboolean track)
{
  g_clear_pointer (&self->changes, g_array_unref);
  if (!track)
    return;
  self->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  g_array_set_clear_func (self->changes, change_clear);
}

guint
fail_counter_count_changes (const FailCounter *self)
{
  return self->changes != NULL ? self->changes->len : 0;
}

static guint32
place_of (const FailCounter *self, const Change *change)
{
  if (ticket_table_has (self->tickets, change->place, change->ticket))
    return change->place;
  return ticket_table_find (self->tickets, ticket_peek_id (change->ticket));
}

void
fail_counter_take_changes (FailCounter *self, FailCounterChange func, gpointer user_data)
{
  for (guint i = 0; i < fail_counter_count_changes (self); i++)
    {
      const Change *change = &g_array_index (self->changes, Change, i);
      guint32 place = place_of (self, change);

      if (place != NOWHERE)
        ticket_table_set_mark (self->tickets, place, func (ticket_table_peek (self->tickets, place), TRUE, user_data));
      else
        (void) func (change->ticket, FALSE, user_data);
    }
  if (self->changes != NULL)
    g_array_set_size (self->changes, 0);
}

/* The reference goes to the caller. */
static Ticket *
take_ticket (FailCounter *self, guint32 place)
{
  gboolean is_noted = ticket_table_get_mark (self->tickets, place) == MARK_CHANGE;
  Ticket *ticket = ticket_table_take (self->tickets, place);

  if (self->changes != NULL && !is_noted)
    note_change (self, ticket, NOWHERE);
  return ticket;
}

/* Its place */
static guint32
keep_ticket (FailCounter *self, Ticket *ticket)
{
  if (ticket_table_size (self->tickets) >= FAIL_COUNTER_MAX)
    ticket_unref (take_ticket (self, ticket_table_first (self->tickets)));
  return ticket_table_add (self->tickets, ticket, NULL);
}

static guint32
add_new (FailCounter *self, Ticket *ticket, double count)
{
  if (count > ticket_get_attempts (ticket))
    {
      ticket_set_retry (ticket, count);
      if (ticket_get_attempts (ticket) == 0)
        ticket_set_attempts (ticket, 1);
    }
  return keep_ticket (self, ticket);
}

/* The ticket at place, to be changed. */
static Ticket *
own_ticket (FailCounter *self, guint32 place)
{
  Ticket *ticket = ticket_table_peek (self->tickets, place);
  g_autoptr (Ticket) copy = NULL;

  if (!ticket_is_common (ticket))
    return ticket;
  copy = ticket_copy (ticket);
  ticket_table_replace (self->tickets, place, copy);
  return copy;
}

static void
merge (FailCounter *self, guint32 place, Ticket *ticket, double count)
{
  gboolean is_same = ticket_table_peek (self->tickets, place) == ticket;
  guint attempts = is_same ? 1 : MAX (ticket_get_attempts (ticket), 1);
  Ticket *known = own_ticket (self, place);

  ticket_adjust_time (known, ticket_get_time_usec (ticket), self->find_time_usec);
  ticket_add_failure (known, attempts, count);
  if (!is_same && self->max_matches > 0)
    ticket_add_matches_of (known, ticket);
  ticket_trim_matches (known, (guint) CLAMP (self->max_matches, 0, G_MAXUINT));
}

static double
add (FailCounter *self, Ticket *ticket, double count, gboolean only_known)
{
  guint32 place = ticket_table_find (self->tickets, ticket_peek_id (ticket));

  if (place != NOWHERE)
    merge (self, place, ticket, count);
  else if (only_known)
    return ticket_get_retry (ticket);
  else
    place = add_new (self, ticket, count);
  self->total++;
  changed (self, place);
  return ticket_get_retry (ticket_table_peek (self->tickets, place));
}

double
fail_counter_add (FailCounter *self, Ticket *ticket, double count)
{
  return add (self, ticket, count, FALSE);
}

double
fail_counter_add_known (FailCounter *self, Ticket *ticket, double count)
{
  return add (self, ticket, count, TRUE);
}

void
fail_counter_restore (FailCounter *self, Ticket *ticket)
{
  if (fail_counter_peek (self, ticket_peek_id (ticket)) == NULL)
    (void) keep_ticket (self, ticket);
}

Ticket *
fail_counter_peek (const FailCounter *self, const Address *id)
{
  guint place = ticket_table_find (self->tickets, id);

  return place != TICKET_TABLE_NOWHERE ? ticket_table_peek (self->tickets, place) : NULL;
}

void
fail_counter_set_mark (FailCounter *self, const Address *id, guint32 mark)
{
  guint place = ticket_table_find (self->tickets, id);

  if (place != TICKET_TABLE_NOWHERE)
    ticket_table_set_mark (self->tickets, place, mark);
}

guint32
fail_counter_get_mark (const FailCounter *self, const Address *id)
{
  guint place = ticket_table_find (self->tickets, id);

  return place != TICKET_TABLE_NOWHERE ? ticket_table_get_mark (self->tickets, place) : 0;
}

void
fail_counter_expect (const FailCounter *self, const Address *id)
{
  ticket_table_expect (self->tickets, id);
}

Ticket *
fail_counter_take_over_limit (FailCounter *self, const Address *id)
{
  guint place = ticket_table_find (self->tickets, id);

  if (place == TICKET_TABLE_NOWHERE
      || ticket_get_retry (ticket_table_peek (self->tickets, place)) < (double) self->max_retry)
    return NULL;
  (void) own_ticket (self, place);
  return take_ticket (self, place);
}

gint64
fail_counter_clean (FailCounter *self, gint64 now_usec)
{
  gint64 oldest = G_MAXINT64;
  guint next;

  for (guint place = ticket_table_first (self->tickets); place != TICKET_TABLE_NOWHERE; place = next)
    {
      gint64 time_usec = ticket_get_time_usec (ticket_table_peek (self->tickets, place));

      next = ticket_table_next (self->tickets, place);
      if (time_usec <= now_usec - self->find_time_usec)
        ticket_unref (take_ticket (self, place));
      else
        oldest = MIN (oldest, time_usec);
    }
  if (ticket_table_size (self->tickets) == 0)
    return 0;
  return oldest + self->find_time_usec;
}

guint
fail_counter_get_size (const FailCounter *self)
{
  return ticket_table_size (self->tickets);
}

guint64
fail_counter_get_total (const FailCounter *self)
{
  return self->total;
}

char *
fail_counter_dup_summary (const FailCounter *self)
{
  GString *text = g_string_new (NULL);

  for (guint place = ticket_table_first (self->tickets); place != TICKET_TABLE_NOWHERE;
       place = ticket_table_next (self->tickets, place))
    {
      const Ticket *ticket = ticket_table_peek (self->tickets, place);

      g_string_append_printf (text, "%s%s:%d", text->len > 0 ? ", " : "", address_peek_text (ticket_peek_id (ticket)),
                              (int) ticket_get_retry (ticket));
    }
  return g_string_free (text, FALSE);
}
