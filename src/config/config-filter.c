#include "config/config-filter.h"

#include <string.h>

#include "compat/py-fs.h"
#include "compat/py-shlex.h"
#include "config/config-command.h"

static const ConfigSpec specs[] = {
  { "usedns", CONFIG_STRING, NULL },       { "prefregex", CONFIG_STRING, NULL }, { "ignoreregex", CONFIG_STRING, NULL },
  { "failregex", CONFIG_STRING, NULL },    { "maxlines", CONFIG_INT, NULL },     { "datepattern", CONFIG_STRING, NULL },
  { "journalmatch", CONFIG_STRING, NULL },
};
const ConfigSpecs config_filter_specs = { specs, G_N_ELEMENTS (specs) };

ConfigDefinition *
config_filter_new (ConfigFiles *files, const char *name, PyOptions *options)
{
  g_autofree char *absolute = g_str_has_prefix (name, "./") ? py_path_abspath (name) : NULL;
  g_autofree char *file = py_path_join ("filter.d", absolute != NULL ? absolute : name);

  return config_definition_new (files, file, config_filter_specs, options);
}

void
config_filter_set_backend (ConfigDefinition *filter, const char *backend)
{
  PyOptions *init = config_definition_peek_init (filter);
  PyValue *given = py_options_get (init, "logtype");

  if ((given != NULL && py_value_truth (given)) || config_definition_has_own (filter, "logtype"))
    return;
  py_options_set_text (init, "logtype", g_str_has_prefix (backend, "systemd") ? "journal" : "file");
}

/* One command for one expression, a multi-set for several; empty lines are no expressions. */
static void
append_expressions (GPtrArray *stream, const char *option, const char *text, const char *jail)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (PyValue) expressions = py_list_new ();
  g_autofree char *name = g_strconcat ("add", option, NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      config_command_append_text (expressions, lines[i]);
  if (py_seq_length (expressions) == 0)
    return;

  gboolean several = py_seq_length (expressions) > 1;
  PyValue *command = config_command_new (several ? "multi-set" : "set", jail, name, NULL);
  py_list_append (command, py_value_ref (several ? expressions : py_seq_peek (expressions, 0)));
  g_ptr_array_add (stream, command);
}

static gboolean
append_journal_matches (GPtrArray *stream, const char *text, const char *jail, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (*lines[i] == '\0')
        continue;
      g_autoptr (PyValue) words = py_shlex_split (lines[i], -1, error);
      if (words == NULL)
        return FALSE;
      PyValue *command = config_command_new ("set", jail, "addjournalmatch", NULL);
      for (guint w = 0; w < py_seq_length (words); w++)
        config_command_append (command, py_seq_peek (words, w));
      g_ptr_array_add (stream, command);
    }
  return TRUE;
}

static gboolean
append_option (GPtrArray *stream, const char *option, PyValue *value, const char *jail, guint *n_first, GError **error)
{
  const char *text = py_value_type (value) == PY_STR ? py_str_peek (value, NULL) : NULL;

  if ((strcmp (option, "failregex") == 0 || strcmp (option, "ignoreregex") == 0) && text != NULL)
    append_expressions (stream, option, text, jail);
  else if (strcmp (option, "journalmatch") == 0 && text != NULL)
    return append_journal_matches (stream, text, jail, error);
  else if (strcmp (option, "datepattern") == 0)
    {
      PyValue *command = config_command_new ("set", jail, option, NULL);
      config_command_append (command, value);
      g_ptr_array_add (stream, command);
    }
  else if (strcmp (option, "usedns") == 0 || strcmp (option, "prefregex") == 0 || strcmp (option, "maxlines") == 0)
    {
      /* Before all others: usedns first, then the rest in their order (1.1.2; the server needs usedns before the
       * expressions). */
      PyValue *command = config_command_new ("set", jail, option, NULL);
      config_command_append (command, value);
      g_ptr_array_insert (stream, strcmp (option, "usedns") == 0 ? 0 : (int) *n_first, command);
      (*n_first)++;
    }
  return TRUE;
}

gboolean
config_filter_append_commands (GPtrArray *stream, const PyOptions *options, const char *jail, GError **error)
{
  guint n_first = 0;

  for (guint i = 0; i < py_options_size (options); i++)
    {
      PyValue *value = py_options_peek_value (options, i);
      if (py_value_type (value) == PY_NONE)
        continue;
      if (!append_option (stream, py_options_peek_name (options, i), value, jail, &n_first, error))
        return FALSE;
    }
  return TRUE;
}
