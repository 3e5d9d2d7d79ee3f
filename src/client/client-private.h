/* client-private.h - what the files of the client share */
#pragma once
#include "client/client.h"
#include "client/waiter.h"

#define CLIENT_LOGGER "fail2ban"

struct Client
{
  CommandLine *options;
  int argc;
  char *const *argv;
  Log *log;
  Waiter *waiter;
};

/* print (): text and a line end; lone surrogates become the bytes they stand for. */
void client_print (const PyValue *text);

/* Sends commands (a list of lists) over one connection and shows the answers; show FALSE: only those of
 * echo and server-status.  timeout_sec < 0: for ever.  Goes on after a failure; FALSE when there was one. */
gboolean client_send (Client *self, const PyValue *commands, gboolean show, double timeout_sec);
gboolean client_ping (Client *self, double timeout_sec); /* timeout_sec < 0: for ever */

/* Until the server answers (alive) or does so no more.  FALSE with an error after the time of --timeout. */
gboolean client_wait (Client *self, gboolean alive, GPid child, GError **error);

/* --- start and its like */
gboolean client_start_server (Client *self);
gboolean client_restart_server (Client *self);
gboolean client_reload (Client *self, const PyValue *words);

/* Interactive mode behind the greeting.  The exit code. */
int client_interact (Client *self);
