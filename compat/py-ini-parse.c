/* The parser half of py-ini.h: lines to sections and options. */
#include "compat/py-ini.h"

#include <string.h>

#include "compat/py-held.h"
#include "compat/py-text.h"

#define PYTHON_CHUNK                                                                                                   \
  8192 /* io.TextIOWrapper decodes this many bytes at once; positions in its errors count from there */

typedef struct
{
  PyIni *ini;
  char *source_repr;
  char *section_name; /* NULL before the first header */
  PyOptions *section; /* lent by ini */
  char *option;       /* the last one; NULL after a header; "" for a line that began with '=' */
  GString *value;     /* its lines so far */
  gsize indent;       /* of the last line that was no continuation, in characters */
  GString *bad_lines; /* NULL as long as there are none */
} Parser;

static void
parser_clear (Parser *p)
{
  g_free (p->source_repr);
  g_free (p->section_name);
  g_free (p->option);
  g_string_free (p->value, TRUE);
  if (p->bad_lines != NULL)
    g_string_free (p->bad_lines, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parser, parser_clear)

/* --- decoding ---------------------------------------------------------------------------------------------------- */

/* How the sequence at p fails to be UTF-8: the reason and how many bytes Python blames, or NULL when it is fine (then
 * *ret_span is its length). */
static const char *
utf8_defect (const guchar *p, const guchar *end, gsize *ret_span)
{
  guint length = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

  *ret_span = 1;
  if (length == 0)
    return "invalid start byte";
  for (guint i = 1; i < length; i++)
    {
      guchar low = 0x80, high = 0xbf;
      if (i == 1)
        {
          low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
          high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
        }
      *ret_span = i;
      if (p + i >= end)
        return "unexpected end of data";
      if (p[i] < low || p[i] > high)
        return "invalid continuation byte";
    }
  *ret_span = length;
  return NULL;
}

static const guchar *
skip_ascii (const guchar *p, const guchar *end)
{
  guint64 eight;

  for (; end - p >= 8; p += 8)
    {
      memcpy (&eight, p, 8);
      if (eight & G_GUINT64_CONSTANT (0x8080808080808080))
        break;
    }
  while (p < end && *p < 0x80)
    p++;
  return p;
}

/* FALSE when something is not UTF-8, with *error as Python words it: its decoder gets PYTHON_CHUNK bytes at a time (and
 * again those of a sequence that the last chunk's end had cut), and counts positions from there.  *ret_seen is how much
 * it had decoded before. */
static gboolean
check_utf8 (const char *bytes, gsize len, gsize *ret_seen, GError **error)
{
  const guchar *start = (const guchar *) (bytes != NULL ? bytes : ""), *end = start + len;
  gsize cut = G_MAXSIZE; /* where the last sequence began that lies in two chunks */

  for (const guchar *p = start; p < end;)
    {
      p = skip_ascii (p, end);
      if (p == end)
        break;
      gsize span, at = (gsize) (p - start);
      const char *reason = utf8_defect (p, end, &span);
      if (reason == NULL)
        {
          if (at / PYTHON_CHUNK != (at + span - 1) / PYTHON_CHUNK)
            cut = at;
          p += span;
          continue;
        }

      gboolean at_end = g_str_has_prefix (reason, "unexpected");
      gsize met = at_end ? len : g_str_has_suffix (reason, "start byte") ? at : at + span;
      gsize chunk = met / PYTHON_CHUNK * PYTHON_CHUNK;
      gsize base = at_end || at < chunk                                               ? at
                   : cut != G_MAXSIZE && cut / PYTHON_CHUNK + 1 == met / PYTHON_CHUNK ? cut
                                                                                      : chunk;
      *ret_seen = at_end ? at : chunk;
      if (span == 1)
        g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_UNICODE,
                     "'utf-8' codec can't decode byte 0x%02x in position %" G_GSIZE_FORMAT ": %s", *p, at - base,
                     reason);
      else
        g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_UNICODE,
                     "'utf-8' codec can't decode bytes in position %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": %s",
                     at - base, at - base + span - 1, reason);
      return FALSE;
    }
  return TRUE;
}

/* Universal newlines: \r\n and \r are \n. */
static void
normalise_newlines (char *text)
{
  char *to = strchr (text, '\r');

  if (to == NULL)
    return;
  for (const char *from = to; *from != '\0'; from++)
    if (*from != '\r')
      *to++ = *from;
    else if (from[1] != '\n')
      *to++ = '\n';
  *to = '\0';
}

/* --- lines ------------------------------------------------------------------------------------------------------- */

static char *
line_repr (const char *line, gsize len)
{
  g_autofree char *copy = g_strndup (line, len);

  return py_held_repr (copy);
}

static void
parser_note_bad_line (Parser *p, const char *line, gsize len, guint lineno)
{
  g_autofree char *repr = line_repr (line, len);

  if (p->bad_lines == NULL)
    p->bad_lines = g_string_new (NULL);
  g_string_append_printf (p->bad_lines, "\n\t[line %2u]: %s", lineno, repr);
}

/* The option is complete: into its section, blanks and empty lines at its end dropped. */
static void
parser_finish_option (Parser *p)
{
  if (p->option == NULL)
    return;
  g_string_truncate (p->value, py_held_rstrip (p->value->str, (gssize) p->value->len));
  py_options_set (p->section, p->option, py_str_new_len (p->value->str, (gssize) p->value->len));
  g_clear_pointer (&p->option, g_free);
}

/* Where the line's comment begins: 0 for a whole line, len for none. */
static gsize
comment_start (const char *line, gsize len)
{
  gsize rest;
  const char *text = py_held_lstrip (line, (gssize) len, &rest);

  if (rest > 0 && (*text == '#' || *text == ';'))
    return 0;
  for (const char *semicolon = memchr (line, ';', len); semicolon != NULL;
       semicolon = memchr (semicolon + 1, ';', len - (gsize) (semicolon + 1 - line)))
    if (semicolon == line || py_unichar_is_space (g_utf8_get_char (g_utf8_find_prev_char (line, semicolon))))
      return (gsize) (semicolon - line);
  return len;
}

static gboolean
parser_section (Parser *p, const char *name, gsize len, guint lineno, GError **error)
{
  parser_finish_option (p);
  g_free (p->section_name);
  p->section_name = g_strndup (name, len);
  if (strcmp (p->section_name, PY_INI_DEFAULT) == 0)
    {
      p->section = py_ini_peek_defaults (p->ini);
      return TRUE;
    }
  if (py_ini_peek_section (p->ini, p->section_name) != NULL)
    {
      g_autofree char *repr = py_held_repr (p->section_name);
      g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_DUPLICATE_SECTION,
                   "While reading from %s [line %2u]: section %s already exists", p->source_repr, lineno, repr);
      return FALSE;
    }
  p->section = py_ini_add_section (p->ini, p->section_name);
  return TRUE;
}

static gboolean
parser_option (Parser *p, const char *name, gsize name_len, const char *value, gsize value_len, guint lineno,
               GError **error)
{
  parser_finish_option (p);
  g_autofree char *option = py_held_lower (name, (gssize) py_held_rstrip (name, (gssize) name_len));
  if (py_options_get (p->section, option) != NULL)
    {
      g_autofree char *option_repr = py_held_repr (option);
      g_autofree char *section_repr = py_held_repr (p->section_name);
      g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_DUPLICATE_OPTION,
                   "While reading from %s [line %2u]: option %s in section %s already exists", p->source_repr, lineno,
                   option_repr, section_repr);
      return FALSE;
    }

  gsize rest;
  const char *start = py_held_strip (value, (gssize) value_len, &rest);
  p->option = g_steal_pointer (&option);
  g_string_truncate (p->value, 0);
  g_string_append_len (p->value, start, (gssize) rest);
  return TRUE;
}

/* A header or an option.  text is the line without comment and blanks around. */
static gboolean
parser_new_item (Parser *p, const char *text, gsize text_len, const char *line, gsize len, guint lineno, GError **error)
{
  const char *bracket = *text == '[' ? memrchr (text, ']', text_len) : NULL;

  if (bracket != NULL && bracket > text + 1)
    return parser_section (p, text + 1, (gsize) (bracket - text - 1), lineno, error);
  if (p->section == NULL)
    {
      g_autofree char *repr = line_repr (line, len);
      g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_MISSING_HEADER,
                   "File contains no section headers.\nfile: %s, line: %u\n%s", p->source_repr, lineno, repr);
      return FALSE;
    }

  gsize name_len = 0;
  while (name_len < text_len && text[name_len] != '=' && text[name_len] != ':')
    name_len++;
  if (name_len == 0 || name_len == text_len)
    parser_note_bad_line (p, line, len, lineno);
  if (name_len == text_len)
    return TRUE;
  return parser_option (p, text, name_len, text + name_len + 1, text_len - name_len - 1, lineno, error);
}

static gboolean
parser_line (Parser *p, const char *line, gsize len, guint lineno, GError **error)
{
  gsize text_len, rest, comment = comment_start (line, len);
  const char *text = py_held_strip (line, (gssize) comment, &text_len);
  gboolean in_value = p->option != NULL && *p->option != '\0';

  if (text_len == 0)
    {
      if (in_value && comment == len)
        g_string_append_c (p->value, '\n');
      return TRUE;
    }

  const char *first = py_held_lstrip (line, (gssize) len, &rest);
  gsize indent = first > line ? (gsize) g_utf8_strlen (line, first - line) : 0;
  if (in_value && indent > p->indent)
    {
      g_string_append_c (p->value, '\n');
      g_string_append_len (p->value, text, (gssize) text_len);
      return TRUE;
    }
  p->indent = indent;
  return parser_new_item (p, text, text_len, line, len, lineno, error);
}

static gboolean
parser_lines (Parser *p, const char *text, GError **error)
{
  guint lineno = 1;

  while (*text != '\0')
    {
      const char *newline = strchr (text, '\n');
      gsize len = newline != NULL ? (gsize) (newline + 1 - text) : strlen (text);
      if (!parser_line (p, text, len, lineno++, error))
        return FALSE;
      text += len;
    }
  parser_finish_option (p);
  return TRUE;
}

PyIni *
py_ini_parse (const char *bytes, gsize len, const char *source, GError **error)
{
  g_autoptr (GError) undecodable = NULL;
  gsize seen = len;

  /* What Python had decoded before the bad bytes is parsed line by line, and its errors come first. */
  if (!check_utf8 (bytes, len, &seen, &undecodable))
    while (seen > 0 && bytes[seen - 1] != '\n')
      seen--;

  g_autofree char *text = py_held_new (bytes, seen);
  g_autoptr (PyIni) ini = py_ini_new ();
  g_auto (Parser) parser = { .ini = ini, .source_repr = py_held_repr (source), .value = g_string_new (NULL) };

  normalise_newlines (text);
  if (!parser_lines (&parser, text, error))
    return NULL;
  if (undecodable != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&undecodable));
      return NULL;
    }
  if (parser.bad_lines != NULL)
    {
      g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_PARSING, "Source contains parsing errors: %s%s",
                   parser.source_repr, parser.bad_lines->str);
      return NULL;
    }
  return g_steal_pointer (&ini);
}
