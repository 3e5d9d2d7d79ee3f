#include "match/literal-scan.h"

#include <string.h>

#define CHUNK       4096 /* bytes that are sieved at a time */
#define BLOCK       3    /* so many last bytes of the window say by how much it may move */
#define WINDOW_MOST 12   /* longer ones do not pay */
#define BITS_LEAST  9    /* of the tables' size; then 8 times as many places as there are blocks in texts */
#define BITS_MOST   15
#define NO_ENTRY    G_MAXUINT16

typedef struct
{
  const char *text; /* behind it as many bytes that say which of its bits case changes */
  guint32 len;
  guint32 window_end; /* in the text: where the bytes end that are looked up, of the window or the sieve */
  guint32 tail;       /* the four bytes before that, folded */
  guint16 number;
  guint16 next; /* with the same last bytes there */
} Entry;

struct LiteralScan
{
  GStringChunk *texts;
  GArray *entries;     /* of Entry */
  LiteralSieve *sieve; /* NULL: a window moves over the line */
  guint window, shift_right;
  guint8 *moves;  /* of the window, for a block: by how much the window moves; 0: one of a text may end here */
  guint16 *heads; /* for a block: the first of the texts that have it there */
};

LiteralScan *
literal_scan_new (void)
{
  LiteralScan *self = g_new0 (LiteralScan, 1);

  self->texts = g_string_chunk_new (1024);
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->window = WINDOW_MOST;
  return self;
}

void
literal_scan_free (LiteralScan *self)
{
  if (self == NULL)
    return;
  g_string_chunk_free (self->texts);
  g_array_unref (self->entries);
  literal_sieve_free (self->sieve);
  g_free (self->moves);
  g_free (self->heads);
  g_free (self);
}

#define CASE_BIT 0x20

/* The text, and behind it for each byte the bit that case changes, or 0. */
static const char *
keep_text (LiteralScan *self, const char *text, gsize len)
{
  g_autofree char *both = g_malloc (2 * len);

  memcpy (both, text, len);
  for (gsize i = 0; i < len; i++)
    both[len + i] = g_ascii_islower (text[i]) ? CASE_BIT : 0;
  return g_string_chunk_insert_len (self->texts, both, (gssize) (2 * len));
}

gboolean
literal_scan_add (LiteralScan *self, const char *text, guint number)
{
  gsize len = strlen (text);
  Entry entry = { .len = (guint32) len, .number = (guint16) number, .next = NO_ENTRY };

  g_return_val_if_fail (len >= LITERAL_SCAN_LEAST && self->heads == NULL, FALSE);

  if (self->entries->len == NO_ENTRY || number > G_MAXUINT16)
    return FALSE;
  entry.text = keep_text (self, text, len);
  g_array_append_val (self->entries, entry);
  self->window = MIN (self->window, (guint) len);
  return TRUE;
}

/* The four bytes before `end`, the last one in the highest place.  Letters lose their case, other bytes are mixed up a little. */
static inline guint32
fold_before (const char *end)
{
  guint32 bytes;

  memcpy (&bytes, end - 4, sizeof bytes);
  return GUINT32_FROM_LE (bytes) | 0x20202020;
}

/* Of the block that ends there, which is the last three of these four */
static inline guint
hash_block (const LiteralScan *self, guint32 folded)
{
  return ((folded >> 8) * 0x9e3779b1u) >> self->shift_right;
}

/* How often a byte stands in logs, roughly: in the order of `common`, all others rarely */
static guint
commonness (char c)
{
  static const char common[] = " eotanirs:lcdfmu[]h.p1024yg";
  const char *at = strchr (common, c);

  return at != NULL ? (guint) (sizeof common - (gsize) (at - common)) : 0;
}

/* The window lies where it ends in what is rare. */
static guint32
choose_window (const LiteralScan *self, const Entry *entry)
{
  guint least = G_MAXUINT;
  guint32 best = self->window;

  for (guint32 end = self->window; end <= entry->len; end++)
    {
      const char *at = entry->text + end;
      guint sum = commonness (at[-1]) + commonness (at[-2]) + commonness (at[-3]);

      if (sum < least)
        {
          least = sum;
          best = end;
        }
    }
  return best;
}

static void
make_tables (LiteralScan *self, guint n_blocks)
{
  guint bits = CLAMP (g_bit_storage (n_blocks) + 3, BITS_LEAST, BITS_MOST);
  gsize size = (gsize) 1 << bits;

  self->shift_right = 32 - bits;
  self->heads = g_new (guint16, size);
  for (gsize i = 0; i < size; i++)
    self->heads[i] = NO_ENTRY;
  if (self->sieve != NULL)
    return;
  self->moves = g_malloc (size);
  memset (self->moves, (int) (self->window - BLOCK + 1), size);
}

/* Those that have the same block there are a chain. */
static void
enter (LiteralScan *self, guint16 index, guint32 window_end)
{
  Entry *entry = &g_array_index (self->entries, Entry, index);
  guint hash;

  entry->window_end = window_end;
  entry->tail = fold_before (entry->text + window_end);
  hash = hash_block (self, entry->tail);
  entry->next = self->heads[hash];
  self->heads[hash] = index;
}

static void
enter_moves (LiteralScan *self, const Entry *entry)
{
  for (guint move = 0; move <= self->window - BLOCK; move++)
    {
      const char *end = entry->text + entry->window_end - move;
      /* What stands before the block does not matter. */
      char block[4] = { 0, end[-3], end[-2], end[-1] };
      guint hash = hash_block (self, fold_before (block + sizeof block));

      self->moves[hash] = MIN (self->moves[hash], (guint8) move);
    }
}

static void
finish_window (LiteralScan *self)
{
  make_tables (self, self->entries->len * (self->window - BLOCK + 1));
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);

      enter (self, (guint16) i, choose_window (self, entry));
      enter_moves (self, entry);
    }
}

static void
finish_sieve (LiteralScan *self, LiteralSieveKind kind)
{
  self->sieve = literal_sieve_new (kind);
  make_tables (self, self->entries->len);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);

      enter (self, (guint16) i, literal_sieve_add (self->sieve, entry->text, entry->len));
    }
  literal_sieve_finish (self->sieve);
}

void
literal_scan_finish_as (LiteralScan *self, gboolean sieved, LiteralSieveKind kind)
{
  g_return_if_fail (self->heads == NULL);

  if (sieved)
    finish_sieve (self, kind);
  else
    finish_window (self);
}

/* A sieve of vector instructions is two to six times as fast as the window, with one text and with 10,000. */
void
literal_scan_finish (LiteralScan *self)
{
  LiteralSieveKind kind = literal_sieve_get_fastest ();

  literal_scan_finish_as (self, kind != LITERAL_SIEVE_PLAIN, kind);
}

/* Eight or four bytes of a line as they are in a text, if the text stands there */
static inline gboolean
is_same_8 (const Entry *entry, const char *line, gsize at)
{
  guint64 bytes, text, case_bits;

  memcpy (&bytes, line + at, sizeof bytes);
  memcpy (&text, entry->text + at, sizeof text);
  memcpy (&case_bits, entry->text + entry->len + at, sizeof case_bits);
  return (bytes | case_bits) == text;
}

static inline gboolean
is_same_4 (const Entry *entry, const char *line, gsize at)
{
  guint32 bytes, text, case_bits;

  memcpy (&bytes, line + at, sizeof bytes);
  memcpy (&text, entry->text + at, sizeof text);
  memcpy (&case_bits, entry->text + entry->len + at, sizeof case_bits);
  return (bytes | case_bits) == text;
}

/* The last step reaches back over what was compared already. */
static gboolean
is_same (const Entry *entry, const char *line)
{
  gsize len = entry->len;

  if (len < 8)
    return is_same_4 (entry, line, 0) && is_same_4 (entry, line, len - 4);
  for (gsize at = 0; at + 8 < len; at += 8)
    if (!is_same_8 (entry, line, at))
      return FALSE;
  return is_same_8 (entry, line, len - 8);
}

/* Does the text stand there, with the end of what is looked up at `at`? */
static gboolean
stands_at (const Entry *entry, const char *line, gsize len, gsize at)
{
  if (at < entry->window_end || len - at < entry->len - entry->window_end)
    return FALSE;
  return is_same (entry, line + at - entry->window_end);
}

/* Sets the bits of the texts that stand there, with the end of what is looked up at `at`. */
static void
mark (const LiteralScan *self, const char *line, gsize len, gsize at, guint64 *found)
{
  guint32 tail = fold_before (line + at);

  for (guint i = self->heads[hash_block (self, tail)]; i != NO_ENTRY;)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      guint64 *word = &found[entry->number / 64], bit = (guint64) 1 << (entry->number % 64);

      if (entry->tail == tail && (*word & bit) == 0 && stands_at (entry, line, len, at))
        *word |= bit;
      i = entry->next;
    }
}

static void
run_window (const LiteralScan *self, const char *line, gsize len, guint64 *found)
{
  for (gsize at = self->window; at <= len;)
    {
      guint move = self->moves[hash_block (self, fold_before (line + at))];

      if (move == 0)
        {
          mark (self, line, len, at, found);
          move = 1;
        }
      at += move;
    }
}

static void
run_sieve (const LiteralScan *self, const char *line, gsize len, guint64 *found)
{
  guint64 places[LITERAL_SIEVE_WORDS (CHUNK)];

  /* Four bytes may begin in one chunk and end in the next one. */
  for (gsize begin = 0; begin + LITERAL_SIEVE_BYTES <= len; begin += CHUNK - LITERAL_SIEVE_BYTES + 1)
    {
      gsize n_words = literal_sieve_run (self->sieve, line + begin, MIN (len - begin, CHUNK), places);

      for (gsize i = 0; i < n_words; i++)
        for (guint64 left = places[i]; left != 0; left &= left - 1)
          mark (self, line, len, begin + 64 * i + (guint) __builtin_ctzll (left) + LITERAL_SIEVE_BYTES, found);
    }
}

void
literal_scan_run (const LiteralScan *self, const char *line, gsize len, guint64 *found)
{
  if (self->entries->len == 0)
    return;
  if (self->sieve != NULL)
    run_sieve (self, line, len, found);
  else
    run_window (self, line, len, found);
}
