#include "source/file-beside.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SHIFTED 5 /* a.log.1 to a.log.5 */

typedef struct
{
  char *dir;
  guint shifts;     /* done */
  guint max_shifts; /* to be done, one whenever a name was found */
  guint made;       /* files, one for each shift */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("file-beside-XXXXXX", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (f->dir);
}

static void
put (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->dir, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
move (Fixture *f, const char *from, const char *to)
{
  g_autofree char *from_path = g_build_filename (f->dir, from, NULL);
  g_autofree char *to_path = g_build_filename (f->dir, to, NULL);

  g_assert_cmpint (g_rename (from_path, to_path), ==, 0);
}

static GPtrArray *
list (Fixture *f, const struct timespec *since, FileBesideHook hook, gboolean *ret_settled)
{
  return file_beside_list (f->dir, "a.log", since, G_MAXINT64, hook, f, ret_settled);
}

static char *
numbered (guint number)
{
  return number > 0 ? g_strdup_printf ("a.log.%u", number) : g_strdup ("a.log");
}

/* As logrotate does it: each name moves on, from the end. */
static void
shift (Fixture *f)
{
  g_autofree char *text = g_strdup_printf ("%u\n", ++f->made);

  put (f, "a.log", text);
  for (guint number = f->made; number > 0; number--)
    {
      g_autofree char *from = numbered (number - 1);
      g_autofree char *to = numbered (number);

      move (f, from, to);
    }
}

static void
on_name (const char *name, gpointer data)
{
  Fixture *f = data;

  if (f->shifts >= f->max_shifts)
    return;
  f->shifts++;
  shift (f);
}

static void
clear (Fixture *f)
{
  for (guint number = 1; number <= f->made; number++)
    {
      g_autofree char *name = numbered (number);
      g_autofree char *path = g_build_filename (f->dir, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}

/* What is in the files, in the order of the list. */
static char *
contents (const GPtrArray *files)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < files->len; i++)
    {
      char buffer[100];
      gssize n = pread (((const FileBeside *) files->pdata[i])->fd, buffer, sizeof buffer, 0);

      g_assert_cmpint (n, >=, 0);
      g_string_append_len (text, buffer, n);
    }
  return g_string_free (text, FALSE);
}

static void
test_names_of_rotated_logs_are_known (void)
{
  static const struct
  {
    const char *log, *name;
    gboolean rotated;
  } rows[] = {
    { "a.log", "a.log.1", TRUE },      { "a.log", "a.log-20250814", TRUE }, { "a.log", "a.log.old", TRUE },
    { "a.log", "a.log~", TRUE },       { "a.log", "a-20250814.log", TRUE }, { "a.log", "a.1.log", TRUE },
    { "a.log", "a.log.1.gz", FALSE },  { "a.log", "a.log", FALSE },         { "a.log", "b.log.1", FALSE },
    { "a.log", "a-b.log", FALSE },     { "mail", "mail.err", FALSE },       { "mail", "mail.1", TRUE },
    { "mail", "mail-20250814", TRUE }, { "mail", "mailbox", FALSE },        { "messages", "messages_old", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (file_beside_is_rotated (rows[i].log, rows[i].name) != rows[i].rotated)
      g_error ("row %u: %s of %s", i, rows[i].name, rows[i].log);
}

static void
test_a_quiet_folder_is_listed (Fixture *f, gconstpointer data)
{
  gboolean settled = FALSE;
  g_autoptr (GPtrArray) files = NULL;
  g_autofree char *text = NULL;

  put (f, "a.log", "the log itself\n");
  put (f, "a.log.2.gz", "packed\n");
  put (f, "a.log.2", "older\n");
  g_usleep (20 * 1000); /* a tick of the file system's clock */
  put (f, "a.log.1", "younger\n");
  files = list (f, NULL, NULL, &settled);
  text = contents (files);
  g_assert_cmpstr (text, ==, "younger\nolder\n");
  g_assert_true (settled);
}

static void
test_what_was_written_before_is_left_out (Fixture *f, gconstpointer data)
{
  gboolean settled = FALSE;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autofree char *text = NULL;

  put (f, "a.log.2", "older\n");
  g_usleep (20 * 1000);
  put (f, "a.log.1", "younger\n");
  all = list (f, NULL, NULL, &settled);
  files = list (f, &((const FileBeside *) all->pdata[0])->info.st_mtim, NULL, &settled);
  text = contents (files);
  g_assert_cmpstr (text, ==, "younger\n");
}

/* Whenever a name was found, and before its file is opened, all names move on. */
static void
test_no_file_is_missed_while_names_move_on (Fixture *f, gconstpointer data)
{
  for (guint max_shifts = 1; max_shifts <= 20; max_shifts++)
    {
      gboolean settled = FALSE;
      g_autoptr (GPtrArray) files = NULL;
      g_autofree char *text = NULL;

      f->made = 0;
      for (guint i = 0; i < SHIFTED; i++)
        shift (f);
      f->shifts = 0;
      f->max_shifts = max_shifts;
      files = list (f, NULL, on_name, &settled);
      g_assert_true (settled);
      g_assert_cmpuint (f->shifts, ==, max_shifts);
      text = contents (files);
      for (guint made = 1; made <= f->made; made++)
        {
          g_autofree char *line = g_strdup_printf ("%u\n", made);

          if (strstr (text, line) == NULL)
            g_error ("after %u moves: file %u of %u is missing in '%s'", max_shifts, made, f->made, text);
        }
      clear (f);
    }
}

/* Another file takes the name. */
static void
replace (const char *name, gpointer data)
{
  put (data, name, "new\n");
}

static void
test_a_folder_that_never_stands_still_is_given_up (Fixture *f, gconstpointer data)
{
  gboolean settled = TRUE;
  g_autoptr (GPtrArray) files = NULL;

  put (f, "a.log.1", "one\n");
  files = list (f, NULL, replace, &settled);
  g_assert_false (settled);
  g_assert_cmpuint (files->len, ==, FILE_BESIDE_LOOKS_MAX);
}

static void
test_of_very_many_files_the_youngest_are_kept (Fixture *f, gconstpointer data)
{
  gboolean settled = FALSE;
  g_autoptr (GPtrArray) files = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < FILE_BESIDE_MAX + 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("a.log.%u", i);

      put (f, name, "old\n");
    }
  g_usleep (20 * 1000);
  put (f, "a.log.77", "young\n");
  files = list (f, NULL, NULL, &settled);
  g_assert_cmpuint (files->len, ==, FILE_BESIDE_MAX);
  text = contents (files);
  g_assert_true (g_str_has_prefix (text, "young\nold\n"));
}

static void
test_what_is_no_file_disturbs_nobody (Fixture *f, gconstpointer data)
{
  gboolean settled = FALSE;
  g_autofree char *link = g_build_filename (f->dir, "a.log.1", NULL);
  g_autofree char *folder = g_build_filename (f->dir, "a.log.2", NULL);
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GPtrArray) none = NULL;

  g_assert_cmpint (symlink ("nowhere", link), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  files = list (f, NULL, NULL, &settled);
  g_assert_true (settled);
  g_assert_cmpuint (files->len, ==, 0);
  none = file_beside_list ("/nonexistent", "a.log", NULL, 0, NULL, NULL, &settled);
  g_assert_true (settled);
  g_assert_cmpuint (none->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/file-beside/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_add_func ("/file-beside/names of rotated logs are known", test_names_of_rotated_logs_are_known);
  ADD ("a quiet folder is listed", test_a_quiet_folder_is_listed);
  ADD ("what was written before is left out", test_what_was_written_before_is_left_out);
  ADD ("no file is missed while names move on", test_no_file_is_missed_while_names_move_on);
  ADD ("a folder that never stands still is given up", test_a_folder_that_never_stands_still_is_given_up);
  ADD ("of very many files the youngest are kept", test_of_very_many_files_the_youngest_are_kept);
  ADD ("what is no file disturbs nobody", test_what_is_no_file_disturbs_nobody);
  return g_test_run ();
}
