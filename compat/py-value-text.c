#include "compat/py-value-private.h"

#include <string.h>

static PyValue *
text_take (PyType type, char *data, gsize len)
{
  PyValue *self = py_value_alloc (type);

  self->text.data = data;
  self->text.len = len;
  return self;
}

static PyValue *
text_copy (PyType type, const void *data, gsize len)
{
  PyValue *self = g_malloc (sizeof *self + len + 1);

  self->ref_count = 1;
  self->type = type;
  self->text.data = (char *) (self + 1);
  self->text.len = len;
  if (len > 0)
    memcpy (self->text.data, data, len);
  self->text.data[len] = '\0';
  return self;
}

PyValue *
py_str_new (const char *text)
{
  return py_str_new_len (text, -1);
}

PyValue *
py_str_new_len (const char *text, gssize len)
{
  g_return_val_if_fail (text != NULL || len == 0, NULL);
  return text_copy (PY_STR, text, len < 0 ? strlen (text) : (gsize) len);
}

PyValue *
py_str_take (char *text)
{
  g_return_val_if_fail (text != NULL, NULL);
  return text_take (PY_STR, text, strlen (text));
}

PyValue *
py_str_printf (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  char *text = g_strdup_vprintf (format, args);
  va_end (args);
  return py_str_take (text);
}

PyValue *
py_bytes_new (const void *data, gsize len)
{
  return text_copy (PY_BYTES, data, len);
}

PyValue *
py_str_new_surrogateescape (const char *bytes, gssize len)
{
  gsize left = len < 0 ? strlen (bytes) : (gsize) len;
  g_autoptr (GString) text = g_string_sized_new (left);

  while (left > 0)
    {
      const char *end;
      gsize good;
      g_utf8_validate_len (bytes, left, &end);
      good = (gsize) (end - bytes);
      if (good == 0 && *bytes == '\0') /* GLib stops at NUL, Python does not */
        good = 1;
      if (good == 0) /* U+DC00 + the byte, in three bytes */
        {
          guchar byte = (guchar) *bytes;
          char lone[3] = { (char) 0xed, (char) (0xb0 | (byte >> 6)), (char) (0x80 | (byte & 0x3f)) };
          g_string_append_len (text, lone, 3);
          good = 1;
        }
      else
        g_string_append_len (text, bytes, (gssize) good);
      bytes += good;
      left -= good;
    }
  gsize text_len = text->len;
  return text_take (PY_STR, g_string_free (g_steal_pointer (&text), FALSE), text_len);
}

char *
py_str_dup_surrogateescape (const PyValue *self, gsize *ret_len)
{
  gsize len;
  const char *text = py_str_peek (self, &len);
  GString *out = g_string_sized_new (len);

  for (gsize i = 0; i < len;)
    {
      const guchar *at = (const guchar *) text + i;
      if (len - i >= 3 && at[0] == 0xed && (at[1] == 0xb2 || at[1] == 0xb3)) /* U+DC80..U+DCFF */
        {
          g_string_append_c (out, (char) ((at[1] & 3) << 6 | (at[2] & 0x3f)));
          i += 3;
        }
      else
        {
          g_string_append_c (out, (char) at[0]);
          i++;
        }
    }
  if (ret_len != NULL)
    *ret_len = out->len;
  return g_string_free (out, FALSE);
}

const char *
py_str_peek (const PyValue *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL && self->type == PY_STR, NULL);
  if (ret_len != NULL)
    *ret_len = self->text.len;
  return self->text.data;
}

const char *
py_bytes_peek (const PyValue *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL && self->type == PY_BYTES, NULL);
  if (ret_len != NULL)
    *ret_len = self->text.len;
  return self->text.data;
}

gboolean
py_str_equals (const PyValue *self, const char *text)
{
  return self != NULL && self->type == PY_STR && self->text.len == strlen (text)
         && memcmp (self->text.data, text, self->text.len) == 0;
}

guint
py_utf8_decode (const char *text, gsize left, gunichar *ret_c)
{
  static const gunichar smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
  const guchar *at = (const guchar *) text;

  if (left == 0)
    return 0;
  guint n = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
  gunichar c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
  if (n == 0 || n > left)
    return 0;
  for (guint i = 1; i < n; i++)
    {
      if ((at[i] & 0xc0) != 0x80)
        return 0;
      c = c << 6 | (at[i] & 0x3f);
    }
  if (c < smallest[n] || c > 0x10ffff)
    return 0;
  *ret_c = c;
  return n;
}

void
py_utf8_append (GString *out, gunichar c)
{
  if (c >= 0xd800 && c <= 0xdfff)
    {
      char bytes[3] = { (char) 0xed, (char) (0x80 | (c >> 6 & 0x3f)), (char) (0x80 | (c & 0x3f)) };
      g_string_append_len (out, bytes, 3);
    }
  else
    g_string_append_unichar (out, c);
}
