/* connection.h - one client on the socket: bytes to requests, answers to bytes
 *
 * A request is a pickle followed by "<F2B_END_COMMAND>"; so is an answer, in one write.  Requests may be pipelined: the next
 * one is looked at when the one before has been answered, so that answers are in order.  "<F2B_CLOSE_COMMAND>" ends the
 * connection after what is queued was sent, so does the end of the peer's stream.  What is no pickle is answered with the
 * str "ERROR: ..." and logged; the connection goes on.
 * Must not: block; keep more than CONNECTION_MAX_REQUEST bytes of input; read on while answers wait to be taken.
 */
#pragma once
#include <glib.h>

#include "base/log.h"
#include "control/reply.h"

/* A server-stream of 3000 jails has some 10 MB.  Who sends more is told so and cut off. */
#define CONNECTION_MAX_REQUEST (64 * 1024 * 1024)

typedef struct Connection Connection;

/* request is lent; reply is owed. */
typedef void (*RequestFunc) (PyValue *request, Reply *reply, gpointer user_data);
/* The connection has ended and frees itself after this. */
typedef void (*ConnectionClosedFunc) (Connection *self, gpointer user_data);

typedef struct
{
  GMainContext *context; /* NULL: the default one */
  Log *log;              /* may be NULL */
  RequestFunc request;
  ConnectionClosedFunc closed;
  gpointer user_data;
} ConnectionHooks;

/* Takes fd, a connected stream socket, and sets it non-blocking. */
Connection *connection_new (int fd, const ConnectionHooks *hooks);
/* No further request is read; closes when everything that is owed was answered and sent. */
void connection_drain (Connection *self);
/* Closes at once; closed is called.  Replies that are still owed may be given later and are dropped. */
void connection_close (Connection *self);
