#include "match/connection-cache.h"

#include <string.h>

static Capture
id_of (const char *text)
{
  return (Capture){ .kind = CAPTURED_TEXT, .text = text, .len = strlen (text) };
}

static void
put (ConnectionCache *cache, const char *text, gint64 now_usec)
{
  const Capture id = id_of (text);

  captures_copy (connection_cache_add (cache, &id, now_usec), CAPTURE_MLFID, &id);
}

static gboolean
knows (ConnectionCache *cache, const char *text, gint64 now_usec)
{
  const Capture id = id_of (text);
  Captures *data = connection_cache_peek (cache, &id, now_usec);

  if (data == NULL)
    return FALSE;
  g_assert_cmpuint (captures_get_length (data), ==, 1);
  g_assert_cmpmem (captures_peek (data, CAPTURE_MLFID)->text, captures_peek (data, CAPTURE_MLFID)->len, id.text,
                   id.len);
  return TRUE;
}

static void
test_a_connection_is_known_for_five_minutes (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();

  put (cache, "a", 0);
  g_assert_true (knows (cache, "a", CONNECTION_CACHE_AGE_USEC - 1));
  g_assert_false (knows (cache, "a", CONNECTION_CACHE_AGE_USEC));
  g_assert_false (knows (cache, "a", 0));
  g_assert_false (knows (cache, "b", 0));
}

static void
test_when_full_the_oldest_goes (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();

  for (guint i = 0; i <= CONNECTION_CACHE_MAX; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      put (cache, id, i);
    }
  g_assert_false (knows (cache, "0", 1));
  g_assert_true (knows (cache, "1", 1));
  g_assert_true (knows (cache, "100", 1));
}

static void
test_when_full_those_that_are_over_go_too (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();

  for (guint i = 0; i < CONNECTION_CACHE_MAX; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      put (cache, id, i);
    }
  put (cache, "new", CONNECTION_CACHE_AGE_USEC + 50);
  g_assert_false (knows (cache, "50", 0));
  g_assert_false (knows (cache, "51", 0)); /* the first that was not over made the place */
  g_assert_true (knows (cache, "52", 0));
}

static void
test_forgotten_and_put_again (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();
  const Capture key = id_of ("a");

  put (cache, "a", 0);
  put (cache, "a", 10);
  g_assert_true (knows (cache, "a", CONNECTION_CACHE_AGE_USEC + 5));
  connection_cache_remove (cache, &key);
  connection_cache_remove (cache, &key);
  g_assert_false (knows (cache, "a", 10));
}

static void
test_ids_of_the_same_hash_are_told_apart (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();
  const Capture b = id_of ("b");

  connection_cache_set_hash (cache, 7);
  put (cache, "a", 0);
  put (cache, "b", 0);
  put (cache, "c", 0);
  connection_cache_remove (cache, &b);
  g_assert_true (knows (cache, "a", 1));
  g_assert_false (knows (cache, "b", 1));
  g_assert_true (knows (cache, "c", 1));
}

static void
test_a_tuple_is_another_id_than_its_text (void)
{
  g_autoptr (ConnectionCache) cache = connection_cache_new ();
  g_autoptr (PyValue) tuple = py_tuple_new_items (py_str_new ("a"), py_none_new (), NULL),
                      same = py_tuple_new_items (py_str_new ("a"), py_none_new (), NULL);
  const Capture id = { .kind = CAPTURED_VALUE, .value = tuple }, again = { .kind = CAPTURED_VALUE, .value = same };

  (void) connection_cache_add (cache, &id, 0);
  g_assert_false (knows (cache, "('a', None)", 1));
  g_assert_nonnull (connection_cache_peek (cache, &again, 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connections/one is known for five minutes", test_a_connection_is_known_for_five_minutes);
  g_test_add_func ("/connections/when full the oldest goes", test_when_full_the_oldest_goes);
  g_test_add_func ("/connections/when full those that are over go too", test_when_full_those_that_are_over_go_too);
  g_test_add_func ("/connections/forgotten and put again", test_forgotten_and_put_again);
  g_test_add_func ("/connections/ids of the same hash are told apart", test_ids_of_the_same_hash_are_told_apart);
  g_test_add_func ("/connections/a tuple is another id than its text", test_a_tuple_is_another_id_than_its_text);
  return g_test_run ();
}
