#include "jail/jail-log-private.h"

#include <errno.h>

#include "compat/py-repr.h"

#define LOGGER_JOURNAL "fail2ban.filtersystemd"
#define JOURNAL_NAME   "systemd-journal" /* its place in the table of logs */

/* --- entries --------------------------------------------------------------------------------------------------------- */

/* Fields that are no UTF-8 are in the logencoding. */
static void
decode_field (const char *bytes, gsize len, GString *text, gpointer filter)
{
  (void) py_codec_decode (filter_peek_codec (filter), bytes, len, text, NULL, NULL, NULL);
}

static void
on_journal_entry (JournalSource *source, const JournalEntry *entry, gboolean in_operation, gpointer user_data)
{
  Jail *self = user_data;
  g_autofree char *date = g_strconcat (entry->iso, " ", NULL);

  log_line_set_entry (self->logs->line, date, strlen (date), entry->text, entry->text_len, entry->time_usec);
  jail_log_process_line (self, self->logs->line, in_operation);
}

static void
on_journal_slice (JournalSource *source, gpointer user_data)
{
  Jail *self = user_data;

  self->logs->journal_changed = TRUE;
  jail_log_end_slice (self);
}

static void
on_journal_in_operation (JournalSource *source, gpointer user_data)
{
  Jail *self = user_data;

  log_info (self->log, LOGGER_JOURNAL, "[%s] Jail is in operation now (process new journal entries)", self->name);
}

static const JournalSourceFuncs journal_funcs = { on_journal_entry, on_journal_slice, on_journal_in_operation };

/* --- life ------------------------------------------------------------------------------------------------------------ */

gboolean
jail_journal_open (Jail *self, const PyValue *options, GError **error)
{
  JournalOptions journal = { 0 };
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < py_dict_length (options); i++)
    {
      const char *name = py_str_peek (py_dict_peek_key (options, i), NULL);

      if (journal_options_set (&journal, name, py_str_peek (py_dict_peek_value (options, i), NULL)))
        continue;
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "Filter.__init__() got an unexpected keyword argument '%s'",
                   name);
      journal_options_clear (&journal);
      return FALSE;
    }
  self->logs->journal = journal_source_new (&journal, &journal_funcs, self, self->clock, self->log, &local);
  journal_options_clear (&journal);
  if (self->logs->journal == NULL && local->code == ELIBACC)
    {
      log_error (self->log, LOGGER_JAIL, "Backend 'systemd' failed to initialize due to %s", local->message);
      return FALSE; /* without an error: another backend might do */
    }
  if (self->logs->journal == NULL)
    {
      jail_set_os_error (error, local->code, NULL);
      return FALSE;
    }
  journal_reader_set_decoder (journal_source_peek_reader (self->logs->journal), decode_field, self->filter);
  self->logs->line = log_line_new (JOURNAL_NAME);
  return filter_set_date_pattern (self->filter, NULL, error);
}

void
jail_journal_start (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  gint64 since_usec = 0, earliest_usec;
  g_autoptr (GError) error = NULL;

  if (journal_reader_n_matches (journal_source_peek_reader (self->logs->journal)) == 0)
    log_notice (
        self->log, LOGGER_JOURNAL,
        "[%s] Jail started without 'journalmatch' set. Jail regexs will be checked against all journal entries, "
        "which is not advised for performance reasons.",
        self->name);
  if (store != NULL && !ban_store_get_journal_time (store, self->name, JOURNAL_NAME, &since_usec, &error))
    jail_store_failed (self, error);
  earliest_usec = jail_now_usec (self) - self->find_time_usec;
  journal_source_start (self->logs->journal, MAX (since_usec, earliest_usec), since_usec >= earliest_usec);
}

gboolean
jail_journal_save_position (Jail *self, GError **error)
{
  gint64 time_usec;
  const char *iso;

  if (!self->logs->journal_changed)
    return TRUE;
  self->logs->journal_changed = FALSE;
  return !journal_source_get_position (self->logs->journal, &time_usec, &iso)
         || ban_store_update_journal (jail_peek_store (self), self->name, JOURNAL_NAME, time_usec, iso, error);
}

/* --- journal matches ---------------------------------------------------------------------------------------------------------------- */

gboolean
jail_log_is_journal (const Jail *self)
{
  return self->logs->journal != NULL;
}

PyValue *
jail_log_dup_journalmatch (const Jail *self)
{
  PyValue *list = py_list_new ();
  JournalReader *reader;

  if (self->logs->journal == NULL)
    return list;
  reader = journal_source_peek_reader (self->logs->journal);
  for (guint i = 0; i < journal_reader_n_matches (reader); i++)
    py_list_append (list, py_list_new_strv (journal_reader_peek_match (reader, i)));
  return list;
}

static gboolean
words_to_strv (PyValue *words, GStrvBuilder *builder, GError **error)
{
  for (guint i = 0; i < py_seq_length (words); i++)
    {
      PyValue *word = py_seq_peek (words, i);

      if (py_value_type (word) != PY_STR)
        {
          g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "sequence item %u: expected str instance, %s found", i,
                       py_value_type_name (word));
          return FALSE;
        }
      g_strv_builder_add (builder, py_str_peek (word, NULL));
    }
  return TRUE;
}

gboolean
jail_add_journalmatch (Jail *self, PyValue *words, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;
  g_autofree char *joined = NULL, *repr = NULL;

  if (self->logs->journal == NULL)
    return TRUE;
  if (!words_to_strv (words, builder, error))
    return FALSE;
  strv = g_strv_builder_end (builder);
  joined = g_strjoinv (" ", strv);
  repr = py_repr_str (joined, -1);
  if (!journal_reader_add_match (journal_source_peek_reader (self->logs->journal), (const char *const *) strv, NULL))
    {
      log_error (self->log, LOGGER_JOURNAL, "Error adding journal match for: %s", repr);
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "Invalid match");
      return FALSE;
    }
  journal_source_matches_changed (self->logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Added journal match for: %s", self->name, repr);
  return TRUE;
}

gboolean
jail_del_journalmatch (Jail *self, PyValue *words, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;
  g_autofree char *repr = py_repr (words);

  if (self->logs->journal == NULL)
    return TRUE;
  if (!words_to_strv (words, builder, error))
    return FALSE;
  strv = g_strv_builder_end (builder);
  if (!journal_reader_del_match (journal_source_peek_reader (self->logs->journal), (const char *const *) strv))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_VALUE, "Match %s not found", repr);
      return FALSE;
    }
  journal_source_matches_changed (self->logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Removed journal match for: %s", self->name, repr);
  return TRUE;
}

void
jail_journal_clear_matches (Jail *self)
{
  JailLog *logs = self->logs;

  if (journal_reader_n_matches (journal_source_peek_reader (logs->journal)) == 0)
    return;
  journal_reader_clear_matches (journal_source_peek_reader (logs->journal));
  journal_source_matches_changed (logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Removed journal match for: '*'", self->name);
}
