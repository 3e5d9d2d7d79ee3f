/* connection-cache.h - what is known of connections whose lines do not all say who it is (<F-MLFID>)
 *
 * Remembers, for an id of a connection ("sshd[4711]"), the data captured so far, so that a failure without an address gets
 * the one of an earlier line.  As in the reference: at most 100 connections, five minutes each from the first line, and
 * when it is full the oldest goes.
 * Must not: read the clock, know expressions.
 */
#pragma once

#include "compat/py-value.h"

#define CONNECTION_CACHE_MAX      100
#define CONNECTION_CACHE_AGE_USEC (5 * 60 * G_USEC_PER_SEC)

typedef struct ConnectionCache ConnectionCache;

ConnectionCache *connection_cache_new (void);
void connection_cache_free (ConnectionCache *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConnectionCache, connection_cache_free)

/* The data of a connection, lent, to be changed in place; NULL: unknown or too old. */
PyValue *connection_cache_peek (ConnectionCache *self, const PyValue *id, gint64 now_usec);
void connection_cache_put (ConnectionCache *self, PyValue *id, PyValue *data, gint64 now_usec); /* refs both */
void connection_cache_remove (ConnectionCache *self, const PyValue *id);
