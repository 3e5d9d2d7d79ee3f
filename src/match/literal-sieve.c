#include "match/literal-sieve.h"

#include <string.h>

#include "match/literal-sieve-private.h"

/* --- how to run ---------------------------------------------------------------------------------------------------- */
static void
run_plain (const LiteralSieve *self, const char *text, gsize n_places, guint64 *places)
{
  for (gsize i = 0; i <= (n_places - 1) / 64; i++)
    places[i] = 0;
  for (gsize at = 0; at < n_places; at++)
    {
      guint8 kept = 0xff;

      for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
        kept &= self->sets[i][(guint8) text[at + i] % SIEVE_ASCII];
      if (kept != 0)
        places[at / 64] |= (guint64) 1 << (at % 64);
    }
}

static LiteralSieveRun
get_run (LiteralSieveKind kind)
{
  return kind == LITERAL_SIEVE_PLAIN ? run_plain : literal_sieve_get_vector_run (kind);
}

gboolean
literal_sieve_can (LiteralSieveKind kind)
{
  return get_run (kind) != NULL;
}

LiteralSieveKind
literal_sieve_get_fastest (void)
{
  LiteralSieveKind kind = LITERAL_SIEVE_N_KINDS - 1;

  while (!literal_sieve_can (kind))
    kind--;
  return kind;
}

/* --- the texts ------------------------------------------------------------------------------------------------------
 * Each text takes those four bytes and that bucket which cost least: by the places that will be kept besides, and by those where the
 * four bytes will stand although the text does not. */

/* How often a byte stands in logs, of ten thousand, case left out of it: counted in the sample logs of fail2ban's filters and in logs of
 * sshd, exim, postfix, dovecot, nginx and Apache.  Brackets and quotes count for more, since they stand together: [] or ": ". */
static const guint16 masses[SIEVE_ASCII] = {
  [' '] = 1065, ['e'] = 510, ['1'] = 510, ['0'] = 430, ['t'] = 400, ['2'] = 380, [':'] = 370, ['o'] = 350, ['.'] = 330,
  ['s'] = 320,  ['a'] = 310, ['r'] = 290, ['i'] = 290, ['n'] = 280, ['c'] = 230, ['5'] = 220, ['m'] = 210, ['d'] = 210,
  ['l'] = 200,  ['3'] = 200, ['p'] = 200, ['9'] = 170, ['4'] = 160, ['/'] = 140, ['h'] = 130, ['-'] = 130, ['8'] = 130,
  ['f'] = 130,  ['u'] = 130, ['6'] = 110, ['7'] = 100, ['x'] = 90,  ['w'] = 80,  ['g'] = 80,  ['='] = 70,  ['b'] = 70,
  ['v'] = 60,   ['y'] = 40,  ['_'] = 30,  ['j'] = 20,  ['#'] = 20,  ['k'] = 20,  ['@'] = 20,  ['*'] = 20,  ['q'] = 10,
  ['"'] = 500,  ['['] = 500, [']'] = 500, ['('] = 200, [')'] = 200, ['>'] = 200, ['<'] = 200, [','] = 200, ['\''] = 200,
};
#define MASS_LEAST 5
#define MASS_ALL   10000.0f

static inline guint
get_index (char c)
{
  return (guint8) c % SIEVE_ASCII;
}

static inline guint
get_mass (char c)
{
  return MAX (masses[get_index (c)], MASS_LEAST);
}

/* Words that stand in many lines of some log or other: four bytes of one are more frequent than their bytes. */
static const char words[]
    = " from  port ed for  user= [preauth] invalid user connection closed by authentication session login: smtp failed client: "
      "server error request: mozilla/5.0 (compatible; bot/ search +http://www. mail password /index.php";
#define SHARE_OF_WORD 1e-3f
#define SHARE_OF_RARE 5e-6f

static guint
hash_word (const char *bytes)
{
  guint32 word;

  memcpy (&word, bytes, sizeof word);
  return (word * 0x9e3779b1u) >> (32 - SIEVE_WORD_BITS);
}

static void
enter_words (LiteralSieve *self)
{
  for (const char *at = words; at + LITERAL_SIEVE_BYTES < words + sizeof words; at++)
    self->words[hash_word (at) / 64] |= (guint64) 1 << (hash_word (at) % 64);
}

static gboolean
is_in_word (const LiteralSieve *self, const char *bytes)
{
  guint hash = hash_word (bytes);

  return (self->words[hash / 64] >> (hash % 64) & 1) != 0
         && memmem (words, sizeof words, bytes, LITERAL_SIEVE_BYTES) != NULL;
}

/* How often these four bytes stand in a row, if bytes did not know of each other; a share of all places */
static gfloat
share_of_strangers (const char *bytes)
{
  gfloat share = 1;

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    share *= (gfloat) get_mass (bytes[i]) / MASS_ALL;
  return share;
}

static gfloat
share_of_bytes (const LiteralSieve *self, const char *bytes)
{
  return is_in_word (self, bytes) ? SHARE_OF_WORD : share_of_strangers (bytes);
}

gboolean
literal_sieve_is_rare (const char *text, gsize len)
{
  for (gsize at = 0; at + LITERAL_SIEVE_BYTES <= len; at++)
    if (share_of_strangers (text + at) < SHARE_OF_RARE
        && memmem (words, sizeof words, text + at, LITERAL_SIEVE_BYTES) == NULL)
      return TRUE;
  return FALSE;
}

static gfloat
share_of_bucket (const LiteralSieve *self, guint bucket)
{
  gfloat share = 1;

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    share *= (gfloat) self->mass[bucket][i] / MASS_ALL;
  return share;
}

/* What a bucket's set for one of the four places weighs with this byte */
static inline guint
mass_with (const LiteralSieve *self, guint bucket, guint place, char c)
{
  gboolean has = self->sets[place][get_index (c)] >> bucket & 1;

  return self->mass[bucket][place] + (has ? 0 : get_mass (c));
}

static gfloat
share_with (const LiteralSieve *self, guint bucket, const char *bytes)
{
  gfloat share = 1;

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    share *= (gfloat) mass_with (self, bucket, i, bytes[i]) / MASS_ALL;
  return share;
}

static void
enter (LiteralSieve *self, guint bucket, const char *bytes)
{
  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    {
      self->mass[bucket][i] = mass_with (self, bucket, i, bytes[i]);
      self->sets[i][get_index (bytes[i])] |= (guint8) (1u << bucket);
      self->sets[i][get_index (g_ascii_toupper (bytes[i]))] |= (guint8) (1u << bucket);
    }
}

LiteralSieve *
literal_sieve_new (LiteralSieveKind kind)
{
  LiteralSieve *self = g_new0 (LiteralSieve, 1);

  g_return_val_if_fail (literal_sieve_can (kind), self);
  self->run = get_run (kind);
  enter_words (self);
  return self;
}

void
literal_sieve_free (LiteralSieve *self)
{
  g_free (self);
}

guint
literal_sieve_add (LiteralSieve *self, const char *text, gsize len)
{
  gfloat least = G_MAXFLOAT, shares[SIEVE_BUCKETS];
  guint best_at = 0, best_bucket = 0;

  g_return_val_if_fail (len >= LITERAL_SIEVE_BYTES, 0);
  for (guint bucket = 0; bucket < SIEVE_BUCKETS; bucket++)
    shares[bucket] = share_of_bucket (self, bucket);
  for (guint at = 0; at + LITERAL_SIEVE_BYTES <= len; at++)
    {
      gfloat own = share_of_bytes (self, text + at);

      for (guint bucket = 0; bucket < SIEVE_BUCKETS; bucket++)
        {
          gfloat cost = own + share_with (self, bucket, text + at) - shares[bucket];

          if (cost < least)
            {
              least = cost;
              best_at = at;
              best_bucket = bucket;
            }
        }
    }
  enter (self, best_bucket, text + best_at);
  return best_at + LITERAL_SIEVE_BYTES;
}

void
literal_sieve_finish (LiteralSieve *self)
{
  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    for (guint index = 0; index < SIEVE_ASCII; index++)
      {
        self->low[i][index % 16] |= self->sets[i][index];
        self->high[i][index / 16] |= self->sets[i][index];
        self->high[i][8 + index / 16] |= self->sets[i][index];
      }
}

gsize
literal_sieve_run (const LiteralSieve *self, const char *text, gsize len, guint64 *places)
{
  if (len < LITERAL_SIEVE_BYTES)
    return 0;
  self->run (self, text, len - LITERAL_SIEVE_BYTES + 1, places);
  return LITERAL_SIEVE_WORDS (len);
}
