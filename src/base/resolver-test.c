#include <string.h>
#include <unistd.h>

#include "base/lookup.h"
#include "base/resolver-cache.h"
#include "base/resolver.h"

/* Only names that need no name server: localhost, addresses as names, and names that cannot be. */

typedef struct
{
  Clock *clock;
  Log *log;
  GString *lines;
  Resolver *resolver;
  GString *got;
  ResolverQuery *other;
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  g_string_append_printf (data, "%s\n", text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = clock_new_settable (0);
  f->log = log_new ();
  f->lines = g_string_new (NULL);
  f->got = g_string_new (NULL);
  log_set_sink (f->log, on_log, f->lines);
  f->resolver = resolver_new (f->clock, f->log);
  resolver_set_ipv6 (f->resolver, RESOLVER_IPV6_NO);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  resolver_free (f->resolver);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->lines, TRUE);
  g_string_free (f->got, TRUE);
}

static void
on_name (const char *name, AddressSet *addresses, gpointer data)
{
  Fixture *f = data;

  g_string_append_printf (f->got, "%s:", name);
  for (guint i = 0; i < address_set_size (addresses); i++)
    g_string_append_printf (f->got, " %s", address_peek_text (address_set_peek (addresses, i)));
  g_string_append_c (f->got, '\n');
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_until (Fixture *f, const char *expected)
{
  gboolean late = FALSE;
  guint id = g_timeout_add_seconds (10, on_timeout, &late);

  while (!late && strcmp (f->got->str, expected) != 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (f->got->str, ==, expected);
  g_source_remove (id);
}

static void
test_a_name_is_looked_up_at_once (Fixture *f, gconstpointer data)
{
  g_autoptr (AddressSet) found = resolver_lookup_name (f->resolver, "localhost", -1);
  g_autoptr (AddressSet) number = resolver_lookup_name (f->resolver, "192.0.2.1 and more", 9);
  AddressSet *known;

  g_assert_cmpuint (address_set_size (found), ==, 1);
  g_assert_cmpstr (address_peek_text (address_set_peek (found, 0)), ==, "127.0.0.1");
  g_assert_cmpuint (address_set_size (number), ==, 1);
  g_assert_true (resolver_peek_name (f->resolver, "localhost", -1, &known));
  clock_advance_usec (f->clock, RESOLVER_CACHE_AGE_USEC);
  g_assert_false (resolver_peek_name (f->resolver, "localhost", -1, &known));
}

static void
test_names_that_cannot_be_are_answered_with_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *label = g_strnfill (64, 'x');
  g_autofree char *expected
      = g_strdup_printf ("Unable to find a corresponding IP address for a..b: encoding with 'idna' codec failed "
                         "(UnicodeError: label empty or too long)\n"
                         "Unable to find a corresponding IP address for %s: encoding with 'idna' codec failed "
                         "(UnicodeError: label too long)\n",
                         label);
  g_autoptr (AddressSet) empty = resolver_lookup_name (f->resolver, "a..b", -1);
  g_autoptr (AddressSet) too_long = resolver_lookup_name (f->resolver, label, -1);
  g_autoptr (AddressSet) with_nul = resolver_lookup_name (f->resolver, "localhost\0x", 11);

  g_assert_cmpuint (address_set_size (empty), ==, 0);
  g_assert_cmpuint (address_set_size (too_long), ==, 0);
  g_assert_cmpuint (address_set_size (with_nul), ==, 0);
  g_assert_cmpstr (f->lines->str, ==, expected);
}

static void
test_an_address_has_a_name (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) local = address_new ("127.0.0.1", -1);
  g_autofree char *name = resolver_lookup_address (f->resolver, local);
  const char *known;

  g_assert_nonnull (name);
  g_assert_true (resolver_peek_address (f->resolver, local, &known));
  g_assert_cmpstr (known, ==, name);
}

static void
test_answers_come_later (Fixture *f, gconstpointer data)
{
  (void) resolver_query_name (f->resolver, "localhost", -1, on_name, f);
  g_assert_cmpstr (f->got->str, ==, "");
  run_until (f, "localhost: 127.0.0.1\n");
  /* From the cache: still later. */
  (void) resolver_query_name (f->resolver, "localhost", -1, on_name, f);
  g_assert_cmpstr (f->got->str, ==, "localhost: 127.0.0.1\n");
  run_until (f, "localhost: 127.0.0.1\nlocalhost: 127.0.0.1\n");
}

static void
test_two_who_ask_the_same_are_both_answered (Fixture *f, gconstpointer data)
{
  ResolverQuery *cancelled;

  (void) resolver_query_name (f->resolver, "192.0.2.1", -1, on_name, f);
  cancelled = resolver_query_name (f->resolver, "192.0.2.1", -1, on_name, f);
  (void) resolver_query_name (f->resolver, "192.0.2.1", -1, on_name, f);
  resolver_cancel (cancelled);
  run_until (f, "192.0.2.1: 192.0.2.1\n192.0.2.1: 192.0.2.1\n");
}

static void
cancel_other (const char *name, AddressSet *addresses, gpointer data)
{
  Fixture *f = data;

  on_name (name, addresses, data);
  g_clear_pointer (&f->other, resolver_cancel);
}

static void
test_a_callback_may_cancel_others (Fixture *f, gconstpointer data)
{
  (void) resolver_query_name (f->resolver, "192.0.2.1", -1, cancel_other, f);
  f->other = resolver_query_name (f->resolver, "192.0.2.1", -1, on_name, f);
  run_until (f, "192.0.2.1: 192.0.2.1\n");
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (f->got->str, ==, "192.0.2.1: 192.0.2.1\n");
}

static void
free_resolver (const char *name, AddressSet *addresses, gpointer data)
{
  Fixture *f = data;

  on_name (name, addresses, data);
  g_clear_pointer (&f->resolver, resolver_free);
}

static void
test_the_resolver_may_go_at_any_time (Fixture *f, gconstpointer data)
{
  (void) resolver_query_name (f->resolver, "192.0.2.1", -1, free_resolver, f);
  (void) resolver_query_name (f->resolver, "192.0.2.1", -1, on_name, f);
  (void) resolver_query_name (f->resolver, "192.0.2.2", -1, on_name, f);
  while (f->resolver != NULL)
    g_main_context_iteration (NULL, TRUE);
  gsize len = f->got->len; /* the other thread may have been the first */
  for (guint i = 0; i < 5; i++)
    {
      g_usleep (1000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (f->got->len, ==, len);
}

static void
on_own (AddressSet *addresses, gpointer data)
{
  Fixture *f = data;

  for (guint i = 0; i < address_set_size (addresses); i++)
    if (strcmp (address_peek_text (address_set_peek (addresses, i)), "127.0.0.1") == 0)
      g_string_assign (f->got, "own\n");
}

static void
test_this_host_has_addresses (Fixture *f, gconstpointer data)
{
  AddressSet *known;

  g_assert_false (resolver_peek_own_addresses (f->resolver, &known));
  (void) resolver_query_own (f->resolver, on_own, f);
  run_until (f, "own\n");
  g_assert_true (resolver_peek_own_addresses (f->resolver, &known));
  resolver_clear_cache (f->resolver);
  g_assert_false (resolver_peek_own_addresses (f->resolver, &known));
}

static void
test_this_host_has_a_name (Fixture *f, gconstpointer data)
{
  g_autofree char *name = resolver_dup_own_name (f->resolver, FALSE);
  char expected[256];

  g_assert_cmpint (gethostname (expected, sizeof expected), ==, 0);
  g_assert_cmpstr (name, ==, expected);
}

static void
test_a_full_cache_drops_the_oldest (Fixture *f, gconstpointer data)
{
  g_autoptr (ResolverCache) cache = resolver_cache_new (3, 10, g_free);
  gpointer value;

  resolver_cache_set (cache, "a", g_strdup ("A"), 0);
  resolver_cache_set (cache, "b", NULL, 5);
  resolver_cache_set (cache, "c", g_strdup ("C"), 6);
  resolver_cache_set (cache, "a", g_strdup ("A2"), 7);
  g_assert_cmpuint (resolver_cache_size (cache), ==, 3);
  resolver_cache_set (cache, "d", g_strdup ("D"), 8);
  g_assert_false (resolver_cache_get (cache, "b", 8, &value));
  g_assert_true (resolver_cache_get (cache, "c", 8, &value));
  resolver_cache_set (cache, "c", NULL, 8); /* while it is the one that was asked for last */
  g_assert_true (resolver_cache_get (cache, "c", 8, &value));
  g_assert_null (value);
  g_assert_true (resolver_cache_get (cache, "d", 8, &value));
  g_assert_cmpstr (value, ==, "D");
  g_assert_true (resolver_cache_get (cache, "a", 16, &value));
  g_assert_cmpstr (value, ==, "A2");
  g_assert_false (resolver_cache_get (cache, "a", 17, &value));
  g_assert_cmpuint (resolver_cache_size (cache), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/resolver/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("a name is looked up at once", test_a_name_is_looked_up_at_once);
  ADD ("names that cannot be are answered with nothing", test_names_that_cannot_be_are_answered_with_nothing);
  ADD ("an address has a name", test_an_address_has_a_name);
  ADD ("answers come later", test_answers_come_later);
  ADD ("two who ask the same are both answered", test_two_who_ask_the_same_are_both_answered);
  ADD ("a callback may cancel others", test_a_callback_may_cancel_others);
  ADD ("the resolver may go at any time", test_the_resolver_may_go_at_any_time);
  ADD ("this host has addresses", test_this_host_has_addresses);
  ADD ("this host has a name", test_this_host_has_a_name);
  ADD ("a full cache drops the oldest", test_a_full_cache_drops_the_oldest);
  return g_test_run ();
}
