/* action-info.h - what a command may ask about the ticket it is run for
 *
 * Answers <ip>, <matches>, <ipjailmatches>, <jail.banned>, <F-USER> …; expensive ones only when they are asked for, each once.
 * Must not: look anything up in the network: <ip-host> has to be handed over (action_info_set_host) before it is asked for.
 */
#pragma once
#include "action/action-private.h"

/* For a ticket; NULL for the empty one that start and stop commands see.  Refs the ticket; counts are copied (may be NULL: asked
 * for when needed).  funcs, jail and log are lent. */
ActionInfo *action_info_new (Ticket *ticket, gint64 now_usec, const char *jail_name, const ActionJailFuncs *funcs, gpointer jail,
                             const ActionJailCounts *counts, Log *log);
/* For `set JAIL action ACT ban {"aInfo": {…}}`: the values are those of the dict (reffed), nothing else is known. */
ActionInfo *action_info_new_plain (PyValue *dict);
void        action_info_free (ActionInfo *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ActionInfo, action_info_free)

/* Sets what a tag says from now on (takes value). */
void     action_info_set (ActionInfo *self, const char *tag, PyValue *value);
/* <ip-host>, from who has looked it up; NULL: there is none. */
void     action_info_set_host (ActionInfo *self, const char *name);
/* The value of a tag, lent; NULL when there is no such tag. */
PyValue *action_info_peek (ActionInfo *self, const char *tag);
/* All that can be said without asking the database or a name server, as a dict; a plain one's own dict.  The caller's.  What is said
 * here does not count as asked for in action_info_dup_repr. */
PyValue *action_info_dup_values (ActionInfo *self);
/* A field (<F-USER> is "user"), lent; NULL when the expression captured no such thing. */
PyValue *action_info_peek_field (ActionInfo *self, const char *field);

/* "inet4", "inet6"; NULL for an id that is no address, "" when a plain one does not say. */
char          *action_info_dup_family (ActionInfo *self);
const Address *action_info_peek_address (ActionInfo *self); /* NULL for a plain one */
gboolean       action_info_is_restored (ActionInfo *self);

/* As errors show it: ActionInfo({'ip': …}), with what was asked for so far. */
char *action_info_dup_repr (ActionInfo *self);
