/* probe-regex.c - mode regex: compile, search, spans in code points */
#include "probe/probe.h"

#include <string.h>

#include "compat/py-regex.h"

static PyValue *
report_error (const GError *error)
{
  PyValue *out = py_dict_new ();
  const char *msg;
  gssize pos;

  py_regex_error_get_details (error, &msg, &pos);
  py_dict_set_str (out, "error", py_str_new (msg));
  py_dict_set_str (out, "pos", pos >= 0 ? py_int_new (pos) : py_none_new ());
  py_dict_set_str (out, "text", py_str_new (error->message));
  return out;
}

/* Bytes are counted as characters: all but the continuation bytes begin one. */
static gsize
characters_in (const char *text, gsize len)
{
  gsize n = 0;

  for (gsize i = 0; i < len; i++)
    n += ((guint8) text[i] & 0xc0) != 0x80 ? 1 : 0;
  return n;
}

static gsize
offset_of (const char *text, gsize len, gint64 characters)
{
  gsize i = 0;

  for (characters = MAX (characters, 0); i < len; i++)
    if (((guint8) text[i] & 0xc0) != 0x80 && characters-- == 0)
      break;
  return i;
}

static PyValue *
report_match (const PyRegex *re, const PyMatch *match, const char *subject)
{
  PyValue *out = py_dict_new (), *spans = py_list_new (), *names = py_dict_new ();

  for (guint i = 0; i <= py_regex_group_count (re); i++)
    {
      gsize start, end;

      if (i > 0 && py_regex_peek_group_name (re, i) != NULL)
        py_dict_set_str (names, py_regex_peek_group_name (re, i), py_int_new (i));
      if (!py_match_span (match, i, &start, &end))
        {
          py_list_append (spans, py_none_new ());
          continue;
        }
      gint64 first = (gint64) characters_in (subject, start);
      gint64 last = first + (gint64) characters_in (subject + start, end - start);
      py_list_append (spans, py_list_new_items (py_int_new (first), py_int_new (last), NULL));
    }
  py_dict_set_str (out, "match", spans);
  py_dict_set_str (out, "names", names);
  return out;
}

PyValue *
probe_regex (const PyValue *request)
{
  gsize pattern_len, subject_len;
  const char *pattern = probe_peek_str (request, "pattern", &pattern_len, ""),
             *subject = probe_peek_str (request, "subject", &subject_len, ""),
             *flags = probe_peek_str (request, "flags", NULL, "");
  g_autoptr (GError) error = NULL;
  g_autoptr (PyMatch) match = py_match_new ();
  g_autoptr (PyRegex) re
      = py_regex_new (pattern, (gssize) pattern_len,
                      strchr (flags, 'm') != NULL ? PY_REGEX_FLAG_MULTILINE : PY_REGEX_FLAG_NONE, &error);

  if (re == NULL)
    return report_error (error);
  gsize pos = offset_of (subject, subject_len, probe_get_int (request, "pos", 0));
  gsize endpos = offset_of (subject, subject_len, probe_get_int (request, "endpos", G_MAXINT64));
  switch (py_regex_search (re, subject, subject_len, pos, endpos, PY_SEARCH_DEFAULT, match))
    {
    case PY_REGEX_MATCH:
      return report_match (re, match, subject);
    case PY_REGEX_LIMIT:
      return probe_fail ("limit", "the search would take too long");
    case PY_REGEX_NO_MATCH:
      break;
    }
  PyValue *out = py_dict_new ();
  py_dict_set_str (out, "match", py_none_new ());
  return out;
}
