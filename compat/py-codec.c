#include "compat/py-codec.h"

#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <string.h>

#include "compat/py-codec-data.h"
#include "compat/py-codec-names.h"
#include "compat/py-codec-private.h"

G_DEFINE_QUARK (py - codec - error - quark, py_codec_error)

#define REPLACEMENT 0xfffd

struct PyCodec
{
  char *name;
  const CodecName *row;
  const CodecCharmap *map; /* CODEC_TABLE */
};

void
codec_add_char (Decoding *d, guint32 c, gsize size)
{
  char utf8[6];

  if (c < 0x80)
    g_string_append_c (d->out, (char) c);
  else
    g_string_append_len (d->out, utf8, g_unichar_to_utf8 (c, utf8));
  d->at += size;
}

void
codec_add_broken (Decoding *d, gsize size)
{
  size = MIN (size, d->len - d->at);
  if (!d->broken)
    {
      d->error_begin = d->at;
      d->error_end = d->at + size;
    }
  d->broken = TRUE;
  codec_add_char (d, REPLACEMENT, size);
}

void
codec_add_ascii (Decoding *d)
{
  gsize begin = d->at;

  while (d->at < d->len && d->bytes[d->at] < 0x80)
    d->at++;
  g_string_append_len (d->out, (const char *) d->bytes + begin, (gssize) (d->at - begin));
}

/* How many bytes of a UTF-8 sequence that begins at p are right: *ret_all tells how many there should be (0: none begins
 * here). */
static gsize
utf8_prefix (const guint8 *p, gsize len, gsize *ret_all)
{
  guint8 low = 0x80, high = 0xbf;
  gsize all, n;

  if (p[0] >= 0xc2 && p[0] <= 0xdf)
    all = 2;
  else if (p[0] >= 0xe0 && p[0] <= 0xef)
    all = 3;
  else if (p[0] >= 0xf0 && p[0] <= 0xf4)
    all = 4;
  else
    {
      *ret_all = 0;
      return 1;
    }
  switch (p[0])
    {
    case 0xe0:
      low = 0xa0;
      break;
    case 0xed:
      high = 0x9f;
      break;
    case 0xf0:
      low = 0x90;
      break;
    case 0xf4:
      high = 0x8f;
      break;
    default:
      break;
    }
  for (n = 1; n < all && n < len; n++, low = 0x80, high = 0xbf)
    if (p[n] < low || p[n] > high)
      break;
  *ret_all = all;
  return n;
}

static void
decode_utf8 (Decoding *d, CodecKind kind)
{
  if (kind == CODEC_UTF8_SIG && d->len >= 3 && memcmp (d->bytes, "\xef\xbb\xbf", 3) == 0)
    {
      /* Where an error is, Python counts from behind the mark. */
      d->bytes += 3;
      d->len -= 3;
    }
  while (d->at < d->len)
    {
      const guint8 *p = d->bytes + d->at;
      gsize all, n;

      if (*p < 0x80)
        {
          codec_add_ascii (d);
          continue;
        }
      n = utf8_prefix (p, d->len - d->at, &all);
      if (n < all || all == 0)
        codec_add_broken (d, n);
      else
        {
          g_string_append_len (d->out, (const char *) p, (gssize) n);
          d->at += n;
        }
    }
}

static void
decode_bytes (Decoding *d, CodecKind kind)
{
  guint limit = kind == CODEC_ASCII ? 0x80 : 0x100;

  while (d->at < d->len)
    if (d->bytes[d->at] < limit)
      codec_add_char (d, d->bytes[d->at], 1);
    else
      codec_add_broken (d, 1);
}

static guint32
charmap_get (const CodecCharmap *map, guint8 byte)
{
  return codec_charmap_halves[map->halves[byte >> 7]][byte & 0x7f];
}

static void
decode_charmap (Decoding *d, const CodecCharmap *map)
{
  while (d->at < d->len)
    {
      guint32 c = charmap_get (map, d->bytes[d->at]);

      if (c == CODEC_NO_CHAR)
        codec_add_broken (d, 1);
      else
        codec_add_char (d, c, 1);
    }
}

static guint32
unit16 (const Decoding *d, gsize at, gboolean big)
{
  const guint8 *p = d->bytes + at;
  return big ? (guint32) (p[0] << 8 | p[1]) : (guint32) (p[1] << 8 | p[0]);
}

static void
decode_utf16 (Decoding *d, CodecKind kind)
{
  gboolean big = kind == CODEC_UTF16_BE;

  while (d->at < d->len)
    {
      guint32 c, low;

      if (d->len - d->at < 2)
        {
          codec_add_broken (d, 1);
          return;
        }
      c = unit16 (d, d->at, big);
      if (c < 0xd800 || c > 0xdfff)
        {
          codec_add_char (d, c, 2);
          continue;
        }
      if (c >= 0xdc00)
        {
          codec_add_broken (d, 2);
          continue;
        }
      if (d->len - d->at < 4)
        {
          codec_add_broken (d, d->len - d->at);
          return;
        }
      low = unit16 (d, d->at + 2, big);
      if (low < 0xdc00 || low > 0xdfff)
        codec_add_broken (d, 2);
      else
        codec_add_char (d, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), 4);
    }
}

static void
decode_utf32 (Decoding *d, CodecKind kind)
{
  gboolean big = kind == CODEC_UTF32_BE;

  while (d->at < d->len)
    {
      const guint8 *p = d->bytes + d->at;
      guint32 c;

      if (d->len - d->at < 4)
        {
          codec_add_broken (d, d->len - d->at);
          return;
        }
      c = big ? (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3]
              : (guint32) p[3] << 24 | (guint32) p[2] << 16 | (guint32) p[1] << 8 | p[0];
      if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        codec_add_broken (d, 4);
      else
        codec_add_char (d, c, 4);
    }
}

/* UTF-16 and UTF-32 without a byte order in their name: a mark decides, else the machine's.  Each line is decoded on its
 * own, as fail2ban does, so only the first line of a file can have the mark. */
static void
decode_marked (Decoding *d, CodecKind kind)
{
  gsize unit = kind == CODEC_UTF16 ? 2 : 4;
  gboolean big = G_BYTE_ORDER == G_BIG_ENDIAN;
  const guint8 little_mark[] = { 0xff, 0xfe, 0, 0 }, big_mark[] = { 0, 0, 0xfe, 0xff };

  if (d->len >= unit && memcmp (d->bytes, little_mark, unit) == 0)
    {
      big = FALSE;
      d->at = unit;
    }
  else if (d->len >= unit && memcmp (d->bytes, big_mark + 4 - unit, unit) == 0)
    {
      big = TRUE;
      d->at = unit;
    }
  if (unit == 2)
    decode_utf16 (d, big ? CODEC_UTF16_BE : CODEC_UTF16_LE);
  else
    decode_utf32 (d, big ? CODEC_UTF32_BE : CODEC_UTF32_LE);
}

/* What Python's idna takes as it is; the rest of a log is none of its business, and it has no errors="replace". */
static gboolean
is_plain_domain (const char *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if ((guint8) bytes[i] >= 0x80)
      return FALSE;
  return g_strstr_len (bytes, (gssize) len, "xn--") == NULL;
}

typedef void (*DecodeFunc) (Decoding *d, CodecKind kind);

/* Others are of two bytes. */
static const DecodeFunc decoders[] = {
  [CODEC_ASCII] = decode_bytes,
  [CODEC_LATIN1] = decode_bytes,
  [CODEC_UTF8] = decode_utf8,
  [CODEC_UTF8_SIG] = decode_utf8,
  [CODEC_UTF16] = decode_marked,
  [CODEC_UTF16_LE] = decode_utf16,
  [CODEC_UTF16_BE] = decode_utf16,
  [CODEC_UTF32] = decode_marked,
  [CODEC_UTF32_LE] = decode_utf32,
  [CODEC_UTF32_BE] = decode_utf32,
  [CODEC_UTF7] = codec_decode_utf7,
  [CODEC_HZ] = codec_decode_hz,
  [CODEC_ISO2022_JP] = codec_decode_iso2022,
  [CODEC_ISO2022_JP_1] = codec_decode_iso2022,
  [CODEC_ISO2022_JP_2] = codec_decode_iso2022,
  [CODEC_ISO2022_JP_2004] = codec_decode_iso2022,
  [CODEC_ISO2022_JP_3] = codec_decode_iso2022,
  [CODEC_ISO2022_JP_EXT] = codec_decode_iso2022,
  [CODEC_ISO2022_KR] = codec_decode_iso2022,
  [CODEC_UNICODE_ESCAPE] = codec_decode_unicode_escape,
  [CODEC_RAW_UNICODE_ESCAPE] = codec_decode_raw_unicode_escape,
  [CODEC_IDNA] = decode_bytes,
  [CODEC_NO_BYTES] = NULL,
};

PyCodecResult
py_codec_decode (const PyCodec *self, const char *bytes, gsize len, GString *out, gsize *ret_begin, gsize *ret_end,
                 GError **error)
{
  Decoding d = { .bytes = (const guint8 *) bytes, .len = len, .out = out };
  CodecKind kind = self->row->kind;

  if (kind == CODEC_NO_BYTES)
    {
      g_set_error (error, PY_CODEC_ERROR, PY_CODEC_ERROR_NO_BYTES,
                   "'%s' is not a text encoding; use codecs.decode() to handle arbitrary codecs", self->name);
      return PY_CODEC_FAILED;
    }
  if (kind == CODEC_IDNA && !is_plain_domain (bytes, len))
    {
      g_set_error (error, PY_CODEC_ERROR, PY_CODEC_ERROR_NO_BYTES,
                   "decoding with 'idna' codec failed (UnicodeError: Unsupported error handling replace)");
      return PY_CODEC_FAILED;
    }
  if (kind == CODEC_TABLE)
    decode_charmap (&d, self->map);
  else if (decoders[kind] != NULL)
    decoders[kind](&d, kind);
  else
    codec_decode_double (&d, kind);
  if (!d.broken)
    return PY_CODEC_CLEAN;
  if (ret_begin != NULL)
    *ret_begin = d.error_begin;
  if (ret_end != NULL)
    *ret_end = d.error_end;
  return PY_CODEC_BROKEN;
}

/* --- the way back ------------------------------------------------------------------------------------------------- */
static void
put_unit (GString *out, guint32 unit, gsize size, gboolean big)
{
  for (gsize i = 0; i < size; i++)
    g_string_append_c (out, (char) (unit >> (8 * (big ? size - 1 - i : i))));
}

static void
encode_utf16 (GString *out, guint32 c, gboolean big)
{
  if (c < 0x10000)
    put_unit (out, c, 2, big);
  else
    {
      put_unit (out, 0xd800 + ((c - 0x10000) >> 10), 2, big);
      put_unit (out, 0xdc00 + ((c - 0x10000) & 0x3ff), 2, big);
    }
}

static gboolean
encode_byte (const PyCodec *self, guint32 c, GString *out)
{
  guint32 limit = self->row->kind == CODEC_ASCII ? 0x80 : 0x100;

  if (self->map == NULL)
    {
      if (c >= limit)
        return FALSE;
      g_string_append_c (out, (char) c);
      return TRUE;
    }
  for (guint i = 0; i < 256; i++)
    if (c != CODEC_NO_CHAR && charmap_get (self->map, (guint8) i) == c)
      {
        g_string_append_c (out, (char) i);
        return TRUE;
      }
  return FALSE;
}

static gboolean
encode_iconv (const PyCodec *self, const char *text, gsize len, gboolean replace, GString *out)
{
  iconv_t encoder = iconv_open (self->row->iconv_name, "UTF-8");

  if (encoder == (iconv_t) -1)
    return FALSE;
  for (gsize at = 0; at < len;)
    {
      char buffer[256], *in = (char *) text + at, *to = buffer;
      gsize in_left = len - at, out_left = sizeof buffer;
      gsize done = iconv (encoder, &in, &in_left, &to, &out_left);
      gboolean failed = done == (gsize) -1 && errno != E2BIG;

      g_string_append_len (out, buffer, to - buffer);
      at = len - in_left;
      if (failed)
        {
          if (replace)
            g_string_append_c (out, '?');
          at++;
          while (at < len && ((guint8) text[at] & 0xc0) == 0x80)
            at++;
        }
    }
  (void) iconv_close (encoder);
  return TRUE;
}

/* A character that may be a lone surrogate; those are what no encoding can say. */
static gboolean
encode_char (const PyCodec *self, guint32 c, GString *out)
{
  CodecKind kind = self->row->kind;
  char utf8[6];

  if (c >= 0xd800 && c <= 0xdfff)
    return FALSE;
  if (kind == CODEC_UTF8 || kind == CODEC_UTF8_SIG)
    g_string_append_len (out, utf8, g_unichar_to_utf8 (c, utf8));
  else if (kind == CODEC_UTF16 || kind == CODEC_UTF16_LE || kind == CODEC_UTF16_BE)
    encode_utf16 (out, c, kind == CODEC_UTF16_BE);
  else if (kind == CODEC_UTF32 || kind == CODEC_UTF32_LE || kind == CODEC_UTF32_BE)
    put_unit (out, c, 4, kind == CODEC_UTF32_BE);
  else
    return encode_byte (self, c, out);
  return TRUE;
}

gboolean
py_codec_encode (const PyCodec *self, const char *text, gsize len, gboolean replace, GString *out)
{
  const char *end = text + len;

  if (self->row->kind == CODEC_NO_BYTES || self->row->kind == CODEC_IDNA)
    return FALSE;
  if (self->row->iconv_name != NULL)
    return encode_iconv (self, text, len, replace, out);

  /* Python writes the mark again at each call. */
  if (self->row->kind == CODEC_UTF16)
    put_unit (out, 0xfeff, 2, FALSE);
  else if (self->row->kind == CODEC_UTF32)
    put_unit (out, 0xfeff, 4, FALSE);
  else if (self->row->kind == CODEC_UTF8_SIG)
    g_string_append (out, "\xef\xbb\xbf");
  for (const char *p = text; p < end; p = g_utf8_next_char (p))
    {
      guint8 b = (guint8) *p;
      gunichar c = b;
      if (b >= 0xf0 && end - p >= 4)
        c = (gunichar) ((b & 7) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f));
      else if (b >= 0xe0 && end - p >= 3)
        c = (gunichar) ((b & 15) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f));
      else if (b >= 0xc0 && end - p >= 2)
        c = (gunichar) ((b & 31) << 6 | (p[1] & 0x3f));
      if (!encode_char (self, c, out) && replace)
        (void) encode_char (self, '?', out);
    }
  return TRUE;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */
static const CodecCharmap *
find_charmap (const char *name)
{
  for (guint i = 0; i < codec_charmaps_len; i++)
    if (g_str_equal (codec_charmaps[i].name, name))
      return &codec_charmaps[i];
  g_return_val_if_reached (NULL);
}

PyCodec *
py_codec_new (const char *name, GError **error)
{
  g_return_val_if_fail (name != NULL, NULL);

  g_autoptr (PyCodec) self = g_new0 (PyCodec, 1);

  self->name = g_strdup (name);
  self->row = codec_name_find (name);
  if (self->row == NULL)
    {
      g_set_error (error, PY_CODEC_ERROR, PY_CODEC_ERROR_LOOKUP, "unknown encoding: %s", name);
      return NULL;
    }
  if (self->row->kind == CODEC_TABLE)
    self->map = find_charmap (self->row->name);
  return g_steal_pointer (&self);
}

void
py_codec_free (PyCodec *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self);
}

const char *
py_codec_peek_name (const PyCodec *self)
{
  return self->name;
}

gboolean
py_codec_is_utf8 (const PyCodec *self)
{
  return self->row->kind == CODEC_UTF8;
}

gboolean
py_codec_has_surrogates (const PyCodec *self)
{
  CodecKind kind = self->row->kind;

  return kind == CODEC_UTF7 || kind == CODEC_UNICODE_ESCAPE || kind == CODEC_RAW_UNICODE_ESCAPE;
}

gboolean
py_codec_has_line_ends (const PyCodec *self)
{
  CodecKind kind = self->row->kind;

  if (kind == CODEC_TABLE)
    return charmap_get (self->map, '\n') != '\n';
  if (kind >= CODEC_UTF16 && kind <= CODEC_UTF32_BE)
    return TRUE;
  /* Of three bytes and more the last ones may be missing, and a line end stands there. */
  if (kind == CODEC_EUC_JP || kind == CODEC_EUC_JISX0213 || kind == CODEC_EUC_JIS_2004 || kind == CODEC_EUC_KR
      || kind == CODEC_GB18030)
    return TRUE;
  return kind == CODEC_UTF7 || (kind >= CODEC_HZ && kind <= CODEC_RAW_UNICODE_ESCAPE);
}

const char *
py_codec_preferred (void)
{
  const char *codeset = nl_langinfo (CODESET);

  /* In the C locale Python switches to its UTF-8 mode (PEP 540), which has this spelling. */
  if (*codeset == '\0' || g_str_has_prefix (codeset, "ANSI_"))
    return "utf-8";
  return codeset;
}
