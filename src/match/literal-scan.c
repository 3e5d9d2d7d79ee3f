#include "match/literal-scan.h"

#include <string.h>

#define BLOCK       3  /* so many last bytes of the window say by how much it may move */
#define WINDOW_MOST 12 /* longer ones do not pay */
#define BITS_LEAST  9  /* of the tables' size; then 8 times as many places as there are blocks in texts */
#define BITS_MOST   15
#define NO_ENTRY    G_MAXUINT16

typedef struct
{
  const char *text;
  guint32 len;
  guint32 window_end; /* in the text: where the window lies, whose last bytes are looked up */
  guint32 tail;       /* the four bytes before that, folded */
  guint16 number;
  guint16 next; /* whose window ends alike */
} Entry;

struct LiteralScan
{
  GStringChunk *texts;
  GArray *entries; /* of Entry */
  guint window, shift_right;
  guint8 *moves;  /* for a block: by how much the window moves; 0: one of a text may end here */
  guint16 *heads; /* for a block that moves by 0: the first of the texts whose window ends so */
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
  g_free (self->moves);
  g_free (self->heads);
  g_free (self);
}

gboolean
literal_scan_add (LiteralScan *self, const char *text, guint number)
{
  gsize len = strlen (text);
  Entry entry = { .len = (guint32) len, .number = (guint16) number, .next = NO_ENTRY };

  g_return_val_if_fail (len >= LITERAL_SCAN_LEAST && self->moves == NULL, FALSE);

  if (self->entries->len == NO_ENTRY || number > G_MAXUINT16)
    return FALSE;
  entry.text = g_string_chunk_insert_len (self->texts, text, (gssize) len);
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
enter (LiteralScan *self, guint16 index)
{
  Entry *entry = &g_array_index (self->entries, Entry, index);

  entry->window_end = choose_window (self, entry);
  entry->tail = fold_before (entry->text + entry->window_end);
  for (guint move = 0; move <= self->window - BLOCK; move++)
    {
      const char *end = entry->text + entry->window_end - move;
      /* What stands before the block does not matter. */
      char block[4] = { 0, end[-3], end[-2], end[-1] };
      guint hash = hash_block (self, fold_before (block + sizeof block));

      self->moves[hash] = MIN (self->moves[hash], (guint8) move);
      if (move == 0)
        {
          entry->next = self->heads[hash];
          self->heads[hash] = index;
        }
    }
}

void
literal_scan_finish (LiteralScan *self)
{
  guint n_blocks = self->entries->len * (self->window - BLOCK + 1);
  guint bits = CLAMP (g_bit_storage (n_blocks) + 3, BITS_LEAST, BITS_MOST);
  gsize size = (gsize) 1 << bits;

  self->shift_right = 32 - bits;
  self->moves = g_malloc (size);
  self->heads = g_new (guint16, size);
  memset (self->moves, (int) (self->window - BLOCK + 1), size);
  for (gsize i = 0; i < size; i++)
    self->heads[i] = NO_ENTRY;
  for (guint i = 0; i < self->entries->len; i++)
    enter (self, (guint16) i);
}

static inline char
to_lower (char c)
{
  return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
}

/* Does the text stand there, with its window's end at `at`? */
static gboolean
stands_at (const Entry *entry, const char *line, gsize len, gsize at)
{
  if (at < entry->window_end || len - at < entry->len - entry->window_end)
    return FALSE;
  line += at - entry->window_end;
  for (guint32 i = 0; i < entry->len; i++)
    if (to_lower (line[i]) != entry->text[i])
      return FALSE;
  return TRUE;
}

/* Sets the bits of the texts whose window ends at `at`. */
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

void
literal_scan_run (const LiteralScan *self, const char *line, gsize len, guint64 *found)
{
  if (self->entries->len == 0)
    return;
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
