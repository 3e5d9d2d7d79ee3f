/* py-codec-escaped.c - unicode_escape and raw_unicode_escape: characters as the source of a Python program has them */
#include <string.h>

#include "compat/py-codec-private.h"
#include "compat/py-unicode-names.h"

#define LAST_CHAR    0x10ffff
#define LONGEST_NAME 256

/* The hexadecimal digits behind a backslash and a letter: a character, or broken up to where they should go on. */
static void
eat_hex (Decoding *d, guint n_digits)
{
  guint32 c = 0;
  gsize at = d->at + 2;

  for (; n_digits > 0; n_digits--, at++)
    {
      if (at >= d->len || !g_ascii_isxdigit (d->bytes[at]))
        {
          codec_add_broken (d, at - d->at);
          return;
        }
      c = c << 4 | (guint32) g_ascii_xdigit_value ((gchar) d->bytes[at]);
    }
  if (c > LAST_CHAR)
    codec_add_broken (d, at - d->at);
  else
    codec_add_char (d, c, at - d->at);
}

static void
eat_octal (Decoding *d)
{
  guint32 c = 0;
  gsize at = d->at + 1;

  for (; at < d->len && at < d->at + 4 && d->bytes[at] >= '0' && d->bytes[at] <= '7'; at++)
    c = c << 3 | (guint32) (d->bytes[at] - '0');
  codec_add_char (d, c, at - d->at);
}

static gboolean
lookup_name (const guint8 *name, gsize len, gunichar *ret_c)
{
  char text[LONGEST_NAME + 1];

  if (len > LONGEST_NAME || memchr (name, '\0', len) != NULL)
    return FALSE;
  memcpy (text, name, len);
  text[len] = '\0';
  return py_unicode_name_lookup (text, ret_c);
}

static void
eat_name (Decoding *d)
{
  gsize begin = d->at + 3;
  const guint8 *close;
  gunichar c;

  if (begin > d->len || d->bytes[begin - 1] != '{')
    {
      codec_add_broken (d, 2);
      return;
    }
  close = begin < d->len ? memchr (d->bytes + begin, '}', d->len - begin) : NULL;
  if (close == NULL)
    codec_add_broken (d, d->len - d->at);
  else if (close == d->bytes + begin)
    codec_add_broken (d, 3);
  else if (lookup_name (d->bytes + begin, (gsize) (close - d->bytes) - begin, &c))
    codec_add_char (d, c, (gsize) (close - d->bytes) + 1 - d->at);
  else
    codec_add_broken (d, (gsize) (close - d->bytes) + 1 - d->at);
}

static void
eat_escape (Decoding *d)
{
  static const char letters[] = "\\'\"bftnrva", meanings[] = "\\'\"\b\f\t\n\r\v\a";
  guint8 c = d->bytes[d->at + 1];
  const char *simple = memchr (letters, c, sizeof letters - 1);

  if (simple != NULL)
    codec_add_char (d, (guint8) meanings[simple - letters], 2);
  else if (c == '\n')
    d->at += 2;
  else if (c >= '0' && c <= '7')
    eat_octal (d);
  else if (c == 'x')
    eat_hex (d, 2);
  else if (c == 'u')
    eat_hex (d, 4);
  else if (c == 'U')
    eat_hex (d, 8);
  else if (c == 'N')
    eat_name (d);
  else
    {
      codec_add_char (d, '\\', 1);
      codec_add_char (d, c, 1);
    }
}

void
codec_decode_unicode_escape (Decoding *d, CodecKind kind G_GNUC_UNUSED)
{
  while (d->at < d->len)
    {
      guint8 c = d->bytes[d->at];

      if (c != '\\')
        codec_add_char (d, c, 1);
      else if (d->at + 1 == d->len)
        codec_add_broken (d, 1);
      else
        eat_escape (d);
    }
}

void
codec_decode_raw_unicode_escape (Decoding *d, CodecKind kind G_GNUC_UNUSED)
{
  while (d->at < d->len)
    {
      guint8 c = d->bytes[d->at], letter = d->at + 1 < d->len ? d->bytes[d->at + 1] : 0;

      if (c == '\\' && (letter == 'u' || letter == 'U'))
        eat_hex (d, letter == 'u' ? 4 : 8);
      else
        {
          /* A second backslash begins nothing. */
          codec_add_char (d, c, 1);
          if (c == '\\' && d->at < d->len)
            codec_add_char (d, letter, 1);
        }
    }
}
