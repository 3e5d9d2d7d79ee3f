#include "source/journal-entry.h"

#include <string.h>
#include <time.h>

enum
{
  FIELD_HOSTNAME,
  FIELD_IDENTIFIER,
  FIELD_COMM,
  FIELD_SYSLOG_PID,
  FIELD_PID,
  FIELD_MESSAGE,
  FIELD_REALTIME,
  FIELD_MONOTONIC,
  N_FIELDS
};

static const char *const field_names[N_FIELDS] = {
  [FIELD_HOSTNAME] = "_HOSTNAME",
  [FIELD_IDENTIFIER] = "SYSLOG_IDENTIFIER",
  [FIELD_COMM] = "_COMM",
  [FIELD_SYSLOG_PID] = "SYSLOG_PID",
  [FIELD_PID] = "_PID",
  [FIELD_MESSAGE] = "MESSAGE",
  [FIELD_REALTIME] = "_SOURCE_REALTIME_TIMESTAMP",
  [FIELD_MONOTONIC] = "_SOURCE_MONOTONIC_TIMESTAMP",
};

void
journal_entry_clear (JournalEntry *self)
{
  g_clear_pointer (&self->iso, g_free);
  g_clear_pointer (&self->text, g_free);
}

/* --- fields ------------------------------------------------------------------------------------------------------------------- */

static void
keep_field (GString *fields[N_FIELDS], const char *data, gsize len)
{
  const char *equals = memchr (data, '=', len);
  gsize name_len = equals != NULL ? (gsize) (equals - data) : 0;

  for (guint i = 0; equals != NULL && i < N_FIELDS; i++)
    {
      if (strlen (field_names[i]) != name_len || memcmp (field_names[i], data, name_len) != 0)
        continue;
      if (fields[i] == NULL)
        fields[i] = g_string_new (NULL);
      else
        g_string_append_c (fields[i], ' ');
      g_string_append_len (fields[i], equals + 1, (gssize) (len - name_len - 1));
    }
}

static void
free_fields (GString *fields[N_FIELDS])
{
  for (guint i = 0; i < N_FIELDS; i++)
    if (fields[i] != NULL)
      g_string_free (fields[i], TRUE);
}

static gboolean
has_text (const GString *field)
{
  return field != NULL && field->len > 0;
}

/* What is UTF-8 stays (NULs are characters like others), the rest is for decode. */
static void
append_text (GString *line, const GString *field, const JournalDecoder *decoder)
{
  const char *at = field->str, *stop = field->str + field->len, *end;
  g_autofree char *valid = NULL;

  while (!g_utf8_validate_len (at, (gsize) (stop - at), &end) && end < stop && *end == '\0')
    at = end + 1;
  if (end == stop)
    g_string_append_len (line, field->str, (gssize) field->len);
  else if (decoder->decode != NULL)
    decoder->decode (field->str, field->len, line, decoder->data);
  else
    {
      valid = g_utf8_make_valid (field->str, (gssize) field->len);
      g_string_append (line, valid);
    }
}

/* --- process ids: an int where Python's int() reads one, else the bytes' repr --------------------------------------------------- */

static gboolean
parse_pid (const GString *field, gint64 *ret_pid)
{
  g_autofree char *text = g_strdup (field->str);

  return strlen (text) == field->len
         && g_ascii_string_to_signed (g_strstrip (text), 10, G_MININT64, G_MAXINT64, ret_pid, NULL);
}

static void
append_bytes_repr (GString *line, const GString *field)
{
  char quote = strchr (field->str, '\'') != NULL && strchr (field->str, '"') == NULL ? '"' : '\'';

  g_string_append_printf (line, "b%c", quote);
  for (gsize i = 0; i < field->len; i++)
    {
      guchar c = (guchar) field->str[i];

      if (c == '\\' || c == (guchar) quote)
        g_string_append_printf (line, "\\%c", c);
      else if (c == '\t')
        g_string_append (line, "\\t");
      else if (c == '\r')
        g_string_append (line, "\\r");
      else if (c == '\n')
        g_string_append (line, "\\n");
      else if (c < ' ' || c >= 0x7f)
        g_string_append_printf (line, "\\x%02x", c);
      else
        g_string_append_c (line, (char) c);
    }
  g_string_append_c (line, quote);
}

/* FALSE: nothing that counts (absent, empty, the number 0). */
static gboolean
append_pid (GString *line, const GString *field)
{
  gint64 pid;

  if (!has_text (field))
    return FALSE;
  if (parse_pid (field, &pid))
    {
      if (pid != 0)
        g_string_append_printf (line, "[%" G_GINT64_FORMAT "]", pid);
      return pid != 0;
    }
  g_string_append_c (line, '[');
  append_bytes_repr (line, field);
  g_string_append_c (line, ']');
  return TRUE;
}

/* --- the line ------------------------------------------------------------------------------------------------------------------- */

static gboolean
field_to_usec (const GString *field, guint64 *ret_usec)
{
  return has_text (field) && g_ascii_string_to_unsigned (field->str, 10, 0, G_MAXINT64, ret_usec, NULL);
}

/* Kernel messages have the time since boot before them. */
static void
append_monotonic (GString *line, const JournalHandle *journal, const GString *field)
{
  guint64 usec = 0;
  sd_id128_t boot;

  if (!field_to_usec (field, &usec))
    (void) journal->library->get_monotonic_usec (journal->journal, &usec, &boot);
  g_string_append_printf (line, "[%5" G_GUINT64_FORMAT ".%06" G_GUINT64_FORMAT "] ", usec / G_USEC_PER_SEC,
                          usec % G_USEC_PER_SEC);
}

static void
append_sender (GString *line, const JournalHandle *journal, GString *const fields[N_FIELDS], const JournalDecoder *decoder)
{
  const GString *name = has_text (fields[FIELD_IDENTIFIER]) ? fields[FIELD_IDENTIFIER] : fields[FIELD_COMM];
  gsize start = line->len;

  if (!has_text (name))
    return;
  append_text (line, name, decoder);
  if (!append_pid (line, fields[FIELD_SYSLOG_PID]))
    (void) append_pid (line, fields[FIELD_PID]);
  g_string_append (line, ": ");
  if (strcmp (line->str + start, "kernel: ") == 0)
    append_monotonic (line, journal, fields[FIELD_MONOTONIC]);
}

/* (g_string_replace would end at a NUL.) */
static void
escape_newlines (GString *line)
{
  for (gsize i = 0; i < line->len; i++)
    if (line->str[i] == '\n')
      {
        line->str[i] = '\\';
        g_string_insert_c (line, (gssize) i + 1, 'n');
      }
}

static GString *
build_line (const JournalHandle *journal, GString *const fields[N_FIELDS], const JournalDecoder *decoder)
{
  GString *line = g_string_new (NULL);

  if (has_text (fields[FIELD_HOSTNAME]))
    {
      append_text (line, fields[FIELD_HOSTNAME], decoder);
      g_string_append_c (line, ' ');
    }
  append_sender (line, journal, fields, decoder);
  if (fields[FIELD_MESSAGE] != NULL)
    append_text (line, fields[FIELD_MESSAGE], decoder);
  escape_newlines (line);
  return line;
}

static char *
iso_time (gint64 time_usec, int utc_offset_sec)
{
  time_t shifted = (time_t) (time_usec / G_USEC_PER_SEC) + utc_offset_sec;
  int minutes = ABS (utc_offset_sec) / 60;
  char date[64];
  char fraction[16] = "";
  struct tm local;

  gmtime_r (&shifted, &local);
  strftime (date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
  if (time_usec % G_USEC_PER_SEC != 0)
    g_snprintf (fraction, sizeof fraction, ".%06d", (int) (time_usec % G_USEC_PER_SEC));
  return g_strdup_printf ("%s%s%c%02d:%02d", date, fraction, utc_offset_sec < 0 ? '-' : '+', minutes / 60,
                          minutes % 60);
}

static gint64
entry_time (const JournalHandle *journal, const GString *field)
{
  guint64 usec = 0;

  if (!field_to_usec (field, &usec))
    (void) journal->library->get_realtime_usec (journal->journal, &usec);
  return (gint64) usec;
}

int
journal_entry_read (const JournalHandle *journal, int utc_offset_sec, const JournalDecoder *decoder, JournalEntry *ret_entry)
{
  GString *fields[N_FIELDS] = { NULL };
  GString *line;
  const void *data;
  size_t len;
  int result;

  journal->library->restart_data (journal->journal);
  while ((result = journal->library->enumerate_available_data (journal->journal, &data, &len)) > 0)
    keep_field (fields, data, len);
  if (result == 0)
    {
      line = build_line (journal, fields, decoder);
      ret_entry->time_usec = entry_time (journal, fields[FIELD_REALTIME]);
      ret_entry->iso = iso_time (ret_entry->time_usec, utc_offset_sec);
      ret_entry->text_len = line->len;
      ret_entry->text = g_string_free (line, FALSE);
    }
  free_fields (fields);
  return result;
}
