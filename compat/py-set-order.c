#include "compat/py-set-order.h"

#include <string.h>

/* --- hash --------------------------------------------------------------------------------------------------------- */
static guint64
rotate (guint64 x, guint bits)
{
  return x << bits | x >> (64 - bits);
}

static void
sip_round (guint64 v[4])
{
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate (v[1], 13) ^ v[0];
  v[3] = rotate (v[3], 16) ^ v[2];
  v[0] = rotate (v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate (v[1], 17) ^ v[2];
  v[3] = rotate (v[3], 21) ^ v[0];
  v[2] = rotate (v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein) with a key of zeros */
static guint64
siphash13 (const guint8 *data, gsize len)
{
  guint64 v[4] = { 0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573 };
  guint64 last = (guint64) len << 56;
  gsize at = 0;

  for (; at + 8 <= len; at += 8)
    {
      guint64 word;
      memcpy (&word, data + at, 8);
      word = GUINT64_FROM_LE (word);
      v[3] ^= word;
      sip_round (v);
      v[0] ^= word;
    }
  for (guint i = 0; at + i < len; i++)
    last |= (guint64) data[at + i] << (8 * i);
  v[3] ^= last;
  sip_round (v);
  v[0] ^= last;
  v[2] ^= 0xff;
  for (guint i = 0; i < 3; i++)
    sip_round (v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* A character of UTF-8 or WTF-8 text. */
static guint32
next_char (const guint8 **p)
{
  const guint8 *c = *p;
  guint size = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
  guint32 value = size == 1 ? *c : *c & (0x7fu >> size);

  for (guint i = 1; i < size; i++)
    value = value << 6 | (c[i] & 0x3f);
  *p += size;
  return value;
}

/* Python hashes a str as it holds it: with one, two or four bytes a character, whatever the largest needs. */
gint64
py_str_hash (const char *text, gsize len)
{
  const guint8 *begin = (const guint8 *) text, *end = begin + len;
  guint32 largest = 0;
  g_autoptr (GByteArray) held = g_byte_array_new ();
  gint64 hash;

  if (len == 0)
    return 0;
  for (const guint8 *p = begin; p < end;)
    {
      guint32 c = next_char (&p);
      largest = MAX (largest, c);
    }
  for (const guint8 *p = begin; p < end;)
    {
      guint32 c = next_char (&p);
      guint16 two = (guint16) c;
      if (largest < 0x100)
        g_byte_array_append (held, (const guint8 *) &(guint8){ (guint8) c }, 1);
      else if (largest < 0x10000)
        g_byte_array_append (held, (const guint8 *) &two, 2);
      else
        g_byte_array_append (held, (const guint8 *) &c, 4);
    }
  hash = (gint64) siphash13 (held->data, held->len);
  return hash == -1 ? -2 : hash;
}

/* --- table -------------------------------------------------------------------------------------------------------- */
/* CPython's set: open addressing, nine neighbours first, then a jump that takes in more and more bits of the hash; it grows
 * fourfold when three fifths are full. */
#define NEIGHBOURS 9

typedef struct
{
  PyValue *member; /* NULL: free.  Lent */
  guint64 hash;
} Place;

typedef struct
{
  Place *places;
  gsize mask, used;
} Table;

static Place *
find_free (Table *table, guint64 hash)
{
  gsize i = hash & table->mask;

  for (guint64 perturb = hash;;)
    {
      gsize n = i + NEIGHBOURS <= table->mask ? NEIGHBOURS : 0;
      for (gsize j = 0; j <= n; j++)
        if (table->places[i + j].member == NULL)
          return &table->places[i + j];
      perturb >>= 5;
      i = (i * 5 + 1 + perturb) & table->mask;
    }
}

static void
grow (Table *table)
{
  Table larger = { .used = table->used };
  gsize least = table->used > 50000 ? table->used * 2 : table->used * 4, size = 8;

  while (size <= least)
    size *= 2;
  larger.mask = size - 1;
  larger.places = g_new0 (Place, size);
  for (gsize i = 0; i <= table->mask; i++)
    if (table->places[i].member != NULL)
      *find_free (&larger, table->places[i].hash) = table->places[i];
  g_free (table->places);
  *table = larger;
}

static void
insert (Table *table, PyValue *member)
{
  gsize len;
  const char *text = py_str_peek (member, &len);
  guint64 hash = (guint64) py_str_hash (text, len);

  *find_free (table, hash) = (Place){ member, hash };
  table->used++;
  if (table->used * 5 >= table->mask * 3)
    grow (table);
}

static gboolean
is_of_str (const PyValue *set)
{
  for (guint i = 0; i < py_set_length (set); i++)
    if (py_value_type (py_set_peek (set, i)) != PY_STR)
      return FALSE;
  return TRUE;
}

PyValue *
py_set_dup_ordered (const PyValue *set)
{
  PyValue *list = py_list_new ();
  Table table = { .places = g_new0 (Place, 8), .mask = 7 };

  if (!is_of_str (set))
    {
      for (guint i = 0; i < py_set_length (set); i++)
        py_list_append (list, py_value_ref (py_set_peek (set, i)));
    }
  else
    {
      for (guint i = 0; i < py_set_length (set); i++)
        insert (&table, py_set_peek (set, i));
      for (gsize i = 0; i <= table.mask; i++)
        if (table.places[i].member != NULL)
          py_list_append (list, py_value_ref (table.places[i].member));
    }
  g_free (table.places);
  return list;
}
