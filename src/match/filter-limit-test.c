/* filter-limit-test.c - no line and no expression can hold the machine
 *
 * Expressions that take exponential or polynomial time, of the kinds that real filters had, on lines that a stranger would write: each is
 * done in a few milliseconds, is named in the log when it is given up, and the expressions behind it still see the line.
 */
#include <string.h>
#include <time.h>

#include "match/filter.h"

/* compat/py-match.c budgets 5 ms, twice for expressions that may begin anywhere, and a seventh more for all of a line.  The limit here is
 * for a busy machine. */
#define MOST_USEC 40000
#define TRIES     3

typedef struct
{
  Clock *clock;
  Log *log;
  Filter *filter;
  GString *logged;
  guint n_found;
} Fixture;

static void
on_log (int level, const char *logger, const char *message, gsize len, gpointer data)
{
  Fixture *f = data;

  if (level < LOG_LEVEL_WARNING)
    return;
  g_string_append_len (f->logged, message, (gssize) len);
  g_string_append_c (f->logged, '\n');
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = clock_new_settable (1755165600 * (gint64) G_USEC_PER_SEC); /* 2025-08-14 10:00:00 UTC */
  f->log = log_new ();
  f->logged = g_string_new (NULL);
  f->filter = filter_new ("box", f->clock, f->log);
  log_set_level (f->log, LOG_LEVEL_WARNING);
  log_set_sink (f->log, on_log, f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  filter_free (f->filter);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->logged, TRUE);
}

static void
count (Failure *failure, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_found++;
}

static gint64
cpu_usec (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* The least of some tries, each of which must find the line's other failure */
static gint64
feed (Fixture *f, const char *text)
{
  g_autoptr (LogLine) line = log_line_new ("log");
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < TRIES; i++)
    {
      gint64 start_usec;

      f->n_found = 0;
      log_line_set_text (line, text, strlen (text));
      start_usec = cpu_usec ();
      g_assert_true (filter_process_line (f->filter, line, TRUE, count, f, NULL));
      least = MIN (least, cpu_usec () - start_usec);
    }
  return least;
}

/* What an attacker repeats, what stands before it, and what keeps the expression from matching in the end */
static const struct
{
  const char *expression, *before, *piece, *after;
} pairs[] = {
  { "^ (a+)+$ <HOST>", "", "a", "!" },
  { "^ (?:x+x+)+y <HOST>", "", "x", "" },
  { "^ (?:a|aa)+$ <HOST>", "", "a", "!" },
  { "^ (?:a|a?)+b <HOST>", "", "a", "" },
  { "^ (\\w+\\s?)*: <HOST>", "", "word ", ";" },
  { "^ (.*)*z <HOST>", "", "ab", "" },
  { "^ (?:\\d+)*z <HOST>", "", "1", "" },
  { "(?:.*,){9}z <HOST>", "", "1,", "" },
  { "^(?=(?:a+)+b).*<HOST>", "", "a", "" },
  { "^ (a*)*\\1b <HOST>", "", "a", "" },
  { ".*.*.*.*=<HOST>", "", "ab ", "" },
  { "\\s+\\S+\\s+\\S+\\s+\\S+ by <HOST>", "", " x", "" },
  { "(?i)^ ([a-z0-9]+)*@<HOST>", "", "Ab1", "!" },
  /* nothing to go wrong but many places to begin at */
  { "f.*<ADDR>z", "", "foo from fail ", "z" },
  { "\\S+ .* <ADDR>z", "", "foo from fail ", "z" },
  /* a mail server's filter: any words, with optional data in brackets between them */
  { "^ (?:\\[[^\\]]+\\])?\\s*(?:[A-Z][\\w ]*:?\\s*)*user \\S.*? refused; host <HOST>$", "[4711] ",
    "Server Task: ", "user x" },
  { "^ (?:(?:\\s*\\S+)* )?no such account, host <HOST>$", "", "word ", "no such account, host ?" },
  /* an IMAP server's filter: reasons, of which some have a text in parentheses */
  { "^ login(?:: (?:[^(]+|\\w+\\([^)]*\\))+)? \\(denied(?: \\d+)?\\): <HOST>$", "login: ", "reason ", " (denied ?" },
  { "^ login(?:: (?:[^(]+|\\w+\\([^)]*\\))+)? \\(denied(?: \\d+)?\\): <HOST>$", "login: ", "pam(x) ", " (denied ?" },
};

static void
test_no_pair_of_line_and_expression_takes_long (Fixture *f, gconstpointer unused)
{
  static const gsize lengths[] = { 25, 30, 100, 1000, 8000 };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      filter_clear (f->filter);
      g_assert_true (filter_add_failregex (f->filter, pairs[i].expression, NULL));
      g_assert_true (filter_add_failregex (f->filter, "from <ADDR>$", NULL));
      for (guint j = 0; j < G_N_ELEMENTS (lengths); j++)
        {
          g_autoptr (GString) line = g_string_new ("2025-08-14 10:00:00 ");

          g_string_append (line, pairs[i].before);
          while (line->len < lengths[j])
            g_string_append (line, pairs[i].piece);
          g_string_append_printf (line, "%s from 192.0.2.1", pairs[i].after);
          gint64 usec = feed (f, line->str);
          g_test_message ("%s, %" G_GSIZE_FORMAT " bytes: %" G_GINT64_FORMAT " us", pairs[i].expression, line->len,
                          usec);
          if (usec > MOST_USEC)
            g_error ("'%s' takes %" G_GINT64_FORMAT " us for %" G_GSIZE_FORMAT " bytes", pairs[i].expression, usec,
                     line->len);
          g_assert_cmpuint (f->n_found, ==, 1);
        }
    }
}

static void
test_many_expressions_take_little_longer_than_one (Fixture *f, gconstpointer unused)
{
  g_autofree char *many = g_strnfill (5000, 'x');
  g_autofree char *line = g_strdup_printf ("2025-08-14 10:00:00 %s from 192.0.2.1", many);
  gint64 one, all;

  g_assert_true (filter_add_failregex (f->filter, "^ (?:x+x+)+[yz]{1} <HOST>", NULL));
  g_assert_true (filter_add_failregex (f->filter, "from <ADDR>$", NULL));
  one = feed (f, line);
  for (guint i = 1; i < 20; i++)
    {
      g_autofree char *expression = g_strdup_printf ("^ (?:x+x+)+[yz]{%u} <HOST>", i + 1);
      g_assert_true (filter_add_failregex (f->filter, expression, NULL));
    }
  all = feed (f, line);
  g_test_message ("one: %" G_GINT64_FORMAT " us, twenty: %" G_GINT64_FORMAT " us", one, all);
  g_assert_cmpint (all, <, 4 * one + MOST_USEC / 4);
}

static void
test_what_is_given_up_is_said_with_its_expression_and_how_often (Fixture *f, gconstpointer unused)
{
  g_autofree char *many = g_strnfill (5000, 'x');
  g_autofree char *line = g_strdup_printf ("2025-08-14 10:00:00 %s from 192.0.2.1", many);

  g_assert_true (filter_add_failregex (f->filter, "^ (?:x+x+)+y <HOST>", NULL));
  g_assert_true (filter_add_failregex (f->filter, "from <ADDR>$", NULL));
  for (guint i = 0; i < 4; i++) /* of TRIES lines */
    feed (f, line);
  g_assert_nonnull (strstr (f->logged->str, "searched with ^ (?:x+x+)+y "));
  g_assert_nonnull (strstr (f->logged->str, "(10 times by now)"));
  g_assert_null (strstr (f->logged->str, "(2 times by now)"));
}

#define ADD(name, test) g_test_add ("/filter-limit/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("no pair of line and expression takes long", test_no_pair_of_line_and_expression_takes_long);
  ADD ("many expressions take little longer than one", test_many_expressions_take_little_longer_than_one);
  ADD ("what is given up is said with its expression and how often",
       test_what_is_given_up_is_said_with_its_expression_and_how_often);
  return g_test_run ();
}
