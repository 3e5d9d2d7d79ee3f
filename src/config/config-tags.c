#include "config/config-tags.h"

#include <string.h>

#include "compat/py-ini.h"
#include "compat/py-repr.h"
#include "config/config.h"

#define MAX_REPLACEMENTS 25 /* of one tag for one value (1.1.2) */

typedef struct
{
  PyOptions *options;
  GHashTable *ignored; /* names, may be NULL */
  ConfigTagLookup lookup;
  gpointer data;
  GHashTable *done;   /* names whose values have no '<' any more */
  GHashTable *counts; /* name -> PyOptions: how often each tag was replaced in its value */
  gsize work;
} Expander;

/* Finds the next "<tag>" at or behind p: characters but blank, '<', '>'.  Returns the '<', or NULL. */
static const char *
find_tag (const char *p, gsize *ret_len)
{
  for (p = strchr (p, '<'); p != NULL; p = strchr (p + 1, '<'))
    {
      gsize len = strcspn (p + 1, " <>");
      if (len > 0 && p[1 + len] == '>')
        {
          *ret_len = len;
          return p;
        }
    }
  return NULL;
}

static gboolean
fail_recursive (const char *name, const char *tag, const PyOptions *counts, const char *value, GError **error)
{
  g_autoptr (PyValue) dict = py_options_to_value (counts);
  g_autofree char *repr = py_repr (dict);

  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
               "properties contain self referencing definitions and cannot be resolved, fail tag: %s, found: %s in %s, "
               "value: %s",
               name, tag, repr, value);
  return FALSE;
}

/* What the tag stands for, as text; NULL when nothing, or on failure with error set. */
static char *
expander_replacement (Expander *x, const char *tag, GError **error)
{
  PyValue *option = py_options_get (x->options, tag);
  g_autoptr (PyValue) value = option != NULL && py_value_type (option) != PY_NONE ? py_value_ref (option) : NULL;

  if (value == NULL)
    value = x->lookup (tag, x->data, error);
  return value != NULL && py_value_type (value) != PY_NONE ? py_str (value, NULL) : NULL;
}

/* Replaces each "<tag>" in value.  *at, where one was found, stays the same character of the new text: the reference searches
 * on from there, and an earlier occurrence can come up when a replacement has just completed it. */
static gboolean
expander_replace (Expander *x, GString *value, const char *tag, const char *replacement, gsize *at, GError **error)
{
  g_autofree char *whole = g_strconcat ("<", tag, ">", NULL);
  const char *first = strstr (value->str, whole);
  gboolean earlier = (gsize) (first - value->str) < *at;
  glong characters = earlier ? g_utf8_strlen (value->str, (gssize) *at) : 0;

  (void) g_string_replace (value, whole, replacement, 0);
  if (earlier)
    {
      glong length = g_utf8_strlen (value->str, (gssize) value->len);
      *at = (gsize) (g_utf8_offset_to_pointer (value->str, MIN (characters, length)) - value->str);
    }
  x->work += value->len;
  if (value->len > PY_INI_MAX_VALUE || x->work > CONFIG_TAGS_MAX_WORK)
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_LIMIT, "value is too large after the replacement of <%s>", tag);
      return FALSE;
    }
  return TRUE;
}

static gint64
count_of (const PyOptions *counts, const char *tag, gint64 absent)
{
  PyValue *count = py_options_get (counts, tag);

  return count != NULL ? py_int_get (count) : absent;
}

/* One pass over one value. */
static gboolean
expander_value (Expander *x, const char *name, GString *value, PyOptions *counts, GError **error)
{
  gsize at = 0, len;

  for (const char *found = find_tag (value->str, &len); found != NULL; found = find_tag (value->str + at, &len))
    {
      g_autofree char *tag = g_strndup (found + 1, len);
      g_autoptr (GError) local_error = NULL;
      at = (gsize) (found - value->str);
      if (x->ignored != NULL && g_hash_table_contains (x->ignored, tag))
        {
          at += len + 2;
          continue;
        }
      if (strcmp (tag, name) == 0 || count_of (counts, tag, 1) > MAX_REPLACEMENTS)
        return fail_recursive (name, tag, counts, value->str, error);

      g_autofree char *replacement = expander_replacement (x, tag, &local_error);
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (replacement == NULL)
        {
          at += len + 2;
          continue;
        }
      if (!expander_replace (x, value, tag, replacement, &at, error))
        return FALSE;
      py_options_set (counts, tag, py_int_new (count_of (counts, tag, 0) + 1));
    }
  return TRUE;
}

/* *ret_again: the value has changed and still has tags. */
static gboolean
expander_option (Expander *x, guint index, gboolean *ret_again, GError **error)
{
  const char *name = py_options_peek_name (x->options, index);
  g_autofree char *original = py_str (py_options_peek_value (x->options, index), NULL);
  gsize len;

  if (strchr (original, '<') == NULL)
    {
      g_hash_table_add (x->done, (gpointer) name);
      return TRUE;
    }

  g_autoptr (GString) value = g_string_new (original);
  PyOptions *known = g_hash_table_lookup (x->counts, name);
  g_autoptr (PyOptions) fresh = known == NULL ? py_options_new () : NULL;
  if (!expander_value (x, name, value, known != NULL ? known : fresh, error))
    return FALSE;
  if (strcmp (value->str, original) != 0)
    {
      if (find_tag (value->str, &len) != NULL)
        {
          if (fresh != NULL)
            g_hash_table_insert (x->counts, (gpointer) name, g_steal_pointer (&fresh));
          *ret_again = TRUE;
        }
      py_options_set (x->options, name, py_str_new_len (value->str, (gssize) value->len));
    }
  if (strchr (value->str, '<') == NULL)
    g_hash_table_add (x->done, (gpointer) name);
  return TRUE;
}

gboolean
config_tags_expand (PyOptions *options, GHashTable *ignored, ConfigTagLookup lookup, gpointer data, GError **error)
{
  g_autoptr (GHashTable) done = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) counts
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) py_options_free);
  Expander x = { options, ignored, lookup, data, done, counts, 0 };
  gboolean again = TRUE;

  while (again)
    {
      again = FALSE;
      for (guint i = 0; i < py_options_size (options); i++)
        {
          const char *name = py_options_peek_name (options, i);
          if (g_hash_table_contains (done, name) || (ignored != NULL && g_hash_table_contains (ignored, name)))
            continue;
          if (!expander_option (&x, i, &again, error))
            return FALSE;
        }
    }
  return TRUE;
}
