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
  CODEC_TABLE,    /* one byte a character: a table made with iconv */
  CODEC_ICONV,    /* several bytes a character: iconv itself */
  CODEC_NO_BYTES, /* known to Python, but no encoding of text as a log has it */
} CodecKind;

typedef struct
{
  const char *name;
  CodecKind kind;
  const char *iconv_name;
  const char *aliases; /* separated by blanks */
} CodecName;

const CodecName *codec_name_find (const char *name); /* NULL: unknown */
