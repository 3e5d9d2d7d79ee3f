/* store-schema.h - the tables, and how older files become the present ones
 *
 *   version 1  logs without UNIQUE(jail, path)
 *   version 2  logs rebuilt
 *   version 3  bans with bantime and bancount; -2 stands for an unknown ban time
 *   version 4  bips: the last ban of each id in each jail
 * Internal to store/.  Must not: make backups, log.
 */
#pragma once
#include "store/sql.h"

/* All tables and indexes that are missing, and the version when there is none. */
gboolean store_schema_create  (Sql *sql, GError **error);
gboolean store_schema_upgrade (Sql *sql, gint64 version, GError **error);
/* *ret_version is 0 when the table is empty. */
gboolean store_schema_get_version (Sql *sql, gint64 *ret_version, GError **error);
/* Copies what can be read of the tables in the damaged file into sql's, which are there and empty.  The number of
 * rows. */
gint64   store_schema_rescue (Sql *sql, const char *damaged_path);
