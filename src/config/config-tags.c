#include "config/config-tags.h"

#include <string.h>

#include "compat/py-held.h"
#include "compat/py-ini.h"
#include "compat/py-repr.h"
#include "config/config.h"

#define MAX_REPLACEMENTS 25 /* of one tag for one value (1.1.2) */

/* How often a tag was replaced in one value. */
typedef struct
{
  char *tag;
  guint count;
} Count;

typedef struct
{
  PyOptions *options;
  GHashTable *ignored; /* names, may be NULL */
  ConfigTagLookup lookup;
  gpointer data;
  GArray **counts;  /* for each option: of Count; NULL before the first replacement */
  gboolean *done;   /* for each option: its value has no '<' any more, or it is ignored */
  GString *scratch; /* where values are built */
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

static void
count_clear (gpointer data)
{
  Count *count = data;

  g_free (count->tag);
}

/* Lends the count of the tag, a new one of 0 when it has none. */
static Count *
count_of (GArray *counts, const char *tag, gsize len)
{
  for (guint i = 0; i < counts->len; i++)
    {
      Count *count = &g_array_index (counts, Count, i);
      if (strncmp (count->tag, tag, len) == 0 && count->tag[len] == '\0')
        return count;
    }

  Count added = { g_strndup (tag, len), 0 };
  g_array_append_val (counts, added);
  return &g_array_index (counts, Count, counts->len - 1);
}

static gboolean
fail_recursive (const char *name, const char *tag, const GArray *counts, const char *value, GError **error)
{
  g_autoptr (PyValue) dict = py_dict_new ();

  for (guint i = 0; counts != NULL && i < counts->len; i++)
    {
      const Count *count = &g_array_index (counts, Count, i);
      if (count->count > 0)
        py_dict_set (dict, py_held_to_value (count->tag), py_int_new (count->count));
    }
  g_autofree char *repr = py_repr (dict);
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
               "properties contain self referencing definitions and cannot be resolved, fail tag: %s, found: %s in %s, "
               "value: %s",
               name, tag, repr, value);
  return FALSE;
}

/* What the tag stands for: a new reference; NULL when nothing, or on failure with error set. */
static PyValue *
expander_replacement (const Expander *x, const char *tag, GError **error)
{
  PyValue *option = py_options_get (x->options, tag);
  g_autoptr (PyValue) value = option != NULL && py_value_type (option) != PY_NONE ? py_value_ref (option) : NULL;

  if (value == NULL)
    value = x->lookup (tag, x->data, error);
  if (value == NULL || py_value_type (value) == PY_NONE)
    return NULL;
  return py_value_type (value) == PY_STR ? g_steal_pointer (&value) : py_str_take (py_str (value, NULL));
}

/* Replaces each "<tag>" in value.  *at, where one was found, stays the same character of the new text: the reference searches
 * on from there, and an earlier occurrence can come up when a replacement has just completed it. */
static gboolean
expander_replace (Expander *x, GString *value, const char *tag, const char *replacement, gsize *at, GError **error)
{
  gsize tag_len = strlen (tag) + 2;
  g_autofree char *whole = g_strconcat ("<", tag, ">", NULL);
  const char *from = value->str, *next = strstr (from, whole);
  gboolean earlier = (gsize) (next - from) < *at;
  glong characters = earlier ? g_utf8_strlen (value->str, (gssize) *at) : 0;

  g_string_truncate (x->scratch, 0);
  for (; next != NULL && x->scratch->len <= PY_INI_MAX_VALUE; next = strstr (from, whole))
    {
      g_string_append_len (x->scratch, from, next - from);
      g_string_append (x->scratch, replacement);
      from = next + tag_len;
    }
  g_string_append (x->scratch, from);
  g_string_truncate (value, 0);
  g_string_append_len (value, x->scratch->str, (gssize) x->scratch->len);
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

typedef enum
{
  TAG_REPLACED,
  TAG_LEFT,
  TAG_FAILED,
} TagResult;

/* The tag that was found at *at, as long as len. */
static TagResult
expander_tag (Expander *x, const char *name, GString *value, GArray *counts, gsize *at, gsize len, GError **error)
{
  g_autofree char *tag = g_strndup (value->str + *at + 1, len);
  g_autoptr (GError) local_error = NULL;

  if (x->ignored != NULL && g_hash_table_contains (x->ignored, tag))
    return TAG_LEFT;
  if (strcmp (tag, name) == 0 || count_of (counts, tag, len)->count > MAX_REPLACEMENTS)
    return fail_recursive (name, tag, counts, value->str, error) ? TAG_REPLACED : TAG_FAILED;

  g_autoptr (PyValue) replacement = expander_replacement (x, tag, &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return TAG_FAILED;
    }
  if (replacement == NULL)
    return TAG_LEFT;
  count_of (counts, tag, len)->count++;
  return expander_replace (x, value, tag, py_str_peek (replacement, NULL), at, error) ? TAG_REPLACED : TAG_FAILED;
}

/* One pass over one value. */
static gboolean
expander_value (Expander *x, const char *name, GString *value, GArray *counts, GError **error)
{
  gsize at = 0, len;

  for (const char *found = find_tag (value->str, &len); found != NULL; found = find_tag (value->str + at, &len))
    {
      at = (gsize) (found - value->str);
      switch (expander_tag (x, name, value, counts, &at, len, error))
        {
        case TAG_REPLACED:
          break;
        case TAG_LEFT:
          at += len + 2;
          break;
        case TAG_FAILED:
        default:
          return FALSE;
        }
    }
  return TRUE;
}

/* *ret_again: the value has changed and still has tags. */
static gboolean
expander_option (Expander *x, guint index, gboolean *ret_again, GError **error)
{
  PyValue *original = py_options_peek_value (x->options, index);
  const char *text = py_value_type (original) == PY_STR ? py_str_peek (original, NULL) : "";
  gsize len;

  if (find_tag (text, &len) == NULL)
    {
      x->done[index] = TRUE;
      return TRUE;
    }

  g_autoptr (GString) value = g_string_new (text);
  if (x->counts[index] == NULL)
    {
      x->counts[index] = g_array_new (FALSE, FALSE, sizeof (Count));
      g_array_set_clear_func (x->counts[index], count_clear);
    }
  if (!expander_value (x, py_options_peek_name (x->options, index), value, x->counts[index], error))
    return FALSE;
  if (strcmp (value->str, text) == 0)
    return TRUE;
  if (find_tag (value->str, &len) != NULL)
    *ret_again = TRUE;
  py_options_set_value (x->options, index, py_str_new_len (value->str, (gssize) value->len));
  return TRUE;
}

static gboolean
expander_run (Expander *x, GError **error)
{
  guint n = py_options_size (x->options);
  gboolean again = TRUE;

  for (guint i = 0; x->ignored != NULL && i < n; i++)
    x->done[i] = g_hash_table_contains (x->ignored, py_options_peek_name (x->options, i));
  while (again)
    {
      again = FALSE;
      for (guint i = 0; i < n; i++)
        if (!x->done[i] && !expander_option (x, i, &again, error))
          return FALSE;
    }
  return TRUE;
}

gboolean
config_tags_expand (PyOptions *options, GHashTable *ignored, ConfigTagLookup lookup, gpointer data, GError **error)
{
  guint n = py_options_size (options);
  g_autofree GArray **counts = g_new0 (GArray *, n);
  g_autofree gboolean *done = g_new0 (gboolean, n);
  g_autoptr (GString) scratch = g_string_new (NULL);
  Expander x = { options, ignored, lookup, data, counts, done, scratch, 0 };
  gboolean good = expander_run (&x, error);

  for (guint i = 0; i < n; i++)
    g_clear_pointer (&counts[i], g_array_unref);
  return good;
}
