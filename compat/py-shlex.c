#include "compat/py-shlex.h"

#include <string.h>

G_DEFINE_QUARK (py - shlex - error - quark, py_shlex_error)

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, PY_SHLEX_ERROR, 0, message);
  return FALSE;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Appends the text within quotes; *p stands behind the opening quote and is left behind the closing one. */
static gboolean
read_quoted (const char **p, const char *end, char quote, GString *word, GError **error)
{
  for (; *p < end && **p != quote; (*p)++)
    {
      if (quote == '"' && **p == '\\')
        {
          if (*p + 1 == end)
            return fail (error, "No escaped character");
          if ((*p)[1] != '"' && (*p)[1] != '\\')
            g_string_append_c (word, '\\');
          (*p)++;
        }
      g_string_append_c (word, **p);
    }
  if (*p == end)
    return fail (error, "No closing quotation");
  (*p)++;
  return TRUE;
}

/* One word, up to a blank or the end. */
static gboolean
read_word (const char **p, const char *end, GString *word, GError **error)
{
  while (*p < end && !is_blank (**p))
    {
      char c = *(*p)++;
      if (c == '\'' || c == '"')
        {
          if (!read_quoted (p, end, c, word, error))
            return FALSE;
          continue;
        }
      if (c == '\\')
        {
          if (*p == end)
            return fail (error, "No escaped character");
          c = *(*p)++;
        }
      g_string_append_c (word, c);
    }
  return TRUE;
}

PyValue *
py_shlex_split (const char *text, gssize len, GError **error)
{
  const char *p = text, *end = text + (len < 0 ? strlen (text) : (gsize) len);
  g_autoptr (PyValue) words = py_list_new ();

  while (p < end)
    {
      if (is_blank (*p))
        {
          p++;
          continue;
        }
      g_autoptr (GString) word = g_string_new (NULL);
      if (!read_word (&p, end, word, error))
        return NULL;
      py_list_append (words, py_str_new_len (word->str, (gssize) word->len));
    }
  return g_steal_pointer (&words);
}
