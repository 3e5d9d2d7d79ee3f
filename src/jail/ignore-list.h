/* ignore-list.h - who is never counted: ignoreself, ignoreip, ignorecommand, and the memory of their answers
 *
 * Asked in this order: the memory (ignorecache), our own addresses, single addresses, networks, names and files in the order in
 * which they were added, the command.  What has to be waited for (names of this host, names in the list, the offender's name for
 * <ip-host>, the command) is waited for in the loop; one question at a time is asked of a list, in the order of the lines (jail's affair).
 * Logs "[j] Ignore 192.0.2.1 by ip" and the like; an answer out of the memory is not logged again (as 1.1.2).
 * Must not: count, ban.
 *
 * A file ("file:/path", words and comments as in address_set_add_text) is looked at again at most once a second and read when
 * it changed.
 */
#pragma once
#include "action/shell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/resolver.h"
#include "base/ticket.h"

typedef struct IgnoreList IgnoreList;

/* All borrowed; they outlive it.  gate: where commands wait for their turn. */
IgnoreList *ignore_list_new (const char *jail_name, const Clock *clock, Log *log, Resolver *resolver,
                             CommandGate *gate);
void ignore_list_free (IgnoreList *self); /* a question on its way is dropped; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IgnoreList, ignore_list_free)

void ignore_list_set_self (IgnoreList *self, gboolean ignore); /* at the start TRUE */
gboolean ignore_list_get_self (const IgnoreList *self);

/* An address, a network, a name, "file:PATH", or "" (nothing).  What is there already is left alone.  Errors: ADDRESS_ERROR. */
gboolean ignore_list_add (IgnoreList *self, const char *text, GError **error);
/* JAIL_ERROR_VALUE "list.remove(x): x not in list" when it is not there. */
gboolean ignore_list_del (IgnoreList *self, const char *text, GError **error);
void ignore_list_clear (IgnoreList *self);
PyValue *ignore_list_dup (const IgnoreList *self); /* list of str: networks, names and files, then single addresses */

void ignore_list_set_command (IgnoreList *self, PyValue *command); /* not taken; false values: none */
PyValue *ignore_list_dup_command (const IgnoreList *self);         /* as it was set; at the start False */
/* 'key="<ip>", max-count=100, max-time=5m'; "" : none.  Errors: BRACKET_OPTIONS_ERROR, JAIL_ERROR_KEY (no key), PY_INT_ERROR,
 * PY_EXPR_ERROR. */
gboolean ignore_list_set_cache (IgnoreList *self, const char *options, GError **error);
PyValue *ignore_list_dup_cache (const IgnoreList *self); /* [key, max-count, max-time] or None */

/* The tags of a ticket in a text of the administrator (key, command).  NULL func: the text as it is. */
typedef ShellCommand *(*IgnoreExpand) (const char *text, Ticket *ticket, gpointer user_data);
void ignore_list_set_expand (IgnoreList *self, IgnoreExpand expand, gpointer user_data);

/* Where scripts that import fail2ban find it (python-folder.h); lent, NULL: they have to know. */
void ignore_list_set_python_folder (IgnoreList *self, const char *folder);

typedef enum
{
  IGNORE_NO,
  IGNORE_YES,
  IGNORE_LATER, /* the answer comes through the callback */
} IgnoreAnswer;

/* From the loop, never before ignore_list_ask has returned; not at all when the list is freed. */
typedef void (*IgnoreFunc) (gboolean ignore, gpointer user_data);
/* Not to be asked again before the answer has come. */
IgnoreAnswer ignore_list_ask (IgnoreList *self, Ticket *ticket, IgnoreFunc func, gpointer user_data);
/* The question on its way is dropped, its callback not called. */
void ignore_list_cancel (IgnoreList *self);
