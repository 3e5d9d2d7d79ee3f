#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include "source/journal-source.h"

#define WRITER   "/lib/systemd/systemd-journal-remote"
#define NOW_SEC  1755165600 /* 2025-08-14 10:00:00 UTC */
#define NOW_USEC (NOW_SEC * (gint64) G_USEC_PER_SEC)

typedef struct
{
  char *dir;
  char *path;
  JournalOptions options;
  Clock *clock;
  Log *log;
  JournalSource *source;
  GString *got;
  guint number;
  gboolean hides_slices; /* where they may end at several places */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("journal-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "t.journal", NULL);
  f->options.files = g_strdup (f->path);
  f->clock = clock_new_settable (NOW_USEC);
  f->log = log_new ();
  f->got = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  journal_source_free (f->source);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  journal_options_clear (&f->options);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->got, TRUE);
  g_free (f->dir);
  g_free (f->path);
}

/* Without the writer there is nothing to read. */
static gboolean
lacks_writer (void)
{
  if (g_file_test (WRITER, G_FILE_TEST_IS_EXECUTABLE))
    return FALSE;
  g_test_skip (WRITER " is not installed");
  return TRUE;
}

/* In the journal's export format: fields are "NAME=value" lines; message may hold newlines; the time is NOW + age_sec. */
static void
write_message (Fixture *f, int age_sec, const char *fields, const char *message)
{
  g_autofree char *input = g_build_filename (f->dir, "input", NULL);
  g_autofree char *command = g_strdup_printf (WRITER " -o '%s' '%s'", f->path, input);
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 size = GUINT64_TO_LE ((guint64) strlen (message));
  int status;

  f->number++;
  g_string_append_printf (text,
                          "__REALTIME_TIMESTAMP=%" G_GINT64_FORMAT "\n__MONOTONIC_TIMESTAMP=%u\n"
                          "_BOOT_ID=7b6c5e1f3c6b4f7d8a9b0c1d2e3f4a5b\n%sMESSAGE\n",
                          NOW_USEC + age_sec * (gint64) G_USEC_PER_SEC + f->number, 1500000 + f->number, fields);
  g_string_append_len (text, (const char *) &size, sizeof size);
  g_string_append_printf (text, "%s\n\n", message);
  g_assert_true (g_file_set_contents (input, text->str, (gssize) text->len, NULL));
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

static char *
read_all (JournalReader *reader)
{
  GString *out = g_string_new (NULL);
  JournalResult result;

  do
    {
      g_auto (JournalEntry) entry = { 0 };

      result = journal_reader_next (reader, &entry, NULL);
      if (result == JOURNAL_ENTRY)
        g_string_append_printf (out, "%s\n", entry.text);
    }
  while (result == JOURNAL_ENTRY);
  return g_string_free (out, FALSE);
}

static void
test_entries_become_lines (Fixture *f, gconstpointer data)
{
  g_autoptr (JournalReader) reader = NULL;
  g_autofree char *lines = NULL;

  if (lacks_writer ())
    return;
  write_message (f, 0, "_HOSTNAME=host\nSYSLOG_IDENTIFIER=sshd\n_COMM=other\n_PID=9\n", "one");
  write_message (f, 1, "_HOSTNAME=host\n_COMM=other\n_PID=9\nSYSLOG_PID=77\n", "two");
  write_message (f, 2, "SYSLOG_IDENTIFIER=kernel\n", "three");
  write_message (f, 3, "", "four");
  write_message (f, 4, "SYSLOG_IDENTIFIER=x\nSYSLOG_PID=a'b\n", "five");
  write_message (f, 5, "SYSLOG_IDENTIFIER=x\nSYSLOG_PID=0\n_PID=8\n", "six\nend");
  reader = journal_reader_open (&f->options, NULL);
  g_assert_nonnull (reader);
  lines = read_all (reader);
  g_assert_cmpstr (lines, ==,
                   "host sshd[9]: one\n"
                   "host other[77]: two\n"
                   "kernel: [    1.500003] three\n"
                   "four\n"
                   "x[b\"a'b\"]: five\n"
                   "x[8]: six\\nend\n");
}

static void
test_the_time_is_the_sender_s (Fixture *f, gconstpointer data)
{
  g_autoptr (JournalReader) reader = NULL;
  g_auto (JournalEntry) first = { 0 };
  g_auto (JournalEntry) second = { 0 };

  if (lacks_writer ())
    return;
  write_message (f, 0, "_SOURCE_REALTIME_TIMESTAMP=1755165599500000\n", "one");
  write_message (f, 1, "_SOURCE_REALTIME_TIMESTAMP=1755165600000000\n", "two");
  reader = journal_reader_open (&f->options, NULL);
  g_assert_cmpint (journal_reader_next (reader, &first, NULL), ==, JOURNAL_ENTRY);
  g_assert_cmpint (first.time_usec, ==, NOW_USEC - 500000);
  g_assert_cmpstr (first.iso, ==, "2025-08-14T09:59:59.500000+00:00");
  g_assert_cmpint (journal_reader_next (reader, &second, NULL), ==, JOURNAL_ENTRY);
  g_assert_cmpstr (second.iso, ==, "2025-08-14T10:00:00+00:00");
}

static void
test_matches_choose (Fixture *f, gconstpointer data)
{
  static const char *const a_or_bc[] = { "UNIT=a", "+", "UNIT=b", "KIND=c", NULL };
  static const char *const b_and_c[] = { "UNIT=b", "KIND=c", NULL };
  static const char *const rubbish[] = { "UNIT=a", "rubbish", NULL };
  g_autoptr (JournalReader) reader = NULL;
  g_autofree char *chosen = NULL;
  g_autofree char *fewer = NULL;

  if (lacks_writer ())
    return;
  write_message (f, 0, "UNIT=a\n", "one");
  write_message (f, 1, "UNIT=b\n", "two");
  write_message (f, 2, "UNIT=b\nKIND=c\n", "three");
  reader = journal_reader_open (&f->options, NULL);
  g_assert_true (journal_reader_add_match (reader, a_or_bc, NULL));
  g_assert_false (journal_reader_add_match (reader, rubbish, NULL));
  g_assert_cmpuint (journal_reader_n_matches (reader), ==, 2);
  chosen = read_all (reader);
  g_assert_cmpstr (chosen, ==, "one\nthree\n");
  g_assert_true (journal_reader_del_match (reader, b_and_c));
  g_assert_false (journal_reader_del_match (reader, b_and_c));
  journal_reader_seek_head (reader);
  fewer = read_all (reader);
  g_assert_cmpstr (fewer, ==, "one\n");
}

static void
test_seeking_a_time (Fixture *f, gconstpointer data)
{
  g_autoptr (JournalReader) reader = NULL;
  g_autofree char *younger = NULL;
  g_autofree char *new = NULL;

  if (lacks_writer ())
    return;
  for (int i = 0; i < 5; i++)
    {
      char message[2] = { (char) ('0' + i), '\0' };

      write_message (f, i * 10, "", message);
    }
  reader = journal_reader_open (&f->options, NULL);
  journal_reader_seek_time (reader, NOW_USEC + 25 * G_USEC_PER_SEC);
  younger = read_all (reader);
  g_assert_cmpstr (younger, ==, "3\n4\n");
  journal_reader_seek_tail (reader);
  new = read_all (reader);
  g_assert_cmpstr (new, ==, "");
}

/* --- following -------------------------------------------------------------------------------------------------------------------- */

static void
on_entry (JournalSource *source, const JournalEntry *entry, gboolean in_operation, gpointer data)
{
  Fixture *f = data;

  g_string_append_printf (f->got, "%s%s\n", in_operation ? "+" : "", entry->text);
}

static void
on_slice (JournalSource *source, gpointer data)
{
  Fixture *f = data;

  if (!f->hides_slices)
    g_string_append_c (f->got, '|');
}

static void
on_operation (JournalSource *source, gpointer data)
{
  Fixture *f = data;

  g_string_append_c (f->got, '!');
}

static const JournalSourceFuncs source_funcs = { on_entry, on_slice, on_operation };

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

#define GETS(f, expected) gets (__LINE__, f, expected)

static void
gets (int line, Fixture *f, const char *expected)
{
  gboolean late = FALSE;
  guint id = g_timeout_add (9000, on_timeout, &late);

  while (!late && strcmp (f->got->str, expected) != 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  if (!late)
    g_source_remove (id);
  if (strcmp (f->got->str, expected) != 0)
    g_error ("line %d: got '%s', expected '%s'", line, f->got->str, expected);
  g_string_truncate (f->got, 0);
}

static void
test_a_journal_is_followed (Fixture *f, gconstpointer data)
{
  gint64 time_usec;
  const char *iso;

  if (lacks_writer ())
    return;
  write_message (f, -5000, "", "too old");
  write_message (f, -20, "", "one");
  f->source = journal_source_new (&f->options, &source_funcs, f, f->clock, f->log, NULL);
  journal_source_start (f->source, NOW_USEC - 600 * (gint64) G_USEC_PER_SEC, FALSE);
  GETS (f, "one\n!|");
  write_message (f, -10, "", "two");
  GETS (f, "+two\n|");
  g_assert_true (journal_source_get_position (f->source, &time_usec, &iso));
  g_assert_cmpint (time_usec / G_USEC_PER_SEC, ==, NOW_SEC - 10);
  journal_source_set_paused (f->source, TRUE);
  write_message (f, -9, "", "three");
  write_message (f, -8, "", "four");
  journal_source_set_paused (f->source, FALSE);
  GETS (f, "+three\n+four\n|");
}

static void
test_rotation_is_followed (Fixture *f, gconstpointer data)
{
  g_autofree char *rotated = g_build_filename (f->dir, "t@1.journal", NULL);

  if (lacks_writer ())
    return;
  write_message (f, -20, "", "one");
  f->source = journal_source_new (&f->options, &source_funcs, f, f->clock, f->log, NULL);
  journal_source_start (f->source, 0, FALSE);
  GETS (f, "one\n!|");
  write_message (f, -10, "", "two");
  g_assert_cmpint (g_rename (f->path, rotated), ==, 0);
  write_message (f, -5, "", "three");
  while (strstr (f->got->str, "three") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (f->got->str, "+two\n"));
  g_string_truncate (f->got, 0);
  write_message (f, -4, "", "four");
  GETS (f, "+four\n|");
}

static void
start_at (Fixture *f, gint64 position_usec)
{
  g_clear_pointer (&f->source, journal_source_free);
  f->source = journal_source_new (&f->options, &source_funcs, f, f->clock, f->log, NULL);
  journal_source_start (f->source, position_usec, TRUE);
}

#define SENT_USEC          (NOW_USEC - 20 * (gint64) G_USEC_PER_SEC)
#define SENT_AT(last_digit) "_SOURCE_REALTIME_TIMESTAMP=175516558000000" #last_digit "\n" /* SENT_USEC and that */

static void
test_who_goes_on_at_a_position_reads_nothing_twice (Fixture *f, gconstpointer data)
{
  gint64 time_usec;
  const char *iso;

  if (lacks_writer ())
    return;
  write_message (f, -19, SENT_AT (5), "sent later than what comes");
  write_message (f, -19, SENT_AT (1), "one");
  write_message (f, -19, SENT_AT (2), "two");
  write_message (f, -19, SENT_AT (2), "two again");
  write_message (f, -19, SENT_AT (3), "three");
  start_at (f, SENT_USEC + 1);
  GETS (f, "two\ntwo again\nthree\n!|");
  start_at (f, SENT_USEC + 2);
  GETS (f, "three\n!|");
  g_assert_true (journal_source_get_position (f->source, &time_usec, &iso));
  g_assert_cmpint (time_usec, ==, SENT_USEC + 3);
  start_at (f, time_usec);
  GETS (f, "!");
  write_message (f, -10, "", "four");
  GETS (f, "+four\n|");
  start_at (f, SENT_USEC); /* of no entry that is there */
  GETS (f, "sent later than what comes\none\ntwo\ntwo again\nthree\nfour\n!|");
}

static void
put_aside (Fixture *f, guint number)
{
  g_autofree char *name = g_strdup_printf ("t@%u.journal", number);
  g_autofree char *path = g_build_filename (f->dir, name, NULL);

  g_assert_cmpint (g_rename (f->path, path), ==, 0);
}

/* As if they had been put aside long ago. */
static void
make_old (Fixture *f, guint from, guint to)
{
  struct utimbuf times = { NOW_SEC, NOW_SEC };

  for (guint number = from; number <= to; number++)
    {
      g_autofree char *name = g_strdup_printf ("t@%u.journal", number);
      g_autofree char *path = g_build_filename (f->dir, name, NULL);

      g_assert_cmpint (g_utime (path, &times), ==, 0);
    }
}

static void
test_what_was_put_aside_while_nobody_looked_is_read (Fixture *f, gconstpointer data)
{
  if (lacks_writer ())
    return;
  f->hides_slices = TRUE;
  write_message (f, -20, SENT_AT (1), "one");
  put_aside (f, 1);
  write_message (f, -15, "", "two");
  put_aside (f, 2);
  write_message (f, -10, "", "three");
  start_at (f, SENT_USEC + 1);
  GETS (f, "two\nthree\n!");
  journal_source_set_paused (f->source, TRUE);
  write_message (f, -9, "", "four");
  put_aside (f, 3);
  write_message (f, -8, "", "five");
  put_aside (f, 4);
  write_message (f, -7, "", "six");
  journal_source_set_paused (f->source, FALSE);
  GETS (f, "+four\n+five\n+six\n");

  /* Who begins without a position reads what is written to now, as fail2ban does, and what was put aside just before. */
  g_clear_pointer (&f->source, journal_source_free);
  make_old (f, 1, 3);
  f->source = journal_source_new (&f->options, &source_funcs, f, f->clock, f->log, NULL);
  journal_source_start (f->source, 0, FALSE);
  GETS (f, "five\nsix\n!");
}

static guint n_reopen_errors;

static void
count_reopen_errors (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  if (strstr (text, "Error reopening") != NULL)
    n_reopen_errors++;
}

/* As when the journal is vacuumed: for a moment what is there cannot be read. */
static void
test_files_that_cannot_be_opened_are_tried_again_later (Fixture *f, gconstpointer data)
{
  g_autofree char *away = g_build_filename (f->dir, "away", NULL);

  if (lacks_writer ())
    return;
  n_reopen_errors = 0;
  log_set_sink (f->log, count_reopen_errors, NULL);
  write_message (f, -20, "", "one");
  f->source = journal_source_new (&f->options, &source_funcs, f, f->clock, f->log, NULL);
  journal_source_start (f->source, 0, FALSE);
  GETS (f, "one\n!|");
  write_message (f, -10, "", "two");
  g_assert_cmpint (g_rename (f->path, away), ==, 0);
  g_assert_true (g_file_set_contents (f->path, "", 0, NULL));
  while (n_reopen_errors == 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_reopen_errors, ==, 1);
  g_assert_cmpint (g_rename (away, f->path), ==, 0);
  write_message (f, -5, "", "three");
  while (strstr (f->got->str, "three") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (f->got->str, "+two\n"));
}

/* What was put aside cannot be read for a moment: what was written after it must not come first. */
static void
test_nothing_is_read_before_all_can_be_opened (Fixture *f, gconstpointer data)
{
  g_autofree char *broken = g_build_filename (f->dir, "t@2.journal", NULL);

  if (lacks_writer ())
    return;
  f->hides_slices = TRUE;
  write_message (f, -20, SENT_AT (1), "one");
  write_message (f, -19, "", "two");
  put_aside (f, 1);
  write_message (f, -10, "", "three");
  g_assert_true (g_file_set_contents (broken, "", 0, NULL));
  start_at (f, SENT_USEC + 1);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (f->got->str, ==, "");
  g_assert_cmpint (g_unlink (broken), ==, 0);
  GETS (f, "two\nthree\n!");

  /* It lasts: then all but that. */
  g_assert_true (g_file_set_contents (broken, "", 0, NULL));
  n_reopen_errors = 0;
  log_set_sink (f->log, count_reopen_errors, NULL);
  start_at (f, SENT_USEC + 1);
  GETS (f, "two\nthree\n!");
  g_assert_cmpuint (n_reopen_errors, ==, 1);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/journal/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("entries become lines", test_entries_become_lines);
  ADD ("the time is the sender's", test_the_time_is_the_sender_s);
  ADD ("matches choose", test_matches_choose);
  ADD ("seeking a time", test_seeking_a_time);
  ADD ("a journal is followed", test_a_journal_is_followed);
  ADD ("rotation is followed", test_rotation_is_followed);
  ADD ("who goes on at a position reads nothing twice", test_who_goes_on_at_a_position_reads_nothing_twice);
  ADD ("what was put aside while nobody looked is read", test_what_was_put_aside_while_nobody_looked_is_read);
  ADD ("files that cannot be opened are tried again later", test_files_that_cannot_be_opened_are_tried_again_later);
  ADD ("nothing is read before all can be opened", test_nothing_is_read_before_all_can_be_opened);
  return g_test_run ();
}
