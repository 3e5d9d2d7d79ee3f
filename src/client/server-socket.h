/* server-socket.h - the client's end of the socket: one request, one answer
 *
 * Must not: print or log; keep an answer that grows beyond SERVER_SOCKET_MAX_ANSWER.
 */
#pragma once
#include "client/waiter.h"
#include "compat/py-value.h"

/* 100,000 banned addresses with their times make some 8 MB. */
#define SERVER_SOCKET_MAX_ANSWER (256 * 1024 * 1024)

#define SERVER_SOCKET_ERROR (server_socket_error_quark ())
GQuark server_socket_error_quark (void);
typedef enum
{
  SERVER_SOCKET_ERROR_IO,     /* the message is as Python words it: "[Errno 111] Connection refused", "timed out" */
  SERVER_SOCKET_ERROR_ANSWER, /* what came is no pickle */
} ServerSocketError;

typedef struct ServerSocket ServerSocket;

/* timeout_sec < 0: wait for ever.  waiter must outlive the socket. */
ServerSocket *server_socket_open (const char *path, double timeout_sec, Waiter *waiter, GError **error);
/* Says good-bye as 1.1.2 does; NULL is fine. */
void server_socket_close (ServerSocket *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServerSocket, server_socket_close)

/* Sends one request; several may be sent before the first answer is read, and the server handles them without letting
 * anybody else in between. */
gboolean server_socket_send (ServerSocket *self, const PyValue *request, GError **error);
/* The next answer, unpickled, whatever it is. */
PyValue *server_socket_receive (ServerSocket *self, GError **error);
/* Both. */
PyValue *server_socket_ask (ServerSocket *self, const PyValue *request, GError **error);
