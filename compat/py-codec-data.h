/* py-codec-data.h - the characters of Python's encodings, as tools/make-codec-data writes them at build time
 *
 * Only tables: which encoding looks where is known to py-codec-double.c, -escaped.c and py-codec.c.
 */
#pragma once

#include <glib.h>

typedef struct
{
  guint16 offset;     /* of the character of the first trail */
  guint8 first, last; /* trails; first > last: none */
} CodecGridRow;

/* A set of characters by lead and trail; 0: none. */
typedef struct
{
  guint8 first, last; /* leads */
  const CodecGridRow *rows;
  const guint16 *chars;
} CodecGrid;

extern const CodecGrid codec_jisx0208, codec_jisx0212, codec_ksx1001, codec_gbk, codec_big5;

/* Codes for themselves, sorted.  Those of plane 2 without its 0x20000. */
typedef struct
{
  guint16 code, c; /* c 0: none, whatever the grid says */
} CodecPoint;

typedef struct
{
  guint16 code, chars[2];
} CodecPair;

typedef struct
{
  const CodecPoint *bmp;
  guint n_bmp;
  const CodecPoint *plane2;
  guint n_plane2;
  const CodecPair *pairs;
  guint n_pairs;
} CodecPoints;

extern const CodecPoints codec_shift_jis_points, codec_cp932_points, codec_gb2312_points, codec_gb18030_points,
    codec_cp950_points, codec_big5hkscs_points, codec_cp949_points, codec_johab_points, codec_shift_jis_2004_points,
    codec_shift_jisx0213_points, codec_euc_jisx0213_points;
/* By row and cell of JIS X 0213, of 2004; of 2000 in its second plane */
extern const CodecPoints codec_jisx0213_1_points, codec_jisx0213_2_points, codec_euc_jisx0213_2_points;

/* What GB 18030 says in four bytes, counted from 81 30 81 30 */
typedef struct
{
  guint16 first, end, c;
} CodecRun;

extern const CodecRun codec_gb18030_runs[];
extern const guint codec_gb18030_runs_len;

/* One byte a character: two halves of 128, each kept once; CODEC_NO_CHAR: none. */
#define CODEC_NO_CHAR 0xffff

typedef struct
{
  const char *name;
  guint16 halves[2];
} CodecCharmap;

extern const guint16 codec_charmap_halves[][128];
extern const CodecCharmap codec_charmaps[];
extern const guint codec_charmaps_len;
