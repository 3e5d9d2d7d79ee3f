/* literal-sieve-private.h - the tables of a sieve, for those who run it
 *
 * Private to match/literal-sieve*.  sets is all that there is to know: for each place of the four and each byte without its highest bit
 * the buckets.  The instructions for 16 bytes look up half a byte at a time, so there are tables of halves, too: what both halves
 * allow is kept.
 */
#pragma once

#include "match/literal-sieve.h"

#define SIEVE_BUCKETS 8
#define SIEVE_ASCII   128
#define SIEVE_WORD_BITS 11

/* n_places: at least one; all four bytes of each lie in the text. */
typedef void (*LiteralSieveRun) (const LiteralSieve *self, const char *text, gsize n_places, guint64 *places);

struct LiteralSieve
{
  guint8 sets[LITERAL_SIEVE_BYTES][SIEVE_ASCII];
  guint8 low[LITERAL_SIEVE_BYTES][16], high[LITERAL_SIEVE_BYTES][16];
  guint mass[SIEVE_BUCKETS][LITERAL_SIEVE_BYTES]; /* how often a byte of the set stands in logs, of a thousand */
  guint64 words[(1 << SIEVE_WORD_BITS) / 64];
  LiteralSieveRun run;
};

/* How this processor runs it that way; NULL: it cannot. */
LiteralSieveRun literal_sieve_get_vector_run (LiteralSieveKind kind);
