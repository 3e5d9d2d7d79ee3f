/* config-jail.h - one section of jail.conf as commands: the jail, its filter, its log files, its actions
 *
 * Must not: read jail.conf itself (it is given), talk to a server.
 */
#pragma once
#include "config/config-definition.h"

typedef struct ConfigJail ConfigJail; /* opaque: the fields live in config-jail.c */

/* ini: jail.conf, lent by files; the filter's options are added to the jail's section as "known/...". */
ConfigJail *config_jail_new (ConfigFiles *files, PyIni *ini, const char *name, gboolean force_enable);
void config_jail_free (ConfigJail *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigJail, config_jail_free)

typedef enum
{
  CONFIG_JAIL_READ,   /* or not enabled */
  CONFIG_JAIL_WRONG,  /* a missing filter and the like, logged: the jail is left out, the others go on */
  CONFIG_JAIL_FAILED, /* error set: everything ends */
} ConfigJailResult;

/* extra: options that replace the jail's and the filter's (of fail2ban-regex); may be NULL. */
ConfigJailResult config_jail_read (ConfigJail *self, const PyOptions *extra, GError **error);

const char *config_jail_peek_name (const ConfigJail *self);
gboolean config_jail_is_enabled (const ConfigJail *self);
ConfigDefinition *config_jail_peek_filter (const ConfigJail *self); /* NULL when it has none */
/* The jail's options with those of its filter over them. */
PyOptions *config_jail_combine (const ConfigJail *self, GError **error);

/* Appends the commands up to (without) "start"; *ret_start tells whether that is due. */
gboolean config_jail_append_commands (ConfigJail *self, gboolean allow_no_logs, GPtrArray *stream, gboolean *ret_start,
                                      GError **error);
