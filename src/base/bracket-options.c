#include "base/bracket-options.h"

#include <string.h>

#include "compat/py-held.h"
#include "compat/py-text.h"

#define SHOWN_CHARACTERS 25 /* of the offending text, in messages */
#define NOWHERE          G_MAXUINT

G_DEFINE_QUARK (bracket - options - error - quark, bracket_options_error)

/* Python's \w, or one of "-." as names of options may have. */
static gboolean
is_name_character (gunichar c)
{
  if (c < 0x80)
    return g_ascii_isalnum ((char) c) || c == '_' || c == '-' || c == '.';
  switch ((int) g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
      return TRUE;
    default:
      return FALSE;
    }
}

/* --- one definition ---------------------------------------------------------------------------------------------- */

static const char *
skip_name (const char *p, const char *end)
{
  while (p < end && is_name_character (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);
  return p;
}

static const char *
skip_blanks (const char *p, const char *end)
{
  gsize rest;

  return py_held_lstrip (p, end - p, &rest);
}

/* The name at p, "n" or "n?family=inet6", that must stand before '='.  Returns its end or NULL. */
static const char *
option_name_end (const char *p, const char *end)
{
  const char *stop = skip_name (p, end);

  if (stop == p || stop == end)
    return NULL;
  if (*stop == '?')
    {
      const char *key_end = skip_name (stop + 1, end);
      if (key_end == stop + 1 || key_end == end || *key_end != '=')
        return NULL;
      const char *value_end = skip_name (key_end + 1, end);
      if (value_end == key_end + 1)
        return NULL;
      stop = value_end;
    }
  return stop < end && *stop == '=' ? stop : NULL;
}

static gboolean
fail_at (const char *start, const char *at, const char *end, const char *name, GError **error)
{
  glong position = g_utf8_pointer_to_offset (start, at);
  const char *shown_end = at;

  for (guint i = 0; i < SHOWN_CHARACTERS && shown_end < end; i++)
    shown_end = g_utf8_next_char (shown_end);
  g_autofree char *shown = g_strndup (at, (gsize) (shown_end - at));
  if (name == NULL)
    g_set_error (error, BRACKET_OPTIONS_ERROR, 0, "expected option, wrong syntax at %ld: %s", position, shown);
  else
    {
      g_autofree char *repr = py_held_repr (name);
      g_set_error (error, BRACKET_OPTIONS_ERROR, 0, "unexpected syntax at %ld after option %s: %s", position, repr,
                   shown);
    }
  return FALSE;
}

/* The value behind '=': *ret_text, *ret_len; returns what follows it. */
static const char *
read_value (const char *p, const char *end, const char **ret_text, gsize *ret_len)
{
  const char *close = p < end && (*p == '"' || *p == '\'') ? memchr (p + 1, *p, (gsize) (end - p - 1)) : NULL;

  if (close != NULL)
    {
      *ret_text = p + 1;
      *ret_len = (gsize) (close - p - 1);
      return close + 1;
    }
  *ret_text = p;
  while (p < end && *p != ',' && *p != ']')
    p++;
  *ret_len = (gsize) (p - *ret_text);
  return p;
}

/* Behind a value: a comma, "] [", or the end (a line end before it counts as the end).  NULL: something else. */
static const char *
skip_separator (const char *p, const char *end)
{
  if (p == end || (*p == '\n' && p + 1 == end))
    return p;
  if (*p == ',')
    return p + 1;
  if (*p == ']')
    {
      p = skip_blanks (p + 1, end);
      if (p < end && *p == '[')
        return p + 1;
    }
  return NULL;
}

static gboolean
only_blanks_left (const char *p, const char *end)
{
  return skip_blanks (p < end && *p == ',' ? p + 1 : p, end) == end;
}

static gboolean
parse_options (const char *start, const char *end, PyValue *options, GError **error)
{
  const char *p = start;

  while (p < end)
    {
      const char *name_start = skip_blanks (p, end), *text;
      const char *name_end = option_name_end (name_start, end);
      gsize len;
      if (name_end == NULL)
        return only_blanks_left (p, end) || fail_at (start, p, end, NULL, error);

      g_autofree char *name = g_strndup (name_start, (gsize) (name_end - name_start));
      const char *behind = read_value (name_end + 1, end, &text, &len);
      p = skip_separator (behind, end);
      if (p == NULL)
        return fail_at (start, behind, end, name, error);
      py_dict_set_str (options, name, py_str_take (py_held_dup_stripped (text, (gssize) len)));
    }
  return TRUE;
}

gboolean
bracket_options_parse (const char *text, char **ret_name, PyValue **ret_options, GError **error)
{
  const char *open = strchr (text, '['), *end = text + py_held_rstrip (text, -1);
  g_autoptr (PyValue) options = py_dict_new ();

  if (open == text || *text == '\0' || (open != NULL && (end <= open + 1 || end[-1] != ']')))
    {
      g_set_error_literal (error, BRACKET_OPTIONS_ERROR, 0, "unexpected option syntax");
      return FALSE;
    }
  if (open != NULL && !parse_options (open + 1, end - 1, options, error))
    return FALSE;
  *ret_name = open != NULL ? g_strndup (text, (gsize) (open - text)) : g_strdup (text);
  *ret_options = g_steal_pointer (&options);
  return TRUE;
}

/* --- lists of definitions ------------------------------------------------------------------------------------------
 * Where does a definition end whose values may hold blanks, brackets and quotes?  The reference searches with
 * backtracking: as many options as possible, each value as long as possible, then ']' and a blank or the end.  The same
 * answer is found here in one pass from the end of the text to its start: for every place where the definition would end
 * if the options went on there. */

typedef struct
{
  const gunichar *text;
  guint len;
  guint *blanks_end; /* [i]: behind the blanks at i */
  guint *name_end;   /* [i]: behind the characters of a name at i */
  guint *quotes[2];  /* [i]: the next " (or ') at or behind i */
  guint *options;    /* [i]: end of the definition when an option or ']' is due at i; NOWHERE when it cannot end */
  guint *behind;     /* [i]: the same when a value has ended before i */
  guint *bare;       /* [i]: the same when a bare value goes on at i, as far as it can */
} Splitter;

static guint
splitter_at (const Splitter *s, const guint *table, guint i)
{
  return i <= s->len ? table[i] : NOWHERE;
}

static gboolean
splitter_is (const Splitter *s, guint i, gunichar c)
{
  return i < s->len && s->text[i] == c;
}

/* Behind the closing ']' (or the name): the blanks, but for the last one when there is more text.  NOWHERE without. */
static guint
splitter_finish (const Splitter *s, guint i)
{
  guint end = s->blanks_end[i];

  if (end == s->len)
    return end;
  return end > i ? end - 1 : NOWHERE;
}

static guint
splitter_option_value (const Splitter *s, guint i)
{
  guint name_end = s->name_end[i];

  if (name_end == i)
    return NOWHERE;
  if (splitter_is (s, name_end, '?'))
    {
      guint key_end = splitter_at (s, s->name_end, name_end + 1);
      if (key_end == NOWHERE || key_end == name_end + 1 || !splitter_is (s, key_end, '='))
        return NOWHERE;
      name_end = s->name_end[key_end + 1];
      if (name_end == key_end + 1)
        return NOWHERE;
    }
  return splitter_is (s, name_end, '=') ? name_end + 1 : NOWHERE;
}

static guint
splitter_options (const Splitter *s, guint i)
{
  guint value = splitter_option_value (s, i), end = NOWHERE;

  if (value != NOWHERE)
    {
      for (guint q = 0; q < 2 && end == NOWHERE; q++)
        if (splitter_is (s, value, q == 0 ? '"' : '\''))
          {
            guint close = splitter_at (s, s->quotes[q], value + 1);
            end = close != NOWHERE ? splitter_at (s, s->behind, close + 1) : NOWHERE;
          }
      if (end == NOWHERE)
        end = s->bare[value];
    }
  if (end == NOWHERE && splitter_is (s, i, ']'))
    end = splitter_finish (s, i + 1);
  return end;
}

static guint
splitter_behind (const Splitter *s, guint i)
{
  guint next = s->blanks_end[i], end = NOWHERE;

  if (splitter_is (s, next, ','))
    end = s->options[s->blanks_end[next + 1]];
  else if (splitter_is (s, next, ']') && splitter_is (s, s->blanks_end[next + 1], '['))
    end = s->options[s->blanks_end[s->blanks_end[next + 1] + 1]];
  return end != NOWHERE ? end : s->options[next];
}

static void
splitter_fill (Splitter *s)
{
  guint n = s->len;

  s->blanks_end[n] = s->name_end[n] = n;
  s->quotes[0][n] = s->quotes[1][n] = s->options[n] = s->behind[n] = s->bare[n] = NOWHERE;
  for (guint i = n; i-- > 0;)
    {
      gunichar c = s->text[i];
      s->blanks_end[i] = py_unichar_is_space (c) ? s->blanks_end[i + 1] : i;
      s->name_end[i] = is_name_character (c) ? s->name_end[i + 1] : i;
      s->quotes[0][i] = c == '"' ? i : s->quotes[0][i + 1];
      s->quotes[1][i] = c == '\'' ? i : s->quotes[1][i + 1];
      s->options[i] = splitter_options (s, i);
      s->behind[i] = splitter_behind (s, i);
      s->bare[i] = c != ',' && c != ']' ? s->bare[i + 1] : NOWHERE;
      if (s->bare[i] == NOWHERE)
        s->bare[i] = s->behind[i];
    }
}

/* The end of the definition that begins at i, which is no blank. */
static guint
splitter_definition_end (const Splitter *s, guint i)
{
  guint name_end = i, word_end = i, end = NOWHERE;

  while (word_end < s->len && !py_unichar_is_space (s->text[word_end]))
    word_end++;
  while (name_end < word_end && s->text[name_end] != '[')
    name_end++;
  if (name_end == i)
    return word_end;
  if (splitter_is (s, s->blanks_end[name_end], '['))
    end = s->options[s->blanks_end[s->blanks_end[name_end] + 1]];
  if (end == NOWHERE)
    end = splitter_finish (s, name_end);
  return end != NOWHERE ? end : word_end;
}

GPtrArray *
bracket_options_split (const char *text)
{
  glong len;
  g_autofree gunichar *characters = g_utf8_to_ucs4_fast (text, -1, &len);
  g_autofree guint *tables = g_new (guint, 7 * ((gsize) len + 1));
  gsize row = (gsize) len + 1;
  Splitter s
      = { characters,       (guint) len,      tables,          tables + row, { tables + 2 * row, tables + 3 * row },
          tables + 4 * row, tables + 5 * row, tables + 6 * row };
  GPtrArray *definitions = g_ptr_array_new_with_free_func (g_free);

  splitter_fill (&s);
  for (guint i = 0, start = s.blanks_end[0]; start < s.len; start = s.blanks_end[i])
    {
      const char *from = g_utf8_offset_to_pointer (text, (glong) (start - i));
      i = splitter_definition_end (&s, start);
      text = g_utf8_offset_to_pointer (from, (glong) (i - start));
      g_ptr_array_add (definitions, py_held_dup_stripped (from, text - from));
    }
  return definitions;
}
