/* store-open.h - the way from a path to a database of the present version
 *
 * New files are made, older ones brought up (after a copy to NAME.YYYYMMDD-HHMMSS), damaged ones moved there and
 * rescued row by row.
 * Internal to store/.  Logs as "fail2ban.database" what fail2ban logs.
 */
#pragma once
#include "base/clock.h"
#include "base/log.h"
#include "store/sql.h"

Sql *store_open (const char *path, const Clock *clock, Log *log, GError **error);
