/* f2b-probe MODE: one JSON object a line from stdin, one a line to stdout, in order, each flushed. */
#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat/py-json.h"
#include "compat/py-repr.h"

static const struct
{
  const char *name;
  ProbeFunc answer;
} modes[] = {
  { "date", probe_date },
  { "expr", probe_expr },
  { "pickle", probe_pickle },
  { "regex", probe_regex },
  { "repr", probe_repr },
  { "seconds", probe_seconds },
};

PyValue *
probe_fail (const char *class_name, const char *text)
{
  PyValue *answer = py_dict_new ();

  py_dict_set_str (answer, "error", py_str_new (class_name));
  py_dict_set_str (answer, "text", py_str_new (text));
  return answer;
}

PyValue *
probe_number (const PyValue *value)
{
  PyValue *answer = py_dict_new ();

  py_dict_set_str (answer, "type", py_str_new (py_value_type_name (value)));
  py_dict_set_str (answer, "value", py_str_take (py_repr (value)));
  return answer;
}

const char *
probe_peek_str (const PyValue *request, const char *name, gsize *ret_len, const char *fallback)
{
  const PyValue *member = py_dict_get_str (request, name);

  if (member != NULL && py_value_type (member) == PY_STR)
    return py_str_peek (member, ret_len);
  if (ret_len != NULL)
    *ret_len = fallback != NULL ? strlen (fallback) : 0;
  return fallback;
}

gint64
probe_get_int (const PyValue *request, const char *name, gint64 fallback)
{
  const PyValue *member = py_dict_get_str (request, name);

  return member != NULL && py_value_type (member) == PY_INT ? py_int_get (member) : fallback;
}

static void
answer_line (ProbeFunc answer_func, const char *line, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) request = py_json_parse (line, (gssize) len, &error);
  g_autoptr (PyValue) answer = NULL;

  if (request == NULL)
    answer = probe_fail ("JSONDecodeError", error->message);
  else if (py_value_type (request) != PY_DICT)
    answer = probe_fail ("TypeError", "a request is an object");
  else
    answer = answer_func (request);
  g_autofree char *text = py_json_dump (answer, PY_JSON_DEFAULT, &error);
  puts (text != NULL ? text : "{\"error\": \"TypeError\", \"text\": \"the answer has no JSON form\"}");
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  ProbeFunc answer_func = NULL;
  char *line = NULL;
  size_t size = 0;
  ssize_t len;

  for (guint i = 0; argc == 2 && i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (argv[1], modes[i].name))
      answer_func = modes[i].answer;
  if (answer_func == NULL)
    {
      fputs ("usage: f2b-probe MODE, one of:", stderr);
      for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
        fprintf (stderr, " %s", modes[i].name);
      fputc ('\n', stderr);
      return 2;
    }
  while ((len = getline (&line, &size, stdin)) >= 0)
    answer_line (answer_func, line, (gsize) len);
  free (line);
  return 0;
}
