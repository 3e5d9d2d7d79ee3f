/* jail-set.h - the jails of a server, by name and in the order in which they were added
 *
 * Must not: start or stop any of them.
 */
#pragma once
#include "jail/jail.h"

typedef struct JailSet JailSet;

JailSet *jail_set_new (void);
void jail_set_free (JailSet *self); /* frees the jails; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JailSet, jail_set_free)

void jail_set_take (JailSet *self, Jail *jail);              /* its name must be new here */
void jail_set_detach (JailSet *self, Jail *jail);            /* out of the set: the jail is the caller's */
Jail *jail_set_peek (const JailSet *self, const char *name); /* NULL: none of that name */
/* The same with JAIL_ERROR_UNKNOWN_JAIL. */
Jail *jail_set_get (const JailSet *self, const char *name, GError **error);
guint jail_set_size (const JailSet *self);
Jail *jail_set_peek_nth (const JailSet *self, guint index);
GPtrArray *jail_set_dup_sorted (const JailSet *self); /* by name; lends the jails */
