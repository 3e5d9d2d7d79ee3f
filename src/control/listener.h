/* listener.h - the server's socket
 *
 * Makes the socket file or takes over a socket that the service manager has handed in, accepts clients that may talk to us
 * (root and the user who runs the server: SO_PEERCRED), and holds their connections.
 * Must not: create directories, set the umask (the server does), touch a socket file that it has not made.
 */
#pragma once
#include <glib.h>

#include "control/connection.h"

#define LISTENER_ERROR (listener_error_quark ())
GQuark listener_error_quark (void);
typedef enum
{
  LISTENER_ERROR_RUNNING, /* "Server already running": the socket file exists */
  LISTENER_ERROR_BIND,    /* "Unable to bind socket <path>" */
  LISTENER_ERROR_INHERITED,
} ListenerError;

/* Clients at the same time; more of them wait in the backlog. */
#define LISTENER_MAX_CONNECTIONS 256
#define LISTENER_BACKLOG         128

typedef struct Listener Listener;

/* context NULL: the default one; log may be NULL.  request gets every client's requests. */
Listener *listener_new (GMainContext *context, Log *log, RequestFunc request, gpointer user_data);
void listener_free (Listener *self); /* stops, closes every connection; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listener, listener_free)

/* Makes the socket and listens.  An existing file is an error (logged as 1.1.2 does) unless force: then it is removed. */
gboolean listener_start (Listener *self, const char *path, gboolean force, GError **error);
/* Listens on a socket that was handed in (see below); takes fd. */
gboolean listener_start_inherited (Listener *self, int fd, GError **error);
/* Accepts nobody any more and removes the socket file when it was made here.  Connections stay.  May be repeated. */
void listener_stop (Listener *self);

/* After stop: calls func once, when all that is owed to clients has been sent, or after timeout_msec.  func may free the
 * listener. */
typedef void (*ListenerDrainedFunc) (gpointer user_data);
void listener_drain (Listener *self, guint timeout_msec, ListenerDrainedFunc func, gpointer user_data);

guint listener_count_connections (const Listener *self);

/* The descriptor that systemd's socket activation handed to this process (LISTEN_PID, LISTEN_FDS; of several the one named
 * "fail2ban" in LISTEN_FDNAMES, else the first), or -1.  Removes the three variables from the environment. */
int listener_take_inherited_fd (void);
