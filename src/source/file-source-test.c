#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "source/file-source.h"

/* --- a folder, a source, and a jail that writes down what it gets -------------------------------------------------------- */

typedef struct
{
  char *dir;
  char *path;
  Clock *clock;
  Log *log;
  FileSource *source;
  FileWatch *watch;
  GString *got; /* the lines, and "|" after each slice */
  guint lines;
  guint pause_after; /* lines; 0: never */
  FileWatch *remove_on_line;
} Fixture;

static guint n_set;          /* how often a line was prepared */
static guint64 last_audience; /* of the last one */

static gpointer
make_line (const char *path)
{
  return g_strdup (path);
}

static void
set_line (gpointer line, const char *bytes, gsize len, guint64 audience)
{
  n_set++;
  last_audience = audience;
}

static gboolean settles;  /* nothing is in any line for others than the first */
static guint n_settle_for; /* of so many watches, when it was asked last */

static gboolean
settle_line (gpointer line, guint n_watches)
{
  n_settle_for = n_watches;
  return settles;
}

static const FileLineFuncs line_funcs = { make_line, set_line, g_free, settle_line };

static void
on_line (FileWatch *watch, const FileLine *line, gpointer data)
{
  Fixture *f = data;

  g_assert_cmpstr (line->shared, ==, f->path);
  if (line->in_operation)
    g_string_append_c (f->got, '+');
  g_string_append_len (f->got, line->bytes, (gssize) line->len);
  if (++f->lines == f->pause_after)
    file_watch_set_paused (watch, TRUE);
  if (f->remove_on_line == watch)
    {
      file_watch_remove (watch);
      f->watch = NULL;
    }
}

static void
on_slice (FileWatch *watch, gpointer data)
{
  Fixture *f = data;

  g_string_append_c (f->got, '|');
}

static const FileWatchFuncs watch_funcs = { on_line, on_slice };

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("file-source-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "a.log", NULL);
  f->clock = clock_new_settable (1000 * G_USEC_PER_SEC);
  f->log = log_new ();
  f->source = file_source_new (&line_funcs, f->clock, f->log);
  f->got = g_string_new (NULL);
  n_set = n_settle_for = 0;
  settles = FALSE;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  file_watch_remove (f->watch);
  file_source_free (f->source);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->got, TRUE);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (f->dir);
  g_free (f->path);
}

static void
append_to (const char *path, const char *text, gsize len)
{
  int fd = open (path, O_WRONLY | O_APPEND | O_CREAT, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, len), ==, (gssize) len);
  close (fd);
}

static void
append (Fixture *f, const char *text)
{
  append_to (f->path, text, strlen (text));
}

static void
add (Fixture *f, FileBackend backend, gboolean tail)
{
  g_autoptr (GError) error = NULL;

  f->watch = file_source_add (f->source, f->path, backend, LINE_END_BYTE, tail, &watch_funcs, f, &error);
  g_assert_no_error (error);
}

/* Somebody else who reads the same, from now on. */
static FileWatch *
add_other (Fixture *f, LineEnd line_end, gboolean tail)
{
  g_autoptr (GError) error = NULL;
  FileWatch *other = file_source_add (f->source, f->path, FILE_BACKEND_INOTIFY, line_end, tail, &watch_funcs, f, &error);

  g_assert_no_error (error);
  file_watch_set_paused (other, FALSE);
  return other;
}

static void
add_and_start (Fixture *f)
{
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  file_watch_set_paused (f->watch, FALSE);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the loop until exactly this was got (then a little longer: nothing more must come), at most four seconds. */
#define GETS(f, expected)  gets (__LINE__, f, expected, 4000)
/* … for tests that have to wait for nothing. */
#define STAYS(f, expected) gets (__LINE__, f, expected, 60)

static void
gets (int line, Fixture *f, const char *expected, guint msec)
{
  gboolean late = FALSE;
  guint id = g_timeout_add (msec, on_timeout, &late);

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

/* --- the tests ------------------------------------------------------------------------------------------------------------- */

static void
test_what_is_there_is_old_what_comes_is_new (Fixture *f, gconstpointer data)
{
  append (f, "one\ntwo\n");
  add_and_start (f);
  GETS (f, "one\ntwo\n|");
  g_assert_true (file_watch_is_in_operation (f->watch));
  append (f, "three\n");
  GETS (f, "+three\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 14);
}

static void
test_an_unfinished_line_waits_for_its_end (Fixture *f, gconstpointer data)
{
  append (f, "one\ntw");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 4);
  append (f, "o");
  STAYS (f, "");
  append (f, "\nthree\n");
  GETS (f, "+two\n+three\n|");
}

static void
test_a_file_that_is_not_there_is_an_error (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) dir_error = NULL;

  g_assert_null (
      file_source_add (f->source, f->path, FILE_BACKEND_INOTIFY, LINE_END_BYTE, FALSE, &watch_funcs, f, &error));
  g_assert_error (error, SOURCE_ERROR, ENOENT);
  g_assert_null (
      file_source_add (f->source, f->dir, FILE_BACKEND_INOTIFY, LINE_END_BYTE, FALSE, &watch_funcs, f, &dir_error));
  g_assert_error (dir_error, SOURCE_ERROR, EISDIR);
}

static void
test_the_null_device_is_a_log_without_lines (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (
      file_source_add (f->source, "/dev/null", FILE_BACKEND_INOTIFY, LINE_END_BYTE, FALSE, &watch_funcs, f, &error));
  g_assert_null (
      file_source_add (f->source, "/dev/zero", FILE_BACKEND_INOTIFY, LINE_END_BYTE, FALSE, &watch_funcs, f, &error));
  g_assert_error (error, SOURCE_ERROR, EINVAL);
}

static void
test_rotation_by_rename_loses_no_line (Fixture *f, gconstpointer data)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  /* Between two looks: a last line in the old file, the new one, and one more in the old one. */
  append (f, "two\n");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  append (f, "three\n");
  append_to (old, "two and a half\n", 15);
  GETS (f, "+two\n+two and a half\n+three\n|");
  append_to (old, "late\n", 5);
  GETS (f, "+late\n|");
  append (f, "four\n");
  GETS (f, "+four\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 11);
}

static void
test_a_rotated_file_is_let_go_after_a_while (Fixture *f, gconstpointer data)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  append (f, "two\n");
  GETS (f, "+two\n|");
  clock_advance_usec (f->clock, (FILE_SOURCE_LINGER_SEC + 1) * G_USEC_PER_SEC);
  append (f, "three\n");
  GETS (f, "+three\n|");
  append_to (old, "much too late\n", 14);
  append (f, "four\n");
  GETS (f, "+four\n|");
}

static void
test_replacing_by_a_rename_is_seen (Fixture *f, gconstpointer data)
{
  g_autofree char *new = g_strconcat (f->path, ".new", NULL);

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  append_to (new, "two\n", 4);
  g_assert_cmpint (g_rename (new, f->path), ==, 0);
  GETS (f, "+two\n|");
}

static void
test_an_editor_s_copy_is_not_read_twice (Fixture *f, gconstpointer data)
{
  g_autofree char *new = g_strconcat (f->path, ".new", NULL);

  append (f, "one\ntwo\n");
  add_and_start (f);
  GETS (f, "one\ntwo\n|");
  append_to (new, "one\ntwo\nthree\n", 14);
  g_assert_cmpint (g_rename (new, f->path), ==, 0);
  GETS (f, "+three\n|");
}

static void
test_truncation_is_seen_also_when_the_new_content_is_longer (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (truncate (f->path, 0), ==, 0);
  append (f, "a much longer line than before\n");
  GETS (f, "+a much longer line than before\n|");
  /* The same first line, other lines after it. */
  append (f, "two\n");
  GETS (f, "+two\n|");
  g_assert_cmpint (truncate (f->path, 0), ==, 0);
  append (f, "a much longer line than before\nTWO\nthree\n");
  GETS (f, "+a much longer line than before\n+TWO\n+three\n|");
}

/* What logrotate's copytruncate does, with a line before and one after it. */
static void
copy_and_truncate (Fixture *f, const char *suffix, const char *before, const char *after)
{
  g_autofree char *copy = g_strconcat (f->path, suffix, NULL);
  g_autofree char *text = NULL;

  append (f, before);
  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_true (g_file_set_contents (copy, text, -1, NULL));
  g_assert_cmpint (truncate (f->path, 0), ==, 0);
  append (f, after);
}

static void
test_the_copy_of_a_truncated_file_is_read_to_its_end (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add (f, GPOINTER_TO_INT (data), FALSE);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n|");
  copy_and_truncate (f, ".1", "two\n", "three\nfour\n");
  GETS (f, "+two\n+three\n+four\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 11);
  append (f, "five\n");
  GETS (f, "+five\n|");
}

static void
test_several_copies_between_two_looks_are_read (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add (f, GPOINTER_TO_INT (data), FALSE);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n|");
  copy_and_truncate (f, ".3", "two\n", "three\n");
  g_usleep (20 * 1000); /* a tick of the file system's clock: which copy was first */
  copy_and_truncate (f, ".2", "four\n", "five\n");
  g_usleep (20 * 1000);
  copy_and_truncate (f, ".1", "six\n", "seven\n");
  GETS (f, "+two\n+three\n+four\n+five\n+six\n+seven\n|");
}

static void
test_copies_of_what_nobody_saw_in_the_log_are_read (Fixture *f, gconstpointer data)
{
  append (f, "");
  add (f, GPOINTER_TO_INT (data), FALSE);
  file_watch_set_paused (f->watch, FALSE);
  STAYS (f, "");
  copy_and_truncate (f, ".2", "one\n", "");
  GETS (f, "one\n|");
  copy_and_truncate (f, ".1", "two\n", "three\n");
  GETS (f, "+two\n+three\n|");
}

static void
test_as_many_bytes_within_a_tick_are_seen (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  for (guint i = 0; i < 10; i++) /* most of them within a tick of the clock that the file's time is taken from */
    {
      append (f, "two\n");
      GETS (f, "+two\n|");
      g_assert_cmpint (truncate (f->path, 0), ==, 0);
      append (f, "six\nten\n");
      GETS (f, "+six\n+ten\n|");
      g_assert_cmpint (truncate (f->path, 0), ==, 0);
      append (f, "one\n");
      GETS (f, "+one\n|");
    }
}

static void
test_logs_that_begin_with_the_same_line_are_different (Fixture *f, gconstpointer data)
{
  g_autofree char *first = g_strconcat (f->path, ".1", NULL);
  g_autofree char *second = g_strconcat (f->path, ".2", NULL);

  append (f, "# header\none\n");
  add_and_start (f);
  GETS (f, "# header\none\n|");
  g_assert_cmpint (g_rename (f->path, second), ==, 0);
  append (f, "# header\ntwo\n");
  g_assert_cmpint (g_rename (f->path, first), ==, 0);
  append (f, "# header\nthree\n");
  GETS (f, "+# header\n+two\n+# header\n+three\n|");
}

/* cp is at work when we look: its copy of the log, which has "two", is empty still.  Its path. */
static char *
find_empty_copy (Fixture *f)
{
  char *copy = g_strconcat (f->path, ".1", NULL);
  g_autofree char *old = g_strconcat (f->path, ".2", NULL);

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  append (f, "two\n");
  append_to (copy, "", 0);
  GETS (f, "+two\n|");
  return copy;
}

/* What follows in it was read from the log itself. */
static void
test_a_copy_that_was_found_empty_is_not_read (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = find_empty_copy (f);

  append_to (copy, "two\n", 4);
  append (f, "three\n");
  GETS (f, "+three\n|");
}

/* The log is truncated before we look again: only the copy has what was written to it meanwhile. */
static void
test_a_copy_that_was_found_empty_is_read_on_where_the_log_was_truncated (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = find_empty_copy (f);

  append (f, "three\n");
  append_to (copy, "two\nthree\n", 10);
  g_assert_cmpint (truncate (f->path, 0), ==, 0);
  append (f, "four\n");
  GETS (f, "+three\n+four\n|");
}

static void
test_a_file_that_was_found_empty_is_read_when_it_is_written_to (Fixture *f, gconstpointer data)
{
  g_autofree char *first = g_strconcat (f->path, ".1", NULL);
  g_autofree char *second = g_strconcat (f->path, ".2", NULL);

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (g_rename (f->path, second), ==, 0);
  append (f, "");
  g_assert_cmpint (g_rename (f->path, first), ==, 0);
  append (f, "two\n");
  GETS (f, "+two\n|");
  append_to (first, "late\n", 5);
  GETS (f, "+late\n|");
}

static void
test_a_deleted_file_comes_back (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (g_unlink (f->path), ==, 0);
  STAYS (f, "");
  append (f, "two\n");
  GETS (f, "+two\n|");
}

static void
test_a_folder_that_was_away_is_no_problem (Fixture *f, gconstpointer data)
{
  g_autofree char *sub = g_build_filename (f->dir, "sub", NULL);
  g_autofree char *away = g_build_filename (f->dir, "away", NULL);

  g_free (f->path);
  f->path = g_build_filename (sub, "a.log", NULL);
  g_assert_cmpint (g_mkdir (sub, 0700), ==, 0);
  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpint (g_rename (sub, away), ==, 0);
  STAYS (f, "");
  g_assert_cmpint (g_mkdir (sub, 0700), ==, 0);
  append (f, "two\n");
  GETS (f, "+two\n|");
  append (f, "three\n");
  GETS (f, "+three\n|");
}

static void
test_two_jails_share_one_reading (Fixture *f, gconstpointer data)
{
  FileWatch *second;

  append (f, "one\ntwo\n");
  add_and_start (f);
  second = add_other (f, LINE_END_BYTE, FALSE);
  GETS (f, "one\none\ntwo\ntwo\n||");
  g_assert_cmpuint (n_set, ==, 2);
  file_watch_remove (second);
  append (f, "three\n");
  GETS (f, "+three\n|");
}

/* Appends a line and waits for it. */
static guint64
audience_of_next (Fixture *f, const char *got)
{
  append (f, "x\n");
  GETS (f, got);
  return last_audience;
}

static void
test_an_audience_stands_for_who_gets_a_line (Fixture *f, gconstpointer data)
{
  FileWatch *second;
  guint64 old, both, others;

  append (f, "one\n");
  add_and_start (f);
  GETS (f, "one\n|");
  g_assert_cmpuint (last_audience, ==, 0);
  second = add_other (f, LINE_END_BYTE, TRUE);
  both = audience_of_next (f, "+x\n+x\n||");
  g_assert_cmpuint (both, !=, 0);
  g_assert_cmpuint (audience_of_next (f, "+x\n+x\n||"), ==, both);
  file_watch_set_paused (second, TRUE);
  g_assert_cmpuint (audience_of_next (f, "+x\n|"), ==, 0);
  file_watch_set_paused (second, FALSE);
  GETS (f, "+x\n|"); /* it is behind */
  g_assert_cmpuint (last_audience, ==, 0);
  g_assert_cmpuint (audience_of_next (f, "+x\n+x\n||"), ==, both);
  file_watch_remove (second);
  second = add_other (f, LINE_END_BYTE, TRUE);
  others = audience_of_next (f, "+x\n+x\n||");
  g_assert_cmpuint (others, !=, 0);
  g_assert_cmpuint (others, !=, both);
  file_watch_remove (second);
  second = file_source_add (f->source, f->path, FILE_BACKEND_INOTIFY, LINE_END_BYTE, FALSE, &watch_funcs, f, NULL);
  file_watch_set_position (second, 0);
  append (f, "x\n");
  file_watch_set_paused (second, FALSE);
  GETS (f, "one\nx\nx\nx\nx\nx\n+x\nx\n||");
  old = last_audience; /* new for one of them only */
  g_assert_cmpuint (old, !=, 0);
  both = audience_of_next (f, "+x\n+x\n||");
  g_assert_cmpuint (both, !=, old);
  file_watch_remove (second);
}

static void
test_a_line_with_nothing_for_the_others_only_moves_their_positions (Fixture *f, gconstpointer data)
{
  FileWatch *second;

  append (f, "one\n");
  add_and_start (f);
  second = add_other (f, LINE_END_BYTE, FALSE);
  settles = TRUE;
  append (f, "two\nthree\n");
  GETS (f, "one\none\ntwo\nthree\n||"); /* who gets the next one is known only behind the first */
  g_assert_cmpuint (n_settle_for, ==, 2);
  g_assert_cmpint (file_watch_get_position (second), ==, 14);
  g_assert_true (file_watch_is_in_operation (second));
  file_watch_set_wants_all (second, TRUE);
  append (f, "four\nfive\n");
  GETS (f, "+four\n+four\n+five\n+five\n||");
  file_watch_set_wants_all (second, FALSE);
  append (f, "six\nseven\n");
  GETS (f, "+six\n+six\n+seven\n||");
  f->lines = 0;
  f->pause_after = 5; /* within y, which is not settled then, but still the same line */
  n_set = 0;
  append (f, "v\nw\nx\ny\nz\n");
  GETS (f, "+v\n+v\n+w\n+x\n+y\n+y\n+z\n||");
  g_assert_cmpuint (n_set, ==, 5);
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 42);
  g_assert_cmpint (file_watch_get_position (second), ==, 44);
  n_settle_for = 0;
  file_watch_remove (second);
  file_watch_set_paused (f->watch, FALSE);
  append (f, "a\nb\n");
  GETS (f, "+z\n+a\n+b\n|");
  g_assert_cmpuint (n_settle_for, ==, 0); /* alone, there is nobody to settle it for */
}

static void
test_a_paused_watch_catches_up (Fixture *f, gconstpointer data)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);
  FileWatch *second;

  append (f, "one\ntwo\nthree\n");
  f->pause_after = 1;
  add_and_start (f);
  GETS (f, "one\n|");
  second = add_other (f, LINE_END_BYTE, TRUE);
  append (f, "four\n");
  GETS (f, "+four\n|");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  append (f, "five\n");
  GETS (f, "+five\n|");
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "two\nthree\nfour\nfive\n|");
  file_watch_remove (second);
}

static void
test_a_watch_may_leave_in_its_own_callback (Fixture *f, gconstpointer data)
{
  append (f, "one\ntwo\n");
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  f->remove_on_line = f->watch;
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n");
  STAYS (f, "");
}

static void
test_tail_begins_at_the_end (Fixture *f, gconstpointer data)
{
  append (f, "one\n");
  add (f, FILE_BACKEND_INOTIFY, TRUE);
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 4);
  file_watch_set_paused (f->watch, FALSE);
  append (f, "two\n");
  GETS (f, "+two\n|");
}

static void
test_a_stored_position_goes_on_there (Fixture *f, gconstpointer data)
{
  append (f, "one\ntwo\n");
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, "c7059bb19433cc3cabaa6236c83d56668a843dd2");
  file_watch_set_position (f->watch, 4);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "two\n|");
}

static void
test_what_was_rotated_while_nobody_looked_is_found (Fixture *f, gconstpointer data)
{
  static const char hash[] = "c7059bb19433cc3cabaa6236c83d56668a843dd2"; /* of "one" */
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);
  g_autofree char *other = g_strconcat (f->path, ".2", NULL);

  append_to (other, "zero\n", 5);
  g_usleep (20 * 1000); /* a tick of the file system's clock */
  append_to (old, "one\ntwo\nthree\n", 14);
  append (f, "four\n");
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  g_assert_false (file_watch_recover (f->watch, hash, 14, 0));
  g_assert_true (file_watch_recover (f->watch, hash, 4, 0));
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, hash);
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 4);
  f->pause_after = 1;
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "two\n|");
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, hash);
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 8);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "three\nfour\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 5);
}

static void
rotate_quickly (Fixture *f)
{
  g_autofree char *first = g_strconcat (f->path, ".1", NULL);
  g_autofree char *second = g_strconcat (f->path, ".2", NULL);
  g_autofree char *packed = g_strconcat (f->path, ".3.gz", NULL);

  g_assert_cmpint (g_rename (f->path, first), ==, 0);
  append (f, "two\n");
  append_to (packed, "packed\n", 7);
  g_assert_cmpint (g_rename (f->path, second), ==, 0);
  append (f, "three\n");
}

static void
test_a_file_that_was_rotated_between_two_looks_is_read (Fixture *f, gconstpointer data)
{
  g_autofree char *other = g_strconcat (f->path, ".old", NULL);

  append_to (other, "zero\n", 5);
  g_usleep (20 * 1000); /* a tick of the file system's clock */
  append (f, "one\n");
  add (f, GPOINTER_TO_INT (data), FALSE);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n|");
  rotate_quickly (f);
  GETS (f, "+two\n+three\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 6);
}

static void
test_all_that_was_rotated_while_nobody_looked_is_found (Fixture *f, gconstpointer data)
{
  static const char hash[] = "c7059bb19433cc3cabaa6236c83d56668a843dd2"; /* of "one" */

  append (f, "one\n");
  g_usleep (20 * 1000);
  rotate_quickly (f);
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  g_assert_true (file_watch_recover (f->watch, hash, 4, 0));
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "two\nthree\n|");
}

static void
test_an_empty_log_knows_what_was_before (Fixture *f, gconstpointer data)
{
  g_autofree char *first = g_strconcat (f->path, ".1", NULL);
  g_autofree char *second = g_strconcat (f->path, ".2", NULL);
  g_autofree char *hash = NULL;
  gint64 position;

  append (f, "");
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  g_assert_false (file_watch_find_predecessor (f->watch, &hash, &position));
  append_to (second, "zero\n", 5);
  g_usleep (20 * 1000);
  append_to (first, "one\n", 4);
  g_assert_true (file_watch_find_predecessor (f->watch, &hash, &position));
  g_assert_cmpstr (hash, ==, "c7059bb19433cc3cabaa6236c83d56668a843dd2");
  g_assert_cmpint (position, ==, 4);
  g_assert_true (file_watch_recover (f->watch, "", 0, 0));
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "zero\none\n|");
}

static void
test_the_hash_comes_with_the_first_complete_line (Fixture *f, gconstpointer data)
{
  append (f, "one");
  add_and_start (f);
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, "");
  STAYS (f, "");
  append (f, "\n");
  GETS (f, "+one\n|");
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, "c7059bb19433cc3cabaa6236c83d56668a843dd2");
}

static void
test_the_hash_is_that_of_what_was_read (Fixture *f, gconstpointer data)
{
  append (f, "");
  add (f, FILE_BACKEND_POLLING, FALSE);
  append (f, "one\n");
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n|");
  g_assert_cmpint (file_watch_get_position (f->watch), ==, 4);
  g_assert_cmpstr (file_watch_peek_hash (f->watch), ==, "c7059bb19433cc3cabaa6236c83d56668a843dd2");
}

static void
test_a_very_long_line_is_cut (Fixture *f, gconstpointer data)
{
  g_autofree char *line = g_malloc (3 * FILE_SOURCE_LINE_MAX);

  memset (line, 'x', 3 * FILE_SOURCE_LINE_MAX);
  append (f, "one\n");
  append_to (f->path, line, 3 * FILE_SOURCE_LINE_MAX);
  add_and_start (f);
  GETS (f, "one\n|");
  append (f, "\ntwo\n");
  while (f->lines < 3)
    g_main_context_iteration (NULL, TRUE);
  g_string_replace (f->got, "|", "", 0); /* one slice or two */
  g_assert_true (g_str_has_suffix (f->got->str, "xxx+two\n"));
  g_assert_cmpuint (f->got->len, ==, 1 + FILE_SOURCE_LINE_MAX + strlen ("+two\n"));
  g_string_truncate (f->got, 0);
  append (f, "three\n");
  GETS (f, "+three\n|");
}

static void
test_polling_finds_the_same (Fixture *f, gconstpointer data)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);

  append (f, "one\n");
  add (f, FILE_BACKEND_POLLING, FALSE);
  file_watch_set_paused (f->watch, FALSE);
  GETS (f, "one\n|");
  append (f, "two\n");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  append (f, "three\n");
  GETS (f, "+two\n+three\n|");
}

static void
test_wide_encodings_end_lines_in_their_way (Fixture *f, gconstpointer data)
{
  static const char text[] = "a\0\x0a\x01"
                             "\n\0"
                             "b\0\n\0";
  FileWatch *watch;

  append_to (f->path, text, sizeof text - 1);
  watch = add_other (f, LINE_END_UTF16_LE, FALSE);
  while (f->lines < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpmem (f->got->str, 10, text, 10);
  file_watch_remove (watch);
}

static gboolean
time_of_line (const char *bytes, gsize len, gint64 *ret_time_usec, gpointer data)
{
  if (!g_ascii_isdigit (*bytes))
    return FALSE;
  *ret_time_usec = g_ascii_strtoll (bytes, NULL, 10) * G_USEC_PER_SEC;
  return TRUE;
}

static void
test_seeking_a_time_finds_the_young_lines (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 position;
  gint64 first;

  for (guint i = 100000; i < 120000; i++)
    g_string_append_printf (text, "%u line with some text\n  continued\n", i);
  append_to (f->path, text->str, text->len);
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  file_watch_seek_time (f->watch, 112345 * (gint64) G_USEC_PER_SEC, time_of_line, f);
  position = file_watch_get_position (f->watch);
  first = strstr (text->str, "112345 ") - text->str;
  g_assert_cmpint (position, <=, first);
  g_assert_cmpint (position, >, first - 20000);
  g_assert_true (text->str[position - 1] == '\n');
}

static void
test_who_has_passed_over_all_old_lines_is_at_the_end (Fixture *f, gconstpointer data)
{
  append (f, "1000 old\n");
  add (f, FILE_BACKEND_INOTIFY, FALSE);
  file_watch_seek_time (f->watch, 2000 * (gint64) G_USEC_PER_SEC, time_of_line, f);
  file_watch_set_paused (f->watch, FALSE);
  append (f, "1001 what comes\n");
  GETS (f, "+1001 what comes\n|");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/file-source/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("what is there is old, what comes is new", test_what_is_there_is_old_what_comes_is_new);
  ADD ("an unfinished line waits for its end", test_an_unfinished_line_waits_for_its_end);
  ADD ("a file that is not there is an error", test_a_file_that_is_not_there_is_an_error);
  ADD ("the null device is a log without lines", test_the_null_device_is_a_log_without_lines);
  ADD ("rotation by rename loses no line", test_rotation_by_rename_loses_no_line);
  ADD ("a rotated file is let go after a while", test_a_rotated_file_is_let_go_after_a_while);
  ADD ("replacing by a rename is seen", test_replacing_by_a_rename_is_seen);
  ADD ("an editor's copy is not read twice", test_an_editor_s_copy_is_not_read_twice);
  ADD ("truncation is seen also when the new content is longer",
       test_truncation_is_seen_also_when_the_new_content_is_longer);
#define ADD_FOR(name, backend, func)                                                                                   \
  g_test_add ("/file-source/" name, Fixture, GINT_TO_POINTER (backend), set_up, func, tear_down)
  ADD_FOR ("the copy of a truncated file is read to its end", FILE_BACKEND_INOTIFY,
           test_the_copy_of_a_truncated_file_is_read_to_its_end);
  ADD_FOR ("polling reads the copy of a truncated file to its end", FILE_BACKEND_POLLING,
           test_the_copy_of_a_truncated_file_is_read_to_its_end);
  ADD_FOR ("several copies between two looks are read", FILE_BACKEND_INOTIFY,
           test_several_copies_between_two_looks_are_read);
  ADD_FOR ("polling reads several copies between two looks", FILE_BACKEND_POLLING,
           test_several_copies_between_two_looks_are_read);
  ADD_FOR ("copies of what nobody saw in the log are read", FILE_BACKEND_INOTIFY,
           test_copies_of_what_nobody_saw_in_the_log_are_read);
  ADD_FOR ("polling reads copies of what nobody saw in the log", FILE_BACKEND_POLLING,
           test_copies_of_what_nobody_saw_in_the_log_are_read);
  ADD ("as many bytes within a tick are seen", test_as_many_bytes_within_a_tick_are_seen);
  ADD ("logs that begin with the same line are different", test_logs_that_begin_with_the_same_line_are_different);
  ADD ("a copy that was found empty is not read", test_a_copy_that_was_found_empty_is_not_read);
  ADD ("a copy that was found empty is read on where the log was truncated",
       test_a_copy_that_was_found_empty_is_read_on_where_the_log_was_truncated);
  ADD ("a file that was found empty is read when it is written to",
       test_a_file_that_was_found_empty_is_read_when_it_is_written_to);
  ADD ("a deleted file comes back", test_a_deleted_file_comes_back);
  ADD ("a folder that was away is no problem", test_a_folder_that_was_away_is_no_problem);
  ADD ("two jails share one reading", test_two_jails_share_one_reading);
  ADD ("an audience stands for who gets a line", test_an_audience_stands_for_who_gets_a_line);
  ADD ("a line with nothing for the others only moves their positions",
       test_a_line_with_nothing_for_the_others_only_moves_their_positions);
  ADD ("a paused watch catches up", test_a_paused_watch_catches_up);
  ADD ("a watch may leave in its own callback", test_a_watch_may_leave_in_its_own_callback);
  ADD ("tail begins at the end", test_tail_begins_at_the_end);
  ADD ("a stored position goes on there", test_a_stored_position_goes_on_there);
  ADD ("what was rotated while nobody looked is found", test_what_was_rotated_while_nobody_looked_is_found);
  ADD ("all that was rotated while nobody looked is found", test_all_that_was_rotated_while_nobody_looked_is_found);
  ADD ("an empty log knows what was before", test_an_empty_log_knows_what_was_before);
  ADD_FOR ("a file that was rotated between two looks is read", FILE_BACKEND_INOTIFY,
           test_a_file_that_was_rotated_between_two_looks_is_read);
  ADD_FOR ("polling reads a file that was rotated between two looks", FILE_BACKEND_POLLING,
           test_a_file_that_was_rotated_between_two_looks_is_read);
  ADD ("the hash comes with the first complete line", test_the_hash_comes_with_the_first_complete_line);
  ADD ("the hash is that of what was read", test_the_hash_is_that_of_what_was_read);
  ADD ("a very long line is cut", test_a_very_long_line_is_cut);
  ADD ("polling finds the same", test_polling_finds_the_same);
  ADD ("wide encodings end lines in their way", test_wide_encodings_end_lines_in_their_way);
  ADD ("seeking a time finds the young lines", test_seeking_a_time_finds_the_young_lines);
  ADD ("who has passed over all old lines is at the end", test_who_has_passed_over_all_old_lines_is_at_the_end);
  return g_test_run ();
}
