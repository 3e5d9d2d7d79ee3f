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
  Tag tags[N_TAGS]; /* by hash; a newer one drives out an older one */
  GString *out;     /* the text so far */
  GString *name;    /* of a tag that is built or looked up */
  guint option;     /* whose value is looked at */
  guint n_replaced; /* tags in it */
  guint8 counts[N_COUNTS];
  guint depth;
  const PyValue *before; /* the last value that was changed, as it was; NULL: none */
  PyValue *after;        /* what it became; both lent */
  gsize work;
} Quick;

/* g_string_append_len without the call, for the many short pieces. */
static inline void
append_piece (GString *string, const char *text, gsize len)
{
  if (string->len + len >= string->allocated_len)
    {
      g_string_append_len (string, text, (gssize) len);
      return;
    }
  memcpy (string->str + string->len, text, len);
  string->len += len;
  string->str[string->len] = '\0';
}

static gboolean append_expanded (Quick *self, const PyValue *value, guint hash);

#define HASH_STEP(hash, c) ((hash) *31 + (guchar) (c))

/* Finds out what the tag becomes.  FALSE: an error, which who asks again will meet. */
static gboolean
tag_resolve (Quick *self, const char *name, gsize len, guint hash, Tag *tag)
{
  g_autoptr (GError) error = NULL;

  append_piece (g_string_truncate (self->name, 0), name, len);
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
      append_piece (self->out, "<", 1);
      append_piece (self->out, name, tag->len);
      append_piece (self->out, ">", 1);
      return TRUE;
    }
}

/* name lies in no buffer of self. */
static gboolean
append_tag (Quick *self, const char *name, gsize len, guint hash)
{
  Tag *tag = &self->tags[hash % N_TAGS];

  if (len >= MAX_NAME)
    {
      Tag once = { .kind = TAG_NOT_KNOWN };
      gboolean good = tag_resolve (self, name, len, hash, &once) && append_resolved (self, &once, name);
      py_value_unref (once.value);
      return good;
    }
  if ((tag->kind == TAG_NOT_KNOWN || tag->hash != hash || tag->len != len || memcmp (tag->name, name, len) != 0)
      && !tag_resolve (self, name, len, hash, tag))
    return FALSE;
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
      append_piece (self->out, ">", 1);
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
      append_piece (self->out, from, (gsize) (stop - from));
      if (*stop == ' ')
        return stop;
      if (*stop == '>')
        return append_name (self, start) ? stop + 1 : NULL;
      gsize inner = self->out->len;
      from = append_open (self, stop, end);
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
      append_piece (self->out, open, (gsize) (next - open));
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
      append_piece (self->out, text, (gsize) (open - text));
      text = append_open (self, open, end);
      if (text == NULL)
        return FALSE;
    }
  append_piece (self->out, text, (gsize) (end - text));
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

/* The value of one option. */
static gboolean
quick_option (Quick *self, guint option)
{
  PyValue *value = py_options_peek_value (self->options, option);
  gsize len;

  if (py_value_type (value) != PY_STR)
    return TRUE;
  const char *text = py_str_peek (value, &len);
  if (memchr (text, '<', len) == NULL)
    return TRUE;
  if (value == self->before) /* "known/x" and "x": no tag in it is called x, or it would not have been done */
    {
      py_options_set_value (self->options, option, py_value_ref (self->after));
      return TRUE;
    }

  g_string_truncate (self->out, 0);
  self->option = option;
  self->n_replaced = 0;
  self->depth = 0;
  memset (self->counts, 0, sizeof self->counts);
  gboolean done = append_text (self, text, len);
  self->work += self->out->len;
  if (!done || self->work > CONFIG_TAGS_MAX_WORK)
    return FALSE;
  if (self->n_replaced == 0)
    return TRUE;
  self->before = value;
  self->after = py_str_new_len (self->out->str, (gssize) self->out->len);
  py_options_set_value (self->options, option, self->after);
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
config_tags_expand_quickly (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup, gpointer data)
{
  g_autoptr (PyOptions) original = py_options_copy (options);
  g_autofree Quick *self = g_new0 (Quick, 1);

  self->options = options;
  self->ignored = ignored;
  self->lookup = lookup;
  self->data = data;
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
