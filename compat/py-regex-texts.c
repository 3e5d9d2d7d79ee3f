#include "compat/py-regex-texts.h"

#include <string.h>

#include "compat/py-charset.h"
#include "compat/py-unicode-data.h"

#define RUN_MOST    256  /* what literals in a row can be, with their alternatives */
#define CHOICE_MOST 4    /* characters of a set that is taken for that many alternatives */
#define TEXT_MOST   64   /* bytes: more say no more */
#define TEXTS_MOST  2048 /* alternatives in all */
#define PAIRS_MOST  4096 /* of texts that are compared with each other */

/* A set of texts; also a set that was not found (texts is NULL). */
typedef struct
{
  GPtrArray *texts; /* of char* */
  gboolean ascii_only;
} Texts;

/* What is known of a node */
typedef struct
{
  Texts all;                     /* every text that it can match (perhaps some more) */
  Texts one[PY_REGEX_TEXT_SETS]; /* of each set every match contains one; the set that is worth most first */
} Known;

static void
texts_clear (Texts *self)
{
  g_clear_pointer (&self->texts, g_ptr_array_unref);
}

static void
known_clear (Known *self)
{
  texts_clear (&self->all);
  for (guint i = 0; i < PY_REGEX_TEXT_SETS; i++)
    texts_clear (&self->one[i]);
}

static Texts
texts_new (void)
{
  return (Texts){ .texts = g_ptr_array_new_with_free_func (g_free) };
}

static void
texts_add (Texts *self, const char *text)
{
  if (!g_ptr_array_find_with_equal_func (self->texts, text, g_str_equal, NULL))
    g_ptr_array_add (self->texts, g_strdup (text));
}

/* The set with the empty text alone */
static Texts
texts_new_empty (void)
{
  Texts self = texts_new ();

  texts_add (&self, "");
  return self;
}

static gsize
longest (const Texts *self)
{
  gsize most = 0;

  for (guint i = 0; i < self->texts->len; i++)
    most = MAX (most, strlen (g_ptr_array_index (self->texts, i)));
  return most;
}

/* Stand in many lines of every log: their letters say little. */
static const char *const common_words[]
    = { "connect", "client", "error", "for", "from", "login", "preauth", "session", "user", "warning" };

/* How many of the next bytes are such a word */
static gsize
common_at (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (common_words); i++)
    if (*text == *common_words[i] && g_str_has_prefix (text, common_words[i]))
      return strlen (common_words[i]);
  return 0;
}

/* How rarely a line will contain it, roughly: long texts are rare, above all those of letters and digits. */
static guint
worth_of_text (const char *text)
{
  guint n = 0;

  if (strlen (text) < PY_REGEX_TEXT_LEAST)
    return 0;
  while (*text != '\0')
    {
      gsize common = common_at (text);

      n += common > 0 ? (guint) common : g_ascii_isalnum (*text) ? 4 : 2;
      text += MAX (common, 1);
    }
  return MIN (n, 64);
}

/* Many texts are not as rare as one.  0: of no use */
static guint
worth (const Texts *self)
{
  guint least = G_MAXUINT;

  for (guint i = 0; self->texts != NULL && i < self->texts->len; i++)
    least = MIN (least, worth_of_text (g_ptr_array_index (self->texts, i)));
  return least == 0 || least == G_MAXUINT ? 0 : least + 32 - 2 * g_bit_storage (self->texts->len);
}

/* Does each text of `texts` contain one of `others`?  Then who has one of the former has one of the latter. */
static gboolean
implies (const Texts *texts, const Texts *others)
{
  if ((guint64) texts->texts->len * others->texts->len > PAIRS_MOST)
    return FALSE;
  for (guint i = 0; i < texts->texts->len; i++)
    {
      gboolean contains = FALSE;

      for (guint j = 0; j < others->texts->len && !contains; j++)
        contains = strstr (g_ptr_array_index (texts->texts, i), g_ptr_array_index (others->texts, j)) != NULL;
      if (!contains)
        return FALSE;
    }
  return TRUE;
}

/* Takes the set away; the later ones move up. */
static void
drop (Texts *sets, guint rank)
{
  texts_clear (&sets[rank]);
  for (guint i = rank; i + 1 < PY_REGEX_TEXT_SETS; i++)
    sets[i] = sets[i + 1];
  sets[PY_REGEX_TEXT_SETS - 1] = (Texts){ 0 };
}

/* Of two sets that say the same the one that is worth less is of no use.  FALSE: that is the offered one */
static gboolean
drop_same (Texts *sets, const Texts *offered)
{
  guint offered_worth = worth (offered);

  for (guint i = 0; i < PY_REGEX_TEXT_SETS && sets[i].texts != NULL;)
    if (!implies (offered, &sets[i]) && !implies (&sets[i], offered))
      i++;
    else if (worth (&sets[i]) > offered_worth)
      return FALSE;
    else
      drop (sets, i);
  return TRUE;
}

/* Takes `offered` among the sets where it is worth more than one of them; of equals the later goes first: what stands behind is said
 * more rarely of many lines. */
static void
offer (Texts *sets, Texts *offered)
{
  guint offered_worth = worth (offered);

  if (offered_worth > 0 && drop_same (sets, offered))
    for (guint i = 0; i < PY_REGEX_TEXT_SETS; i++)
      if (offered_worth >= worth (&sets[i]))
        {
          texts_clear (&sets[PY_REGEX_TEXT_SETS - 1]);
          memmove (sets + i + 1, sets + i, (PY_REGEX_TEXT_SETS - 1 - i) * sizeof sets[0]);
          sets[i] = *offered;
          offered->texts = NULL;
          return;
        }
  texts_clear (offered);
}

static void
offer_all (Texts *sets, Texts *offered)
{
  for (guint i = PY_REGEX_TEXT_SETS; i > 0; i--)
    offer (sets, &offered[i - 1]);
}

static Texts
texts_dup (const Texts *self)
{
  return (Texts){ self->texts != NULL ? g_ptr_array_ref (self->texts) : NULL, self->ascii_only };
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */
static Known know (const PyNode *node, guint flags);

/* Each text of a, then each of b; without texts when these are too many or too long. */
static Texts
join (const Texts *a, const Texts *b)
{
  Texts out = { .ascii_only = a->ascii_only || b->ascii_only };

  if (a->texts->len * b->texts->len > RUN_MOST || longest (a) + longest (b) > TEXT_MOST)
    return out;
  out = texts_new ();
  out.ascii_only = a->ascii_only || b->ascii_only;
  for (guint i = 0; i < a->texts->len; i++)
    for (guint j = 0; j < b->texts->len; j++)
      {
        g_autofree char *text
            = g_strconcat (g_ptr_array_index (a->texts, i), (char *) g_ptr_array_index (b->texts, j), NULL);
        texts_add (&out, text);
      }
  return out;
}

/* The usual case of join(): one text, mostly a character.  FALSE: they are too long then */
static gboolean
append (Texts *run, const Texts *next)
{
  const char *text;

  if (next->texts->len != 1 || longest (run) + longest (next) > TEXT_MOST)
    return FALSE;
  text = g_ptr_array_index (next->texts, 0);
  run->ascii_only |= next->ascii_only;
  for (guint i = 0; i < run->texts->len && *text != '\0'; i++)
    {
      char *old = g_ptr_array_index (run->texts, i);

      g_ptr_array_index (run->texts, i) = g_strconcat (old, text, NULL);
      g_free (old);
    }
  return TRUE;
}

/* The texts of run, each followed by one of next.  FALSE: run is as it was; TRUE: what it was before may be worth more and was
 * offered to sets. */
static gboolean
extend (Texts *run, const Texts *next, Texts *sets)
{
  Texts joined;

  if (append (run, next)) /* the longer text is worth more than the shorter one */
    return TRUE;
  joined = join (run, next);
  if (joined.texts == NULL)
    return FALSE;
  offer (sets, run);
  *run = joined;
  return TRUE;
}

static gboolean
is_plain (const PyNode *node, guint flags)
{
  return node->type == PY_NODE_LITERAL && !node->negated && !(flags & PY_REGEX_FLAG_IGNORECASE) && node->value >= ' '
         && node->value < 0x80;
}

/* The most usual case of extend(): a plain character.  FALSE: it is none, or the texts are too long then */
static gboolean
extend_plain (Texts *run, const PyNode *node, guint flags)
{
  if (!is_plain (node, flags) || longest (run) == TEXT_MOST)
    return FALSE;
  for (guint i = 0; i < run->texts->len; i++)
    {
      char *text = g_ptr_array_index (run->texts, i);
      gsize len = strlen (text);

      text = g_realloc (text, len + 2);
      text[len] = g_ascii_tolower ((char) node->value);
      text[len + 1] = '\0';
      g_ptr_array_index (run->texts, i) = text;
    }
  return TRUE;
}

static Known
know_sequence (const PyNode *sequence, guint flags)
{
  Known self = { 0 };
  Texts run = texts_new_empty ();
  gboolean whole = TRUE; /* run is all of the sequence so far */

  for (const PyNode *node = sequence->first; node != NULL; node = node->next)
    {
      if (extend_plain (&run, node, flags))
        continue;

      Known next = know (node, flags);

      offer_all (self.one, next.one);
      if (next.all.texts != NULL && extend (&run, &next.all, self.one))
        {
          known_clear (&next);
          continue;
        }
      whole = whole && node == sequence->first && node->next == NULL;
      offer (self.one, &run);
      run = next.all.texts != NULL ? texts_dup (&next.all) : texts_new_empty ();
      whole = whole && next.all.texts != NULL;
      known_clear (&next);
    }
  if (whole)
    self.all = run;
  else
    offer (self.one, &run);
  return self;
}

/* What is known of all texts becomes one of the sets, where it is worth that. */
static void
settle (Known *known)
{
  offer (known->one, &known->all);
}

static void
merge (Texts *into, Texts *from)
{
  if (into->texts != NULL && from->texts != NULL && into->texts->len + from->texts->len <= TEXTS_MOST)
    {
      for (guint i = 0; i < from->texts->len; i++)
        g_ptr_array_add (into->texts, g_strdup (g_ptr_array_index (from->texts, i)));
      into->ascii_only |= from->ascii_only;
    }
  else
    texts_clear (into);
  texts_clear (from);
}

/* One of the sequences from first on; may_miss: or none at all.  A set has the texts of all sets of that rank. */
static Known
know_choice (const PyNode *first, guint flags, gboolean may_miss)
{
  Known self = { .all = may_miss ? texts_new_empty () : texts_new () };

  for (guint i = 0; i < PY_REGEX_TEXT_SETS && !may_miss; i++)
    self.one[i] = texts_new ();
  for (const PyNode *node = first; node != NULL; node = node->next)
    {
      Known next = know (node, flags);
      Texts all = texts_dup (&next.all);

      merge (&self.all, &all);
      settle (&next);
      for (guint i = 0; i < PY_REGEX_TEXT_SETS; i++)
        merge (&self.one[i], &next.one[i]);
    }
  return self;
}

/* A literal or a set: each character that it can be, when these are few.  (Negated sets never are few.) */
static Known
know_char (const PyNode *node, guint flags)
{
  Known self = { 0 };
  g_autoptr (PyCharset) set = NULL;
  gboolean as_is = node->type == PY_NODE_LITERAL && !(flags & PY_REGEX_FLAG_IGNORECASE);

  if (node->negated)
    return self;
  if (is_plain (node, flags))
    {
      char text[2] = { g_ascii_tolower ((char) node->value), '\0' };

      self.all = texts_new ();
      texts_add (&self.all, text);
      return self;
    }
  set = py_charset_of_node (node, flags);
  if (set->digit || set->no_digit || set->word || set->no_word)
    return self;
  self.all = texts_new ();
  for (guint i = 0; i < set->ranges->len; i++)
    {
      const PyCharRange *range = &g_array_index (set->ranges, PyCharRange, i);

      for (gunichar c = range->first; c <= range->last; c++)
        {
          char text[8] = "";

          if (c >= 0x80 && !as_is)
            {
              self.all.ascii_only = TRUE;
              break;
            }
          if (c == 0 || c == '\n' || !g_unichar_validate (c) || self.all.texts->len == CHOICE_MOST)
            {
              texts_clear (&self.all);
              return self;
            }
          text[g_unichar_to_utf8 (c < 0x80 ? (gunichar) g_ascii_tolower ((char) c) : c, text)] = '\0';
          texts_add (&self.all, text);
        }
    }
  if (self.all.texts->len == 0)
    texts_clear (&self.all);
  return self;
}

static Known
know_repeat (const PyNode *node, guint flags)
{
  Known self = { 0 };

  if (node->min == 0)
    return node->max == 1 ? know_choice (node->first, flags, TRUE) : self;
  self = know (node->first, flags);
  if (node->max > 1)
    {
      settle (&self);
    }
  return self;
}

/* Takes no characters, either, but what is seen there stands in the subject. */
static Known
know_look (const PyNode *node, guint flags)
{
  Known self = { 0 };

  if (!node->negated)
    {
      self = know (node->first, flags);
      settle (&self);
    }
  self.all = texts_new_empty ();
  return self;
}

static Known
know (const PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
      return know_char (node, flags);
    case PY_NODE_SEQUENCE:
      return know_sequence (node, flags);
    case PY_NODE_GROUP:
      return know (node->first, py_flags_combine (flags, node));
    case PY_NODE_ATOMIC:
      return know (node->first, flags);
    case PY_NODE_BRANCH:
      return know_choice (node->first, flags, FALSE);
    case PY_NODE_CONDITION:
      return know_choice (node->first, flags, node->first->next == NULL);
    case PY_NODE_REPEAT:
      return know_repeat (node, flags);
    case PY_NODE_AT: /* take no characters: literals around them are neighbours */
      return (Known){ .all = texts_new_empty () };
    case PY_NODE_LOOK:
      return know_look (node, flags);
    case PY_NODE_ANY:
    case PY_NODE_BACKREF:
    default:
      return (Known){ 0 };
    }
}

/* Leaves out what contains another of the texts: that one is enough. */
static void
drop_longer (GPtrArray *texts)
{
  for (guint i = 0; i < texts->len;)
    {
      const char *text = g_ptr_array_index (texts, i);
      gboolean contains = FALSE;

      for (guint j = 0; j < texts->len && !contains; j++)
        contains = i != j && strstr (text, g_ptr_array_index (texts, j)) != NULL;
      if (contains)
        g_ptr_array_remove_index_fast (texts, i);
      else
        i++;
    }
}

static void
text_set_free (gpointer data)
{
  PyRegexTextSet *self = data;

  g_ptr_array_unref (self->texts);
  g_free (self);
}

GPtrArray *
py_regex_find_texts (const PyTree *tree)
{
  Known known = know (tree->root, tree->flags);
  GPtrArray *sets = g_ptr_array_new_with_free_func (text_set_free);

  settle (&known);
  for (guint i = 0; i < PY_REGEX_TEXT_SETS && worth (&known.one[i]) > 0; i++)
    {
      PyRegexTextSet *set = g_new (PyRegexTextSet, 1);

      drop_longer (known.one[i].texts);
      *set = (PyRegexTextSet){ g_steal_pointer (&known.one[i].texts), known.one[i].ascii_only };
      g_ptr_array_add (sets, set);
    }
  known_clear (&known);
  return sets;
}
