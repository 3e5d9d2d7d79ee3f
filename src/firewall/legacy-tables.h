/* legacy-tables.h - have the built-in chains of the legacy tables lost rules since the last look?
 *
 * Asks the kernel for the layout of each table that exists (/proc/net/ip_tables_names); it has no counter of changes.
 * Must not: ask for a table that does not exist, since that would make it; change anything; take the lock.
 */
#pragma once
#include <glib.h>

typedef struct LegacyTables LegacyTables; /* opaque: the fields live in legacy-tables.c */

LegacyTables *legacy_tables_new  (void); /* has looked once */
void          legacy_tables_free (LegacyTables *self); /* NULL is fine */
gboolean      legacy_tables_exist (void);
/* TRUE also when a table is gone altogether. */
gboolean      legacy_tables_have_shrunk (LegacyTables *self);

/* All entries of a table that is there.  FALSE: that is not known. */
gboolean legacy_table_count (gboolean is_ipv6, const char *table, guint *ret_entries);
