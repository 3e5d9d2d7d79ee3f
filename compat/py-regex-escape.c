#include "compat/py-regex-parse.h"

#include <string.h>

#include "compat/py-unicode-names.h"

/* What \x, \u and \U say is read by the same function; the digits are counted. */
static guint
take_digits (PyParser *self, guint most, guint base)
{
  guint n = 0;

  for (; n < most && py_scanner_sees_digit (&self->scan, base); n++)
    py_scanner_get (&self->scan);
  return n;
}

static guint64
number_of (const PyParser *self, gsize start, gsize end, guint base)
{
  guint64 n = 0;

  for (gsize i = start; i < end; i++)
    n = n * base + (guint64) g_ascii_xdigit_value ((char) self->scan.text[i]);
  return n;
}

/* Fails at the escape's backslash, with the escape as far as it was read between the words. */
static void
fail_escape (PyParser *self, gsize start, const char *before, const char *after)
{
  g_autofree char *escape = py_scanner_slice (&self->scan, start, py_scanner_tell (&self->scan));

  py_scanner_fail_at (&self->scan, (gssize) start, "%s %s%s", before, escape, after);
}

static gunichar
parse_hex (PyParser *self, gsize start, guint digits)
{
  if (take_digits (self, digits, 16) != digits)
    {
      fail_escape (self, start, "incomplete escape", "");
      return 0;
    }
  guint64 c = number_of (self, start + 2, start + 2 + digits, 16);
  if (c > G_MAXINT32)
    py_scanner_fail_otherwise (&self->scan, PY_REGEX_ERROR_OVERFLOW, "Python int too large to convert to C int");
  else if (c > PY_UNICHAR_LAST)
    fail_escape (self, start, "bad escape", "");
  return (gunichar) c;
}

static gunichar
parse_name (PyParser *self, gsize start)
{
  gsize from, to;
  gunichar c = 0;

  if (!py_scanner_take (&self->scan, '{'))
    py_scanner_fail (&self->scan, 0, "missing {");
  else if (py_scanner_get_until (&self->scan, '}', "character name", &from, &to))
    {
      g_autofree char *name = py_scanner_slice (&self->scan, from, to);

      if (!g_str_is_ascii (name) || strlen (name) != to - from || !py_unicode_name_lookup (name, &c))
        {
          g_autofree char *quoted = py_scanner_quote (&self->scan, from, to);
          py_scanner_fail_at (&self->scan, (gssize) start, "undefined character name %s", quoted);
        }
    }
  return c;
}

static gunichar
parse_octal (PyParser *self, gsize start)
{
  guint64 c = number_of (self, start + 1, py_scanner_tell (&self->scan), 8);

  if (c > 0377)
    fail_escape (self, start, "octal escape value", " outside of range 0-0o377");
  return (gunichar) c;
}

/* The escapes that mean one character both inside and outside of a set, but for those of digits and \b.  An ASCII letter
 * without a meaning is refused, anything else stands for itself. */
static gunichar
parse_character (PyParser *self, PyToken token, gsize start)
{
  static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
  const char *found = token.c > 0 && token.c < 0x80 ? strchr (names, (int) token.c) : NULL;

  if (found != NULL)
    return (guchar) values[found - names];
  switch (token.c)
    {
    case 'x':
      return parse_hex (self, start, 2);
    case 'u':
      return parse_hex (self, start, 4);
    case 'U':
      return parse_hex (self, start, 8);
    case 'N':
      return parse_name (self, start);
    default:
      if (token.c < 0x80 && g_ascii_isalnum ((char) token.c))
        fail_escape (self, start, "bad escape", "");
      return token.c;
    }
}

static gboolean
find_category (gunichar c, PySetItem *item)
{
  static const struct
  {
    char name;
    PyCategory category;
  } categories[] = {
    { 'd', PY_CATEGORY_DIGIT },
    { 's', PY_CATEGORY_SPACE },
    { 'w', PY_CATEGORY_WORD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (categories); i++)
    if ((c | 0x20) == (guchar) categories[i].name)
      {
        item->category = categories[i].category;
        item->negated = c < 'a';
        return TRUE;
      }
  return FALSE;
}

gboolean
py_parse_set_escape (PyParser *self, PyToken token, gsize start, PySetItem *ret_item)
{
  *ret_item = (PySetItem){ 0 };
  if (find_category (token.c, ret_item))
    return TRUE;
  if (token.c == 'b')
    ret_item->first = '\b';
  else if (token.c >= '0' && token.c <= '7')
    {
      take_digits (self, 2, 8);
      ret_item->first = parse_octal (self, start);
    }
  else
    ret_item->first = parse_character (self, token, start);
  ret_item->last = ret_item->first;
  return !py_parser_failed (self);
}

static PyNode *
new_literal (PyParser *self, gunichar c)
{
  PyNode *node = py_node_new (self->tree, PY_NODE_LITERAL);

  node->value = c;
  return node;
}

/* \1 to \99 is a group, but three octal digits are a character. */
static PyNode *
parse_digits (PyParser *self, PyToken token, gsize start)
{
  PyScanner *scan = &self->scan;

  if (py_scanner_sees_digit (scan, 10))
    {
      PyToken second = py_scanner_get (scan);

      if (token.c < '8' && second.c < '8' && py_scanner_sees_digit (scan, 8))
        {
          py_scanner_get (scan);
          return new_literal (self, parse_octal (self, start));
        }
    }
  guint64 group = number_of (self, start + 1, py_scanner_tell (scan), 10);
  if (group >= self->tree->widths->len)
    {
      py_scanner_fail_at (scan, (gssize) start + 1, "invalid group reference %d", (int) group);
      return NULL;
    }
  if (!py_parser_group_is_closed (self, group))
    py_scanner_fail_at (scan, (gssize) start, "cannot refer to an open group");
  py_parser_check_look_behind (self, group);
  PyNode *node = py_node_new (self->tree, PY_NODE_BACKREF);
  node->value = (guint32) group;
  return node;
}

static PyNode *
parse_at (PyParser *self, gunichar c)
{
  static const struct
  {
    char name;
    PyAt at;
  } places[] = {
    { 'A', PY_AT_START },
    { 'B', PY_AT_NON_BOUNDARY },
    { 'Z', PY_AT_END },
    { 'b', PY_AT_BOUNDARY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (c == (guchar) places[i].name)
      {
        PyNode *node = py_node_new (self->tree, PY_NODE_AT);

        node->value = places[i].at;
        return node;
      }
  return NULL;
}

PyNode *
py_parse_escape (PyParser *self, PyToken token, gsize start)
{
  PySetItem item = { 0 };
  PyNode *node;

  if (find_category (token.c, &item))
    {
      node = py_node_new (self->tree, PY_NODE_SET);
      g_array_append_val (node->items, item);
    }
  else if (token.c >= '1' && token.c <= '9')
    node = parse_digits (self, token, start);
  else if (token.c == '0')
    {
      take_digits (self, 2, 8);
      node = new_literal (self, parse_octal (self, start));
    }
  else if ((node = parse_at (self, token.c)) == NULL)
    node = new_literal (self, parse_character (self, token, start));
  return py_parser_failed (self) ? NULL : node;
}
