/* commands.h - the functions behind the rows of command-table.h
 *
 * commands-server.c   the server itself: status, log, database, start, stop, reload
 * commands-jail.c     get and set of a jail, bans by hand
 * commands-action.c   the actions of a jail
 */
#pragma once
#include "control/call.h"

PyValue *command_add (Call *call, GError **error);
PyValue *command_banned (Call *call, GError **error);
PyValue *command_config_error (Call *call, GError **error);
PyValue *command_echo (Call *call, GError **error);
PyValue *command_flushlogs (Call *call, GError **error);
PyValue *command_get_action (Call *call, GError **error);
PyValue *command_get_actionmethods (Call *call, GError **error);
PyValue *command_get_actionproperties (Call *call, GError **error);
PyValue *command_get_actions (Call *call, GError **error);
PyValue *command_get_banip (Call *call, GError **error);
PyValue *command_get_banned (Call *call, GError **error);
PyValue *command_get_dbfile (Call *call, GError **error);
PyValue *command_get_dbmaxmatches (Call *call, GError **error);
PyValue *command_get_dbpurgeage (Call *call, GError **error);
PyValue *command_get_loglevel (Call *call, GError **error);
PyValue *command_get_logtarget (Call *call, GError **error);
PyValue *command_get_option (Call *call, GError **error);
PyValue *command_get_syslogsocket (Call *call, GError **error);
PyValue *command_get_thread (Call *call, GError **error);
PyValue *command_multi_set_action (Call *call, GError **error);
PyValue *command_multi_set_addregex (Call *call, GError **error);
PyValue *command_ping (Call *call, GError **error);
PyValue *command_reload (Call *call, GError **error);
PyValue *command_server_status (Call *call, GError **error);
PyValue *command_server_stream (Call *call, GError **error);
PyValue *command_set_action (Call *call, GError **error);
PyValue *command_set_addaction (Call *call, GError **error);
PyValue *command_set_addignoreip (Call *call, GError **error);
PyValue *command_set_addlogpath (Call *call, GError **error);
PyValue *command_set_addregex (Call *call, GError **error);
PyValue *command_set_allowipv6 (Call *call, GError **error);
PyValue *command_set_attempt (Call *call, GError **error);
PyValue *command_set_banip (Call *call, GError **error);
PyValue *command_set_dbfile (Call *call, GError **error);
PyValue *command_set_dbmaxmatches (Call *call, GError **error);
PyValue *command_set_dbpurgeage (Call *call, GError **error);
PyValue *command_set_delaction (Call *call, GError **error);
PyValue *command_set_delignoreip (Call *call, GError **error);
PyValue *command_set_dellogpath (Call *call, GError **error);
PyValue *command_set_delregex (Call *call, GError **error);
PyValue *command_set_idle (Call *call, GError **error);
PyValue *command_set_journalmatch (Call *call, GError **error);
PyValue *command_set_loglevel (Call *call, GError **error);
PyValue *command_set_logtarget (Call *call, GError **error);
PyValue *command_set_option (Call *call, GError **error);
PyValue *command_set_syslogsocket (Call *call, GError **error);
PyValue *command_set_thread (Call *call, GError **error);
PyValue *command_set_unbanip (Call *call, GError **error);
PyValue *command_sleep (Call *call, GError **error);
PyValue *command_start (Call *call, GError **error);
PyValue *command_stats (Call *call, GError **error);
PyValue *command_status (Call *call, GError **error);
PyValue *command_stop (Call *call, GError **error);
PyValue *command_unban (Call *call, GError **error);
PyValue *command_version (Call *call, GError **error);
