#include "config/config-tags.h"

#include <string.h>

#include "compat/py-held.h"
#include "compat/py-ini.h"
#include "compat/py-repr.h"
#include "config/config-tags-quick.h"
#include "config/config.h"

#define MAX_REPLACEMENTS 25 /* of one tag for one value (1.1.2) */

/* How often a tag was replaced in one value. */
typedef struct
{
  const char *tag; /* lent by Expander's names */
  guint hash;
  guint count;
  guint next; /* the value's next one, as a place in Expander's counts; 0: none */
} Count;

typedef struct
{
  PyOptions *options;
  const PyOptions *ignored; /* may be NULL */
  ConfigTagLookup lookup;
  gpointer data;
  GArray *counts;   /* of Count; the first is none */
  guint *first;     /* for each option its first, 0 before the first replacement */
  guint *last;      /* the end of each chain */
  gboolean *done;   /* for each option: nothing is left to replace, or it is ignored */
  GString *value;   /* the one that is looked at, so far */
  GString *scratch; /* where its next state is built */
  GString *tag;     /* the one that is looked at */
  GStringChunk *names;
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

#define COUNT_AT(x, place) (&g_array_index ((x)->counts, Count, place))

/* The tag's count for an option, or NULL. */
static Count *
count_find (const Expander *x, guint option, const char *tag, guint hash)
{
  for (guint place = x->first[option]; place != 0; place = COUNT_AT (x, place)->next)
    {
      Count *count = COUNT_AT (x, place);
      if (count->hash == hash && strcmp (count->tag, tag) == 0)
        return count;
    }
  return NULL;
}

static void
count_add (Expander *x, guint option, const char *tag, guint hash)
{
  Count *count = count_find (x, option, tag, hash);

  if (count != NULL)
    {
      count->count++;
      return;
    }
  Count first = { g_string_chunk_insert (x->names, tag), hash, 1, 0 };
  guint place = x->counts->len;
  g_array_append_val (x->counts, first);
  if (x->first[option] == 0)
    x->first[option] = place;
  else
    COUNT_AT (x, x->last[option])->next = place;
  x->last[option] = place;
}

static gboolean
fail_recursive (const Expander *x, guint option, const char *tag, GError **error)
{
  g_autoptr (PyValue) dict = py_dict_new ();

  for (guint place = x->first[option]; place != 0; place = COUNT_AT (x, place)->next)
    py_dict_set (dict, py_held_to_value (COUNT_AT (x, place)->tag), py_int_new (COUNT_AT (x, place)->count));
  g_autofree char *repr = py_repr (dict);
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
               "properties contain self referencing definitions and cannot be resolved, fail tag: %s, found: %s in %s, "
               "value: %s",
               py_options_peek_name (x->options, option), tag, repr, x->value->str);
  return FALSE;
}

/* What the tag stands for: a new reference; NULL when nothing, or on failure with error set. */
static PyValue *
expander_replacement (const Expander *x, const char *tag, guint hash, GError **error)
{
  PyValue *option = py_options_get_hashed (x->options, tag, hash);
  g_autoptr (PyValue) value = option != NULL && py_value_type (option) != PY_NONE ? py_value_ref (option) : NULL;

  if (value == NULL)
    value = x->lookup (tag, hash, x->data, error);
  if (value == NULL || py_value_type (value) == PY_NONE)
    return NULL;
  return py_value_type (value) == PY_STR ? g_steal_pointer (&value) : py_str_take (py_str (value, NULL));
}

/* The next occurrence of this very tag at or behind p, or NULL. */
static const char *
find_same_tag (const char *p, const char *tag, gsize len)
{
  for (p = strchr (p, '<'); p != NULL; p = strchr (p + 1, '<'))
    if (p[1] == *tag && strncmp (p + 1, tag, len) == 0 && p[1 + len] == '>')
      return p;
  return NULL;
}

/* Replaces each "<tag>" in the value.  *at, where one was found, stays the same character of the new text: the reference
 * searches on from there, and an earlier occurrence can come up when a replacement has just completed it. */
static gboolean
expander_replace (Expander *x, const char *tag, gsize len, const PyValue *replacement, gsize *at, GError **error)
{
  gsize new_len;
  const char *new_text = py_str_peek (replacement, &new_len);
  const char *from = x->value->str, *next = find_same_tag (from, tag, len);
  gsize same = (gsize) (next - from); /* both texts begin alike, as far as that */
  gboolean earlier = same < *at;
  glong characters = earlier ? g_utf8_strlen (next, (gssize) (*at - same)) : 0;
  GString *built = g_string_truncate (x->scratch, 0);

  for (; next != NULL && built->len <= PY_INI_MAX_VALUE; next = find_same_tag (from, tag, len))
    {
      config_tags_append_piece (built, from, (gsize) (next - from));
      config_tags_append_piece (built, new_text, new_len);
      from = next + len + 2;
    }
  config_tags_append_piece (built, from, (gsize) (x->value->str + x->value->len - from));
  x->scratch = x->value;
  x->value = built;
  if (earlier)
    {
      const char *p = built->str + same;
      while (characters-- > 0 && *p != '\0')
        p = g_utf8_next_char (p);
      *at = (gsize) (p - built->str);
    }
  x->work += built->len;
  if (built->len > PY_INI_MAX_VALUE || x->work > CONFIG_TAGS_MAX_WORK)
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
expander_tag (Expander *x, guint option, gsize *at, gsize len, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  config_tags_append_piece (g_string_truncate (x->tag, 0), x->value->str + *at + 1, len);
  const char *tag = x->tag->str;
  guint hash = py_options_hash (tag);

  if (x->ignored != NULL && py_options_get_hashed (x->ignored, tag, hash) != NULL)
    return TAG_LEFT;
  const Count *count = count_find (x, option, tag, hash);
  if (strcmp (tag, py_options_peek_name (x->options, option)) == 0
      || (count != NULL && count->count > MAX_REPLACEMENTS))
    {
      (void) fail_recursive (x, option, tag, error);
      return TAG_FAILED;
    }

  g_autoptr (PyValue) replacement = expander_replacement (x, tag, hash, &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return TAG_FAILED;
    }
  if (replacement == NULL)
    return TAG_LEFT;
  count_add (x, option, tag, hash);
  return expander_replace (x, tag, len, replacement, at, error) ? TAG_REPLACED : TAG_FAILED;
}

/* One pass over one value. */
static gboolean
expander_value (Expander *x, guint option, GError **error)
{
  gsize at = 0, len;

  for (const char *found = find_tag (x->value->str, &len); found != NULL; found = find_tag (x->value->str + at, &len))
    {
      at = (gsize) (found - x->value->str);
      switch (expander_tag (x, option, &at, len, error))
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

  g_string_assign (x->value, text);
  if (!expander_value (x, index, error))
    return FALSE;
  if (strcmp (x->value->str, text) == 0)
    {
      x->done[index] = TRUE; /* what is left now has no value, and will not get one */
      return TRUE;
    }
  if (find_tag (x->value->str, &len) != NULL)
    *ret_again = TRUE;
  py_options_set_value (x->options, index, py_str_new_len (x->value->str, (gssize) x->value->len));
  return TRUE;
}

static gboolean
expander_run (Expander *x, GError **error)
{
  guint n = py_options_size (x->options);
  gboolean again = TRUE;

  for (guint i = 0; x->ignored != NULL && i < n; i++)
    x->done[i]
        = py_options_get_hashed (x->ignored, py_options_peek_name (x->options, i), py_options_peek_hash (x->options, i))
          != NULL;
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
config_tags_expand (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup, gpointer data,
                    ConfigTagsMemory *memory, GError **error)
{
  return config_tags_expand_quickly (options, ignored, lookup, data, memory)
         || config_tags_expand_in_passes (options, ignored, lookup, data, error);
}

gboolean
config_tags_expand_in_passes (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup, gpointer data,
                              GError **error)
{
  guint n = py_options_size (options);
  g_autoptr (GArray) counts = g_array_sized_new (FALSE, FALSE, sizeof (Count), 64);
  g_autofree guint *chains = g_new0 (guint, 2 * n);
  g_autofree gboolean *done = g_new0 (gboolean, n);
  g_autoptr (GString) tag = g_string_new (NULL);
  g_autoptr (GStringChunk) names = g_string_chunk_new (512);
  Expander x
      = { options, ignored, lookup, data, counts, chains, chains + n, done, g_string_new (NULL), g_string_new (NULL),
          tag,     names,   0 };
  Count none = { NULL, 0, 0, 0 };

  g_array_append_val (counts, none);
  gboolean good = expander_run (&x, error);

  g_string_free (x.value, TRUE);
  g_string_free (x.scratch, TRUE);
  return good;
}
