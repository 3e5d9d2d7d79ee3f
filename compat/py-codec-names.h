/* py-codec-names.h - from one of Python's names of an encoding to who decodes it (py-codec.c only) */
#pragma once

#include <glib.h>

typedef enum
{
  CODEC_ASCII,
  CODEC_LATIN1,
  CODEC_UTF8,
  CODEC_UTF8_SIG,
  CODEC_UTF16,
  CODEC_UTF16_LE,
  CODEC_UTF16_BE,
  CODEC_UTF32,
  CODEC_UTF32_LE,
  CODEC_UTF32_BE,
  CODEC_UTF7,
  CODEC_TABLE, /* one byte a character: codec_charmaps */
  /* Two bytes for most characters: py-codec-double.c */
  CODEC_BIG5,
  CODEC_BIG5HKSCS,
  CODEC_CP932,
  CODEC_CP949,
  CODEC_CP950,
  CODEC_EUC_JISX0213,
  CODEC_EUC_JIS_2004,
  CODEC_EUC_JP,
  CODEC_EUC_KR,
  CODEC_GB18030,
  CODEC_GB2312,
  CODEC_GBK,
  CODEC_JOHAB,
  CODEC_SHIFT_JIS,
  CODEC_SHIFT_JISX0213,
  CODEC_SHIFT_JIS_2004,
  CODEC_LAST_DOUBLE = CODEC_SHIFT_JIS_2004,
  /* With a state: py-codec-shifted.c */
  CODEC_HZ,
  CODEC_ISO2022_JP,
  CODEC_ISO2022_JP_1,
  CODEC_ISO2022_JP_2,
  CODEC_ISO2022_JP_2004,
  CODEC_ISO2022_JP_3,
  CODEC_ISO2022_JP_EXT,
  CODEC_ISO2022_KR,
  /* As Python's source: py-codec-escaped.c */
  CODEC_UNICODE_ESCAPE,
  CODEC_RAW_UNICODE_ESCAPE,
  CODEC_IDNA, /* ASCII only */
  CODEC_NO_BYTES, /* known to Python, but no encoding of text as a log has it */
} CodecKind;

typedef struct
{
  const char *name;
  CodecKind kind;
  const char *iconv_name; /* who encodes: the C library; NULL: py-codec.c itself, or nobody */
  const char *aliases;    /* separated by blanks */
} CodecName;

const CodecName *codec_name_find (const char *name); /* NULL: unknown */
