/* ticket-data.h - what a ticket carries, in one block of bytes: its matches and what was captured besides
 *
 * A server under attack holds a hundred thousand tickets, and hardly ever looks into one: so the values are written down when they
 * come, and made again for who asks.  A match is a few bytes longer than its line; a captured text that stands in a match is a
 * reference to it.  The same bytes go into the database's table of failures, which is why they can be checked.
 * Must not: know what the names mean.
 *
 * A TicketData is never changed: each function that "changes" one frees it and gives another, so that the tickets of many jails can have
 * one together.  NULL is the one with nothing in it.
 */
#pragma once
#include "compat/py-value.h"

typedef struct TicketData TicketData;

/* matches: a list or tuple, else none.  values: a dict, NULL for none; None values are left out, and the names in without. */
TicketData *ticket_data_new  (const PyValue *matches, const PyValue *values, const char *const *without);
TicketData *ticket_data_copy (TicketData *self); /* mostly the same block, counted */
void        ticket_data_free (TicketData *self); /* NULL is fine */

guint    ticket_data_count_matches  (const TicketData *self);
PyValue *ticket_data_dup_match      (const TicketData *self, guint index);
/* Of a text, or of the texts in a list or tuple, joined; NUL-terminated behind *ret_len. */
char    *ticket_data_dup_match_text (const TicketData *self, guint index, gsize *ret_len);
PyValue *ticket_data_dup_values     (const TicketData *self); /* a dict */
PyValue *ticket_data_dup_value      (const TicketData *self, const char *name); /* NULL: none of that name */

/* self is taken in all of these. */
TicketData *ticket_data_add_match    (TicketData *self, const PyValue *match);
TicketData *ticket_data_add_matches  (TicketData *self, const TicketData *other); /* other's, behind those that are there */
TicketData *ticket_data_keep_last    (TicketData *self, guint count);             /* of the matches */
TicketData *ticket_data_set_values   (TicketData *self, const PyValue *values);   /* all others go; None is left out */

/* As bytes for the database, and back: NULL with FALSE in *ret_ok when they are none of ours (wherever they may lead). */
gsize       ticket_data_get_n_bytes  (const TicketData *self);
void        ticket_data_write_bytes  (const TicketData *self, guint8 *ret_bytes); /* so many */
TicketData *ticket_data_from_bytes (const void *bytes, gsize len, gboolean *ret_ok);
