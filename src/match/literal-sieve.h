/* literal-sieve.h - where in a text one of many short texts may stand, by vector instructions
 *
 * Of each text that is added four bytes in a row are looked for, those that are rarest in logs.  Each text lies in one of eight
 * buckets; for each of the four places and each byte a bit a bucket says whether one of its texts has that byte there.  A place of the
 * searched text is kept when one bucket has all four bytes that stand there.  (Known as Teddy, from Hyperscan.)
 * It only sieves: it keeps each place where a text stands, and some others.  Case is left out of it, for ASCII letters.
 * Must not: say that a text stands somewhere; read beyond the searched text; allocate while it runs.
 */
#pragma once

#include <glib.h>

typedef struct LiteralSieve LiteralSieve;

#define LITERAL_SIEVE_BYTES 4 /* that are looked for, of each text */

/* The ways to run, slowest first.  All but the first need instructions that not every processor has. */
typedef enum
{
  LITERAL_SIEVE_PLAIN, /* byte by byte: what the others are compared with */
  LITERAL_SIEVE_SSSE3,
  LITERAL_SIEVE_AVX2,
  LITERAL_SIEVE_AVX512,
  LITERAL_SIEVE_N_KINDS
} LiteralSieveKind;

/* Can this processor run it that way? */
gboolean literal_sieve_can (LiteralSieveKind kind);
LiteralSieveKind literal_sieve_get_fastest (void);

LiteralSieve *literal_sieve_new (LiteralSieveKind kind); /* one that it can */
void literal_sieve_free (LiteralSieve *self);            /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LiteralSieve, literal_sieve_free)

/* Of at least LITERAL_SIEVE_BYTES bytes, lower case, without NUL.  Returns which four bytes of it are looked for: the place behind
 * them. */
guint literal_sieve_add (LiteralSieve *self, const char *text, gsize len);

/* Will a text hardly ever stand in a line?  So it is if four bytes in a row of it are rare in logs. */
gboolean literal_sieve_is_rare (const char *text, gsize len);

/* After the last text, before the first run. */
void literal_sieve_finish (LiteralSieve *self);

/* The places where the four bytes of a text may begin: bit n % 64 of word n / 64 is place n.  Writes as many words as
 * LITERAL_SIEVE_WORDS says and returns that number. */
#define LITERAL_SIEVE_WORDS(len) ((len) < LITERAL_SIEVE_BYTES ? 0 : ((len) - LITERAL_SIEVE_BYTES) / 64 + 1)
gsize literal_sieve_run (const LiteralSieve *self, const char *text, gsize len, guint64 *places);
