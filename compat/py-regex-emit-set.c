#include "compat/py-regex-emitter.h"

#include <string.h>

#include "compat/py-charset.h"
#include "compat/py-unicode-data.h"

/* Matches no character, but is as wide as one: look-behinds want their width. */
#define NEVER_BYTES "[^\\x00-\\xff]"
#define NEVER_UTF   "[^\\x{0}-\\x{10ffff}]"

/* What is neither letter, digit nor underscore: PCRE2 10.43 changed the meaning of \P{Xwd}, so it is spelt out. */
#define NO_WORD_BEYOND_ASCII                                                                                           \
  "\\p{M}\\p{S}\\p{Z}\\p{C}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}"                                                 \
  "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}"

/* --- characters --- */

static void
append_char (PyEmitter *self, gunichar c)
{
  if (c < 0x80 && g_ascii_isalnum ((char) c))
    g_string_append_c (self->out, (char) c);
  else if (c < 0x80 && g_ascii_isprint ((char) c))
    {
      if (strchr (" !\"%',/:;<=>@_`~", (int) c) == NULL)
        g_string_append_c (self->out, '\\');
      g_string_append_c (self->out, (char) c);
    }
  else
    g_string_append_printf (self->out, c < 0x100 ? "\\x%02x" : "\\x{%x}", c);
}

void
py_emit_set_caseless (PyEmitter *self, gboolean caseless)
{
  if (self->caseless == caseless)
    return;
  g_string_append (self->out, caseless ? "(?i)" : "(?-i)");
  self->caseless = caseless;
}

static void
append_range (PyEmitter *self, gunichar first, gunichar last)
{
  append_char (self, first);
  if (last == first)
    return;
  if (last > first + 1)
    g_string_append_c (self->out, '-');
  append_char (self, last);
}

/* --- sets: bytes --- */

typedef gboolean Bitmap[128];

static guint
bitmap_of (const PyCharset *set, gboolean negated, Bitmap ret_map)
{
  guint n = 0;

  for (gunichar c = 0; c < 128; c++)
    {
      ret_map[c] = py_charset_contains (set, c) != negated;
      n += ret_map[c] ? 1 : 0;
    }
  return n;
}

static gboolean
bitmap_is (const Bitmap map, gboolean (*is_member) (gunichar), gboolean negated)
{
  for (gunichar c = 0; c < 128; c++)
    if (map[c] != (is_member (c) != negated))
      return FALSE;
  return TRUE;
}

static gboolean
is_digit (gunichar c)
{
  return g_ascii_isdigit ((char) c);
}

static gboolean
is_word (gunichar c)
{
  return g_ascii_isalnum ((char) c) || c == '_';
}

static gboolean
is_newline (gunichar c)
{
  return c == '\n';
}

/* The shortest way to say it, which is the one that PCRE2 knows most about. */
static void
emit_bitmap (PyEmitter *self, const Bitmap map, guint n)
{
  static const struct
  {
    const char *text;
    gboolean (*is_member) (gunichar);
    gboolean negated;
  } names[] = {
    { "\\d", is_digit, FALSE }, { "\\D", is_digit, TRUE },   { "\\w", is_word, FALSE },
    { "\\W", is_word, TRUE },   { "\\N", is_newline, TRUE },
  };
  gboolean negated = n > 64;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (bitmap_is (map, names[i].is_member, names[i].negated))
      {
        g_string_append (self->out, names[i].text);
        return;
      }
  if (n == 0 || n == 128)
    {
      g_string_append (self->out, n == 0 ? NEVER_BYTES : ".");
      return;
    }
  py_emit_set_caseless (self, FALSE);
  g_string_append (self->out, n == 1 ? "" : negated ? "[^" : "[");
  for (gunichar c = 0; c < 128; c++)
    if (map[c] != negated)
      {
        gunichar first = c;

        while (c < 127 && map[c + 1] != negated)
          c++;
        append_range (self, first, c);
      }
  g_string_append (self->out, n == 1 ? "" : "]");
}

/* --- sets: UTF --- */

static void
emit_utf_set (PyEmitter *self, const PyCharset *set, gboolean negated)
{
  const GArray *ranges = set->ranges;
  gboolean named = set->digit || set->no_digit || set->word || set->no_word;

  if (py_charset_is_full (set) || (ranges->len == 0 && !named))
    {
      g_string_append (self->out, py_charset_is_full (set) != negated ? "." : NEVER_UTF);
      return;
    }
  py_emit_set_caseless (self, FALSE);
  const PyCharRange *only = &g_array_index (ranges, PyCharRange, 0);
  if (ranges->len == 1 && !named && only->first == only->last && !negated)
    {
      append_char (self, only->first);
      return;
    }
  g_string_append (self->out, negated ? "[^" : "[");
  for (guint i = 0; i < ranges->len; i++)
    append_range (self, g_array_index (ranges, PyCharRange, i).first, g_array_index (ranges, PyCharRange, i).last);
  g_string_append (self->out, set->digit ? "\\p{Nd}" : "");
  g_string_append (self->out, set->no_digit ? "\\P{Nd}" : "");
  g_string_append (self->out, set->word ? "\\p{L}\\p{N}" : "");
  g_string_append (self->out, set->no_word ? NO_WORD_BEYOND_ASCII : "");
  g_string_append_c (self->out, ']');
}

void
py_emit_set (PyEmitter *self, const PyNode *node, guint flags)
{
  g_autoptr (PyCharset) set = py_charset_of_node (node, flags);
  Bitmap map;

  if (self->utf)
    {
      emit_utf_set (self, set, node->negated);
      return;
    }
  guint n = bitmap_of (set, node->negated, map);
  emit_bitmap (self, map, n);
}

/* Does PCRE2's caseless mode match the same characters?  It knows no dotted and dotless i, but the Kelvin sign and the
 * long s, which Python does not know in ASCII mode. */
static gboolean
pcre_folds_alike (const PyEmitter *self, gunichar c, guint flags)
{
  if (c >= 0x80 || !g_ascii_isalpha ((char) c))
    return FALSE;
  if (!self->utf)
    return TRUE;
  c |= 0x20;
  return (flags & PY_REGEX_FLAG_ASCII) ? c != 'k' && c != 's' : c != 'i';
}

void
py_emit_literal (PyEmitter *self, const PyNode *node, guint flags)
{
  gunichar c = node->value;

  if ((flags & PY_REGEX_FLAG_IGNORECASE) && pcre_folds_alike (self, c, flags))
    {
      py_emit_set_caseless (self, TRUE);
      append_char (self, c);
    }
  else if (c < 0x80 && (!(flags & PY_REGEX_FLAG_IGNORECASE) || !g_ascii_isalpha ((char) c)))
    {
      if (g_ascii_isalpha ((char) c))
        py_emit_set_caseless (self, FALSE);
      append_char (self, c);
    }
  else
    py_emit_set (self, node, flags);
}
