#include "action/tag-table.h"

#include <string.h>

#include "action/action.h"
#include "action/tags.h"
#include "compat/py-repr.h"

/* fail2ban 1.1.2 (helpers.py): so often one tag may be replaced within one property, and so many rounds for a query. */
#define MAX_REPLACEMENTS 25

/* These come from log lines even when somebody set a property of that name. */
static gboolean
is_escaped_tag (const char *name)
{
  return g_str_equal (name, "matches") || g_str_equal (name, "ipmatches") || g_str_equal (name, "ipjailmatches");
}

/* A value, never changed: what has no tag in it is the same in all families.  An action has a dozen, a server a thousand. */
typedef struct
{
  guint refs;
  gsize len;
  char str[];
} Text;

static Text *
text_new (const char *str, gsize len)
{
  Text *self = g_malloc (sizeof *self + len + 1);

  self->refs = 1;
  self->len = len;
  memcpy (self->str, str, len);
  self->str[len] = '\0';
  return self;
}

static void
text_unref (gpointer data)
{
  Text *self = data;

  if (--self->refs == 0)
    g_free (self);
}

static void
string_free (gpointer string)
{
  g_string_free (string, TRUE);
}

/* What was worked out for one family. */
typedef struct
{
  GTree *values;        /* name (the table's) -> Text: the properties with the tags in them replaced */
  GHashTable *commands; /* query -> GString */
} Resolved;

static void
resolved_free (gpointer data)
{
  Resolved *self = data;

  g_clear_pointer (&self->values, g_tree_unref);
  g_clear_pointer (&self->commands, g_hash_table_unref);
  g_free (self);
}

struct TagTable
{
  TagBuiltin builtin;
  gpointer user_data;
  GTree *values; /* name -> Text, sorted: the order in which 1.1.2 meets the properties (errors name the first) */
  GHashTable *resolved; /* "family=inet4" or "" -> Resolved */
};

static int
compare_names (gconstpointer a, gconstpointer b, gpointer unused)
{
  return strcmp (a, b);
}

static GTree *
values_new (GDestroyNotify free_name)
{
  return g_tree_new_full (compare_names, NULL, free_name, text_unref);
}

TagTable *
tag_table_new (TagBuiltin builtin, gpointer user_data)
{
  TagTable *self = g_new0 (TagTable, 1);

  self->builtin = builtin;
  self->user_data = user_data;
  self->values = values_new (g_free);
  self->resolved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, resolved_free);
  return self;
}

void
tag_table_free (TagTable *self)
{
  if (self == NULL)
    return;
  g_tree_unref (self->values);
  g_hash_table_unref (self->resolved);
  g_free (self);
}

void
tag_table_set (TagTable *self, const char *name, const char *value, gssize len)
{
  g_hash_table_remove_all (self->resolved);
  g_tree_replace (self->values, g_strdup (name), text_new (value, len < 0 ? strlen (value) : (gsize) len));
}

static const Text *
values_lookup (GTree *values, const char *name, const char *condition)
{
  if (*condition != '\0')
    {
      g_autofree char *conditional = g_strconcat (name, "?", condition, NULL);
      const Text *value = g_tree_lookup (values, conditional);
      if (value != NULL)
        return value;
    }
  return g_tree_lookup (values, name);
}

/* How often each tag was replaced within one property; kept over the rounds. */
typedef struct
{
  GPtrArray *names; /* in the order they came, for the error text */
  GArray *counts;
} Replaced;

static void
replaced_free (gpointer data)
{
  Replaced *self = data;

  g_ptr_array_unref (self->names);
  g_array_unref (self->counts);
  g_free (self);
}

static Replaced *
replaced_new (void)
{
  Replaced *self = g_new0 (Replaced, 1);

  self->names = g_ptr_array_new_with_free_func (g_free);
  self->counts = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

/* 1 for a tag not met so far: that is how 1.1.2 counts. */
static guint
replaced_count (const Replaced *self, const char *name)
{
  for (guint i = 0; i < self->names->len; i++)
    if (g_str_equal (self->names->pdata[i], name))
      return g_array_index (self->counts, guint, i);
  return 1;
}

static void
replaced_add (Replaced *self, const char *name)
{
  guint one = 1;

  for (guint i = 0; i < self->names->len; i++)
    if (g_str_equal (self->names->pdata[i], name))
      {
        g_array_index (self->counts, guint, i)++;
        return;
      }
  g_ptr_array_add (self->names, g_strdup (name));
  g_array_append_val (self->counts, one);
}

static void
set_self_reference (GError **error, const char *name, const char *found, const Replaced *replaced, const GString *value)
{
  g_autoptr (GString) counts = g_string_new ("{");

  for (guint i = 0; i < replaced->names->len; i++)
    {
      if (i > 0)
        g_string_append (counts, ", ");
      py_repr_append_str (counts, replaced->names->pdata[i], -1);
      g_string_append_printf (counts, ": %u", g_array_index (replaced->counts, guint, i));
    }
  g_string_append_c (counts, '}');
  g_set_error (error, ACTION_ERROR, ACTION_ERROR_VALUE,
               "properties contain self referencing definitions and cannot be resolved, fail tag: %s, found: %s in %s, "
               "value: %.4096s",
               name, found, counts->str, value->str);
}

static void
replace_all (GString *text, const char *what, const Text *with)
{
  gsize what_length = strlen (what);
  GString *out = g_string_sized_new (text->len);
  const char *at = text->str, *end = text->str + text->len, *hit;

  while ((hit = memmem (at, (gsize) (end - at), what, what_length)) != NULL && out->len <= TAGS_TEXT_MAX)
    {
      g_string_append_len (out, at, hit - at);
      g_string_append_len (out, with->str, (gssize) with->len);
      at = hit + what_length;
    }
  g_string_append_len (out, at, end - at);
  g_string_assign (text, "");
  g_string_append_len (text, out->str, (gssize) out->len);
  g_string_free (out, TRUE);
}

static gboolean
check_size (const GString *text, const char *name, GError **error)
{
  if (text->len <= TAGS_TEXT_MAX)
    return TRUE;
  g_set_error (error, ACTION_ERROR, ACTION_ERROR_VALUE, "tag %s grows beyond %d bytes", name, TAGS_TEXT_MAX);
  return FALSE;
}

/* One round over one property, in place. */
static gboolean
expand_value (GTree *values, const char *name, GString *value, const char *condition, Replaced *replaced,
              GError **error)
{
  TagSpan span;

  for (gboolean more = tags_find (value->str, value->len, 0, &span); more;)
    {
      g_autofree char *found = tags_dup_name (value->str, &span);
      if (is_escaped_tag (found))
        {
          more = tags_find (value->str, value->len, span.end, &span);
          continue;
        }
      if (g_str_equal (found, name) || replaced_count (replaced, found) > MAX_REPLACEMENTS)
        {
          set_self_reference (error, name, found, replaced, value);
          return FALSE;
        }
      const Text *replacement = values_lookup (values, found, condition);
      if (replacement == NULL)
        {
          more = tags_find (value->str, value->len, span.end, &span); /* <ip> and the like: for the second pass */
          continue;
        }
      g_autofree char *tag = g_strconcat ("<", found, ">", NULL);
      replace_all (value, tag, replacement);
      if (!check_size (value, name, error))
        return FALSE;
      replaced_add (replaced, found);
      more = tags_find (value->str, value->len, span.start, &span);
    }
  return TRUE;
}

static gboolean
collect_name (gpointer name, gpointer value, gpointer names)
{
  g_ptr_array_add (names, name);
  return FALSE;
}

static gboolean
copy_value (gpointer name, gpointer value, gpointer copy)
{
  Text *text = value;

  text->refs++;
  g_tree_insert (copy, name, text);
  return FALSE;
}

/* One round over all properties.  ret_again: something was replaced and tags are left, maybe new ones (<a_<b>>). */
static gboolean
expand_round (GTree *values, GPtrArray *names, const char *condition, GHashTable *counts, gboolean *ret_again,
              GError **error)
{
  TagSpan span;

  *ret_again = FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      if (is_escaped_tag (name))
        continue;
      const Text *old = g_tree_lookup (values, name);
      if (memchr (old->str, '<', old->len) == NULL)
        continue;
      g_autoptr (GString) value = g_string_new_len (old->str, (gssize) old->len);
      Replaced *replaced = g_hash_table_lookup (counts, name);
      g_autoptr (GPtrArray) owner = g_ptr_array_new_with_free_func (replaced_free);
      if (replaced == NULL)
        g_ptr_array_add (owner, replaced = replaced_new ());
      if (!expand_value (values, name, value, condition, replaced, error))
        return FALSE;
      if (old->len == value->len && memcmp (old->str, value->str, value->len) == 0)
        continue;
      if (tags_find (value->str, value->len, 0, &span))
        {
          if (owner->len > 0)
            g_hash_table_insert (counts, (gpointer) name, g_ptr_array_steal_index (owner, 0));
          *ret_again = TRUE;
        }
      g_tree_insert (values, (gpointer) name, text_new (value->str, value->len));
    }
  return TRUE;
}

static GTree *
expand_values (GTree *original, const char *condition, GError **error)
{
  g_autoptr (GTree) values = values_new (NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, replaced_free);
  gboolean again = TRUE;

  g_tree_foreach (original, copy_value, values);
  g_tree_foreach (original, collect_name, names); /* the original's keys outlive the rounds */
  while (again)
    if (!expand_round (values, names, condition, counts, &again, error))
      return NULL;
  return g_steal_pointer (&values);
}

static Resolved *
resolve_for (TagTable *self, const char *condition, GError **error)
{
  Resolved *resolved = g_hash_table_lookup (self->resolved, condition);
  if (resolved != NULL)
    return resolved;

  GTree *values = expand_values (self->values, condition, error);
  if (values == NULL)
    return NULL;
  resolved = g_new0 (Resolved, 1);
  resolved->values = values;
  resolved->commands = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, string_free);
  g_hash_table_insert (self->resolved, g_strdup (condition), resolved);
  return resolved;
}

/* The query with each of its tags replaced once. */
static GString *
replace_once (TagTable *self, GTree *values, const GString *query, const char *condition)
{
  GString *out = g_string_sized_new (query->len);
  gsize at = 0;
  TagSpan span;

  while (out->len <= TAGS_TEXT_MAX && tags_find (query->str, query->len, at, &span))
    {
      g_autofree char *name = tags_dup_name (query->str, &span);
      g_string_append_len (out, query->str + at, (gssize) (span.start - at));
      at = span.end;

      const Text *value = values_lookup (values, name, condition);
      g_autofree char *builtin = value == NULL && self->builtin != NULL ? self->builtin (name, self->user_data) : NULL;
      if (value != NULL && is_escaped_tag (name))
        {
          g_autoptr (GString) escaped = tags_escape (value->str, value->len);
          g_string_append_len (out, escaped->str, (gssize) escaped->len);
        }
      else if (value != NULL)
        g_string_append_len (out, value->str, (gssize) value->len);
      else if (builtin != NULL)
        g_string_append (out, builtin);
      else
        g_string_append_len (out, query->str + span.start, (gssize) (span.end - span.start));
    }
  g_string_append_len (out, query->str + at, (gssize) (query->len - at));
  return out;
}

const GString *
tag_table_replace (TagTable *self, const char *query, const char *family, GError **error)
{
  g_autofree char *condition
      = family != NULL && *family != '\0' ? g_strconcat ("family=", family, NULL) : g_strdup ("");
  Resolved *resolved = resolve_for (self, condition, error);
  if (resolved == NULL)
    return NULL;

  GString *known = g_hash_table_lookup (resolved->commands, query);
  if (known != NULL)
    return known;

  g_autoptr (GString) text = g_string_new (query);
  for (guint round = MAX_REPLACEMENTS;; round--)
    {
      g_autoptr (GString) next = replace_once (self, resolved->values, text, condition);
      if (!check_size (next, query, error))
        return NULL;
      gboolean settled = g_string_equal (text, next) || memchr (next->str, '<', next->len) == NULL;
      GString *previous = g_steal_pointer (&text);
      text = g_steal_pointer (&next);
      g_string_free (previous, TRUE);
      if (settled)
        break;
      if (round == 0)
        {
          g_set_error (error, ACTION_ERROR, ACTION_ERROR_VALUE,
                       "unexpected too long replacement interpolation, possible self referencing definitions in query: "
                       "%.4096s",
                       text->str);
          return NULL;
        }
    }
  known = g_steal_pointer (&text);
  g_hash_table_insert (resolved->commands, g_strdup (query), known);
  return known;
}
