#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

#define NOW_USEC (1755165600 * (gint64) G_USEC_PER_SEC) /* 2025-08-14 10:00:00 UTC */
#define N_ROUNDS 40
#define N_LINES  400

/* --- a filter and what it says ------------------------------------------------------------------------------------ */
typedef struct
{
  Clock *clock;
  Filter *filter;
  LogLine *line;
  GString *told;
} Side;

static void
side_init (Side *self, const char *date_patterns, gboolean in_operation)
{
  g_autoptr (GError) error = NULL;

  self->clock = clock_new_settable (NOW_USEC);
  self->filter = filter_new ("test", self->clock, NULL);
  self->line = log_line_new ("log");
  self->told = g_string_new (NULL);
  filter_set_check_find_time (self->filter, in_operation);
  g_assert_true (filter_add_failregex (self->filter, "bad <ADDR>", &error));
  if (date_patterns != NULL)
    g_assert_true (filter_set_date_pattern (self->filter, date_patterns, &error));
  g_assert_no_error (error);
}

static void
side_clear (Side *self)
{
  log_line_free (self->line);
  filter_free (self->filter);
  clock_free (self->clock);
  g_string_free (self->told, TRUE);
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  Side *self = user_data;
  g_autoptr (PyValue) time = failure_dup_time (failure), data = failure_dup_data (failure);
  g_autofree char *shown_time = py_repr (time), *shown = py_repr (data);

  g_string_append_printf (self->told, "%s %s\n", shown_time, shown);
}

static void
side_tell (Side *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) last = NULL;
  g_autofree char *shown_last = NULL, *processed = NULL;
  gsize len;

  g_string_truncate (self->told, 0);
  if (!filter_process_line (self->filter, self->line, TRUE, on_failure, self, &error))
    g_string_append (self->told, error->message);
  last = filter_dup_last_time (self->filter);
  shown_last = py_repr (last);
  processed = filter_dup_processed_text (self->filter, &len);
  g_string_append_printf (self->told, "last %s, at '%s' of '%.*s'", shown_last, self->filter->memory->last_time_text->str, (int) len,
                          processed);
}

static void
append_hits (const Side *self, GString *out)
{
  const DateDetector *detector = filter_peek_date_detector (self->filter);

  for (guint i = 0; i < date_detector_get_n_templates (detector); i++)
    g_string_append_printf (out, "%s %" G_GUINT64_FORMAT "\n",
                            date_template_peek_name (date_detector_peek_template (detector, i)),
                            date_detector_get_hits (detector, i));
}

/* --- lines -------------------------------------------------------------------------------------------------------- */
static const char *const dates[] = {
  "Aug 14 09:59:~ host ",
  "Aug 14 09:59:~",
  "Aug 14 09:59:~ ",
  "Aug 15 12:00:~ host ", /* of last year, until it is less than a day ahead */
  "Aug 14 09:59:~ 2025 host ",
  "Thu Aug 14 09:59:~ host ",
  "[Thu Aug 14 09:59:~.000000 2025] ",
  "2025-08-14 09:59:~ ",
  "2025-08-14 09:59:59,~ ",
  "2025-08-14 09:59:~,000 ",
  "2025-08-14T09:59:59.1234~+02:00 ",
  "Aug 14 09:59:59.~ host ",
  "2025-08-14T09:59:~.000000+02:00 ",
  "2025-08-14 09:59:~ +0200 ",
  "2025-08-14 09:59:~ CET ",
  "10.0.0.~ - - [14/Aug/2025:09:59:59 +0200] ",
  "10.0.0.~ - - [14/Aug/2025:09:59:00 +0200] ",
  "10.0.0.~ J\xc3\xbcrgen [14/Aug/2025:09:59:59 +0200] ",
  "10.0.0.7 - - [14/Aug/2025:09:59:59] ",
  "10.0.0.7 - - [14/Aug/2025:09:59:59 +02~] ",
  "[x] 10.0.0.7 - - [14/Aug/2025:09:59:~ +0200] ",
  "17551655~.5 ",
  "2025-02-30 09:59:~ ",
  "",
};

static const char *const texts[] = {
  "bad 192.0.2.1", "good", "2025 bad 192.0.2.2", "Z bad 192.0.2.3", "+0200 bad 192.0.2.4", "J\xc3\xbcrgen bad 192.0.2.5",
  "J\xfcrgen bad 192.0.2.6", "]", "",
};

static void
make_line (GRand *rand, gsize *kind, GString *line)
{
  const char *text = texts[g_rand_int_range (rand, 0, G_N_ELEMENTS (texts))];

  if (g_rand_int_range (rand, 0, 6) == 0)
    *kind = (gsize) g_rand_int_range (rand, 0, G_N_ELEMENTS (dates));
  g_string_truncate (line, 0);
  for (const char *c = dates[*kind]; *c != '\0'; c++)
    if (*c == '~')
      g_string_append_printf (line, "%02d", g_rand_int_range (rand, 10, 13));
    else
      g_string_append_c (line, *c);
  g_string_append (line, text);
  if (g_rand_int_range (rand, 0, 20) == 0)
    g_string_truncate (line, (gsize) g_rand_int_range (rand, 0, (gint32) line->len + 1));
  g_string_append (line, g_rand_int_range (rand, 0, 4) == 0 ? "\r\n" : "\n");
}

static void
set_line (Side *quick, Side *slow, const GString *line)
{
  gboolean is_ascii = TRUE;

  for (gsize i = 0; i < line->len; i++)
    is_ascii = is_ascii && (guchar) line->str[i] < 0x80;
  if (is_ascii)
    log_line_set_ascii_bytes (quick->line, line->str, line->len);
  else
    log_line_set_bytes (quick->line, line->str, line->len);
  log_line_set_bytes (slow->line, line->str, line->len);
}

/* The other one forgets the last date before each line. */
static void
compare (guint seed, const char *date_patterns, gboolean in_operation)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GString) line = g_string_new (NULL), hits = g_string_new (NULL), expected_hits = g_string_new (NULL);
  gsize kind = seed % G_N_ELEMENTS (dates);
  Side quick, slow;

  side_init (&quick, date_patterns, in_operation);
  side_init (&slow, date_patterns, in_operation);
  for (guint i = 0; i < N_LINES; i++)
    {
      gint64 step_usec = g_rand_int_range (rand, 0, 10) == 0 ? g_rand_int_range (rand, 0, 3000000) : 0;

      clock_advance_usec (quick.clock, step_usec);
      clock_advance_usec (slow.clock, step_usec);
      make_line (rand, &kind, line);
      set_line (&quick, &slow, line);
      slow.filter->last_date = 0;
      date_detector_set_by_hand (slow.filter->detector, FALSE);
      side_tell (&quick);
      side_tell (&slow);
      if (!g_string_equal (quick.told, slow.told))
        g_error ("seed %u, line '%s': '%s' instead of '%s'", seed, line->str, quick.told->str, slow.told->str);
    }
  append_hits (&quick, hits);
  append_hits (&slow, expected_hits);
  g_assert_cmpstr (hits->str, ==, expected_hits->str);
  side_clear (&quick);
  side_clear (&slow);
}

static void
test_a_repeated_date_is_the_date_that_is_looked_for (void)
{
  static const char *const patterns[]
      = { NULL, "^[^\\[]*\\[({DATE})\n{^LN-BEG}", "{^LN-BEG}", "%Y-%m-%d %H:%M:%S", "^%b %d %H:%M:%S" };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    for (guint seed = 0; seed < N_ROUNDS; seed++)
      compare (seed, patterns[i], seed % 2 == 0);
}

/* --- it is really taken ------------------------------------------------------------------------------------------- */
static void
is_repeated (const char *line)
{
  Side side;

  side_init (&side, strchr (line, '[') != NULL ? "^[^\\[]*\\[({DATE})" : NULL, FALSE);
  for (guint i = 0; i < 3; i++)
    {
      log_line_set_ascii_bytes (side.line, line, strlen (line));
      side_tell (&side);
    }
  if (side.filter->last_date != 1)
    g_error ("'%s': date %" G_GUINT64_FORMAT, line, side.filter->last_date);
  side_clear (&side);
}

static void
test_the_usual_lines_repeat_their_date (void)
{
  is_repeated ("Aug 14 09:59:59 host x\n");
  is_repeated ("2025-08-14 09:59:59 1tx-00\n");
  is_repeated ("2025/08/14 09:59:59 (error)\n");
  is_repeated ("2025-08-14 09:59:59,000 fail2ban\n");
  is_repeated ("2025-08-14T09:59:59.123456+02:00 host x\n");
  is_repeated ("10.0.0.1 - - [14/Aug/2025:09:59:59 +0200] \"GET\"\n");
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "Europe/Berlin", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-line/a repeated date is the date that is looked for",
                   test_a_repeated_date_is_the_date_that_is_looked_for);
  g_test_add_func ("/filter-line/the usual lines repeat their date", test_the_usual_lines_repeat_their_date);
  return g_test_run ();
}
