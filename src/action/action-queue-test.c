#include "action/action-queue.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "compat/py-repr.h"

/* A queue with everything around it; what commands write to $OUT and what is logged is compared. */
typedef struct
{
  char *folder, *out;
  Log *log;
  GString *lines; /* "ERROR text\n", with the number before " -- " taken out */
  Clock *clock;
  Resolver *resolver;
  Firewall *firewall;
  CommandGate *gate;
  ActionQueue *queue;
  guint waiting;
  GPtrArray *tickets;
} Fixture;

static void
on_line (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;
  char name[16];
  const char *dashes = strstr (text, " -- ");

  if (level < LOG_LEVEL_NOTICE)
    return;
  g_string_append_printf (f->lines, "%s ", log_level_name (level, name));
  if (dashes != NULL && strspn (text, "0123456789abcdef") == (gsize) (dashes - text))
    g_string_append (f->lines, dashes + strlen (" -- "));
  else
    g_string_append_len (f->lines, text, (gssize) len);
  g_string_append_c (f->lines, '\n');
}

static gint64
get_ban_time_sec (gpointer jail)
{
  return 600;
}

static void
set_up (Fixture *f)
{
  static const ActionJailFuncs funcs = { .get_ban_time_sec = get_ban_time_sec };

  memset (f, 0, sizeof *f);
  f->folder = g_dir_make_tmp ("action-XXXXXX", NULL);
  f->out = g_build_filename (f->folder, "out", NULL);
  (void) g_setenv ("OUT", f->out, TRUE);
  (void) g_setenv ("D", f->folder, TRUE);
  f->lines = g_string_new (NULL);
  f->log = log_new ();
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_line, f);
  f->clock = clock_new_system ();
  f->resolver = resolver_new (f->clock, f->log);
  f->firewall = firewall_new ();
  f->gate = command_gate_new ();
  ActionContext context = { f->log, f->clock, f->resolver, f->firewall, f->gate };
  f->queue = action_queue_new ("j1", &context, &funcs, f);
  f->tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
}

static void
tear_down (Fixture *f)
{
  g_autofree char *remove = g_strconcat ("rm -rf ", f->folder, NULL);

  action_queue_free (f->queue);
  command_gate_free (f->gate);
  firewall_free (f->firewall);
  resolver_free (f->resolver);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->lines, TRUE);
  g_ptr_array_unref (f->tickets);
  g_assert_cmpint (system (remove), ==, 0);
  g_free (f->folder);
  g_free (f->out);
}

G_GNUC_NULL_TERMINATED static void
add (Fixture *f, const char *name, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;
  const char *property;

  g_assert_true (action_queue_add (f->queue, name, &error));
  Action *action = action_queue_peek (f->queue, name, NULL);
  va_start (args, name);
  while ((property = va_arg (args, const char *)) != NULL)
    {
      g_autoptr (PyValue) value = py_str_new (va_arg (args, const char *));
      g_assert_true (action_set (action, property, value, &error));
    }
  va_end (args);
}

static void
on_done (ActionQueue *queue, gpointer data)
{
  ((Fixture *) data)->waiting--;
}

static void
on_ticket_done (ActionQueue *queue, Ticket *ticket, gpointer data)
{
  ((Fixture *) data)->waiting--;
}

static void
wait_all (Fixture *f)
{
  while (f->waiting > 0)
    g_main_context_iteration (NULL, TRUE);
}

static Ticket *
ticket (Fixture *f, const char *ip)
{
  for (guint i = 0; i < f->tickets->len; i++)
    if (g_str_equal (address_peek_text (ticket_peek_id (f->tickets->pdata[i])), ip))
      return f->tickets->pdata[i];
  g_autoptr (Address) address = address_new (ip, -1);
  Ticket *made = ticket_new (address, clock_get_time_usec (f->clock));
  g_ptr_array_add (f->tickets, made);
  return made;
}

static void
ban (Fixture *f, const char *ip)
{
  f->waiting++;
  action_queue_ban (f->queue, ticket (f, ip), "Ban", on_ticket_done, f);
}

static void
unban (Fixture *f, const char *ip)
{
  f->waiting++;
  action_queue_unban (f->queue, ticket (f, ip), "Unban", on_ticket_done, f);
}

static void
start (Fixture *f)
{
  f->waiting++;
  action_queue_start (f->queue, on_done, f);
}

static void
stop (Fixture *f)
{
  f->waiting += 2;
  action_queue_flush (f->queue, f->tickets, TRUE, "Repeal Ban", on_done, f);
  action_queue_stop (f->queue, on_done, f);
}

/* What the commands wrote since the last look. */
static void
out_is (int line, Fixture *f, const char *expected)
{
  g_autofree char *seen = NULL;

  if (!g_file_get_contents (f->out, &seen, NULL, NULL))
    seen = g_strdup ("");
  if (!g_str_equal (seen, expected))
    g_error ("line %d: commands wrote\n%snot\n%slog:\n%s", line, seen, expected, f->lines->str);
  (void) g_unlink (f->out);
}
#define OUT_IS(...) out_is (__LINE__, __VA_ARGS__)

static void
log_is (int line, Fixture *f, const char *expected)
{
  if (!g_str_equal (f->lines->str, expected))
    g_error ("line %d: log is\n%snot\n%s", line, f->lines->str, expected);
  g_string_truncate (f->lines, 0);
}
#define LOG_IS(...) log_is (__LINE__, __VA_ARGS__)

/* --- order ----------------------------------------------------------------------------------------------------------- */

static void
test_actions_go_in_order_and_stop_in_reverse (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "a", "actionstart", "echo a start >> $OUT", "actionstop", "echo a stop >> $OUT", "actionban",
       "echo a ban <ip> >> $OUT", "actionunban", "echo a unban <ip> >> $OUT", NULL);
  add (&f, "b", "actionstart", "echo b start >> $OUT", "actionban",
       "echo b ban <ip> >> $OUT; echo some error >&2; exit 3", "actionunban", "echo b unban <ip> >> $OUT; exit 4",
       "actionstop", "echo b stop >> $OUT; exit 5", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  ban (&f, "192.0.2.2");
  unban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "a start\nb start\na ban 192.0.2.1\nb ban 192.0.2.1\nb ban 192.0.2.1\n"
              "a ban 192.0.2.2\nb ban 192.0.2.2\nb ban 192.0.2.2\na unban 192.0.2.1\n");
  g_assert_true (ticket_is_banned (ticket (&f, "192.0.2.1")));
  g_assert_nonnull (strstr (f.lines->str,
                            "NOTICE [j1] Ban 192.0.2.1\n"
                            "ERROR exec: echo b ban 192.0.2.1 >> $OUT; echo some error >&2; exit 3\n"
                            "ERROR stderr: 'some error'\nERROR returned 3\n"
                            "ERROR exec: echo b ban 192.0.2.1 >> $OUT; echo some error >&2; exit 3\n"
                            "ERROR stderr: 'some error'\nERROR returned 3\n"
                            "ERROR Failed to execute ban jail 'j1' action 'b' info 'ActionInfo({'ip': '192.0.2.1',"
                            " 'family': 'inet4', 'fid': <function "));
  g_string_truncate (f.lines, 0);

  g_ptr_array_remove_index (f.tickets, 0);
  stop (&f);
  wait_all (&f);
  OUT_IS (&f, "a unban 192.0.2.2\nb stop\na stop\n");
  LOG_IS (&f, "NOTICE [j1] Repeal Ban 192.0.2.2\nERROR exec: echo b stop >> $OUT; exit 5\nERROR returned 5\n"
              "ERROR Failed to stop jail 'j1' action 'b': Error stopping action Jail('j1')/b: 'Script error'\n");
  g_assert_cmpuint (action_queue_get_n_actions (f.queue), ==, 0);
  tear_down (&f);
}

static void
test_a_failing_start_is_told_and_the_ban_is_tried (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "sf", "actionstart", "echo start >> $OUT; exit 1", "actionban", "echo ban >> $OUT", "actionstop",
       "echo stop >> $OUT", NULL);
  add (&f, "nc", "actionban", "no-such-command-here <ip>", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "start\nban\n");
  g_assert_true (g_str_has_prefix (
      f.lines->str, "ERROR exec: echo start >> $OUT; exit 1\nERROR returned 1\n"
                    "ERROR Failed to start jail 'j1' action 'sf': Error starting action Jail('j1')/sf: 'Script error'\n"
                    "NOTICE [j1] Ban 192.0.2.1\nERROR exec: no-such-command-here 192.0.2.1\n"));
  g_assert_nonnull (strstr (f.lines->str, "ERROR returned 127\n"));
  tear_down (&f);
}

/* --- families -------------------------------------------------------------------------------------------------------- */

static void
test_families_start_on_demand_and_stop_each (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "fam", "actionstart", "echo start <family> <tool> >> $OUT", "actionstop",
       "echo stop <family> <tool> >> $OUT", "actionflush", "echo flush <family> <tool> >> $OUT", "actionban",
       "echo ban <ip> <family> <tool> >> $OUT", "actionunban", "echo unban <ip> >> $OUT", "tool", "v4",
       "tool?family=inet6", "v6", NULL);
  start (&f);
  wait_all (&f);
  OUT_IS (&f, "");
  ban (&f, "192.0.2.1");
  ban (&f, "192.0.2.2");
  ban (&f, "2001:db8::1");
  unban (&f, "192.0.2.2");
  wait_all (&f);
  OUT_IS (&f,
          "start inet4 v4\nban 192.0.2.1 inet4 v4\nban 192.0.2.2 inet4 v4\nstart inet6 v6\nban 2001:db8::1 inet6 v6\n"
          "unban 192.0.2.2\n");
  g_string_truncate (f.lines, 0);
  g_ptr_array_remove_index (f.tickets, 1);
  stop (&f);
  wait_all (&f);
  OUT_IS (&f, "flush inet4 v4\nflush inet6 v6\nstop inet4 v4\nstop inet6 v6\n");
  LOG_IS (
      &f,
      "NOTICE [j1] Flush ticket(s) with fam\nNOTICE [j1] Repeal Ban 192.0.2.1\nNOTICE [j1] Repeal Ban 2001:db8::1\n");
  tear_down (&f);
}

/* --- check and repair ------------------------------------------------------------------------------------------------ */

#define CHECKED(prefix)                                                                                                \
  "actionstart", "echo " prefix "start >> $OUT; touch $D/env", "actionstop",                                           \
      "echo " prefix "stop >> $OUT; rm -f $D/env", "actioncheck", "echo " prefix "check >> $OUT; test -f $D/env",      \
      "actionban", "echo " prefix "ban <ip> >> $OUT; test -f $D/env", "actionunban",                                   \
      "echo " prefix "unban <ip> >> $OUT; test -f $D/env"

static void
lose_environment (Fixture *f)
{
  g_autofree char *file = g_build_filename (f->folder, "env", NULL);

  g_assert_cmpint (g_unlink (file), ==, 0);
  (void) g_unlink (f->out);
  g_string_truncate (f->lines, 0);
}

static void
test_a_lost_environment_is_repaired_by_stop_and_start (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "chk", CHECKED (""), NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  lose_environment (&f);
  ban (&f, "192.0.2.2");
  wait_all (&f);
  /* 1.1.2 thinks that "start" was run already: for no family, when the jail started. */
  OUT_IS (&f, "ban 192.0.2.2\ncheck\nstop\ncheck\n");
  g_assert_nonnull (strstr (f.lines->str, "CRITICAL Unable to restore environment\n"));
  ban (&f, "192.0.2.3");
  wait_all (&f);
  OUT_IS (&f, "ban 192.0.2.3\ncheck\nstop\nstart\ncheck\nban 192.0.2.3\n");
  tear_down (&f);
}

static void
test_a_repair_command_goes_before_stop_and_start (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "rep", CHECKED (""), "actionrepair", "echo repair >> $OUT; touch $D/env", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  lose_environment (&f);
  ban (&f, "192.0.2.2");
  wait_all (&f);
  OUT_IS (&f, "ban 192.0.2.2\ncheck\nrepair\ncheck\nban 192.0.2.2\n");
  g_assert_cmpuint (action_queue_get_ban_epoch (f.queue), ==, 1);
  g_assert_cmpuint (ticket_get_ban_epoch (ticket (&f, "192.0.2.2")), ==, 1);
  g_assert_cmpuint (ticket_get_ban_epoch (ticket (&f, "192.0.2.1")), ==, 0);

  lose_environment (&f);
  unban (&f, "192.0.2.2");
  wait_all (&f);
  OUT_IS (&f, "unban 192.0.2.2\ncheck\n");
  g_assert_nonnull (strstr (f.lines->str, "ERROR Invariant check failed. Unban is impossible.\n"
                                          "ERROR Failed to execute unban jail 'j1' action 'rep' info '"));
  tear_down (&f);
}

static void
on_rebanned (ActionQueue *queue, Ticket *t, guint rebanned, gpointer data)
{
  Fixture *f = data;

  f->waiting = 0;
  g_string_append_printf (f->lines, "rebanned %u\n", rebanned);
}

static void
test_a_banned_host_that_shows_up_is_banned_again (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "chk", CHECKED (""), "actionrepair", "echo repair >> $OUT; touch $D/env", "actionreban",
       "echo reban <ip> >> $OUT", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  ban (&f, "192.0.2.2");
  wait_all (&f);
  lose_environment (&f);
  f.waiting = 1;
  action_queue_reban (f.queue, ticket (&f, "192.0.2.1"), TRUE, on_rebanned, &f);
  wait_all (&f);
  /* once for the start without a family, once for inet4 */
  OUT_IS (&f, "check\nrepair\ncheck\ncheck\nreban 192.0.2.1\n");
  g_assert_nonnull (strstr (f.lines->str, "NOTICE [j1] Reban 192.0.2.1, action 'chk'\nrebanned 1\n"));
  g_string_truncate (f.lines, 0);
  f.waiting = 1;
  action_queue_reban (f.queue, ticket (&f, "192.0.2.1"), TRUE, on_rebanned, &f); /* not twice within three seconds */
  wait_all (&f);
  f.waiting = 1;
  action_queue_reban (f.queue, ticket (&f, "192.0.2.2"), FALSE, on_rebanned, &f);
  wait_all (&f);
  OUT_IS (&f, "reban 192.0.2.2\n");
  LOG_IS (&f, "rebanned 0\nNOTICE [j1] Reban 192.0.2.2, action 'chk'\nrebanned 1\n");
  tear_down (&f);
}

static void
test_a_failing_flush_repairs_nothing_when_stopping (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "fl", CHECKED (""), "actionflush", "echo flush >> $OUT; false", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  lose_environment (&f);
  stop (&f);
  wait_all (&f);
  OUT_IS (&f, "flush\ncheck\ncheck\nstop\n");
  LOG_IS (&f,
          "NOTICE [j1] Flush ticket(s) with fl\nERROR exec: echo flush >> $OUT; false\nERROR returned 1\n"
          "ERROR Failed to flush bans in jail 'j1' action 'fl': Error flushing action Jail('j1')/fl: 'Script error'\n"
          "ERROR exec: echo check >> $OUT; test -f $D/env\nERROR returned 1\n"
          "ERROR Invariant check failed. Flush is impossible.\n"
          "ERROR exec: echo check >> $OUT; test -f $D/env\nERROR returned 1\n"
          "ERROR Invariant check failed. Flush is impossible.\nNOTICE [j1] Repeal Ban 192.0.2.1\n");
  tear_down (&f);
}

static void
test_a_stop_does_not_wait_for_bans_that_did_not_begin (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "slow", "actionban", "sleep 0.2; echo ban <ip> >> $OUT", "actionunban", "echo unban <ip> >> $OUT", NULL);
  start (&f);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      ban (&f, ip);
    }
  while (strstr (f.lines->str, "Ban 192.0.2.0\n") == NULL)
    g_main_context_iteration (NULL, TRUE);
  stop (&f);
  wait_all (&f);
  OUT_IS (&f, "ban 192.0.2.0\nunban 192.0.2.0\n");
  LOG_IS (&f, "NOTICE [j1] Ban 192.0.2.0\nNOTICE [j1] Repeal Ban 192.0.2.0\n");
  tear_down (&f);
}

/* --- commands -------------------------------------------------------------------------------------------------------- */

static gboolean
on_turn (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

/* Neither all of them in one turn of the loop, nor one of them in each. */
static void
test_undoing_many_bans_lets_others_have_their_turn (void)
{
  enum
  {
    BANS = 30000
  };
  g_autoptr (GSource) other = g_idle_source_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  guint turns = 0;
  Fixture f;

  set_up (&f);
  add (&f, "a", NULL);
  for (guint i = 0; i < BANS; i++)
    {
      g_autofree char *ip = g_strdup_printf ("10.0.%u.%u", i / 256, i % 256);
      g_autoptr (Address) address = address_new (ip, -1);
      Ticket *made = ticket_new (address, 0);

      ticket_set_banned (made, i % 7 != 3);
      g_ptr_array_add (f.tickets, made);
      if (i % 7 != 3)
        g_string_append_printf (expected, "NOTICE [j1] Unban %s\n", ip);
    }
  g_source_set_priority (other, G_PRIORITY_DEFAULT);
  g_source_set_callback (other, on_turn, &turns, NULL);
  g_source_attach (other, NULL);

  f.waiting++;
  action_queue_flush (f.queue, f.tickets, FALSE, "Unban", on_done, &f);
  wait_all (&f);
  g_source_destroy (other);
  g_assert_cmpstr (f.lines->str, ==, expected->str);
  g_assert_cmpuint (turns, >, 3);
  g_assert_cmpuint (turns, <, BANS / 4);
  g_assert_true (action_queue_is_idle (f.queue));
  tear_down (&f);
}

static void
test_a_command_that_hangs_is_killed_with_its_children (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "slow", "actionban", "echo begin >> $OUT; sleep 77; echo never >> $OUT", "timeout", "1", NULL);
  Action *action = action_queue_peek (f.queue, "slow", NULL);
  g_autoptr (PyValue) timeout = action_get (action, "timeout", NULL);
  g_assert_cmpint (py_int_get (timeout), ==, 1);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "begin\nbegin\n");
  g_assert_nonnull (strstr (f.lines->str,
                            "ERROR exec: echo begin >> $OUT; sleep 77; echo never >> $OUT\n"
                            "ERROR timed out after 1 seconds.\nERROR killed with SIGTERM (return code: -15)\n"));
  tear_down (&f);
}

static void
test_text_of_a_log_cannot_break_out (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "t", "actionban",
       "printf '%s|' \"<F-USER>\" \"<matches>\" \"<failures>\" \"<bantime>\" \"<absent>\" \"<F-ABSENT>\" >> $OUT",
       NULL);
  Ticket *t = ticket (&f, "192.0.2.1");
  ticket_take_value (t, "user", py_str_new ("$(echo evil)`echo evil`'\"; <ip>"));
  ticket_take_match (t, py_str_new ("line; one"));
  ticket_take_match (t, py_str_new ("line \"two\""));
  ticket_set_attempts (t, 2);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "$(echo evil)`echo evil`'\"; <ip>|line; one\nline \"two\"|2|600|<absent>||");
  ticket_take_match (t, py_str_new_len ("nul \0 byte", 10));
  g_string_truncate (f.lines, 0);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "");
  g_assert_nonnull (strstr (f.lines->str, ": embedded null byte\n"));
  tear_down (&f);
}

static void
test_an_action_that_refers_to_itself_fails_alone (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "self", "actionban", "echo <x> >> $OUT", "x", "<y>", "y", "<x>", NULL);
  add (&f, "good", "actionban", "echo good >> $OUT", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  OUT_IS (&f, "good\n");
  g_assert_nonnull (
      strstr (f.lines->str, "Error starting action Jail('j1')/self: ValueError(\"properties contain self referencing"));
  tear_down (&f);
}

/* --- properties and calls -------------------------------------------------------------------------------------------- */

static void
on_called (ActionQueue *queue, PyValue *result, gpointer data)
{
  Fixture *f = data;

  f->waiting = 0;
  if (py_value_type (result) == PY_EXCEPTION)
    g_string_append_printf (f->lines, "%s\n", py_exception_peek_class (result));
  else
    g_string_append_printf (f->lines, "%s\n", py_value_type_name (result));
}

static void
call (Fixture *f, const char *action, const char *method, const PyValue *kwargs)
{
  f->waiting = 1;
  action_queue_call (f->queue, action, method, kwargs, on_called, f);
  wait_all (f);
}

static void
test_methods_can_be_called_by_name (void)
{
  Fixture f;
  g_autoptr (PyValue) kwargs = py_dict_new ();
  PyValue *info = py_dict_new ();

  set_up (&f);
  add (&f, "a", "actionstart", "echo start >> $OUT", "actionban", "echo ban <ip> <family> >> $OUT", NULL);
  py_dict_set_str (info, "ip", py_str_new ("192.0.2.9"));
  py_dict_set_str (info, "family", py_str_new ("inet4"));
  py_dict_set_str (kwargs, "aInfo", info);
  call (&f, "a", "start", NULL);
  call (&f, "a", "ban", kwargs);
  call (&f, "a", "ban", NULL);
  call (&f, "a", "start", kwargs);
  call (&f, "a", "nonsense", NULL);
  call (&f, "b", "start", NULL);
  OUT_IS (&f, "start\nban 192.0.2.9 inet4\n");
  LOG_IS (&f, "bool\nNoneType\nTypeError\nTypeError\nAttributeError\nKeyError\n");
  tear_down (&f);
}

static void
test_properties_are_what_was_set (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;

  set_up (&f);
  add (&f, "a", "myprop", "my value", "timeout", "1m", NULL);
  g_assert_false (action_queue_add (f.queue, "a", &error));
  g_assert_cmpstr (error->message, ==, "Action a already exists");
  g_clear_error (&error);
  g_assert_null (action_queue_peek (f.queue, "b", &error));
  g_assert_cmpstr (error->message, ==, "Invalid Action name: b");
  g_clear_error (&error);

  Action *action = action_queue_peek (f.queue, "a", NULL);
  g_autoptr (PyValue) value = action_get (action, "timeout", NULL);
  g_assert_cmpint (py_int_get (value), ==, 60);
  g_autoptr (PyValue) bad = py_str_new ("x");
  g_assert_false (action_set (action, "timeout", bad, &error));
  g_autoptr (PyValue) exception = action_error_to_exception (error);
  g_assert_cmpstr (py_exception_peek_class (exception), ==, "NameError");
  g_clear_error (&error);
  g_assert_null (action_get (action, "nope", &error));
  g_assert_cmpstr (error->message, ==, "'CommandAction' object has no attribute 'nope'");
  g_autoptr (PyValue) properties = action_dup_properties (action);
  g_assert_cmpuint (py_seq_length (properties), ==, 14);
  g_assert_true (action_is_method (action, "consistencyCheck"));
  g_assert_false (action_is_method (action, "actionban"));
  tear_down (&f);
}

static void
on_reloaded (ActionQueue *queue, const GError *error, gpointer data)
{
  g_assert_no_error (error);
  ((Fixture *) data)->waiting = 0;
}

static void
test_a_reload_takes_over_removes_and_starts (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "keep", "actionban", "echo keep ban >> $OUT", "actionreload", "echo old reload >> $OUT", "actionstop",
       "echo keep stop >> $OUT", "other", "x", NULL);
  add (&f, "gone", "actionban", "echo gone ban >> $OUT", "actionunban", "echo gone unban <ip> >> $OUT", "actionstop",
       "echo gone stop >> $OUT", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  (void) g_unlink (f.out);
  g_string_truncate (f.lines, 0);
  action_queue_reload_begin (f.queue);
  add (&f, "keep", "actionreload", "echo reload <other> >> $OUT", NULL);
  add (&f, "new", "actionban", "echo new ban <ip> >> $OUT", "actionstart", "echo new start >> $OUT", NULL);
  add (&f, "wall", "actionban", "echo iptables ban <ip> >> $OUT", "actionstart", "echo wall start >> $OUT", NULL);
  f.waiting = 1;
  action_queue_reload_end (f.queue, f.tickets, on_reloaded, &f);
  wait_all (&f);
  ban (&f, "192.0.2.2");
  wait_all (&f);
  OUT_IS (&f, "reload x\ngone unban 192.0.2.1\ngone stop\nnew start\nwall start\niptables ban 192.0.2.1\n"
              "new ban 192.0.2.2\niptables ban 192.0.2.2\n");
  LOG_IS (&f, "NOTICE [j1] Ban 192.0.2.2\n");
  g_autoptr (PyValue) names = action_queue_dup_names (f.queue);
  g_autofree char *shown = py_repr (names);
  g_assert_cmpstr (shown, ==, "['keep', 'new', 'wall']");
  tear_down (&f);
}

/* --- the way into the kernel ----------------------------------------------------------------------------------------- */

static char *
output_of (const char *command)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  char *output = NULL;

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, NULL, NULL));
  return output;
}

static gboolean
is_in_namespace (void)
{
  if (g_getenv ("ACTION_TEST_NAMESPACE") != NULL)
    return TRUE;
  g_test_skip ("needs root for a network namespace");
  return FALSE;
}

#define IPTABLES                                                                                                       \
  "actionstart",                                                                                                       \
      "iptables -w -N f2b-x; iptables -w -A f2b-x -j RETURN; { iptables -w -I INPUT -j f2b-x; }; echo start >> $OUT",  \
      "actionstop", "iptables -w -D INPUT -j f2b-x; iptables -w -F f2b-x; iptables -w -X f2b-x", "actionban",          \
      "iptables -w -I f2b-x 1 -s <ip> -j DROP", "actionunban", "iptables -w -D f2b-x -s <ip> -j DROP", "actioncheck",  \
      "iptables -w -C INPUT -j f2b-x", "actionflush", "iptables -w -F f2b-x", "iptables?family=inet6", "ip6tables"

static void
use_variant (Fixture *f, const char *variant)
{
  g_autofree char *command
      = g_strdup_printf ("for i in iptables iptables-save; do ln -s $(command -v $(echo $i | sed s/tables/tables-%s/)) "
                         "$D/$i; done",
                         variant);
  g_free (output_of (command));
  g_autofree char *path = g_strconcat (f->folder, ":", g_getenv ("ACTION_TEST_PATH"), NULL);
  g_autofree char *lock = g_build_filename (f->folder, "lock", NULL);
  (void) g_setenv ("PATH", path, TRUE);
  (void) g_setenv ("XTABLES_LOCKFILE", lock, TRUE);
}

static void
clean_up_kernel (void)
{
  g_free (output_of ("for i in iptables-legacy iptables-nft; do $i -w -F; $i -w -X; done"));
  (void) g_setenv ("PATH", g_getenv ("ACTION_TEST_PATH"), TRUE);
}

static void
check_many_bans (const char *variant)
{
  Fixture f;

  if (!is_in_namespace ())
    return;
  set_up (&f);
  use_variant (&f, variant);
  add (&f, "ipt", IPTABLES, NULL);
  add (&f, "mail", "actionban", "echo mail <ip> >> $OUT", NULL);
  start (&f);
  gint64 start_usec = g_get_monotonic_time ();
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      ban (&f, ip);
    }
  wait_all (&f);
  g_test_message ("30 bans with a mail each (%s): %.1f ms", variant,
                  (double) (g_get_monotonic_time () - start_usec) / 1000);
  g_autofree char *n_rules = output_of ("iptables-save | grep -c 'A f2b-x -s'");
  g_assert_cmpstr (n_rules, ==, "30\n");
  g_autofree char *first = output_of ("iptables-save | grep -m1 'A f2b-x -s'");
  g_assert_cmpstr (first, ==, "-A f2b-x -s 192.0.2.29/32 -j DROP\n");
  g_autofree char *written = NULL;
  g_assert_true (g_file_get_contents (f.out, &written, NULL, NULL));
  g_assert_true (g_str_has_prefix (written, "start\nmail 192.0.2.0\nmail 192.0.2.1\nmail 192.0.2.2\n"));
  (void) g_unlink (f.out);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      unban (&f, ip);
    }
  ban (&f, "192.0.2.3");
  wait_all (&f);
  g_autofree char *left = output_of ("iptables-save | grep -c 'A f2b-x -s'");
  g_assert_cmpstr (left, ==, "21\n");

  /* Somebody flushes everything behind our back: the first that fails repairs, all others go along. */
  g_free (output_of ("iptables -F; iptables -X"));
  g_string_truncate (f.lines, 0);
  (void) g_unlink (f.out);
  for (guint i = 100; i < 120; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      ban (&f, ip);
    }
  wait_all (&f);
  g_autofree char *repaired
      = output_of ("iptables-save | grep -c 'A f2b-x -s'; iptables-save | grep -c 'A INPUT -j f2b-x'");
  g_assert_cmpstr (repaired, ==, "20\n1\n");
  g_assert_nonnull (strstr (f.lines->str, "ERROR exec: iptables -w -I f2b-x 1 -s 192.0.2.100 -j DROP\n"));
  g_assert_null (strstr (f.lines->str, "-s 192.0.2.101"));

  /* One that cannot be is told in the program's own words; the rest stands. */
  g_string_truncate (f.lines, 0);
  ban (&f, "192.0.2.200");
  unban (&f, "192.0.2.1");
  ban (&f, "192.0.2.201");
  wait_all (&f);
  g_assert_nonnull (strstr (f.lines->str,
                            "ERROR exec: iptables -w -D f2b-x -s 192.0.2.1 -j DROP\n"
                            "ERROR stderr: 'iptables: Bad rule (does a matching rule exist in that chain?).'\n"
                            "ERROR returned 1\n"));
  g_assert_null (strstr (f.lines->str, "192.0.2.200 -j"));
  g_autofree char *both = output_of ("iptables-save | grep -c 'A f2b-x -s 192.0.2.20[01]'");
  g_assert_cmpstr (both, ==, "2\n");

  stop (&f);
  wait_all (&f);
  g_autofree char *nothing = output_of ("iptables-save | grep -c f2b");
  g_assert_cmpstr (nothing, ==, "0\n");
  clean_up_kernel ();
  tear_down (&f);
}

static void
test_many_bans_with_legacy_iptables (void)
{
  check_many_bans ("legacy");
}

static void
test_many_bans_with_nft_iptables (void)
{
  check_many_bans ("nft");
}

static void
test_native_can_be_switched_off (void)
{
  Fixture f;

  if (!is_in_namespace ())
    return;
  set_up (&f);
  use_variant (&f, "legacy");
  add (&f, "ipt", IPTABLES, "native", "no", NULL);
  log_set_level (f.log, LOG_LEVEL_INFO);
  start (&f);
  ban (&f, "192.0.2.1");
  wait_all (&f);
  g_autofree char *n_rules = output_of ("iptables-save | grep -c 'A f2b-x -s'");
  g_assert_cmpstr (n_rules, ==, "1\n");
  clean_up_kernel ();
  tear_down (&f);
}

static void
check_driver (Fixture *f, const char *name, const char *expected)
{
  g_autoptr (PyValue) driver = action_get (action_queue_peek (f->queue, name, NULL), "driver", NULL);

  g_assert_cmpstr (py_str_peek (driver, NULL), ==, expected);
}

static void
test_how_bans_get_into_effect_is_told (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "nft", "actionban", "<nft> add element inet t <set> \\{ <ip> \\}", "actionunban",
       "<nft> delete element inet t <set> \\{ <ip> \\}", "nft", "nft", "set", "s", "set?family=inet6", "s6", NULL);
  add (&f, "slow", "actionban", "nft add element inet t s \\{ <ip> \\}", "actionunban",
       "nft delete element inet t s \\{ <ip> \\}", "native", "no", NULL);
  add (&f, "set", "actionban", "ipset -exist add s <ip> timeout <bantime>", "actionunban", "ipset flush s", NULL);
  add (&f, "mail", "actionban", "echo <ip> | mail root", NULL);
  add (&f, "empty", NULL);
  add (&f, "own", "driver", "somebody", NULL);
  add (&f, "script", "actionban", "nft add element inet t s \\{ <ip> \\}", "actionban?family=inet6", "script <ip>",
       "actionunban", "nft delete element inet t s \\{ <ip> \\}", NULL);
  check_driver (&f, "nft", "nftables");
  check_driver (&f, "slow", "shell");
  check_driver (&f, "set", "ban: ipset, unban: shell");
  check_driver (&f, "mail", "ban: shell, unban: none");
  check_driver (&f, "empty", "none");
  check_driver (&f, "own", "somebody");
  check_driver (&f, "script", "ban: nftables (inet4), shell (inet6), unban: nftables");
  tear_down (&f);
}

static void
test_a_freed_queue_calls_nobody (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "a", "actionstart", "sleep 77", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_false (action_queue_is_idle (f.queue));
  g_assert_true (action_queue_has_room (f.queue));
  tear_down (&f);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("ACTION_TEST_NAMESPACE");
  (void) g_setenv ("ACTION_TEST_PATH", g_getenv ("PATH"), TRUE);
  if (geteuid () == 0 && unshare (CLONE_NEWNET) == 0)
    (void) g_setenv ("ACTION_TEST_NAMESPACE", "yes", TRUE);
  g_test_add_func ("/action-queue/actions go in order and stop in reverse",
                   test_actions_go_in_order_and_stop_in_reverse);
  g_test_add_func ("/action-queue/a failing start is told and the ban is tried",
                   test_a_failing_start_is_told_and_the_ban_is_tried);
  g_test_add_func ("/action-queue/families start on demand and stop each", test_families_start_on_demand_and_stop_each);
  g_test_add_func ("/action-queue/a lost environment is repaired by stop and start",
                   test_a_lost_environment_is_repaired_by_stop_and_start);
  g_test_add_func ("/action-queue/a repair command goes before stop and start",
                   test_a_repair_command_goes_before_stop_and_start);
  g_test_add_func ("/action-queue/a banned host that shows up is banned again",
                   test_a_banned_host_that_shows_up_is_banned_again);
  g_test_add_func ("/action-queue/a failing flush repairs nothing when stopping",
                   test_a_failing_flush_repairs_nothing_when_stopping);
  g_test_add_func ("/action-queue/a stop does not wait for bans that did not begin",
                   test_a_stop_does_not_wait_for_bans_that_did_not_begin);
  g_test_add_func ("/action-queue/undoing many bans lets others have their turn",
                   test_undoing_many_bans_lets_others_have_their_turn);
  g_test_add_func ("/action-queue/a command that hangs is killed with its children",
                   test_a_command_that_hangs_is_killed_with_its_children);
  g_test_add_func ("/action-queue/text of a log cannot break out", test_text_of_a_log_cannot_break_out);
  g_test_add_func ("/action-queue/an action that refers to itself fails alone",
                   test_an_action_that_refers_to_itself_fails_alone);
  g_test_add_func ("/action-queue/methods can be called by name", test_methods_can_be_called_by_name);
  g_test_add_func ("/action-queue/properties are what was set", test_properties_are_what_was_set);
  g_test_add_func ("/action-queue/a reload takes over, removes and starts", test_a_reload_takes_over_removes_and_starts);
  g_test_add_func ("/action-queue/many bans with legacy iptables", test_many_bans_with_legacy_iptables);
  g_test_add_func ("/action-queue/many bans with nft iptables", test_many_bans_with_nft_iptables);
  g_test_add_func ("/action-queue/native can be switched off", test_native_can_be_switched_off);
  g_test_add_func ("/action-queue/how bans get into effect is told", test_how_bans_get_into_effect_is_told);
  g_test_add_func ("/action-queue/a freed queue calls nobody", test_a_freed_queue_calls_nobody);
  return g_test_run ();
}
