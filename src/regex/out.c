#include "regex/out.h"

#include <stdio.h>
#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-set-order.h"
#include "compat/py-text.h"

/* U+DC80 to U+DCFF, which stand for bytes: ED B2 80 to ED B3 BF */
static gboolean
is_escaped_byte (const guint8 *p, gsize len)
{
  return len >= 3 && p[0] == 0xed && (p[1] == 0xb2 || p[1] == 0xb3) && (p[2] & 0xc0) == 0x80;
}

void
out_text (const char *text, gsize len)
{
  const guint8 *p = (const guint8 *) text, *end = p + len;

  while (p < end)
    {
      const guint8 *next = memchr (p, 0xed, (gsize) (end - p));
      if (next == NULL)
        next = end;
      (void) fwrite (p, 1, (gsize) (next - p), stdout);
      p = next;
      if (p == end)
        break;
      if (is_escaped_byte (p, (gsize) (end - p)))
        {
          (void) putc (0x80 + ((p[1] & 1) << 6) + (p[2] & 0x3f), stdout);
          p += 3;
        }
      else
        (void) putc (*p++, stdout);
    }
  (void) putc ('\n', stdout);
}

void
out_line (const char *text)
{
  out_text (text, strlen (text));
}

void
out_printf (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  out_line (text);
}

static void
append_set (GString *to, const PyValue *set)
{
  g_autoptr (PyValue) members = py_set_dup_ordered (set);

  for (guint i = 0; i < py_seq_length (members); i++)
    {
      g_string_append (to, i == 0 ? "{" : ", ");
      py_repr_append (to, py_seq_peek (members, i));
    }
  g_string_append (to, py_seq_length (members) > 0 ? "}" : "set()");
}

void
out_append_value (GString *to, const PyValue *value)
{
  gsize len;
  g_autofree char *text = NULL;

  if (py_value_type (value) == PY_SET)
    {
      append_set (to, value);
      return;
    }
  text = py_str (value, &len);
  g_string_append_len (to, text, (gssize) len);
}

void
out_value (const PyValue *value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  out_append_value (text, value);
  out_text (text->str, text->len);
}

char *
out_dup_short (const char *text)
{
  const char *end = text;
  guint n = 0;

  if (g_utf8_strlen (text, -1) <= 53)
    return g_strdup (text);
  for (; n < 50; n++)
    end = g_utf8_next_char (end);
  return g_strdup_printf ("%.*s...", (int) (end - text), text);
}

gsize
out_rstrip_length (const char *text, gsize len)
{
  while (len > 0)
    {
      gsize begin = len - 1;
      while (begin > 0 && ((guint8) text[begin] & 0xc0) == 0x80)
        begin--;
      if (!py_unichar_is_space (g_utf8_get_char (text + begin)))
        break;
      len = begin;
    }
  return len;
}

void
out_append_quoted (GString *to, const char *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      guint8 b = (guint8) bytes[i];
      if (b == ' ')
        g_string_append_c (to, '+');
      else if (g_ascii_isalnum (b) || (b != 0 && strchr ("_.-~", b) != NULL))
        g_string_append_c (to, (char) b);
      else
        g_string_append_printf (to, "%%%02X", b);
    }
}
