#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

#define NOW_SEC   1755165600 /* 2025-08-14 10:00:00 UTC */
#define N_FILTERS 8
#define N_LOGS    2

/* Jails on two logs, each filter with its twin that is alone in the world: it is told every line by itself. */
typedef struct
{
  Filter *filter;
  LogLine *lines[N_LOGS]; /* of its own, or those of all */
} Jail;

typedef struct
{
  Clock *clock;
  Log *log;
  LogLine *lines[N_LOGS];
  Jail jails[N_FILTERS], twins[N_FILTERS];
  guint64 marks[N_LOGS][N_FILTERS][2];
  gboolean is_idle[N_FILTERS], in_operation[N_FILTERS];
  GString *told;
  guint n_together; /* lines that a filter did not look at itself … */
  guint n_settled;  /* … and that it was not even told */
  GRand *random;
} Fixture;

static const char *const failregexes[] = {
  "^<F-NOFAIL>from</F-NOFAIL> <ADDR>$",
  "^failed for <F-USER>\\w+</F-USER>(?: from <HOST>)?$",
  "^<F-MLFFORGET>bye</F-MLFFORGET> <ADDR>$",
  "^<F-MLFGAINED>in</F-MLFGAINED> as <F-USER>\\w+</F-USER>",
  "^odd",
};

#define PREFREGEX "^ (?:<F-MLFID>srv\\d</F-MLFID>: )?<F-CONTENT>.+</F-CONTENT>$"

static const char *const texts[] = {
  "2025-08-14 10:00:00 srv1: from 192.0.2.4",
  "2025-08-14 10:00:01 srv1: failed for bob",
  "2025-08-14 10:00:01 srv2: failed for bob",
  "2025-08-14 10:00:01 srv2: failed for eve from host.example",
  "2025-08-14 10:00:01 srv2: failed for eve from 192.0.2.8",
  "2025-08-14 10:00:01 failed for eve from 2001:db8::1",
  "2025-08-14 09:58:00 srv3: from 192.0.2.5",
  "2025-08-14 09:57:00 srv3: failed for eve",
  " srv1: failed for mallory", /* takes the last date, if there is one */
  " srv4: from 192.0.2.6",
  "2025-02-30 10:00:00 srv1: failed for bob",
  "2025-08-14 10:00:02 srv1: bye 192.0.2.4",
  "2025-08-14 10:00:02 srv2: in as eve",
  "2025-08-14 10:00:02 srv2: in as mallory",
  "2025-08-14 10:00:02 srv2: from 192.0.2.12",
  "2025-08-14 10:00:02 odd", /* nobody is to blame */
  "2025-08-14 10:00:02 srv5: odd",
  "2025-08-14 10:00:02 J\xfcrgen: failed for bob",
  "2025-08-14 10:00:03 all is well",
  "",
};

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  if (g_str_has_prefix (text, "Error decoding") || g_str_has_prefix (text, "Consider setting"))
    return; /* said once for each log */
  g_string_append_printf (f->told, "%d ", level);
  g_string_append_len (f->told, text, (gssize) len);
  g_string_append_c (f->told, '\n');
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (PyValue) id = failure_dup_id_value (failure), data = NULL, time = failure_dup_time (failure);
  g_autoptr (Address) nobody = address_new_raw ("?", -1);
  g_autoptr (Ticket) ticket = ticket_new (nobody, 0);

  g_string_append_printf (f->told, "%u %s%s ", failure->regex_index, failure->host != NULL ? failure->host : "",
                          failure->resolve_warn ? "!" : "");
  if (id != NULL)
    py_repr_append (f->told, id);
  py_repr_append (f->told, time);
  failure_give_data (failure, ticket);
  data = ticket_dup_data (ticket, G_MAXUINT);
  py_repr_append (f->told, data);
  g_string_append_c (f->told, '\n');
}

/* --- filters ------------------------------------------------------------------------------------------------------ */
static void
make_filter (Fixture *f, Jail *jail, guint which, gboolean alone)
{
  g_autofree char *name = g_strdup_printf ("box%u", which);

  jail->filter = filter_new (name, f->clock, f->log);
  g_assert_true (filter_set_log_encoding (jail->filter, "UTF-8", NULL));
  g_assert_true (filter_set_date_pattern (jail->filter, "^%Y-%m-%d %H:%M:%S", NULL));
  g_assert_true (filter_set_prefregex (jail->filter, PREFREGEX, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (failregexes); i++)
    g_assert_true (filter_add_failregex (jail->filter, failregexes[i], NULL));
  for (guint i = 0; i < N_LOGS; i++)
    jail->lines[i] = alone ? log_line_new ("x.log") : f->lines[i];
}

static void
drop_filter (Jail *jail, gboolean alone)
{
  filter_free (jail->filter);
  for (guint i = 0; alone && i < N_LOGS; i++)
    log_line_free (jail->lines[i]);
}

static void
set_up (Fixture *f, gconstpointer seed)
{
  f->random = g_rand_new_with_seed (GPOINTER_TO_UINT (seed));
  f->clock = clock_new_settable (NOW_SEC * (gint64) G_USEC_PER_SEC);
  f->log = log_new ();
  f->told = g_string_new (NULL);
  log_set_sink (f->log, on_log, f);
  for (guint i = 0; i < N_LOGS; i++)
    f->lines[i] = log_line_new ("x.log");
  for (guint i = 0; i < N_FILTERS; i++)
    {
      make_filter (f, &f->jails[i], i, FALSE);
      make_filter (f, &f->twins[i], i, TRUE);
    }
  for (guint i = 0; i < sizeof f->marks / sizeof (guint64); i++)
    (&f->marks[0][0][0])[i] = (guint64) g_rand_int (f->random) << 32 | g_rand_int (f->random);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < N_FILTERS; i++)
    {
      drop_filter (&f->jails[i], FALSE);
      drop_filter (&f->twins[i], TRUE);
    }
  for (guint i = 0; i < N_LOGS; i++)
    log_line_free (f->lines[i]);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->told, TRUE);
  g_rand_free (f->random);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */
static guint
random_below (Fixture *f, guint n)
{
  return (guint) g_rand_int_range (f->random, 0, (gint32) n);
}

/* What a filter tells, and says, of the line that its LogLine is set to. */
static char *
ask (Fixture *f, const Jail *jail, guint log, gboolean in_operation)
{
  g_autoptr (GError) error = NULL;

  g_string_truncate (f->told, 0);
  if (!filter_process_line (jail->filter, jail->lines[log], in_operation, on_failure, f, &error))
    g_string_append_printf (f->told, "%s\n", error->message);
  return g_strdup (f->told->str);
}

static guint64
audience_of (const Fixture *f, guint log, guint missing)
{
  guint64 audience = 0;

  for (guint i = 0; i < N_FILTERS; i++)
    if (!f->is_idle[i] && ((missing >> i) & 1) == 0)
      audience += f->marks[log][i][f->in_operation[i] ? 1 : 0];
  return audience;
}

/* Those that are not idle and whose bit is not in `missing`, one after the other from some filter on */
static guint
list_readers (Fixture *f, guint missing, guint readers[N_FILTERS])
{
  guint n = 0, first = random_below (f, 10) == 0 ? random_below (f, N_FILTERS) : 0;

  for (guint i = 0; i < N_FILTERS; i++)
    {
      guint which = (first + i) % N_FILTERS;

      if (!f->is_idle[which] && ((missing >> which) & 1) == 0)
        readers[n++] = which;
    }
  return n;
}

/* A line of a log, for all that are not idle and whose bit is not in `missing` */
static void
hand_out (Fixture *f, guint log, const char *text, guint missing)
{
  guint readers[N_FILTERS], n_readers = list_readers (f, missing, readers);
  gboolean is_settled = FALSE;

  log_line_set_bytes (f->lines[log], text, strlen (text));
  if (random_below (f, 50) > 0)
    log_line_set_audience (f->lines[log], audience_of (f, log, missing));
  for (guint i = 0; i < n_readers; i++)
    {
      guint which = readers[i];
      g_autofree char *told = is_settled ? g_strdup ("") : ask (f, &f->jails[which], log, f->in_operation[which]);
      g_autofree char *wanted = NULL;

      log_line_set_bytes (f->twins[which].lines[log], text, strlen (text));
      wanted = ask (f, &f->twins[which], log, f->in_operation[which]);
      g_assert_cmpstr (told, ==, wanted);
      f->n_together += f->jails[which].filter->memory->teller != f->jails[which].filter ? 1 : 0;
      f->n_settled += is_settled ? 1 : 0;
      if (i == 0 && n_readers > 1 && random_below (f, 10) > 0)
        is_settled = log_line_settle (f->lines[log], n_readers);
    }
}

static const char *
random_text (Fixture *f)
{
  return texts[random_below (f, G_N_ELEMENTS (texts))];
}

/* --- commands ----------------------------------------------------------------------------------------------------- */
static void
command (Filter *filter, guint which, guint argument)
{
  static const char *const modes[] = { "yes", "warn", "no", "raw" };

  switch (which)
    {
    case 0:
      filter_set_use_dns (filter, modes[argument % 4]);
      break;
    case 1:
      filter_set_find_time (filter, (argument % 2 == 0 ? 100 : 600) * G_USEC_PER_SEC, argument % 2 == 0 ? "100" : "600");
      break;
    case 2: /* a reload with the same settings */
      filter_clear (filter);
      for (guint i = 0; i < G_N_ELEMENTS (failregexes); i++)
        (void) filter_add_failregex (filter, failregexes[i], NULL); /* without prefregex not all can be */
      break;
    case 3:
      filter_del_failregex (filter, (gint64) (argument % 5));
      break;
    case 4:
      g_assert_true (filter_add_ignoreregex (filter, "eve", NULL));
      break;
    case 5:
      filter_del_all_ignoreregex (filter);
      break;
    case 6:
      g_assert_true (filter_set_prefregex (filter, argument % 2 == 0 ? PREFREGEX : NULL, NULL));
      break;
    case 7:
      g_assert_true (filter_set_max_lines (filter, argument % 4 == 0 ? 2 : 1, NULL));
      break;
    case 8:
      g_assert_true (filter_set_date_pattern (filter, argument % 2 == 0 ? "^%Y-%m-%d %H:%M:%S" : "%H:%M:%S", NULL));
      break;
    case 9:
      g_assert_true (filter_set_log_encoding (filter, argument % 2 == 0 ? "UTF-8" : "latin1", NULL));
      break;
    default:
      g_assert_true (filter_set_log_time_zone (filter, argument % 2 == 0 ? NULL : "UTC+0200", NULL));
      break;
    }
}

static void
start_anew (Fixture *f, guint which)
{
  drop_filter (&f->jails[which], FALSE);
  drop_filter (&f->twins[which], TRUE);
  make_filter (f, &f->jails[which], which, FALSE);
  make_filter (f, &f->twins[which], which, TRUE);
  f->in_operation[which] = FALSE;
}

/* Mostly the commands that bring a jail back to what the others have. */
static void
random_command (Fixture *f)
{
  guint which = random_below (f, N_FILTERS), n = random_below (f, 16), argument = (guint) random_below (f, 8);

  if (n < 11)
    {
      command (f->jails[which].filter, n, argument);
      command (f->twins[which].filter, n, argument);
    }
  else if (n == 11)
    f->is_idle[which] = !f->is_idle[which];
  else if (n == 12)
    f->in_operation[which] = TRUE;
  else
    start_anew (f, which);
}

/* --- the tests ---------------------------------------------------------------------------------------------------- */
static void
play (Fixture *f, guint lines_for_a_command)
{
  for (guint round = 0; round < 3000; round++)
    {
      guint log, missing;

      if (random_below (f, lines_for_a_command) == 0)
        random_command (f);
      if (random_below (f, 10) == 0)
        clock_advance_usec (f->clock, random_below (f, 8) * G_USEC_PER_SEC);
      if (random_below (f, 500) == 0)
        clock_advance_usec (f->clock, 301 * G_USEC_PER_SEC);
      missing = random_below (f, 30) == 0 ? random_below (f, 256) : 0;
      log = random_below (f, N_LOGS);
      hand_out (f, log, random_text (f), missing);
    }
}

static void
test_filters_that_come_and_go_tell_what_they_would_alone (Fixture *f, gconstpointer unused)
{
  play (f, 25);
  g_assert_cmpuint (f->n_together, >, 100);
}

/* Most of the time they are all alike. */
static void
test_lines_that_are_settled_are_missed_by_nobody (Fixture *f, gconstpointer unused)
{
  guint n_settled;

  do
    {
      n_settled = f->n_settled;
      for (guint i = 0; i < N_FILTERS; i++)
        {
          start_anew (f, i);
          f->is_idle[i] = FALSE;
        }
      play (f, 1000);
    }
  while (f->n_settled == n_settled); /* a command may have come at once */
}

static guint
count_memories (const Fixture *f)
{
  guint n = 0;

  for (guint i = 0; i < N_FILTERS; i++)
    {
      gboolean known = FALSE;

      for (guint k = 0; k < i; k++)
        known |= f->jails[i].filter->memory == f->jails[k].filter->memory;
      n += known ? 0 : 1;
    }
  return n;
}

static void
test_filters_with_equal_settings_have_one_memory (Fixture *f, gconstpointer unused)
{
  g_assert_cmpuint (count_memories (f), ==, N_FILTERS);
  log_line_set_bytes (f->lines[0], texts[0], strlen (texts[0]));
  for (guint i = 0; i < N_FILTERS; i++)
    g_free (ask (f, &f->jails[i], 0, FALSE));
  g_assert_cmpuint (count_memories (f), ==, N_FILTERS); /* nobody knows who gets the line */
  for (guint i = 0; i < 2 * N_LOGS; i++)
    {
      log_line_set_bytes (f->lines[i % N_LOGS], texts[i], strlen (texts[i]));
      log_line_set_audience (f->lines[i % N_LOGS], audience_of (f, i % N_LOGS, 0));
      for (guint k = 0; k < N_FILTERS; k++)
        g_free (ask (f, &f->jails[k], i % N_LOGS, FALSE));
      g_assert_cmpuint (count_memories (f), ==, 1);
    }
}

static void
hand_out_to_all (Fixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      log_line_set_bytes (f->lines[0], texts[i % G_N_ELEMENTS (texts)], strlen (texts[i % G_N_ELEMENTS (texts)]));
      log_line_set_audience (f->lines[0], audience_of (f, 0, 0));
      for (guint k = 0; k < N_FILTERS; k++)
        if (!f->is_idle[k])
          g_free (ask (f, &f->jails[k], 0, FALSE));
    }
}

static void
test_who_changes_a_setting_is_alone (Fixture *f, gconstpointer unused)
{
  hand_out_to_all (f, 1);
  filter_set_use_dns (f->jails[0].filter, "raw");
  g_assert_cmpuint (count_memories (f), ==, 2);
  filter_set_use_dns (f->jails[3].filter, "raw");
  g_assert_cmpuint (count_memories (f), ==, 3);
  hand_out_to_all (f, 1); /* the two may have one again */
  g_assert_cmpuint (count_memories (f), ==, 2);
  g_assert_true (f->jails[0].filter->memory == f->jails[3].filter->memory);
}

static void
test_who_misses_a_line_is_alone (Fixture *f, gconstpointer unused)
{
  hand_out_to_all (f, 1);
  f->is_idle[5] = TRUE;
  hand_out_to_all (f, 1);
  g_assert_cmpuint (count_memories (f), ==, 2);
  g_assert_cmpuint (f->jails[5].filter->memory->n_members, ==, 1);
  f->is_idle[5] = FALSE;
  hand_out_to_all (f, 1);
  g_assert_cmpuint (count_memories (f), ==, 2); /* what is known of a connection tells of the line that it missed */
}

static void
test_who_is_behind_comes_back_when_nothing_tells_the_difference (Fixture *f, gconstpointer unused)
{
  hand_out_to_all (f, 1);
  f->is_idle[5] = TRUE;
  log_line_set_bytes (f->lines[0], texts[18], strlen (texts[18]));
  log_line_set_audience (f->lines[0], audience_of (f, 0, 0));
  for (guint k = 0; k < N_FILTERS; k++)
    if (!f->is_idle[k])
      g_free (ask (f, &f->jails[k], 0, FALSE));
  f->is_idle[5] = FALSE;
  hand_out_to_all (f, 300);
  g_assert_cmpuint (count_memories (f), ==, 1);
}

#define ADD(path, seed, function) g_test_add (path, Fixture, GUINT_TO_POINTER (seed), set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (guint seed = 1; seed <= 12; seed++)
    {
      g_autofree char *path = g_strdup_printf ("/memory/filters that come and go tell what they would alone, %u", seed);
      ADD (path, seed, test_filters_that_come_and_go_tell_what_they_would_alone);
    }
  for (guint seed = 21; seed <= 28; seed++)
    {
      g_autofree char *path = g_strdup_printf ("/memory/lines that are settled are missed by nobody, %u", seed);
      ADD (path, seed, test_lines_that_are_settled_are_missed_by_nobody);
    }
  ADD ("/memory/filters with equal settings have one memory", 0, test_filters_with_equal_settings_have_one_memory);
  ADD ("/memory/who changes a setting is alone", 0, test_who_changes_a_setting_is_alone);
  ADD ("/memory/who misses a line is alone", 0, test_who_misses_a_line_is_alone);
  ADD ("/memory/who is behind comes back when nothing tells the difference", 0,
       test_who_is_behind_comes_back_when_nothing_tells_the_difference);
  return g_test_run ();
}
