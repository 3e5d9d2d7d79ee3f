/* Jails that read one log side by side, and each of them alone in a server of its own: both say the same, whatever happens. */
#include "jail/jail-log-private.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "compat/py-repr.h"

#define START_SEC G_GINT64_CONSTANT (1700000000)
#define N_JAILS   4
#define N_ROUNDS  60

/* A server with all jails, or with one of them. */
typedef struct
{
  Log *log;
  JailServices *services;
  Jail *jails[N_JAILS]; /* NULL: not here */
  GString *said[N_JAILS];
} Side;

typedef struct
{
  char *folder, *log_path;
  Clock *clock;
  Side together, alone[N_JAILS];
  gint64 size;
  guint n_shared; /* rounds after which some had one memory, */
  guint n_failing; /* after which some had counted lines that failed */
} Fixture;

static const char *const names[N_JAILS] = { "a", "b", "c", "d" };

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Side *side = data;

  if (!g_str_equal (logger, "fail2ban.filter") && strstr (text, "Found") == NULL)
    return; /* when bans are announced is the action queue's affair */
  for (guint i = 0; i < N_JAILS; i++)
    if (text[0] == '[' && text[1] == names[i][0] && text[2] == ']')
      g_string_append_printf (side->said[i], "%d %.*s\n", level, (int) len, text);
}

/* --- settings ------------------------------------------------------------------------------------------------------- */
static void
set (Jail *jail, const char *option, const char *value)
{
  g_autoptr (PyValue) text = py_str_new (value);
  g_autoptr (GError) error = NULL;

  if (!jail_set (jail, option, text, &error))
    g_error ("%s = %s: %s", option, value, error->message);
}

static void
add_expressions (Jail *jail)
{
  static const char *const failregexes[] = {
    "^<F-NOFAIL>from</F-NOFAIL> <ADDR>$",
    "^fail(?: for <F-USER>\\w+</F-USER>)?$",
    "^fail from <HOST>$",
    "^<F-MLFGAINED>in</F-MLFGAINED> as <F-USER>\\w+</F-USER>$",
  };

  set (jail, "prefregex", "^\\s*<F-MLFID>c\\d</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$");
  for (guint i = 0; i < G_N_ELEMENTS (failregexes); i++)
    g_assert_true (jail_add_failregex (jail, failregexes[i], NULL));
}

static Jail *
make_jail (Fixture *f, Side *side, guint which)
{
  g_autoptr (GError) error = NULL;
  Jail *jail = jail_new (names[which], "auto", side->services, &error);

  g_assert_no_error (error);
  set (jail, "usedns", "no");
  set (jail, "datepattern", "^{EPOCH}");
  set (jail, "ignoreself", "no");
  set (jail, "maxretry", "3");
  add_expressions (jail);
  g_assert_true (jail_add_log (jail, f->log_path, FALSE, &error));
  jail_start (jail);
  return jail;
}

static void
side_init (Side *side, Fixture *f)
{
  side->log = log_new ();
  log_set_level (side->log, LOG_LEVEL_INFO);
  log_set_sink (side->log, on_log, side);
  side->services = jail_services_new (f->clock, side->log);
  g_assert_true (jail_services_open_store (side->services, ":memory:", NULL));
  for (guint i = 0; i < N_JAILS; i++)
    side->said[i] = g_string_new (NULL);
}

static void
side_clear (Side *side)
{
  for (guint i = 0; i < N_JAILS; i++)
    jail_free (side->jails[i]);
  jail_services_free (side->services);
  log_free (side->log);
  for (guint i = 0; i < N_JAILS; i++)
    g_string_free (side->said[i], TRUE);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("jail-share-XXXXXX", NULL);
  f->log_path = g_build_filename (f->folder, "a.log", NULL);
  f->clock = clock_new_settable (START_SEC * G_USEC_PER_SEC);
  g_assert_true (g_file_set_contents (f->log_path, "", 0, NULL));
  side_init (&f->together, f);
  for (guint i = 0; i < N_JAILS; i++)
    {
      side_init (&f->alone[i], f);
      f->together.jails[i] = make_jail (f, &f->together, i);
      f->alone[i].jails[i] = make_jail (f, &f->alone[i], i);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  side_clear (&f->together);
  for (guint i = 0; i < N_JAILS; i++)
    side_clear (&f->alone[i]);
  clock_free (f->clock);
  (void) g_unlink (f->log_path);
  (void) g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->log_path);
}

/* --- lines ---------------------------------------------------------------------------------------------------------- */
static guint
below (guint n)
{
  return (guint) g_test_rand_int_range (0, (gint32) n);
}

static void
append_lines (Fixture *f, guint count)
{
  static const char *const ends[] = { "from 192.0.2.%u", "fail", "fail for eve", "fail from 192.0.2.%u", "in as bob", "well" };
  FILE *file = fopen (f->log_path, "a");

  g_assert_nonnull (file);
  for (guint i = 0; i < count; i++)
    {
      gint64 time_sec = clock_get_time_usec (f->clock) / G_USEC_PER_SEC - (below (20) == 0 ? 200 : 0);
      const char *end = ends[below (G_N_ELEMENTS (ends))];
      g_autofree char *text = g_strdup (end);

      if (g_str_has_suffix (end, "%u"))
        {
          g_free (text);
          text = g_strdup_printf ("%.*s%u", (int) strlen (end) - 2, end, 1 + below (9));
        }
      if (below (30) > 0)
        (void) fprintf (file, "%" G_GINT64_FORMAT " ", time_sec);
      (void) fprintf (file, "c%u: %s\n", below (4), text);
    }
  f->size = ftell (file);
  (void) fclose (file);
}

static gboolean
is_behind (const Fixture *f, const Jail *jail)
{
  const LogFile *file = g_ptr_array_index (jail->logs->files, 0);

  return !jail->idle && !jail->filter_idle && file_watch_get_position (file->watch) < f->size;
}

static gboolean
is_any_behind (const Fixture *f)
{
  for (guint i = 0; i < N_JAILS; i++)
    if (is_behind (f, f->together.jails[i]) || is_behind (f, f->alone[i].jails[i]))
      return TRUE;
  return FALSE;
}

static void
wait_until_read (Fixture *f)
{
  while (is_any_behind (f)) /* the test's time limit ends it if nobody reads */
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
assert_same_bans (Jail *jail, Jail *other)
{
  g_autoptr (PyValue) banned = jail_dup_banned (jail), wanted = jail_dup_banned (other);
  g_autofree char *shown = py_repr (banned), *expected = py_repr (wanted);

  g_assert_cmpstr (shown, ==, expected);
}

static void
assert_same (Fixture *f)
{
  for (guint i = 0; i < N_JAILS; i++)
    {
      assert_same_bans (f->together.jails[i], f->alone[i].jails[i]);
      g_assert_cmpstr (f->together.said[i]->str, ==, f->alone[i].said[i]->str);
      g_assert_cmpuint (f->together.jails[i]->errors, ==, f->alone[i].jails[i]->errors);
      f->n_failing += f->together.jails[i]->errors > 0 ? 1 : 0;
      g_string_truncate (f->together.said[i], 0);
      g_string_truncate (f->alone[i].said[i], 0);
    }
}

/* --- commands ------------------------------------------------------------------------------------------------------- */
static void
on_reloaded (Jail *jail, const GError *error, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static void
reload (Fixture *f, Jail *jail)
{
  gboolean done = FALSE;

  jail_reload_begin (jail);
  add_expressions (jail);
  g_assert_true (jail_add_log (jail, f->log_path, FALSE, NULL));
  jail_reload_end (jail, on_reloaded, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

#define FAIL       8
#define N_COMMANDS 11

static void
command (Fixture *f, Jail *jail, guint which, guint argument)
{
  switch (which)
    {
    case 0:
      jail_set_idle (jail, argument % 2 == 0);
      break;
    case 1:
      set (jail, "findtime", argument % 2 == 0 ? "600" : "100");
      break;
    case 2:
      set (jail, "usedns", argument % 2 == 0 ? "no" : "raw");
      break;
    case 3:
      reload (f, jail);
      break;
    case 4:
      g_assert_true (jail_add_ignoreip (jail, argument % 2 == 0 ? "192.0.2.1" : "192.0.2.4/31", NULL));
      break;
    case 5:
      g_assert_true (jail_add_ignoreregex (jail, "for eve", NULL));
      break;
    case 6:
      while (filter_n_ignoreregex (jail->filter) > 0)
        jail_del_ignoreregex (jail, 0);
      break;
    case 7:
      set (jail, "maxretry", argument % 2 == 0 ? "2" : "3");
      break;
    case 9:
      set (jail, "bantime.increment", argument % 2 == 0 ? "true" : "false");
      break;
    case FAIL:
      set (jail, "logencoding", "hex"); /* which is no text: lines fail */
      break;
    default:
      set (jail, "maxlines", argument % 4 == 0 ? "2" : "1");
      break;
    }
}

static void
give_command (Fixture *f, guint which, guint jail)
{
  const guint argument = below (8);

  command (f, f->together.jails[jail], which, argument);
  command (f, f->alone[jail].jails[jail], which, argument);
}

/* Before so many lines have failed that the jail goes idle. */
static void
mend (Fixture *f)
{
  for (guint i = 0; i < N_JAILS; i++)
    if (f->alone[i].jails[i]->errors > 0)
      {
        set (f->together.jails[i], "logencoding", "UTF-8");
        set (f->alone[i].jails[i], "logencoding", "UTF-8");
      }
}

static gboolean
is_shared (const Fixture *f)
{
  const FilterMemory *known[N_JAILS];

  for (guint i = 0; i < N_JAILS; i++)
    {
      known[i] = filter_peek_memory (f->together.jails[i]->filter);
      for (guint k = 0; k < i; k++)
        if (known[i] == known[k])
          return TRUE;
    }
  return FALSE;
}

/* --- the test ------------------------------------------------------------------------------------------------------- */
static void
test_jails_side_by_side_say_what_each_would_alone (Fixture *f, gconstpointer data)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      append_lines (f, 1 + below (40));
      wait_until_read (f);
      assert_same (f);
      f->n_shared += is_shared (f) ? 1 : 0;
      clock_advance_usec (f->clock, below (10) * G_USEC_PER_SEC);
      mend (f);
      if (round % 4 == 3)
        give_command (f, round % 20 == 7 ? FAIL : below (N_COMMANDS), below (N_JAILS));
    }
  g_assert_cmpuint (f->n_shared, >, 0);
}

/* Most lines are only given to one of them, but not as long as failed lines are counted. */
static void
test_jails_that_are_all_alike_count_lines_that_failed_as_each_would_alone (Fixture *f, gconstpointer data)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      append_lines (f, 1 + below (10));
      wait_until_read (f);
      assert_same (f);
      for (guint i = 0; i < N_JAILS && round % 10 == 4; i++)
        give_command (f, FAIL, i);
      if (round % 10 == 6)
        mend (f);
    }
  g_assert_cmpuint (f->n_failing, >, 0);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *path = g_strdup_printf ("/jail-share/jails side by side say what each would alone, %u", i);

      g_test_add (path, Fixture, NULL, set_up, test_jails_side_by_side_say_what_each_would_alone, tear_down);
    }
  g_test_add ("/jail-share/jails that are all alike count lines that failed as each would alone", Fixture, NULL, set_up,
              test_jails_that_are_all_alike_count_lines_that_failed_as_each_would_alone, tear_down);
  return g_test_run ();
}
