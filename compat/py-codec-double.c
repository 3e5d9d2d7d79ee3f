/* py-codec-double.c - the encodings of China, Japan and Korea that have no state
 *
 * Each is a base (a grid, and how its bytes lead there) with points where it differs.  tools/make-codec-data computes the
 * points, with the same bases: one cannot be changed without the other.
 */
#include <string.h>

#include "compat/py-codec-data.h"
#include "compat/py-codec-private.h"

#define PLANE2 0x20000

/* What reading a character came to: so many bytes, or broken ones, or the input ends within it. */
typedef struct
{
  CodecChars found; /* n 0: these bytes are broken */
  guint size;
} Step;

#define STEP_CUT ((Step){ .size = G_MAXUINT })

static Step
step_broken (guint size)
{
  return (Step){ .size = size };
}

static CodecChars
one_char (guint32 c)
{
  return (CodecChars){ { c }, c != 0 };
}

/* Where nothing was found only the first byte is broken. */
static Step
step_to (CodecChars found, guint size)
{
  return (Step){ found, found.n > 0 ? size : 1 };
}

/* --- tables ------------------------------------------------------------------------------------------------------- */
static guint32
grid_lookup (const CodecGrid *grid, guint lead, guint trail)
{
  const CodecGridRow *row;

  if (lead < grid->first || lead > grid->last)
    return 0;
  row = &grid->rows[lead - grid->first];
  return trail < row->first || trail > row->last ? 0 : grid->chars[row->offset + trail - row->first];
}

static const CodecPoint *
find_point (const CodecPoint *points, guint n, guint code)
{
  guint low = 0, high = n;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (points[middle].code == code)
        return &points[middle];
      if (points[middle].code < code)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

/* TRUE: the points have the last word, which may be that there is none. */
static gboolean
points_lookup (const CodecPoints *points, guint code, CodecChars *ret)
{
  const CodecPoint *point;

  if (points == NULL)
    return FALSE;
  if ((point = find_point (points->bmp, points->n_bmp, code)) != NULL)
    {
      *ret = one_char (point->c);
      return TRUE;
    }
  if ((point = find_point (points->plane2, points->n_plane2, code)) != NULL)
    {
      *ret = one_char (PLANE2 + point->c);
      return TRUE;
    }
  for (guint i = 0; i < points->n_pairs; i++)
    if (points->pairs[i].code == code)
      {
        *ret = (CodecChars){ { points->pairs[i].chars[0], points->pairs[i].chars[1] }, 2 };
        return TRUE;
      }
  return FALSE;
}

/* --- bases -------------------------------------------------------------------------------------------------------- */
static guint32
base_gb2312 (guint a, guint b)
{
  return ((a >= 0xa1 && a <= 0xa9) || (a >= 0xb0 && a <= 0xf7)) && b >= 0xa1 ? grid_lookup (&codec_gbk, a, b) : 0;
}

/* What GBK has, and the private area for users */
static guint32
base_gb18030 (guint a, guint b)
{
  guint32 c = grid_lookup (&codec_gbk, a, b);

  if (c != 0)
    return c;
  if (((a >= 0xaa && a <= 0xaf) || (a >= 0xf8 && a <= 0xfe)) && b >= 0xa1 && b <= 0xfe)
    return 0xe000 + (a < 0xf8 ? a - 0xaa : a - 0xf8 + 6) * 94 + b - 0xa1;
  if (a >= 0xa1 && a <= 0xa7 && b >= 0x40 && b <= 0xa0 && b != 0x7f)
    return 0xe4c6 + (a - 0xa1) * 96 + b - 0x40 - (b > 0x7f);
  return 0;
}

/* KS X 1001 has 2350 syllables, in the order of Unicode, in rows of their own. */
#define KSX_HANGUL       2350
#define KSX_HANGUL_ROW   0x30
#define HANGUL_FIRST     0xac00
#define HANGUL_ALL       11172
#define SYLLABLES_FIRST  588 /* for each first letter; 28 for each middle one */
#define SYLLABLES_MIDDLE 28

static guint32
ksx_hangul (guint n)
{
  return grid_lookup (&codec_ksx1001, KSX_HANGUL_ROW + n / 94, 0x21 + n % 94);
}

/* CP949 has the others, in the same order: the one with n others before it. */
static guint32
other_hangul (guint n)
{
  guint low = 0, high = KSX_HANGUL; /* so many of KS X 1001 are before it */

  if (n >= HANGUL_ALL - KSX_HANGUL)
    return 0;
  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (ksx_hangul (middle) - HANGUL_FIRST - middle <= n)
        low = middle + 1;
      else
        high = middle;
    }
  return HANGUL_FIRST + n + low;
}

static guint32
base_cp949 (guint a, guint b)
{
  guint cell;

  if (a >= 0xa1 && b >= 0xa1)
    return grid_lookup (&codec_ksx1001, a & 0x7f, b & 0x7f);
  if (b >= 0x41 && b <= 0x5a)
    cell = b - 0x41;
  else if (b >= 0x61 && b <= 0x7a)
    cell = b - 0x61 + 26;
  else if (b >= 0x81 && b <= 0xfe)
    cell = b - 0x81 + 52;
  else
    return 0;
  if (a >= 0x81 && a <= 0xa0)
    return other_hangul ((a - 0x81) * 178 + cell);
  if (a >= 0xa1 && a <= 0xc6)
    return other_hangul (32 * 178 + (a - 0xa1) * 84 + cell);
  return 0;
}

/* Letters of Johab's five bits each, as their numbers in a syllable; -1: none */
static guint32
johab_hangul (guint code)
{
  static const gint8 middles[32] = { -1, -1, -1, 0,  1,  2,  3,  4,  -1, -1, 5,  6,  7,  8,  9,  10,
                                     -1, -1, 11, 12, 13, 14, 15, 16, -1, -1, 17, 18, 19, 20, -1, -1 };
  static const gint8 lasts[32] = { -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                   15, 16, -1, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, -1, -1 };
  guint first = code >> 10 & 31;
  gint middle = middles[code >> 5 & 31], last = lasts[code & 31];

  if (code < 0x8400 || code > 0xd3ff || first < 2 || first > 20 || middle < 0 || last < 0)
    return 0;
  return HANGUL_FIRST + (first - 2) * SYLLABLES_FIRST + (guint) middle * SYLLABLES_MIDDLE + (guint) last;
}

static guint32
base_johab (guint a, guint b)
{
  guint row, cell;

  if (a < 0xd9)
    return johab_hangul (a << 8 | b);
  if (a == 0xdf || a > 0xf9 || b < 0x31 || (b > 0x7e && b < 0x91) || b > 0xfe)
    return 0;
  row = a < 0xe0 ? 2 * (a - 0xd9) : 2 * a - 0x197;
  cell = b < 0x91 ? b - 0x31 : b - 0x43;
  return grid_lookup (&codec_ksx1001, row + 0x21 + (cell >= 94), cell % 94 + 0x21);
}

static guint32
base_gbk (guint a, guint b)
{
  return grid_lookup (&codec_gbk, a, b);
}

static guint32
base_big5 (guint a, guint b)
{
  return grid_lookup (&codec_big5, a, b);
}

static guint32
base_euc_kr (guint a, guint b)
{
  return a >= 0xa1 && b >= 0xa1 ? grid_lookup (&codec_ksx1001, a & 0x7f, b & 0x7f) : 0;
}

/* --- the sets of Japan -------------------------------------------------------------------------------------------- */
CodecChars
codec_set_lookup (CodecSet set, guint row, guint cell)
{
  static const CodecPoints *const points[] = { [CODEC_SET_JISX0213_2000_1] = &codec_jisx0213_1_points,
                                               [CODEC_SET_JISX0213_2004_1] = &codec_jisx0213_1_points,
                                               [CODEC_SET_JISX0213_2] = &codec_jisx0213_2_points };
  guint code = row << 8 | cell;
  CodecChars found;

  if (cell > 0x7e)
    return one_char (0);
  switch (set)
    {
    case CODEC_SET_KSX1001:
      return one_char (grid_lookup (&codec_ksx1001, row, cell));
    case CODEC_SET_GB2312:
      if (points_lookup (&codec_gb2312_points, code | 0x8080, &found))
        return found;
      return one_char (base_gb2312 (row | 0x80, cell | 0x80));
    case CODEC_SET_JISX0213_2000_1:
      if (points_lookup (&codec_euc_jisx0213_points, code | 0x8080, &found))
        return found;
      break;
    case CODEC_SET_JISX0208:
      return one_char (grid_lookup (&codec_jisx0208, row, cell));
    case CODEC_SET_JISX0212:
      return one_char (grid_lookup (&codec_jisx0212, row, cell));
    case CODEC_SET_JISX0213_2004_1:
    case CODEC_SET_JISX0213_2:
    default:
      break;
    }
  if (points_lookup (points[set], code, &found))
    return found;
  return one_char (set == CODEC_SET_JISX0213_2 ? 0 : grid_lookup (&codec_jisx0208, row, cell));
}

static gboolean
is_half_kana (guint b)
{
  return b >= 0xa1 && b <= 0xdf;
}

#define HALF_KANA(b) one_char (0xff61 + (b) -0xa1)

/* 8E and 8F are EUC-JP's ways to the katakana of half width and to a second plane. */
static Step
step_euc_jp (const guint8 *p, gsize left, CodecKind kind)
{
  gboolean is_2000 = kind == CODEC_EUC_JISX0213, is_old = kind == CODEC_EUC_JP;
  CodecSet one = is_old ? CODEC_SET_JISX0208 : is_2000 ? CODEC_SET_JISX0213_2000_1 : CODEC_SET_JISX0213_2004_1;
  CodecChars found;

  if (p[0] < 0x80)
    return step_to (one_char (p[0]), 1);
  if (left < 2)
    return STEP_CUT;
  if (p[0] == 0x8e)
    return is_half_kana (p[1]) ? step_to (HALF_KANA (p[1]), 2) : step_broken (1);
  if (is_2000 && points_lookup (&codec_euc_jisx0213_points, (guint) (p[0] << 8 | p[1]), &found) && found.n == 0)
    return step_broken (2); /* of 2004 */
  if (p[0] != 0x8f)
    return step_to (p[0] >= 0xa1 && p[1] >= 0xa1 ? codec_set_lookup (one, p[0] & 0x7f, p[1] & 0x7f) : one_char (0), 2);
  if (left < 3)
    return STEP_CUT;
  if (p[1] < 0xa1 || p[2] < 0xa1)
    return step_broken (1);
  if (is_2000 && points_lookup (&codec_euc_jisx0213_2_points, (guint) (p[1] << 8 | p[2]) & 0x7f7f, &found))
    return step_to (found, 3);
  found = codec_set_lookup (is_old ? CODEC_SET_JISX0212 : CODEC_SET_JISX0213_2, p[1] & 0x7f, p[2] & 0x7f);
  if (found.n == 0) /* the older set has other rows */
    found = codec_set_lookup (CODEC_SET_JISX0212, p[1] & 0x7f, p[2] & 0x7f);
  return step_to (found, 3);
}

/* Shift JIS has two rows of a set in one of its own; behind the 94 of the first plane come those rows of the second. */
static CodecChars
sjis_lookup (guint a, guint b, gboolean two_planes)
{
  static const guint8 rows_2[26]
      = { 1, 8, 3, 4, 5, 12, 13, 14, 15, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94 };
  guint row = (a < 0xe0 ? a - 0x81 : a - 0xc1) * 2, cell = b - 0x40 - (b > 0x7f);

  if (cell >= 94)
    {
      row++;
      cell -= 94;
    }
  if (row < 94)
    return codec_set_lookup (two_planes ? CODEC_SET_JISX0213_2004_1 : CODEC_SET_JISX0208, row + 0x21, cell + 0x21);
  return two_planes ? codec_set_lookup (CODEC_SET_JISX0213_2, rows_2[row - 94] + 0x20, cell + 0x21) : one_char (0);
}

static Step
step_shift_jis (const guint8 *p, gsize left, CodecKind kind)
{
  const CodecPoints *points = kind == CODEC_CP932            ? &codec_cp932_points
                              : kind == CODEC_SHIFT_JIS_2004 ? &codec_shift_jis_2004_points
                              : kind == CODEC_SHIFT_JISX0213 ? &codec_shift_jisx0213_points
                                                             : &codec_shift_jis_points;
  CodecChars found;

  if (points_lookup (points, p[0], &found))
    return step_to (found, 1);
  if (p[0] < 0x80)
    return step_to (one_char (p[0]), 1);
  if (is_half_kana (p[0]))
    return step_to (HALF_KANA (p[0]), 1);
  if (p[0] == 0x80 || p[0] == 0xa0 || p[0] > 0xfc)
    return step_broken (1);
  if (left < 2)
    return STEP_CUT;
  if (p[1] < 0x40 || p[1] == 0x7f || p[1] > 0xfc)
    return step_broken (1);
  if (points_lookup (points, (guint) (p[0] << 8 | p[1]), &found))
    return kind == CODEC_SHIFT_JISX0213 && found.n == 0 ? step_broken (2) : step_to (found, 2);
  if (kind == CODEC_CP932 && p[0] >= 0xf0 && p[0] <= 0xf9) /* for users: the private area */
    return step_to (one_char (0xe000 + (p[0] - 0xf0U) * 188 + p[1] - 0x40U - (p[1] > 0x7f)), 2);
  return step_to (sjis_lookup (p[0], p[1], kind == CODEC_SHIFT_JIS_2004 || kind == CODEC_SHIFT_JISX0213), 2);
}

/* --- China and Korea ---------------------------------------------------------------------------------------------- */
/* A syllable by its letters: a filler, then three letters of KS X 1001 (its annex 3).  Only Python's euc_kr knows it. */
static Step
step_letters (const guint8 *p, gsize left)
{
  static const gint8 firsts[30] = { 0,  1, -1, 2, -1, -1, 3,  4,  5,  -1, -1, -1, -1, -1, -1,
                                    -1, 6, 7,  8, -1, 9,  10, 11, 12, 13, 14, 15, 16, 17, 18 };
  static const gint8 lasts[30] = { 1,  2,  3,  4,  5,  6,  7,  -1, 8,  9,  10, 11, 12, 13, 14,
                                   15, 16, 17, -1, 18, 19, 20, 21, 22, -1, 23, 24, 25, 26, 27 };
  gint first, last;

  if (left < 8)
    return STEP_CUT;
  if (p[2] != 0xa4 || p[4] != 0xa4 || p[6] != 0xa4)
    return step_broken (1);
  first = p[3] >= 0xa1 && p[3] <= 0xbe ? firsts[p[3] - 0xa1] : -1;
  last = p[7] == 0xd4 ? 0 : p[7] >= 0xa1 && p[7] <= 0xbe ? lasts[p[7] - 0xa1] : -1;
  if (first < 0 || last < 0 || p[5] < 0xbf || p[5] > 0xd3)
    return step_broken (1);
  return step_to (
      one_char (HANGUL_FIRST + (guint) first * SYLLABLES_FIRST + (p[5] - 0xbfU) * SYLLABLES_MIDDLE + (guint) last), 8);
}

static guint32
gb18030_of_number (guint n)
{
  for (guint i = 0; i < codec_gb18030_runs_len; i++)
    if (n >= codec_gb18030_runs[i].first && n < codec_gb18030_runs[i].end)
      return codec_gb18030_runs[i].c + n - codec_gb18030_runs[i].first;
  return 0;
}

static Step
step_four_bytes (const guint8 *p, gsize left)
{
  guint n;

  if (left < 4)
    return STEP_CUT;
  if (p[0] < 0x81 || p[0] == 0xff || p[2] < 0x81 || p[2] == 0xff || p[3] < 0x30 || p[3] > 0x39)
    return step_broken (1);
  n = ((p[0] - 0x81U) * 10 + p[1] - 0x30U) * 1260 + (p[2] - 0x81U) * 10 + p[3] - 0x30U;
  if (p[0] >= 0x90)
    {
      n -= (0x90 - 0x81) * 12600;
      return n < 0x100000 ? step_to (one_char (0x10000 + n), 4) : step_broken (1);
    }
  return step_to (one_char (gb18030_of_number (n)), 4);
}

typedef struct
{
  guint32 (*base) (guint lead, guint trail);
  const CodecPoints *points; /* or NULL */
} PlainDouble;

static Step
step_plain (const guint8 *p, gsize left, CodecKind kind)
{
  static const PlainDouble plain[] = { [CODEC_BIG5] = { base_big5, NULL },
                                       [CODEC_BIG5HKSCS] = { base_big5, &codec_big5hkscs_points },
                                       [CODEC_CP949] = { base_cp949, &codec_cp949_points },
                                       [CODEC_CP950] = { base_big5, &codec_cp950_points },
                                       [CODEC_EUC_KR] = { base_euc_kr, NULL },
                                       [CODEC_GB18030] = { base_gb18030, &codec_gb18030_points },
                                       [CODEC_GB2312] = { base_gb2312, &codec_gb2312_points },
                                       [CODEC_GBK] = { base_gbk, NULL },
                                       [CODEC_JOHAB] = { base_johab, &codec_johab_points } };
  CodecChars found;

  if (points_lookup (plain[kind].points, p[0], &found))
    return step_to (found, 1);
  if (p[0] < 0x80)
    return step_to (one_char (p[0]), 1);
  if (left < 2)
    return STEP_CUT;
  if (kind == CODEC_EUC_KR && p[0] == 0xa4 && p[1] == 0xd4)
    return step_letters (p, left);
  if (kind == CODEC_GB18030 && p[1] >= 0x30 && p[1] <= 0x39)
    return step_four_bytes (p, left);
  if (!points_lookup (plain[kind].points, (guint) (p[0] << 8 | p[1]), &found))
    found = one_char (plain[kind].base (p[0], p[1]));
  return step_to (found, 2);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */
static Step
step (const guint8 *p, gsize left, CodecKind kind)
{
  if (kind == CODEC_EUC_JP || kind == CODEC_EUC_JISX0213 || kind == CODEC_EUC_JIS_2004)
    return step_euc_jp (p, left, kind);
  if (kind == CODEC_SHIFT_JIS || kind == CODEC_CP932 || kind == CODEC_SHIFT_JIS_2004 || kind == CODEC_SHIFT_JISX0213)
    return step_shift_jis (p, left, kind);
  return step_plain (p, left, kind);
}

void
codec_decode_double (Decoding *d, CodecKind kind)
{
  gboolean is_ascii = kind != CODEC_SHIFT_JIS_2004 && kind != CODEC_SHIFT_JISX0213; /* those have a yen sign at 5C */

  while (d->at < d->len)
    {
      const guint8 *p = d->bytes + d->at;
      Step next;

      if (is_ascii && *p < 0x80)
        {
          codec_add_ascii (d);
          continue;
        }
      if (*p == 0)
        {
          codec_add_char (d, 0, 1);
          continue;
        }
      next = step (p, d->len - d->at, kind);
      if (next.size == G_MAXUINT)
        codec_add_broken (d, d->len - d->at);
      else if (next.found.n == 0)
        codec_add_broken (d, next.size);
      else
        for (guint i = 0; i < next.found.n; i++)
          codec_add_char (d, next.found.chars[i], i == 0 ? next.size : 0);
    }
}
