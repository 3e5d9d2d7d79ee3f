/* connection-cache.h - what is known of connections whose lines do not all say who it is (<F-MLFID>)
 *
 * Remembers, for an id of a connection ("sshd[4711]"), what was captured so far, so that a failure without an address gets
 * the one of an earlier line.  As in the reference: at most 100 connections, five minutes each from the first line, and
 * when it is full the oldest goes.  Their memory is used again for the next ones.
 * Must not: read the clock, know expressions.
 */
#pragma once

#include "match/captures.h"

#define CONNECTION_CACHE_MAX      100
#define CONNECTION_CACHE_AGE_USEC (5 * 60 * G_USEC_PER_SEC)

typedef struct ConnectionCache ConnectionCache;

ConnectionCache *connection_cache_new (void);
void connection_cache_free (ConnectionCache *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConnectionCache, connection_cache_free)

/* Another one with the same in it; do two have the same in them, in the same order? */
ConnectionCache *connection_cache_copy (const ConnectionCache *self);
gboolean connection_cache_equal (const ConnectionCache *a, const ConnectionCache *b);

/* What is known of a connection, lent, to be changed in place; NULL: unknown or too old. */
Captures *connection_cache_peek (ConnectionCache *self, const Capture *id, gint64 now_usec);
/* Begins with a connection, unknown or not: empty, to be filled. */
Captures *connection_cache_add (ConnectionCache *self, const Capture *id, gint64 now_usec);
/* What was lent of it can be used until the next one is added. */
void connection_cache_remove (ConnectionCache *self, const Capture *id);

/* For tests: every id gets this hash. */
void connection_cache_set_hash (ConnectionCache *self, guint hash);
