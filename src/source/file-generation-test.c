#include "source/file-generation.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST  "one\ntwo\n"
#define SECOND "three\nfour\n"

typedef struct
{
  char *dir;
  char *path;
  FileGeneration *file;
} Fixture;

static void
put (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600); /* the same inode, as copytruncate leaves it */

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

static FileGeneration *
open_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  FileGeneration *file = file_generation_open (path, LINE_END_BYTE, &error);

  g_assert_no_error (error);
  return file;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("file-generation-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "a.log", NULL);
  put (f->path, FIRST);
  f->file = open_file (f->path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strconcat (f->path, ".1", NULL);

  file_generation_free (f->file);
  g_unlink (f->path);
  g_unlink (copy);
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->path);
  g_free (f->dir);
}

static void
test_what_is_appended_is_the_same_content (Fixture *f, gconstpointer data)
{
  file_generation_remember (f->file, 4);
  put (f->path, FIRST SECOND);
  g_assert_true (file_generation_stands (f->file));
  g_assert_cmpint (file_generation_look (f->file), ==, FILE_CHANGED);
  g_assert_cmpint (file_generation_get_size (f->file), ==, strlen (FIRST SECOND));
}

static void
test_another_content_does_not_stand_and_is_told_once (Fixture *f, gconstpointer data)
{
  g_autofree char *hash = g_strdup (file_generation_peek_hash (f->file));

  put (f->path, SECOND);
  g_assert_false (file_generation_stands (f->file));
  g_assert_cmpint (file_generation_look (f->file), ==, FILE_TRUNCATED);
  g_assert_true (file_generation_stands (f->file));
  g_assert_cmpstr (file_generation_peek_hash (f->file), !=, hash);
  g_assert_cmpint (file_generation_look (f->file), !=, FILE_TRUNCATED);
}

static void
test_an_empty_file_is_filled (Fixture *f, gconstpointer data)
{
  put (f->path, "");
  g_assert_cmpint (file_generation_look (f->file), ==, FILE_TRUNCATED);
  g_assert_cmpstr (file_generation_peek_hash (f->file), ==, "");
  put (f->path, SECOND);
  g_assert_cmpint (file_generation_look (f->file), ==, FILE_FILLED);
  g_assert_cmpstr (file_generation_peek_hash (f->file), !=, "");
}

static void
test_the_copy_of_what_was_lost_is_known_as_soon_as_it_has_it (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_strconcat (f->path, ".1", NULL);
  g_autoptr (FileGeneration) copy = NULL;

  file_generation_remember (f->file, strlen (FIRST));
  put (path, "");
  copy = open_file (path);
  put (f->path, SECOND);
  g_assert_cmpint (file_generation_look (f->file), ==, FILE_TRUNCATED);
  g_assert_false (file_generation_has_lost (copy, f->file));
  put (path, "one\n");
  g_assert_false (file_generation_has_lost (copy, f->file)); /* not all that was read */
  put (path, FIRST "and more\n");
  g_assert_true (file_generation_has_lost (copy, f->file)); /* without a look at it */
  put (path, SECOND);
  g_assert_false (file_generation_has_lost (copy, f->file));
}

/* The kernel's files say that they are as long as a page: so a log does that was truncated after it was asked for its size. */
static void
test_no_more_is_known_of_a_file_than_can_be_read (Fixture *f, gconstpointer data)
{
  const char *path = "/sys/devices/system/cpu/online";
  g_autoptr (FileGeneration) file = NULL;
  g_autofree char *text = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, NULL))
    {
      g_test_skip ("/sys is not there");
      return;
    }
  file = open_file (path);
  g_assert_cmpint (file_generation_get_size (file), ==, len);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/file-generation/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("what is appended is the same content", test_what_is_appended_is_the_same_content);
  ADD ("another content does not stand, and is told once", test_another_content_does_not_stand_and_is_told_once);
  ADD ("an empty file is filled", test_an_empty_file_is_filled);
  ADD ("the copy of what was lost is known as soon as it has it",
       test_the_copy_of_what_was_lost_is_known_as_soon_as_it_has_it);
  ADD ("no more is known of a file than can be read", test_no_more_is_known_of_a_file_than_can_be_read);
  return g_test_run ();
}
