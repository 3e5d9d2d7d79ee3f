/* py-codec-shifted.c - encodings in which bytes mean what an earlier sequence says: HZ, ISO 2022, UTF-7
 *
 * Each text begins in the state of ASCII: what an earlier line switched on is off again in the next.
 */
#include <string.h>

#include "compat/py-codec-private.h"

/* The next two bytes as a character of a set; FALSE: it has none. */
static gboolean
add_from_set (Decoding *d, CodecSet set)
{
  guint row = d->bytes[d->at], cell = d->bytes[d->at + 1];
  CodecChars found = codec_set_lookup (set, row, cell);

  for (guint i = 0; i < found.n; i++)
    codec_add_char (d, found.chars[i], i == 0 ? 2 : 0);
  return found.n > 0;
}

/* --- HZ ----------------------------------------------------------------------------------------------------------- */
void
codec_decode_hz (Decoding *d, CodecKind kind G_GNUC_UNUSED)
{
  gboolean is_chinese = FALSE;

  while (d->at < d->len)
    {
      const guint8 *p = d->bytes + d->at;
      gboolean is_cut = d->len - d->at < 2;

      if (*p >= 0x80)
        codec_add_broken (d, 1);
      else if (*p != '~' && !is_chinese)
        codec_add_char (d, *p, 1);
      else if (is_cut)
        codec_add_broken (d, 1);
      else if (*p != '~')
        {
          if (!add_from_set (d, CODEC_SET_GB2312))
            codec_add_broken (d, 1);
        }
      else if (p[1] == '~' && !is_chinese)
        codec_add_char (d, '~', 2);
      else if (p[1] == (is_chinese ? '}' : '{'))
        {
          is_chinese = !is_chinese;
          d->at += 2;
        }
      else if (p[1] == '\n' && !is_chinese)
        d->at += 2;
      else
        codec_add_broken (d, 1);
    }
}

/* --- ISO 2022 ----------------------------------------------------------------------------------------------------- */
#define ESC           0x1b
#define SHIFT_OUT     0x0e
#define SHIFT_IN      0x0f
#define MAX_SEQUENCE  16   /* bytes that are looked at for the end of an escape sequence */
#define TWO_BYTES     0x80 /* in the name of a set: designated with '$' */
#define SET_ASCII     'B'
#define SET_JIS_ROMAN 'J'
#define SET_JIS_KANA  'I'
#define SET_LATIN     'A' /* of 96 characters, in G2 */
#define SET_GREEK     'F'

typedef enum
{
  ISO2022_SHIFTS = 1 << 0,   /* SO and SI choose G1 and G0 */
  ISO2022_G2 = 1 << 1,       /* ESC N takes a character of G2 */
  ISO2022_JIS_1990 = 1 << 2, /* ESC & @ ESC $ B is one sequence */
} Iso2022Flags;

typedef struct
{
  guint8 name;
  gint set; /* a CodecSet; -1: one byte a character */
} Iso2022Set;

typedef struct
{
  Iso2022Flags flags;
  Iso2022Set sets[9]; /* until one without a name */
} Iso2022;

#define TWO(letter) (TWO_BYTES | (letter))

static const Iso2022 iso2022s[] = {
  [CODEC_ISO2022_JP]
  = { ISO2022_JIS_1990,
      { { TWO ('B'), CODEC_SET_JISX0208 }, { SET_JIS_ROMAN, -1 }, { TWO ('@'), CODEC_SET_JISX0208 } } },
  [CODEC_ISO2022_JP_1] = { ISO2022_JIS_1990,
                           { { TWO ('B'), CODEC_SET_JISX0208 },
                             { TWO ('D'), CODEC_SET_JISX0212 },
                             { SET_JIS_ROMAN, -1 },
                             { TWO ('@'), CODEC_SET_JISX0208 } } },
  [CODEC_ISO2022_JP_2] = { ISO2022_JIS_1990 | ISO2022_G2,
                           { { TWO ('B'), CODEC_SET_JISX0208 },
                             { TWO ('D'), CODEC_SET_JISX0212 },
                             { TWO ('C'), CODEC_SET_KSX1001 },
                             { TWO ('A'), CODEC_SET_GB2312 },
                             { SET_JIS_ROMAN, -1 },
                             { TWO ('@'), CODEC_SET_JISX0208 },
                             { SET_LATIN, -1 },
                             { SET_GREEK, -1 } } },
  [CODEC_ISO2022_JP_2004] = { ISO2022_JIS_1990,
                              { { TWO ('B'), CODEC_SET_JISX0208 },
                                { TWO ('Q'), CODEC_SET_JISX0213_2004_1 },
                                { TWO ('P'), CODEC_SET_JISX0213_2 } } },
  [CODEC_ISO2022_JP_3] = { ISO2022_JIS_1990,
                           { { TWO ('B'), CODEC_SET_JISX0208 },
                             { TWO ('O'), CODEC_SET_JISX0213_2000_1 },
                             { TWO ('P'), CODEC_SET_JISX0213_2 } } },
  [CODEC_ISO2022_JP_EXT] = { ISO2022_JIS_1990,
                             { { TWO ('B'), CODEC_SET_JISX0208 },
                               { TWO ('D'), CODEC_SET_JISX0212 },
                               { SET_JIS_ROMAN, -1 },
                               { SET_JIS_KANA, -1 },
                               { TWO ('@'), CODEC_SET_JISX0208 } } },
  [CODEC_ISO2022_KR] = { ISO2022_SHIFTS, { { TWO ('C'), CODEC_SET_KSX1001 } } },
};

typedef struct
{
  const Iso2022 *of;
  guint8 g[3];                   /* names of the sets */
  gboolean is_shifted, is_other; /* SO; within an escape sequence that is none of ours */
} Iso2022State;

static const Iso2022Set *
find_set (const Iso2022 *self, guint8 name)
{
  for (const Iso2022Set *set = self->sets; set->name != 0; set++)
    if (set->name == name)
      return set;
  return NULL;
}

/* How long the escape sequence is; 0: it has no end where one is looked for; G_MAXUINT: the text ends before. */
static guint
sequence_length (const Decoding *d, Iso2022Flags flags)
{
  const guint8 *p = d->bytes + d->at;
  gsize left = d->len - d->at;

  for (guint i = 1; i < MAX_SEQUENCE; i++)
    {
      if (i >= left)
        return G_MAXUINT;
      if ((p[i] >= 'A' && p[i] <= 'Z') || p[i] == '@')
        return i + 1;
      if ((flags & ISO2022_JIS_1990) && i + 1 < left && p[i] == '&' && p[i + 1] == '@')
        i += 2;
    }
  return 0;
}

/* ESC and who is put where, as an index of g; -1: it says nothing that is known.  *ret_name: the set */
static int
designation (const guint8 *p, guint length, Iso2022Flags flags, guint8 *ret_name)
{
  guint8 where = length == 4 ? p[2] : p[1];

  *ret_name = p[length - 1] | (p[1] == '$' || length == 6 ? TWO_BYTES : 0);
  if (length == 6)
    return (flags & ISO2022_JIS_1990) && memcmp (p + 3, "\x1b$B", 3) == 0 ? 0 : -1; /* Python looks at no more */
  if (length == 3 && where == '$')
    return 0;
  if ((length != 3 && length != 4) || (length == 4 && p[1] != '$'))
    return -1;
  if (where == '(')
    return 0;
  if (where == ')')
    return 1;
  return where == '.' && length == 3 && (flags & ISO2022_G2) ? 2 : -1;
}

static void
eat_designation (Decoding *d, Iso2022State *state)
{
  guint length = sequence_length (d, state->of->flags);
  guint8 name;
  int at;

  if (length == G_MAXUINT || length == 0)
    {
      codec_add_broken (d, length == 0 ? 1 : d->len - d->at);
      return;
    }
  at = designation (d->bytes + d->at, length, state->of->flags, &name);
  if (at < 0 || (name != SET_ASCII && find_set (state->of, name) == NULL))
    {
      codec_add_broken (d, length);
      return;
    }
  state->g[at] = name;
  d->at += length;
}

/* ISO 8859-7 as Python has it here, of 1987; G_MAXUINT32: none */
static guint32
greek (guint8 c)
{
  static const guint16 first[]
      = { 0xa0, 0x2018, 0x2019, 0xa3, 0,     0,     0xa6,  0xa7, 0xa8,  0xa9,  0,     0xab, 0xac,  0xad, 0,    0x2015,
          0xb0, 0xb1,   0xb2,   0xb3, 0x384, 0x385, 0x386, 0xb7, 0x388, 0x389, 0x38a, 0xbb, 0x38c, 0xbd, 0x38e };

  if (c < 0xa0)
    return c;
  if (c - 0xa0U >= G_N_ELEMENTS (first))
    return c == 0xd2 || c == 0xff ? G_MAXUINT32 : c + 0x38fU - 0xbfU;
  return first[c - 0xa0] != 0 ? first[c - 0xa0] : G_MAXUINT32;
}

static void
eat_single_shift (Decoding *d, const Iso2022State *state)
{
  guint8 c;
  guint32 found = G_MAXUINT32;

  if (d->len - d->at < 3)
    {
      codec_add_broken (d, 3);
      return;
    }
  c = d->bytes[d->at + 2];
  if (state->g[2] == SET_LATIN && c < 0x80)
    found = c | 0x80;
  else if (state->g[2] == SET_GREEK)
    found = greek (c ^ 0x80);
  else if (state->g[2] == SET_ASCII && c < 0x80)
    found = c;
  if (found != G_MAXUINT32)
    codec_add_char (d, found, 3);
  else
    codec_add_broken (d, 3);
}

static void
eat_escape (Decoding *d, Iso2022State *state)
{
  if (d->len - d->at < 2)
    codec_add_broken (d, 2);
  else if (memchr ("()$.&", d->bytes[d->at + 1], 5) != NULL)
    eat_designation (d, state);
  else if ((state->of->flags & ISO2022_G2) && d->bytes[d->at + 1] == 'N')
    eat_single_shift (d, state);
  else
    {
      codec_add_char (d, ESC, 1);
      state->is_other = TRUE;
    }
}

static void
eat_graphic (Decoding *d, const Iso2022State *state)
{
  guint8 c = d->bytes[d->at], name = state->g[state->is_shifted];
  const Iso2022Set *set = name == SET_ASCII ? NULL : find_set (state->of, name);

  if (set == NULL)
    codec_add_char (d, c, 1);
  else if (set->set >= 0 && d->len - d->at < 2)
    codec_add_broken (d, 1);
  else if (set->set >= 0)
    {
      if (!add_from_set (d, (CodecSet) set->set))
        codec_add_broken (d, 2);
    }
  else if (name == SET_JIS_ROMAN)
    codec_add_char (d, c == '\\' ? 0xa5 : c == '~' ? 0x203e : c, 1);
  else if (name == SET_JIS_KANA && c >= 0x21 && c <= 0x5f)
    codec_add_char (d, 0xff40U + c, 1);
  else
    codec_add_broken (d, 1);
}

void
codec_decode_iso2022 (Decoding *d, CodecKind kind)
{
  Iso2022State state = { .of = &iso2022s[kind], .g = { SET_ASCII, SET_ASCII, SET_ASCII } };

  while (d->at < d->len)
    {
      guint8 c = d->bytes[d->at];

      if (state.is_other)
        {
          codec_add_char (d, c, 1);
          state.is_other = !((c >= 'A' && c <= 'Z') || c == '@');
        }
      else if (c == ESC)
        eat_escape (d, &state);
      else if ((state.of->flags & ISO2022_SHIFTS) && (c == SHIFT_IN || c == SHIFT_OUT))
        {
          state.is_shifted = c == SHIFT_OUT;
          d->at++;
        }
      else if (c < 0x20)
        {
          state.is_shifted = state.is_shifted && c != '\n';
          codec_add_char (d, c, 1);
        }
      else if (c >= 0x80)
        codec_add_broken (d, 1);
      else
        eat_graphic (d, &state);
    }
}

/* --- UTF-7 -------------------------------------------------------------------------------------------------------- */
/* What "+" began: units of 16 bits in base 64. */
typedef struct
{
  gsize begin;
  guint32 buffer;
  guint bits;
  guint32 high; /* a surrogate that waits for its other half */
} Base64;

static int
base64_value (guint8 c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (g_ascii_isdigit (c))
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void
add_unit (Decoding *d, Base64 *b, guint32 unit)
{
  if (b->high != 0 && unit >= 0xdc00 && unit <= 0xdfff)
    {
      codec_add_char (d, 0x10000 + ((b->high - 0xd800) << 10) + (unit - 0xdc00), 0);
      b->high = 0;
      return;
    }
  if (b->high != 0)
    codec_add_char (d, b->high, 0);
  b->high = 0;
  if (unit >= 0xd800 && unit <= 0xdbff)
    b->high = unit;
  else
    codec_add_char (d, unit, 0);
}

static void
add_base64 (Decoding *d, Base64 *b, guint value)
{
  b->buffer = b->buffer << 6 | value;
  b->bits += 6;
  d->at++;
  if (b->bits < 16)
    return;
  b->bits -= 16;
  add_unit (d, b, b->buffer >> b->bits & 0xffff);
  b->buffer &= (1U << b->bits) - 1;
}

/* Broken is all from the "+" to here, though characters of it may be out. */
static void
break_base64 (Decoding *d, const Base64 *b, gsize end)
{
  d->at = b->begin;
  codec_add_broken (d, end - b->begin);
}

/* A byte that is none of base 64: it ends it, and a "-" does nothing else. */
static void
leave_base64 (Decoding *d, const Base64 *b)
{
  guint8 c = d->bytes[d->at];

  if (b->bits >= 6 || (b->bits > 0 && b->buffer != 0))
    {
      break_base64 (d, b, d->at + 1);
      return;
    }
  if (b->high != 0 && c < 0x80)
    codec_add_char (d, b->high, 0);
  if (c == '-')
    d->at++;
}

void
codec_decode_utf7 (Decoding *d, CodecKind kind G_GNUC_UNUSED)
{
  gboolean is_base64 = FALSE;
  Base64 b = { 0 };

  while (d->at < d->len)
    {
      const guint8 *p = d->bytes + d->at;
      gsize left = d->len - d->at;
      int value = base64_value (*p);

      if (is_base64 && value >= 0)
        add_base64 (d, &b, (guint) value);
      else if (is_base64)
        {
          is_base64 = FALSE;
          leave_base64 (d, &b);
        }
      else if (*p == '+' && left > 1 && p[1] == '-')
        codec_add_char (d, '+', 2);
      else if (*p == '+' && left > 1 && base64_value (p[1]) < 0)
        codec_add_broken (d, 2);
      else if (*p == '+')
        {
          is_base64 = TRUE;
          b = (Base64){ .begin = d->at++ };
        }
      else if (*p < 0x80)
        codec_add_char (d, *p, 1);
      else
        codec_add_broken (d, 1);
    }
  if (is_base64 && (b.high != 0 || b.bits >= 6 || (b.bits > 0 && b.buffer != 0)))
    break_base64 (d, &b, d->len);
}
