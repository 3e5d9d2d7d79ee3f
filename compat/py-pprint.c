/* Python's pprint module as it formats plain values: what fits the width stands on one line, what does not gets a line per
 * member, long text is cut at blanks into adjacent literals (Python 3.11; seen with pprint.pformat). */
#include "compat/py-repr.h"

#include <string.h>

typedef struct
{
  GString *out;
  guint width;
  guint indent_step;
} Printer;

static void print_value (Printer *p, const PyValue *value, gint indent, gint allowance, guint level);

static glong
count_chars (const char *text)
{
  return g_utf8_strlen (text, -1); /* a repr is valid UTF-8 */
}

static void
append_blanks (Printer *p, gint n)
{
  for (gint i = 0; i < n; i++)
    g_string_append_c (p->out, ' ');
}

static void
append_new_line (Printer *p, gint indent)
{
  g_string_append_c (p->out, '\n');
  append_blanks (p, indent);
}

static void
print_items (Printer *p, GPtrArray *items, gint indent, gint allowance, guint level)
{
  indent += (gint) p->indent_step;
  append_blanks (p, (gint) p->indent_step - 1);
  for (guint i = 0; i < items->len; i++)
    {
      gboolean last = i + 1 == items->len;
      print_value (p, g_ptr_array_index (items, i), indent, last ? allowance : 1, level);
      if (!last)
        {
          g_string_append_c (p->out, ',');
          append_new_line (p, indent);
        }
    }
}

static void
print_seq (Printer *p, const PyValue *seq, gint indent, gint allowance, guint level)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  gboolean list = py_value_type (seq) == PY_LIST;
  const char *end = list ? "]" : py_seq_length (seq) == 1 ? ",)" : ")";

  for (guint i = 0; i < py_seq_length (seq); i++)
    g_ptr_array_add (items, py_seq_peek (seq, i));
  g_string_append_c (p->out, list ? '[' : '(');
  print_items (p, items, indent, allowance + (gint) strlen (end), level);
  g_string_append (p->out, end);
}

static void
print_set (Printer *p, const PyValue *set, gint indent, gint allowance, guint level)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  gboolean frozen = py_value_type (set) == PY_FROZENSET;
  const char *end = frozen ? "})" : "}";

  for (guint i = 0; i < py_set_length (set); i++)
    g_ptr_array_add (items, py_set_peek (set, i));
  py_repr_sort_keys (items);
  g_string_append (p->out, frozen ? "frozenset({" : "{");
  print_items (p, items, indent + (frozen ? (gint) strlen ("frozenset(") : 0), allowance + (gint) strlen (end), level);
  g_string_append (p->out, end);
}

static void
print_dict (Printer *p, const PyValue *dict, gint indent, gint allowance, guint level)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; i < py_dict_length (dict); i++)
    g_ptr_array_add (keys, py_dict_peek_key (dict, i));
  py_repr_sort_keys (keys);
  g_string_append_c (p->out, '{');
  append_blanks (p, (gint) p->indent_step - 1);
  indent += (gint) p->indent_step;
  for (guint i = 0; i < keys->len; i++)
    {
      const PyValue *key = g_ptr_array_index (keys, i);
      g_autofree char *text = py_repr (key);
      gboolean last = i + 1 == keys->len;
      g_string_append_printf (p->out, "%s: ", text);
      print_value (p, py_dict_get (dict, key), indent + (gint) count_chars (text) + 2, last ? allowance + 1 : 1, level);
      if (!last)
        {
          g_string_append_c (p->out, ',');
          append_new_line (p, indent);
        }
    }
  g_string_append_c (p->out, '}');
}

/* --- long text ---------------------------------------------------------------------------------------------------- */

/* The code point at text and its length; a byte that is no UTF-8 stands for itself. */
static gunichar
char_at (const char *text, gsize left, gsize *ret_bytes)
{
  gunichar c = 0;
  guint n = py_utf8_decode (text, left, &c);

  *ret_bytes = MAX (n, 1);
  return n > 0 ? c : (guchar) *text;
}

/* str.splitlines' line ends and re's \s, as Unicode 14 has them. */
static gboolean
is_line_end (gunichar c)
{
  return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static gboolean
is_blank (gunichar c)
{
  return is_line_end (c) || c == '\t' || c == ' ' || c == 0x1f || c == 0xa0 || c == 0x1680
         || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* The end of the line that starts at text[from], its line end included. */
static gsize
line_end (const char *text, gsize len, gsize from)
{
  gsize n;

  for (gsize i = from; i < len; i += n)
    if (is_line_end (char_at (text + i, len - i, &n)))
      return i + n + (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n' ? 1 : 0);
  return len;
}

/* The end of one word and the blanks behind it. */
static gsize
word_end (const char *text, gsize len, gsize from)
{
  gsize i = from, n = 0;

  for (; i < len && !is_blank (char_at (text + i, len - i, &n)); i += n)
    ;
  for (; i < len && is_blank (char_at (text + i, len - i, &n)); i += n)
    ;
  return i;
}

/* Cuts one line, which is too long, at its blanks. */
static void
cut_line (GPtrArray *chunks, const char *text, gsize from, gsize to, glong width, glong last_width)
{
  gsize start = from;

  for (gsize at = from; at < to;)
    {
      gsize end = word_end (text, to, at);
      g_autofree char *candidate = py_repr_str (text + start, (gssize) (end - start));
      if (count_chars (candidate) > (end == to ? last_width : width))
        {
          if (at > start)
            g_ptr_array_add (chunks, py_repr_str (text + start, (gssize) (at - start)));
          start = at;
        }
      at = end;
    }
  if (to > start)
    g_ptr_array_add (chunks, py_repr_str (text + start, (gssize) (to - start)));
}

static void
print_chunks (Printer *p, GPtrArray *chunks, gint indent, gboolean parens)
{
  if (parens)
    g_string_append_c (p->out, '(');
  for (guint i = 0; i < chunks->len; i++)
    {
      if (i > 0)
        append_new_line (p, indent);
      g_string_append (p->out, g_ptr_array_index (chunks, i));
    }
  if (parens)
    g_string_append_c (p->out, ')');
}

static void
print_str (Printer *p, const PyValue *value, gint indent, gint allowance, guint level)
{
  g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func (g_free);
  gsize len;
  const char *text = py_str_peek (value, &len);
  gint extra = level == 1 ? 1 : 0; /* the parentheses around text that stands alone */
  glong width = (glong) p->width - indent - extra;

  for (gsize from = 0; from < len;)
    {
      gsize to = line_end (text, len, from);
      glong last_width = to == len ? width - allowance - extra : width;
      g_autofree char *whole = py_repr_str (text + from, (gssize) (to - from));
      if (count_chars (whole) <= last_width)
        g_ptr_array_add (chunks, g_steal_pointer (&whole));
      else
        cut_line (chunks, text, from, to, width, last_width);
      from = to;
    }
  if (chunks->len <= 1)
    py_repr_append (p->out, value);
  else
    print_chunks (p, chunks, indent + extra, level == 1);
}

/* Bytes are cut after groups of four. */
static void
print_bytes (Printer *p, const PyValue *value, gint indent, gint allowance, guint level)
{
  g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PyValue) current = NULL;
  gsize len;
  const char *data = py_bytes_peek (value, &len);
  gint extra = level == 1 ? 1 : 0;
  glong width = (glong) p->width - indent - extra;
  gsize start = 0;

  if (len <= 4)
    {
      py_repr_append (p->out, value);
      return;
    }
  for (gsize at = 0; at < len; at += 4)
    {
      gsize end = MIN (at + 4, len);
      if (at == len / 4 * 4)
        width -= allowance + extra;
      g_autoptr (PyValue) candidate = py_bytes_new (data + start, end - start);
      g_autofree char *text = py_repr (candidate);
      if ((glong) strlen (text) > width && at > start)
        {
          g_autoptr (PyValue) chunk = py_bytes_new (data + start, at - start);
          g_ptr_array_add (chunks, py_repr (chunk));
        }
      if ((glong) strlen (text) > width)
        start = at;
    }
  current = py_bytes_new (data + start, len - start);
  g_ptr_array_add (chunks, py_repr (current));
  print_chunks (p, chunks, indent + extra, level == 1);
}

/* --- dispatch ----------------------------------------------------------------------------------------------------- */

static void
print_value (Printer *p, const PyValue *value, gint indent, gint allowance, guint level)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PyType type = py_value_type (value);

  py_repr_append_sorted (text, value);
  if (count_chars (text->str) <= (glong) p->width - indent - allowance)
    g_string_append (p->out, text->str);
  else if (type == PY_LIST || type == PY_TUPLE)
    print_seq (p, value, indent, allowance, level + 1);
  else if (type == PY_DICT)
    print_dict (p, value, indent, allowance, level + 1);
  else if ((type == PY_SET || type == PY_FROZENSET) && py_set_length (value) > 0)
    print_set (p, value, indent, allowance, level + 1);
  else if (type == PY_STR)
    print_str (p, value, indent, allowance, level + 1);
  else if (type == PY_BYTES)
    print_bytes (p, value, indent, allowance, level + 1);
  else
    g_string_append (p->out, text->str);
}

char *
py_pprint (const PyValue *value, guint width, guint indent)
{
  Printer p = { .out = g_string_new (NULL), .width = width, .indent_step = indent };

  g_return_val_if_fail (value != NULL, NULL);
  print_value (&p, value, 0, 0, 0);
  return g_string_free (p.out, FALSE);
}
