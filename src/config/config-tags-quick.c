#include "config/config-tags-quick.h"

#include <string.h>

#include "compat/py-ini.h"
#include "compat/py-repr.h"

#define MAX_NAME     40 /* longer tags are looked up each time */
#define N_TAGS       64
#define N_COUNTS     64
#define MAX_OF_ONE   25 /* tags with the same place in counts: no fewer than of one tag are replaced in config-tags.c */
#define MAX_REPLACED 500 /* tags in one value; the stock configuration needs 60 */
#define MAX_DEPTH    100 /* tags in tags */

typedef enum
{
  TAG_NOT_KNOWN, /* a free slot */
  TAG_LEFT,      /* stays as it is */
  TAG_OPTION,    /* becomes the value of an option, as it is by then */
  TAG_ELSEWHERE, /* becomes a value that is no option's */
} TagKind;

/* What a tag becomes, found once: most tags of an action are in each of its commands. */
typedef struct
{
  TagKind kind;
  guint hash, option; /* the option's index */
  PyValue *value;     /* TAG_ELSEWHERE */
  gsize len;
  char name[MAX_NAME];
} Tag;

typedef struct
{
  PyOptions *options;
  const PyOptions *ignored; /* may be NULL */
  ConfigTagLookup lookup;
  gpointer data;
  Tag tags[N_TAGS];         /* by hash; a newer one drives out an older one */
  ConfigTagsMemory *memory; /* may be NULL */
  ConfigTagsMade *made;     /* what is noted of the value that is looked at; NULL: nothing */
  guint in_built;           /* > 0: what is written is a part of a tag's name */
  GString *out;             /* the text so far */
  GString *name;            /* of a tag that is built or looked up */
  guint option;             /* whose value is looked at */
  guint n_replaced;         /* tags in it */
  guint8 counts[N_COUNTS];
  guint depth;
  const PyValue *before; /* the last value that was changed, as it was; NULL: none */
  PyValue *after;        /* what it became; both lent */
  gsize work;
} Quick;

static gboolean append_expanded (Quick *self, const PyValue *value, guint hash);

/* What a tag stands for; NULL when it stays. */
static PyValue *
tag_peek_value (const Quick *self, const Tag *tag)
{
  return tag->kind == TAG_OPTION ? py_options_peek_value (self->options, tag->option) : tag->value;
}

static void
stop_noting (Quick *self)
{
  g_clear_pointer (&self->made, config_tags_made_free);
}

static gboolean
is_plain (const PyValue *value)
{
  gsize len;
  const char *text = py_value_type (value) == PY_STR ? py_str_peek (value, &len) : NULL;

  return text != NULL && memchr (text, '<', len) == NULL;
}

/* The tag has been met: what it stands for is needed, and where it will stand if that is text as it is. */
static void
note_tag (Quick *self, const Tag *tag)
{
  PyValue *value = tag->kind == TAG_LEFT ? NULL : tag_peek_value (self, tag);
  gint need = config_tags_made_add_need (self->made, tag->name, tag->len, tag->hash, tag->kind, value);

  if (need < 0)
    stop_noting (self);
  else if (tag->kind == TAG_OPTION && self->in_built == 0 && is_plain (value))
    config_tags_made_add_hole (self->made, self->out->len, (guint) need);
  else
    self->made->needs[need].fixed = TRUE;
}

#define HASH_STEP(hash, c) ((hash) *31 + (guchar) (c))

/* Finds out what the tag becomes.  FALSE: an error, which who asks again will meet. */
static gboolean
tag_resolve (Quick *self, const char *name, gsize len, guint hash, Tag *tag)
{
  g_autoptr (GError) error = NULL;

  config_tags_append_piece (g_string_truncate (self->name, 0), name, len);
  guint options_hash = py_options_hash (self->name->str);
  py_value_unref (tag->value);
  *tag = (Tag){ .kind = TAG_LEFT, .hash = hash, .len = len };
  if (len < MAX_NAME)
    memcpy (tag->name, name, len);
  if (self->ignored != NULL && py_options_get_hashed (self->ignored, self->name->str, options_hash) != NULL)
    return TRUE;
  if (py_options_find (self->options, self->name->str, options_hash, &tag->option)
      && py_value_type (py_options_peek_value (self->options, tag->option)) != PY_NONE)
    {
      tag->kind = TAG_OPTION;
      return TRUE;
    }

  tag->value = self->lookup (self->name->str, options_hash, self->data, &error);
  if (error != NULL)
    tag->kind = TAG_NOT_KNOWN;
  else if (tag->value != NULL && py_value_type (tag->value) != PY_NONE)
    tag->kind = TAG_ELSEWHERE;
  return error == NULL;
}

static gboolean
append_resolved (Quick *self, const Tag *tag, const char *name)
{
  g_autoptr (PyValue) value = NULL; /* the slot may be taken by another tag meanwhile */

  switch (tag->kind)
    {
    case TAG_OPTION:
      return tag->option != self->option
             && append_expanded (self, py_options_peek_value (self->options, tag->option), tag->hash);
    case TAG_ELSEWHERE:
      value = py_value_ref (tag->value);
      return append_expanded (self, value, tag->hash);
    case TAG_LEFT:
    case TAG_NOT_KNOWN:
    default:
      config_tags_append_piece (self->out, "<", 1);
      config_tags_append_piece (self->out, name, tag->len);
      config_tags_append_piece (self->out, ">", 1);
      return TRUE;
    }
}

/* A tag with a short name; NULL: an error. */
static Tag *
find_tag (Quick *self, const char *name, gsize len, guint hash)
{
  Tag *tag = &self->tags[hash % N_TAGS];

  if (tag->kind != TAG_NOT_KNOWN && tag->hash == hash && tag->len == len && memcmp (tag->name, name, len) == 0)
    return tag;
  return tag_resolve (self, name, len, hash, tag) ? tag : NULL;
}

/* name lies in no buffer of self. */
static gboolean
append_tag (Quick *self, const char *name, gsize len, guint hash)
{
  if (len >= MAX_NAME)
    {
      stop_noting (self);
      Tag once = { .kind = TAG_NOT_KNOWN };
      gboolean good = tag_resolve (self, name, len, hash, &once) && append_resolved (self, &once, name);
      py_value_unref (once.value);
      return good;
    }

  const Tag *tag = find_tag (self, name, len, hash);
  if (tag == NULL)
    return FALSE;
  if (self->made != NULL)
    note_tag (self, tag);
  return append_resolved (self, tag, name);
}

/* The next character that ends a tag or makes it none. */
static inline const char *
find_stop (const char *p, const char *end, guint *ret_hash)
{
  guint hash = 0;

  for (; p < end && *p != ' ' && *p != '<' && *p != '>'; p++)
    hash = HASH_STEP (hash, *p);
  *ret_hash = hash;
  return p;
}

static const char *append_open (Quick *self, const char *open, const char *end);

/* The tag whose '<' and name have been written from start on. */
static gboolean
append_name (Quick *self, gsize start)
{
  gsize len = self->out->len - start - 1;
  g_autofree char *name = g_strndup (self->out->str + start + 1, len);
  guint hash = 0;

  if (len == 0)
    {
      config_tags_append_piece (self->out, ">", 1);
      return TRUE;
    }
  for (gsize i = 0; i < len; i++)
    hash = HASH_STEP (hash, name[i]);
  g_string_truncate (self->out, start);
  return append_tag (self, name, len, hash);
}

/* "<re-<mode>>", from the outer '<' on; stop is the inner one.  Only words are put into a tag: nothing that would end it. */
static const char *
append_built (Quick *self, const char *open, const char *stop, const char *end)
{
  gsize start = self->out->len;
  guint hash;

  for (const char *from = open; stop < end; stop = find_stop (from, end, &hash))
    {
      config_tags_append_piece (self->out, from, (gsize) (stop - from));
      if (*stop == ' ')
        return stop;
      if (*stop == '>')
        return append_name (self, start) ? stop + 1 : NULL;
      gsize inner = self->out->len;
      self->in_built++;
      from = append_open (self, stop, end);
      self->in_built--;
      if (from == NULL || self->out->str[inner + strcspn (self->out->str + inner, " <>")] != '\0')
        return NULL;
    }
  return NULL;
}

/* What the '<' at open begins: a tag, or just text.  Returns what follows; NULL: not here. */
static const char *
append_open (Quick *self, const char *open, const char *end)
{
  guint hash;
  const char *stop = find_stop (open + 1, end, &hash), *next = NULL;

  if (stop == end || self->depth == MAX_DEPTH)
    return NULL; /* what is put behind it may close it */
  self->depth++;
  if (*stop == '<')
    next = append_built (self, open, stop, end);
  else if (*stop == ' ' || stop == open + 1)
    {
      next = stop + 1;
      config_tags_append_piece (self->out, open, (gsize) (next - open));
    }
  else if (append_tag (self, open + 1, (gsize) (stop - open - 1), hash))
    next = stop + 1;
  self->depth--;
  return next;
}

static gboolean
append_text (Quick *self, const char *text, gsize len)
{
  const char *end = text + len;

  for (const char *open = memchr (text, '<', len); open != NULL; open = memchr (text, '<', (gsize) (end - text)))
    {
      config_tags_append_piece (self->out, text, (gsize) (open - text));
      text = append_open (self, open, end);
      if (text == NULL)
        return FALSE;
    }
  config_tags_append_piece (self->out, text, (gsize) (end - text));
  return self->out->len <= PY_INI_MAX_VALUE;
}

/* What a tag stands for, with its own tags replaced. */
static gboolean
append_expanded (Quick *self, const PyValue *value, guint hash)
{
  gsize len;

  if (++self->n_replaced > MAX_REPLACED || ++self->counts[hash % N_COUNTS] > MAX_OF_ONE)
    return FALSE;
  if (py_value_type (value) == PY_STR)
    {
      const char *text = py_str_peek (value, &len);
      return append_text (self, text, len);
    }
  g_autofree char *text = py_str (value, &len);
  return append_text (self, text, len);
}

/* --- from memory ---------------------------------------------------------------------------------------------------- */

static gboolean
values_equal (const PyValue *a, const PyValue *b)
{
  return a == b || (py_value_type (a) == PY_STR && py_value_type (b) == PY_STR && py_value_equal (a, b));
}

/* Is the need met?  *ret_value: what is to be put in its holes, *same: cleared when that is something else than then. */
static gboolean
need_is_met (Quick *self, const ConfigTagsNeed *need, PyValue **ret_value, gboolean *same)
{
  const Tag *tag = find_tag (self, need->name, need->len, need->hash);

  if (tag == NULL || tag->kind != (TagKind) need->kind || (tag->kind == TAG_OPTION && tag->option == self->option))
    return FALSE;
  *ret_value = tag->kind == TAG_LEFT ? NULL : tag_peek_value (self, tag);
  if (tag->kind == TAG_LEFT || values_equal (*ret_value, need->value))
    return TRUE;
  *same = FALSE;
  return !need->fixed && is_plain (*ret_value);
}

static void
append_made (Quick *self, const ConfigTagsMade *made, PyValue *const *values)
{
  gsize from = 0, len;

  for (guint i = 0; i < made->holes->len; i++)
    {
      const ConfigTagsHole *hole = &g_array_index (made->holes, ConfigTagsHole, i);
      const char *text = py_str_peek (values[hole->need], &len);
      config_tags_append_piece (self->out, made->text->str + from, hole->at - from);
      config_tags_append_piece (self->out, text, len);
      from = hole->at;
    }
  config_tags_append_piece (self->out, made->text->str + from, made->text->len - from);
}

/* What the value becomes, a new reference; NULL: what is known of it does not help. */
static PyValue *
quick_from_memory (Quick *self, const PyValue *value)
{
  const ConfigTagsMade *made = self->memory != NULL ? config_tags_memory_get (self->memory, value) : NULL;
  PyValue *values[CONFIG_TAGS_MEMORY_MAX_NEEDS];
  gboolean same = TRUE;

  if (made == NULL)
    return NULL;
  for (guint i = 0; i < made->n_needs; i++)
    if (!need_is_met (self, &made->needs[i], &values[i], &same))
      return NULL;
  if (same)
    return py_value_ref (made->after);
  append_made (self, made, values);
  self->work += self->out->len;
  return self->out->len <= PY_INI_MAX_VALUE ? py_str_new_len (self->out->str, (gssize) self->out->len) : NULL;
}

/* --- values --------------------------------------------------------------------------------------------------------- */

/* The value with its tags replaced, a new reference; NULL: not for here. */
static PyValue *
quick_expand (Quick *self, PyValue *value)
{
  gsize len;
  const char *text = py_str_peek (value, &len);

  if (self->memory != NULL && config_tags_memory_wants (self->memory, value))
    self->made = config_tags_made_new (value);
  self->n_replaced = 0;
  self->depth = 0;
  self->in_built = 0;
  memset (self->counts, 0, sizeof self->counts);

  gboolean done = append_text (self, text, len);
  self->work += self->out->len;
  if (!done)
    return NULL;
  PyValue *after
      = self->n_replaced > 0 ? py_str_new_len (self->out->str, (gssize) self->out->len) : py_value_ref (value);
  if (self->made != NULL && config_tags_made_finish (self->made, after))
    config_tags_memory_take (self->memory, g_steal_pointer (&self->made));
  return after;
}

/* The value of one option. */
static gboolean
quick_option (Quick *self, guint option)
{
  PyValue *value = py_options_peek_value (self->options, option);

  if (py_value_type (value) != PY_STR || is_plain (value))
    return TRUE;
  if (value == self->before) /* "known/x" and "x": no tag in it is called x, or it would not have been done */
    {
      py_options_set_value (self->options, option, py_value_ref (self->after));
      return TRUE;
    }

  self->option = option;
  g_string_truncate (self->out, 0);
  PyValue *after = quick_from_memory (self, value);
  if (after == NULL)
    {
      g_string_truncate (self->out, 0);
      after = quick_expand (self, value);
      stop_noting (self);
    }
  if (after == NULL || self->work > CONFIG_TAGS_MAX_WORK)
    {
      py_value_unref (after);
      return FALSE;
    }
  self->before = value;
  self->after = after;
  py_options_set_value (self->options, option, after);
  return TRUE;
}

static gboolean
quick_run (Quick *self)
{
  for (guint i = 0; i < py_options_size (self->options); i++)
    {
      gboolean skip = self->ignored != NULL
                      && py_options_get_hashed (self->ignored, py_options_peek_name (self->options, i),
                                                py_options_peek_hash (self->options, i))
                             != NULL;
      if (!skip && !quick_option (self, i))
        return FALSE;
    }
  return TRUE;
}

gboolean
config_tags_expand_quickly (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup, gpointer data,
                            ConfigTagsMemory *memory)
{
  g_autoptr (PyOptions) original = py_options_copy (options);
  g_autofree Quick *self = g_new0 (Quick, 1);

  self->options = options;
  self->ignored = ignored;
  self->lookup = lookup;
  self->data = data;
  self->memory = memory;
  self->out = g_string_sized_new (1024);
  self->name = g_string_sized_new (MAX_NAME);

  gboolean done = quick_run (self);
  for (guint i = 0; i < N_TAGS; i++)
    py_value_unref (self->tags[i].value);
  g_string_free (self->out, TRUE);
  g_string_free (self->name, TRUE);
  for (guint i = 0; !done && i < py_options_size (original); i++)
    py_options_set_value (options, i, py_value_ref (py_options_peek_value (original, i)));
  return done;
}
