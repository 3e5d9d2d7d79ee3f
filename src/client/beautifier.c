#include "client/beautifier.h"

#include <string.h>

#include "client/stats-table.h"
#include "compat/py-number.h"
#include "compat/py-repr.h"

#define LOGGER "fail2ban.beautifier"

/* A form: writes the text for a response, FALSE when the response is none that it knows.  What stands in out is kept. */
typedef gboolean (*FormFunc) (GString *out, const PyValue *words, const PyValue *response);

static const PyValue *
word (const PyValue *words, guint index)
{
  return index < py_seq_length (words) ? py_seq_peek (words, index) : NULL;
}

/* As "%s" and str () do. */
static void
append_str (GString *out, const PyValue *value)
{
  gsize len;
  g_autofree char *text = py_str (value, &len);

  g_string_append_len (out, text, (gssize) len);
}

/* Where Python adds strings: nothing but a str will do. */
static gboolean
append_text (GString *out, const PyValue *value)
{
  if (value == NULL || py_value_type (value) != PY_STR)
    return FALSE;
  append_str (out, value);
  return TRUE;
}

/* ", ".join (response): str only.  The result is all or nothing. */
static gboolean
append_joined (GString *out, const PyValue *items, const char *separator, gsize separator_len)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  if (!py_value_is_seq (items))
    return FALSE;
  for (guint i = 0; i < py_seq_length (items); i++)
    {
      if (i > 0)
        g_string_append_len (joined, separator, (gssize) separator_len);
      if (!append_text (joined, py_seq_peek (items, i)))
        return FALSE;
    }
  g_string_append_len (out, joined->str, (gssize) joined->len);
  return TRUE;
}

static gboolean
is_empty (const PyValue *response)
{
  return (py_value_is_seq (response) && py_seq_length (response) == 0) || py_str_equals (response, "");
}

/* --- forms by the first word ------------------------------------------------------------------------------------------- */

static gboolean
form_ping (GString *out, const PyValue *words, const PyValue *response)
{
  if (py_value_type (response) != PY_STR)
    return FALSE;
  g_string_append (out, "Server replied: ");
  return append_text (out, response);
}

static gboolean
form_plain (GString *out, const PyValue *words, const PyValue *response)
{
  append_str (out, response);
  return TRUE;
}

static gboolean
form_start (GString *out, const PyValue *words, const PyValue *response)
{
  g_string_append (out, "Jail started");
  return TRUE;
}

static gboolean
form_stop (GString *out, const PyValue *words, const PyValue *response)
{
  if (py_value_type (response) != PY_NONE)
    append_str (out, response);
  else
    g_string_append (out, py_seq_length (words) == 1 ? "Shutdown successful" : "Jail stopped");
  return TRUE;
}

static gboolean
form_add (GString *out, const PyValue *words, const PyValue *response)
{
  if (py_value_type (response) != PY_STR)
    return FALSE;
  g_string_append (out, "Added jail ");
  return append_text (out, response);
}

static gboolean
form_flushlogs (GString *out, const PyValue *words, const PyValue *response)
{
  if (py_value_type (response) != PY_STR)
    return FALSE;
  g_string_append (out, "logs: ");
  return append_text (out, response);
}

static gboolean
form_echo (GString *out, const PyValue *words, const PyValue *response)
{
  return append_joined (out, response, " ", 1);
}

/* "name:\tvalue"; a list's members with blanks between them.  pair: (name, value) */
static gboolean
append_pair (GString *out, const char *prefix, const PyValue *pair)
{
  if (!py_value_is_seq (pair) || py_seq_length (pair) < 2)
    return FALSE;
  const PyValue *value = py_seq_peek (pair, 1);
  g_string_append (out, prefix);
  append_str (out, py_seq_peek (pair, 0));
  g_string_append (out, ":\t");
  if (py_value_type (value) != PY_LIST)
    {
      append_str (out, value);
      return TRUE;
    }
  for (guint i = 0; i < py_seq_length (value); i++)
    {
      if (i > 0)
        g_string_append_c (out, ' ');
      append_str (out, py_seq_peek (value, i));
    }
  return TRUE;
}

/* The status of a jail: groups of pairs. */
static gboolean
append_jail_status (GString *out, const PyValue *groups, const char *indent)
{
  for (guint i = 0; py_value_is_seq (groups) && i < py_seq_length (groups); i++)
    {
      const PyValue *group = py_seq_peek (groups, i);
      gboolean last = i + 1 == py_seq_length (groups);
      if (py_value_type (group) == PY_STR) /* "stats": Python takes the text for a group, and shows its first letter */
        {
          const char *text = py_str_peek (group, NULL);
          g_string_append_printf (out, "\n%s%s %.*s", indent, last ? "`-" : "|-", (int) g_utf8_skip[(guchar) *text],
                                  text);
          return FALSE;
        }
      if (!py_value_is_seq (group) || py_seq_length (group) < 2 || !py_value_is_seq (py_seq_peek (group, 1)))
        return FALSE;
      const PyValue *pairs = py_seq_peek (group, 1);
      g_string_append_printf (out, "\n%s%s ", indent, last ? "`-" : "|-");
      append_str (out, py_seq_peek (group, 0));
      for (guint k = 0; k < py_seq_length (pairs); k++)
        {
          g_autofree char *prefix = g_strdup_printf ("\n%s%s%s ", indent, last ? "   " : "|  ",
                                                     k + 1 == py_seq_length (pairs) ? "`-" : "|-");
          if (!append_pair (out, prefix, py_seq_peek (pairs, k)))
            return FALSE;
        }
    }
  return py_value_is_seq (groups);
}

/* "status --all" has a dict of all jails' status as last member. */
static gboolean
append_all_jails (GString *out, const PyValue *jails)
{
  if (py_value_type (jails) != PY_DICT)
    return FALSE;
  g_string_append (out, "\n`- Status for the jails:");
  for (guint i = 0; i < py_dict_length (jails); i++)
    {
      gboolean last = i + 1 == py_dict_length (jails);
      g_string_append_printf (out, "\n   %s Jail: ", last ? "`-" : "|-");
      append_str (out, py_dict_peek_key (jails, i));
      if (!append_jail_status (out, py_dict_peek_value (jails, i), last ? "      " : "   |  "))
        return FALSE;
    }
  return TRUE;
}

static gboolean
form_status (GString *out, const PyValue *words, const PyValue *response)
{
  gboolean all = py_str_equals (word (words, 1), "--all");

  if (py_seq_length (words) > 1 && !all)
    {
      g_string_append (out, "Status for the jail: ");
      append_str (out, word (words, 1));
      return append_jail_status (out, response, "");
    }
  if (!py_value_is_seq (response) || (all && py_seq_length (response) == 0))
    return FALSE;
  guint n = py_seq_length (response) - (all ? 1 : 0);
  const PyValue *jails = all && py_value_truth (py_seq_peek (response, n)) ? py_seq_peek (response, n) : NULL;
  g_string_append (out, "Status");
  for (guint i = 0; i < n; i++)
    if (!append_pair (out, jails == NULL && i + 1 == n ? "\n`- " : "\n|- ", py_seq_peek (response, i)))
      return FALSE;
  return jails == NULL || append_all_jails (out, jails);
}

static gboolean
form_stats (GString *out, const PyValue *words, const PyValue *response)
{
  if (!py_value_truth (response))
    {
      g_string_append (out, "No jails found.");
      return TRUE;
    }
  return stats_table_append (out, response);
}

/* --- forms by the second word ------------------------------------------------------------------------------------------ */

static gboolean
form_syslogsocket (GString *out, const PyValue *words, const PyValue *response)
{
  g_string_append (out, "Current syslog socket is:\n");
  if (py_value_type (response) != PY_STR)
    return FALSE;
  g_string_append (out, "`- ");
  return append_text (out, response);
}

static gboolean
form_logtarget (GString *out, const PyValue *words, const PyValue *response)
{
  g_string_append (out, "Current logging target is:\n");
  if (py_value_type (response) != PY_STR)
    return FALSE;
  g_string_append (out, "`- ");
  return append_text (out, response);
}

static gboolean
form_loglevel (GString *out, const PyValue *words, const PyValue *response)
{
  char buffer[16];

  g_string_append (out, "Current logging level is ");
  if (py_value_type (response) == PY_INT)
    {
      const char *name = log_level_name ((int) CLAMP (py_int_get (response), G_MININT, G_MAXINT), buffer);
      py_repr_append_str (out, name, -1);
    }
  else
    py_repr_append (out, response);
  return TRUE;
}

static gboolean
form_dbfile (GString *out, const PyValue *words, const PyValue *response)
{
  gboolean disabled = py_value_type (response) == PY_NONE;

  g_string_append (out, disabled ? "Database currently disabled" : "Current database file is:\n");
  if (disabled || py_value_type (response) != PY_STR)
    return disabled;
  g_string_append (out, "`- ");
  return append_text (out, response);
}

static gboolean
form_dbpurgeage (GString *out, const PyValue *words, const PyValue *response)
{
  gboolean disabled = py_value_type (response) == PY_NONE;

  g_string_append (out, disabled ? "Database currently disabled" : "Current database purge age is:\n");
  if (disabled)
    return TRUE;
  g_autoptr (PyValue) seconds = py_number_to_int (response, NULL); /* "%i" */
  if (seconds == NULL)
    return FALSE;
  g_string_append (out, "`- ");
  append_str (out, seconds);
  g_string_append (out, "seconds");
  return TRUE;
}

/* --- forms by the third word ------------------------------------------------------------------------------------------- */

/* "|- a\n|- b\n`- c", each through str () when any is set. */
static gboolean
append_tree (GString *out, const PyValue *items, gboolean any, gboolean numbered)
{
  for (guint i = 0; i < py_seq_length (items); i++)
    {
      const PyValue *item = py_seq_peek (items, i);
      gboolean last = i + 1 == py_seq_length (items);
      if (!any && py_value_type (item) != PY_STR)
        return FALSE;
      g_string_append (out, last ? "`- " : "|- ");
      if (numbered)
        g_string_append_printf (out, "[%u]: ", i);
      append_str (out, item);
      if (!last)
        g_string_append_c (out, '\n');
    }
  return TRUE;
}

static gboolean
append_list (GString *out, const PyValue *items, const char *none, const char *head, gboolean any, gboolean numbered)
{
  if (is_empty (items))
    {
      g_string_append (out, none);
      return TRUE;
    }
  if (!py_value_is_seq (items))
    return FALSE;
  g_string_append (out, head);
  return append_tree (out, items, any, numbered);
}

static gboolean
form_logpath (GString *out, const PyValue *words, const PyValue *response)
{
  return append_list (out, response, "No file is currently monitored", "Current monitored log file(s):\n", FALSE,
                      FALSE);
}

static gboolean
form_ignoreip (GString *out, const PyValue *words, const PyValue *response)
{
  return append_list (out, response, "No IP address/network is ignored", "These IP addresses/networks are ignored:\n",
                      TRUE, FALSE);
}

static gboolean
form_regex (GString *out, const PyValue *words, const PyValue *response)
{
  return append_list (out, response, "No regular expression is defined",
                      "The following regular expression are defined:\n", FALSE, TRUE);
}

static gboolean
form_logencoding (GString *out, const PyValue *words, const PyValue *response)
{
  g_string_append (out, "Current log encoding is set to:\n");
  return append_text (out, response);
}

static gboolean
form_journalmatch (GString *out, const PyValue *words, const PyValue *response)
{
  if (is_empty (response))
    {
      g_string_append (out, "No journal match filter set");
      return TRUE;
    }
  if (!py_value_is_seq (response))
    return FALSE;
  g_string_append (out, "Current match filter:\n");
  gsize start = out->len;
  for (guint i = 0; i < py_seq_length (response); i++)
    {
      if (i > 0)
        g_string_append (out, " + ");
      if (!append_joined (out, py_seq_peek (response, i), " ", 1))
        {
          g_string_truncate (out, start);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
form_datepattern (GString *out, const PyValue *words, const PyValue *response)
{
  g_string_append (out, "Current date pattern set to: ");
  if (py_value_type (response) == PY_NONE)
    {
      g_string_append (out, "Not set/required");
      return TRUE;
    }
  if (!py_value_is_seq (response) || py_seq_length (response) != 2)
    return FALSE;
  gboolean described = py_value_type (py_seq_peek (response, 0)) == PY_NONE;
  append_str (out, py_seq_peek (response, described ? 1 : 0));
  if (described)
    return TRUE;
  g_string_append (out, " (");
  append_str (out, py_seq_peek (response, 1));
  g_string_append_c (out, ')');
  return TRUE;
}

static gboolean
form_actions (GString *out, const PyValue *words, const PyValue *response)
{
  gboolean none = is_empty (response);

  g_string_append (out, none ? "No actions for jail " : "The jail ");
  append_str (out, word (words, 1));
  if (none)
    return TRUE;
  g_string_append (out, " has the following actions:\n");
  return append_joined (out, response, ", ", 2);
}

/* "properties" or "methods" of an action: the word behind "action". */
static gboolean
form_members (GString *out, const PyValue *words, const PyValue *response)
{
  const char *what = py_str_peek (word (words, 2), NULL) + strlen ("action");
  const PyValue *action = word (words, 3);

  if (action == NULL)
    return FALSE;
  if (is_empty (response))
    g_string_append_printf (out, "No %s for jail ", what);
  else
    g_string_append (out, "The jail ");
  append_str (out, word (words, 1));
  g_string_append (out, " action ");
  append_str (out, action);
  if (is_empty (response))
    return TRUE;
  g_string_append_printf (out, " has the following %s:\n", what);
  return append_joined (out, response, ", ", 2);
}

/* "get JAIL banip [separator | --with-time]" */
static gboolean
form_banip (GString *out, const PyValue *words, const PyValue *response)
{
  gsize len = 1;
  const char *separator = " ";
  const PyValue *given = word (words, 3);

  if (!py_str_equals (word (words, 0), "get") || py_value_type (response) != PY_LIST)
    return form_plain (out, words, response);
  if (py_str_equals (given, "--with-time"))
    separator = "\n";
  else if (given != NULL && py_value_type (given) == PY_STR)
    separator = py_str_peek (given, &len);
  return append_joined (out, response, separator, len);
}

/* --- which form -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *word;
  FormFunc form;
} FormRow;

static const FormRow forms_by_command[] = {
  { "add", form_add },     { "echo", form_echo },     { "flushlogs", form_flushlogs }, { "ping", form_ping },
  { "start", form_start }, { "stats", form_stats },   { "statistics", form_stats },    { "status", form_status },
  { "stop", form_stop },   { "version", form_plain },
};

static const FormRow forms_by_option[] = {
  { "dbfile", form_dbfile },       { "dbpurgeage", form_dbpurgeage },     { "loglevel", form_loglevel },
  { "logtarget", form_logtarget }, { "syslogsocket", form_syslogsocket },
};

static const FormRow forms_by_jail_option[] = {
  { "actionmethods", form_members },
  { "actionproperties", form_members },
  { "actions", form_actions },
  { "addfailregex", form_regex },
  { "addignoreip", form_ignoreip },
  { "addignoreregex", form_regex },
  { "addjournalmatch", form_journalmatch },
  { "addlogpath", form_logpath },
  { "banip", form_banip },
  { "datepattern", form_datepattern },
  { "delfailregex", form_regex },
  { "delignoreip", form_ignoreip },
  { "delignoreregex", form_regex },
  { "deljournalmatch", form_journalmatch },
  { "dellogpath", form_logpath },
  { "failregex", form_regex },
  { "ignoreip", form_ignoreip },
  { "ignoreregex", form_regex },
  { "journalmatch", form_journalmatch },
  { "logencoding", form_logencoding },
  { "logpath", form_logpath },
};

static FormFunc
find_form (const FormRow *rows, guint n, const PyValue *key)
{
  for (guint i = 0; key != NULL && i < n; i++)
    if (py_str_equals (key, rows[i].word))
      return rows[i].form;
  return NULL;
}

static FormFunc
choose_form (const PyValue *words)
{
  FormFunc form = find_form (forms_by_command, G_N_ELEMENTS (forms_by_command), word (words, 0));

  if (form == NULL)
    form = find_form (forms_by_option, G_N_ELEMENTS (forms_by_option), word (words, 1));
  if (form == NULL)
    form = find_form (forms_by_jail_option, G_N_ELEMENTS (forms_by_jail_option), word (words, 2));
  return form;
}

/* A status is a list of lines until it is complete. */
static PyValue *
dup_lines (const GString *text)
{
  g_auto (GStrv) lines = g_strsplit (text->str, "\n", -1);

  return py_list_new_strv ((const char *const *) lines);
}

/* What 1.1.2 shows when a form fails: the text so far (or the response) and the response, as reprs. */
static PyValue *
show_unexpected (const PyValue *words, const PyValue *response, const GString *so_far, Log *log)
{
  g_autofree char *words_text = py_repr (words);
  g_autofree char *response_text = py_repr (response);
  g_autoptr (GString) text = g_string_new (NULL);

  log_warning (log, LOGGER, "Beautifier error. Please report the error");
  log_error (log, LOGGER, "Beautify %s with %s failed", response_text, words_text);
  if (so_far->len > 0 && py_str_equals (word (words, 0), "status"))
    {
      g_autoptr (PyValue) lines = dup_lines (so_far);
      py_repr_append (text, lines);
    }
  else if (so_far->len > 0)
    py_repr_append_str (text, so_far->str, (gssize) so_far->len);
  else
    g_string_append (text, response_text);
  g_string_append (text, response_text);
  return py_str_new_len (text->str, (gssize) text->len);
}

PyValue *
beautify (const PyValue *words, PyValue *response, Log *log)
{
  g_autoptr (GString) out = g_string_new (NULL);
  FormFunc form = choose_form (words);

  g_return_val_if_fail (py_value_is_seq (words) && response != NULL, NULL);
  if (!(form != NULL ? form : form_plain) (out, words, response))
    return show_unexpected (words, response, out, log);
  return py_str_new_len (out->str, (gssize) out->len);
}

PyValue *
beautify_error (const PyValue *exception)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *name = py_exception_peek_class (exception);
  const PyValue *args = py_exception_peek_args (exception);

  if (g_str_equal (name, "IndexError"))
    return py_str_new ("Sorry but the command is invalid");
  if (py_seq_length (args) > 0 && g_str_equal (name, "UnknownJailException"))
    {
      g_string_append (out, "Sorry but the jail '");
      append_str (out, py_seq_peek (args, 0));
      g_string_append (out, "' does not exist");
    }
  else if (py_seq_length (args) > 0 && g_str_equal (name, "DuplicateJailException"))
    {
      g_string_append (out, "The jail '");
      append_str (out, py_seq_peek (args, 0));
      g_string_append (out, "' already exists");
    }
  else
    append_str (out, exception);
  return py_str_new_len (out->str, (gssize) out->len);
}
