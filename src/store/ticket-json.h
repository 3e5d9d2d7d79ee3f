/* ticket-json.h - the JSON column: what a ticket knows, as text
 *
 * UTF-8 without escapes beyond ASCII, as fail2ban writes it.  What JSON has no form for becomes text: a set of users
 * the repr of
 * their list ("['root']"), bytes their text (database.py 1.1.2, _json_default).  Lone surrogates become '?'.
 * Must not: fail.  Text that is no JSON object counts as {}.
 */
#pragma once
#include "base/ticket.h"

GBytes  *ticket_json_dump  (const Ticket *ticket, guint max_matches);
PyValue *ticket_json_parse (const void *bytes, gsize len); /* a dict */
