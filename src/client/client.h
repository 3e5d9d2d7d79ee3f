/* client.h - what fail2ban-client does with a command
 *
 * Most commands go to the server as they are and the answer is shown.  start, restart and reload also read the
 * configuration, start a server and wait for it.  Answers go to stdout, trouble to the log (stderr).
 * Must not: parse options (command-line), be used by two at once.
 */
#pragma once
#include "base/log.h"
#include "client/command-line.h"

typedef struct Client Client;

/* All are borrowed and outlive the client.  argc and argv: as main got them; an interactive restart reads them again. */
Client *client_new (CommandLine *options, int argc, char *const *argv, Log *log);
void client_free (Client *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

/* Everything behind the options: one command, or interactive mode.  The exit code. */
int client_run (Client *self);

/* words: a list of str.  FALSE: it failed, which has been said. */
gboolean client_process (Client *self, const PyValue *words);

/* --- for fail2ban-server, which configures itself through its own socket ---------------------------------------------- */

/* Nobody answers on the socket, the configuration is valid, no socket is left over: the list of the two commands that
 * configure a server.  NULL: not so, which has been said. */
PyValue *client_prepare_start (Client *self);
/* Waits until the server answers, sends it the commands and shows the last answer ("Server ready"); child (0: none): the
 * process that starts the server, whose failure ends the waiting.  FALSE: it failed, which has been said. */
gboolean client_configure_server (Client *self, const PyValue *commands, GPid child);
