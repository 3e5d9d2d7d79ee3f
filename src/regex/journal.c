#include <string.h>

#include "base/bracket-options.h"
#include "compat/py-repr.h"
#include "regex/regex-run.h"
#include "source/journal-reader.h"

/* systemd-journal[journalfiles=..., journalflags=...] */
static gboolean
parse_journal_options (const char *argument, JournalOptions *options, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (PyValue) given = NULL;

  if (!bracket_options_parse (argument, &name, &given, error))
    return FALSE;
  for (guint i = 0; i < py_dict_length (given); i++)
    {
      const char *key = py_str_peek (py_dict_peek_key (given, i), NULL);
      if (!journal_options_set (options, key, py_str_peek (py_dict_peek_value (given, i), NULL)))
        {
          g_set_error (error, FILTER_ERROR, FILTER_ERROR_VALUE, "unexpected option of the journal: '%s'", key);
          return FALSE;
        }
    }
  return TRUE;
}

static JournalReader *
open_journal (const char *argument, GError **error)
{
  JournalOptions options = { 0 };
  JournalReader *reader = NULL;

  if (parse_journal_options (argument, &options, error))
    reader = journal_reader_open (&options, error);
  journal_options_clear (&options);
  return reader;
}

static gboolean
add_journal_match (RegexRun *self, JournalReader *reader, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *joined = NULL;

  if (self->journal_match == NULL || py_seq_length (self->journal_match) == 0)
    return TRUE;
  for (guint i = 0; i < py_seq_length (self->journal_match); i++)
    g_ptr_array_add (words, (gpointer) py_str_peek (py_seq_peek (self->journal_match, i), NULL));
  g_ptr_array_add (words, NULL);
  joined = g_strjoinv (" ", (char **) words->pdata);
  if (!journal_reader_add_match (reader, (const char *const *) words->pdata, error))
    {
      g_autofree char *shown = py_repr_str (joined, -1);
      log_error (self->log, "fail2ban.filtersystemd", "Error adding journal match for: %s", shown);
      return FALSE;
    }
  regex_run_say (self, "Use    journal match : %s", joined);
  return TRUE;
}

static gboolean
read_entry (RegexRun *self, LogLine *line, const JournalEntry *entry)
{
  g_autofree char *date = g_strconcat (entry->iso, " ", NULL);
  g_autoptr (GString) shown = g_string_new (date);

  g_string_append_len (shown, entry->text, (gssize) entry->text_len);
  log_line_set_entry (line, date, strlen (date), entry->text, entry->text_len, entry->time_usec);
  return regex_run_line (self, line, shown->str, shown->len);
}

static void
decode (const char *bytes, gsize len, GString *text, gpointer data)
{
  RegexRun *self = data;

  (void) py_codec_decode (filter_peek_codec (self->filter), bytes, len, text, NULL, NULL, NULL);
}

static gboolean
read_entries (RegexRun *self, JournalReader *reader)
{
  g_autoptr (LogLine) line = log_line_new ("systemd-journal");

  for (;;)
    {
      g_auto (JournalEntry) entry = { 0 };
      g_autoptr (GError) error = NULL;

      switch (journal_reader_next (reader, &entry, &error))
        {
        case JOURNAL_ENTRY:
          if (!read_entry (self, line, &entry))
            return FALSE;
          break;
        case JOURNAL_ERROR: /* the next call goes on */
          break;
        case JOURNAL_END:
        default:
          return TRUE;
        }
    }
}

gboolean
regex_run_read_journal (RegexRun *self, const char *argument)
{
  g_autoptr (JournalReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  regex_run_say (self, "Use         systemd journal");
  regex_run_say (self, "Use         encoding : %s", self->options->encoding);
  reader = open_journal (argument, &error);
  if (reader == NULL || !filter_set_log_encoding (self->filter, self->options->encoding, &error)
      || !regex_run_set_date_pattern (self, NULL, &error) || !add_journal_match (self, reader, &error))
    return regex_run_crashed (self, error);
  regex_run_say (self, "%s", "");
  journal_reader_set_decoder (reader, decode, self);
  return read_entries (self, reader);
}
