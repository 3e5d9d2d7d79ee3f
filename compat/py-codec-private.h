/* py-codec-private.h - what the decoders of py-codec.c share
 *
 * A decoder eats a Decoding from at to len, and never fails: what it cannot read is a broken sequence.
 */
#pragma once

#include <glib.h>

#include "compat/py-codec-names.h"

/* One decoding: where the bytes are, where the text goes, and the first trouble. */
typedef struct
{
  const guint8 *bytes;
  gsize len, at;
  GString *out;
  gboolean broken;
  gsize error_begin, error_end;
} Decoding;

/* Puts a character (or a lone surrogate, in three bytes) for the next bytes. */
void codec_add_char (Decoding *d, guint32 c, gsize size);
/* Puts U+FFFD for them; more bytes than there are: for all that are left. */
void codec_add_broken (Decoding *d, gsize size);
/* Eats the bytes below 128 that come next. */
void codec_add_ascii (Decoding *d);

/* --- py-codec-double.c: two bytes for most characters --- */
void codec_decode_double (Decoding *d, CodecKind kind);

#define CODEC_MAX_CHARS 2
typedef struct
{
  guint32 chars[CODEC_MAX_CHARS];
  guint n;
} CodecChars;

/* The characters of the national sets, row and cell from 0x21 to 0x7e; n 0: none. */
typedef enum
{
  CODEC_SET_JISX0208,
  CODEC_SET_JISX0212,
  CODEC_SET_JISX0213_2000_1,
  CODEC_SET_JISX0213_2004_1,
  CODEC_SET_JISX0213_2, /* of either year */
  CODEC_SET_KSX1001,
  CODEC_SET_GB2312,
} CodecSet;
CodecChars codec_set_lookup (CodecSet set, guint row, guint cell);

/* --- py-codec-shifted.c: bytes mean what an earlier sequence says --- */
void codec_decode_hz (Decoding *d, CodecKind kind);
void codec_decode_iso2022 (Decoding *d, CodecKind kind);
void codec_decode_utf7 (Decoding *d, CodecKind kind);

/* --- py-codec-escaped.c: characters as Python's source has them --- */
void codec_decode_unicode_escape (Decoding *d, CodecKind kind);
void codec_decode_raw_unicode_escape (Decoding *d, CodecKind kind);
