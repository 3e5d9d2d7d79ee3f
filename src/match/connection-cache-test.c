#include "match/connection-cache.h"

static void
put (ConnectionCache *cache, const char *id, gint64 now_usec)
{
  g_autoptr (PyValue) key = py_str_new (id), data = py_dict_new ();

  py_dict_set_str (data, "id", py_str_new (id));
  connection_cache_put (cache, key, data, now_usec);
}

static gboolean
knows (ConnectionCache *cache, const char *id, gint64 now_usec)
{
  g_autoptr (PyValue) key = py_str_new (id);
  PyValue *data = connection_cache_peek (cache, key, now_usec);

  g_assert_true (data == NULL || py_str_equals (py_dict_get_str (data, "id"), id));
  return data != NULL;
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
  g_autoptr (PyValue) key = py_str_new ("a");

  put (cache, "a", 0);
  put (cache, "a", 10);
  g_assert_true (knows (cache, "a", CONNECTION_CACHE_AGE_USEC + 5));
  connection_cache_remove (cache, key);
  connection_cache_remove (cache, key);
  g_assert_false (knows (cache, "a", 10));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connections/one is known for five minutes", test_a_connection_is_known_for_five_minutes);
  g_test_add_func ("/connections/when full the oldest goes", test_when_full_the_oldest_goes);
  g_test_add_func ("/connections/when full those that are over go too", test_when_full_those_that_are_over_go_too);
  g_test_add_func ("/connections/forgotten and put again", test_forgotten_and_put_again);
  return g_test_run ();
}
