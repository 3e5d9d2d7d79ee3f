#include "compat/py-regex-emit.h"

#include <string.h>

#include "compat/py-charset.h"
#include "compat/py-regex-backref.h"
#include "compat/py-unicode-data.h"

/* PCRE2 counts to 65535; a block of repeats of a single character is half of that, see emit_many. */
#define MAX_COUNT 65535
#define BLOCK     32768

#define SHORTEST_RUN 256

/* Nothing of that many characters is ever searched. */
#define BEYOND_ANY_SUBJECT (1u << 28)

/* Matches no character, but is as wide as one: look-behinds want their width. */
#define NEVER_BYTES "[^\\x00-\\xff]"
#define NEVER_UTF   "[^\\x{0}-\\x{10ffff}]"

#define WORD_ASCII   "[0-9A-Z_a-z]"
#define WORD_UNICODE "[\\p{L}\\p{N}_]"

/* What is neither letter, digit nor underscore: PCRE2 10.43 changed the meaning of \P{Xwd}, so it is spelt out. */
#define NO_WORD_BEYOND_ASCII                                                                                           \
  "\\p{M}\\p{S}\\p{Z}\\p{C}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}"                                                 \
  "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}"

typedef struct
{
  const PyTree *tree;
  GString *out;
  gboolean utf;
  gboolean caseless; /* the option that is in force where we write */
  guint behind;      /* inside of so many look-behinds */
  gboolean native_boundary;
  GError *error;
} Emitter;

static void emit_sequence (Emitter *self, PyNode *first, guint flags);
static void emit_body (Emitter *self, PyNode *sequence, guint flags);
static void emit_branch (Emitter *self, const PyNode *branch, guint flags);

/* --- characters --- */

static void
append_char (Emitter *self, gunichar c)
{
  if (c < 0x80 && g_ascii_isalnum ((char) c))
    g_string_append_c (self->out, (char) c);
  else if (c < 0x80 && g_ascii_isprint ((char) c))
    {
      if (strchr (" !\"%',/:;<=>@_`~", (int) c) == NULL)
        g_string_append_c (self->out, '\\');
      g_string_append_c (self->out, (char) c);
    }
  else
    g_string_append_printf (self->out, c < 0x100 ? "\\x%02x" : "\\x{%x}", c);
}

static void
set_caseless (Emitter *self, gboolean caseless)
{
  if (self->caseless == caseless)
    return;
  g_string_append (self->out, caseless ? "(?i)" : "(?-i)");
  self->caseless = caseless;
}

static void
append_range (Emitter *self, gunichar first, gunichar last)
{
  append_char (self, first);
  if (last == first)
    return;
  if (last > first + 1)
    g_string_append_c (self->out, '-');
  append_char (self, last);
}

/* --- sets: bytes --- */

typedef gboolean Bitmap[128];

static guint
bitmap_of (const PyCharset *set, gboolean negated, Bitmap ret_map)
{
  guint n = 0;

  for (gunichar c = 0; c < 128; c++)
    {
      ret_map[c] = py_charset_contains (set, c) != negated;
      n += ret_map[c] ? 1 : 0;
    }
  return n;
}

static gboolean
bitmap_is (const Bitmap map, gboolean (*is_member) (gunichar), gboolean negated)
{
  for (gunichar c = 0; c < 128; c++)
    if (map[c] != (is_member (c) != negated))
      return FALSE;
  return TRUE;
}

static gboolean
is_digit (gunichar c)
{
  return g_ascii_isdigit ((char) c);
}

static gboolean
is_word (gunichar c)
{
  return g_ascii_isalnum ((char) c) || c == '_';
}

static gboolean
is_newline (gunichar c)
{
  return c == '\n';
}

/* The shortest way to say it, which is the one that PCRE2 knows most about. */
static void
emit_bitmap (Emitter *self, const Bitmap map, guint n)
{
  static const struct
  {
    const char *text;
    gboolean (*is_member) (gunichar);
    gboolean negated;
  } names[] = {
    { "\\d", is_digit, FALSE }, { "\\D", is_digit, TRUE },   { "\\w", is_word, FALSE },
    { "\\W", is_word, TRUE },   { "\\N", is_newline, TRUE },
  };
  gboolean negated = n > 64;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (bitmap_is (map, names[i].is_member, names[i].negated))
      {
        g_string_append (self->out, names[i].text);
        return;
      }
  if (n == 0 || n == 128)
    {
      g_string_append (self->out, n == 0 ? NEVER_BYTES : ".");
      return;
    }
  set_caseless (self, FALSE);
  g_string_append (self->out, n == 1 ? "" : negated ? "[^" : "[");
  for (gunichar c = 0; c < 128; c++)
    if (map[c] != negated)
      {
        gunichar first = c;

        while (c < 127 && map[c + 1] != negated)
          c++;
        append_range (self, first, c);
      }
  g_string_append (self->out, n == 1 ? "" : "]");
}

/* --- sets: UTF --- */

static void
emit_utf_set (Emitter *self, const PyCharset *set, gboolean negated)
{
  const GArray *ranges = set->ranges;
  gboolean named = set->digit || set->no_digit || set->word || set->no_word;

  if (py_charset_is_full (set) || (ranges->len == 0 && !named))
    {
      g_string_append (self->out, py_charset_is_full (set) != negated ? "." : NEVER_UTF);
      return;
    }
  set_caseless (self, FALSE);
  const PyCharRange *only = &g_array_index (ranges, PyCharRange, 0);
  if (ranges->len == 1 && !named && only->first == only->last && !negated)
    {
      append_char (self, only->first);
      return;
    }
  g_string_append (self->out, negated ? "[^" : "[");
  for (guint i = 0; i < ranges->len; i++)
    append_range (self, g_array_index (ranges, PyCharRange, i).first, g_array_index (ranges, PyCharRange, i).last);
  g_string_append (self->out, set->digit ? "\\p{Nd}" : "");
  g_string_append (self->out, set->no_digit ? "\\P{Nd}" : "");
  g_string_append (self->out, set->word ? "\\p{L}\\p{N}" : "");
  g_string_append (self->out, set->no_word ? NO_WORD_BEYOND_ASCII : "");
  g_string_append_c (self->out, ']');
}

static void
emit_set (Emitter *self, const PyNode *node, guint flags)
{
  g_autoptr (PyCharset) set = py_charset_of_node (node, flags);
  Bitmap map;

  if (self->utf)
    {
      emit_utf_set (self, set, node->negated);
      return;
    }
  guint n = bitmap_of (set, node->negated, map);
  emit_bitmap (self, map, n);
}

/* Does PCRE2's caseless mode match the same characters?  It knows no dotted and dotless i, but the Kelvin sign and the
 * long s, which Python does not know in ASCII mode. */
static gboolean
pcre_folds_alike (const Emitter *self, gunichar c, guint flags)
{
  if (c >= 0x80 || !g_ascii_isalpha ((char) c))
    return FALSE;
  if (!self->utf)
    return TRUE;
  c |= 0x20;
  return (flags & PY_REGEX_FLAG_ASCII) ? c != 'k' && c != 's' : c != 'i';
}

static void
emit_literal (Emitter *self, const PyNode *node, guint flags)
{
  gunichar c = node->value;

  if ((flags & PY_REGEX_FLAG_IGNORECASE) && pcre_folds_alike (self, c, flags))
    {
      set_caseless (self, TRUE);
      append_char (self, c);
    }
  else if (c < 0x80 && (!(flags & PY_REGEX_FLAG_IGNORECASE) || !g_ascii_isalpha ((char) c)))
    {
      if (g_ascii_isalpha ((char) c))
        set_caseless (self, FALSE);
      append_char (self, c);
    }
  else
    emit_set (self, node, flags);
}

/* --- places --- */

static void
emit_boundary (Emitter *self, gboolean inside, guint flags)
{
  gboolean ascii = (flags & PY_REGEX_FLAG_ASCII) != 0;
  const char *word = ascii ? WORD_ASCII : WORD_UNICODE;

  if (!self->utf || (self->native_boundary && !ascii))
    g_string_append (self->out, inside ? "\\B" : "\\b");
  else if (inside)
    g_string_append_printf (self->out, "(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))", word, word, word, word);
  else
    g_string_append_printf (self->out, "(?:(?<=%s)(?!%s)|(?<!%s)(?=%s))", word, word, word, word);
  if (inside)
    g_string_append (self->out, "(?!\\A\\z)"); /* Python 3.11: not in an empty string */
}

static void
emit_at (Emitter *self, PyAt at, guint flags)
{
  gboolean multiline = (flags & PY_REGEX_FLAG_MULTILINE) != 0;

  switch (at)
    {
    case PY_AT_LINE_START:
      g_string_append (self->out, multiline ? "^" : "\\A");
      break;
    case PY_AT_LINE_END:
      g_string_append (self->out, multiline ? "$" : "\\Z");
      break;
    case PY_AT_START:
      g_string_append (self->out, "\\A");
      break;
    case PY_AT_END:
      g_string_append (self->out, "\\z");
      break;
    case PY_AT_BOUNDARY:
    case PY_AT_NON_BOUNDARY:
      emit_boundary (self, at == PY_AT_NON_BOUNDARY, flags);
      break;
    }
}

/* --- groups --- */

/* PCRE2's options end with the group they are in. */
static void
emit_enclosed (Emitter *self, const char *opening, PyNode *sequence, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, opening);
  emit_body (self, sequence, flags);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

static void
emit_look (Emitter *self, const PyNode *node, guint flags)
{
  self->behind += node->behind ? 1 : 0;
  emit_enclosed (self, node->behind ? (node->negated ? "(?<!" : "(?<=") : (node->negated ? "(?!" : "(?="), node->first,
                 flags);
  self->behind -= node->behind ? 1 : 0;
}

/* Where case counts not, and the subject is not ASCII, the comparison is ours; see py-regex-backref.h. */
static void
emit_backref (Emitter *self, const PyNode *node, guint flags)
{
  const PyGroupWidth *width = &g_array_index (self->tree->widths, PyGroupWidth, node->value);
  char ends = (flags & PY_REGEX_FLAG_ASCII) ? PY_BACKREF_ENDS_ASCII : PY_BACKREF_ENDS;

  if (!(flags & PY_REGEX_FLAG_IGNORECASE) || !self->utf)
    {
      set_caseless (self, (flags & PY_REGEX_FLAG_IGNORECASE) != 0);
      g_string_append_printf (self->out, "\\g{%u}", node->value);
      return;
    }
  if (width->low == width->high && width->high <= MAX_COUNT)
    g_string_append_printf (self->out, "(?>(?C\"" PY_BACKREF_BEGINS "\").{%u}(?C\"%c%u\"))", (guint) width->low, ends,
                            node->value);
  else
    g_string_append_printf (self->out, "(?(%u)(?>(?C\"" PY_BACKREF_BEGINS "\").*?(?C\"%c%u\"))|(?!))", node->value,
                            ends, node->value);
}

static void
emit_condition (Emitter *self, const PyNode *node, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append_printf (self->out, "(?(%u)", node->value);
  emit_sequence (self, node->first->first, flags);
  if (node->first->next != NULL)
    {
      g_string_append_c (self->out, '|');
      emit_sequence (self, node->first->next->first, flags);
    }
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* --- repeats --- */

static void
append_count (Emitter *self, guint32 min, guint32 max, PyRepeatMode mode)
{
  GString *out = self->out;

  if (min == 1 && max == 1)
    return;
  if (min == 0 && max == 1)
    g_string_append_c (out, '?');
  else if (max == PY_REPEAT_INFINITE && min <= 1)
    g_string_append_c (out, min == 0 ? '*' : '+');
  else if (max == PY_REPEAT_INFINITE)
    g_string_append_printf (out, "{%u,}", min);
  else if (min == max)
    g_string_append_printf (out, "{%u}", min);
  else
    g_string_append_printf (out, "{%u,%u}", min, max);
  g_string_append (out, mode == PY_REPEAT_LAZY ? "?" : mode == PY_REPEAT_POSSESSIVE ? "+" : "");
}

/* What is repeated, as one item to which a count can be added */
static void
emit_repeated (Emitter *self, PyNode *body, guint flags)
{
  PyNode *inner = body->type == PY_NODE_GROUP && body->value == 0 ? body->first->first : NULL;
  gboolean caseless = self->caseless;

  if (inner != NULL && inner->next == NULL && py_node_is_single (inner))
    {
      flags = py_flags_combine (flags, body);
      body = inner;
    }
  if (body->type == PY_NODE_LOOK || body->type == PY_NODE_CONDITION || body->type == PY_NODE_BACKREF)
    {
      g_string_append (self->out, "(?:");
      emit_sequence (self, body, flags);
      g_string_append_c (self->out, ')');
      self->caseless = caseless;
    }
  else
    emit_sequence (self, body, flags);
}

/* A body that takes no characters is run once or not at all; PCRE2 wants to see that in a look-behind. */
static void
emit_empty_repeat (Emitter *self, const PyNode *node, guint flags)
{
  static const char *const openings[] = { "(?:", "(?:|", "(?>" };
  gboolean caseless = self->caseless, lazy = node->mode == PY_REPEAT_LAZY;

  if (node->min > 0)
    {
      g_string_append (self->out, node->mode == PY_REPEAT_POSSESSIVE ? "(?>" : "(?:");
      emit_sequence (self, node->first, flags);
    }
  else
    {
      g_string_append (self->out, openings[node->mode]);
      emit_sequence (self, node->first, flags);
      g_string_append (self->out, lazy ? "" : "|");
    }
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* (?:x{32768}){min,max} */
static void
emit_blocks (Emitter *self, PyNode *body, guint32 min, guint32 max, PyRepeatMode mode, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, "(?:");
  emit_repeated (self, body, flags);
  append_count (self, BLOCK, BLOCK, PY_REPEAT_GREEDY);
  g_string_append_c (self->out, ')');
  append_count (self, min, max, mode);
  self->caseless = caseless;
}

/* A single character more often than PCRE2 counts: in blocks.  The same number can come about in several ways, but what
 * was tried before has failed before, so it costs time only. */
static void
emit_many (Emitter *self, const PyNode *node, guint32 min, guint32 max, guint flags)
{
  PyRepeatMode mode = node->mode == PY_REPEAT_LAZY ? PY_REPEAT_LAZY : PY_REPEAT_GREEDY;
  gboolean caseless = self->caseless, infinite = max == PY_REPEAT_INFINITE;
  guint32 optional = max - min, blocks;

  g_string_append (self->out, node->mode == PY_REPEAT_POSSESSIVE ? "(?>" : "(?:");
  emit_blocks (self, node->first, min / BLOCK, min / BLOCK, PY_REPEAT_GREEDY, flags);
  emit_repeated (self, node->first, flags);
  g_string_append_printf (self->out, "{%u}", min % BLOCK);
  if (!infinite && optional > MAX_COUNT)
    {
      blocks = (optional - (BLOCK - 1))
               / BLOCK; /* what is left is at least one less than a block: no number is left out */
      optional -= blocks * BLOCK;
      emit_blocks (self, node->first, 0, blocks, mode, flags);
    }
  emit_repeated (self, node->first, flags);
  append_count (self, 0, infinite ? PY_REPEAT_INFINITE : optional, mode);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* More rounds than any subject has characters, or than PCRE2 can count.  TRUE: it is written. */
static gboolean
emit_large_repeat (Emitter *self, const PyNode *node, guint32 min, guint32 max, guint flags)
{
  gboolean caseless = self->caseless;
  guint64 low, high;

  py_node_width_of_one (self->tree, node->first, &low, &high);
  if (high == 0 && node->max > 0 && (self->behind > 0 || min > MAX_COUNT))
    emit_empty_repeat (self, node, flags);
  else if (min > 0 && low > BEYOND_ANY_SUBJECT / min)
    {
      g_string_append (self->out, "(?:(?!)");
      emit_sequence (self, node->first, flags); /* its groups count */
      g_string_append_c (self->out, ')');
    }
  else if ((min > MAX_COUNT || (max > MAX_COUNT && max != PY_REPEAT_INFINITE)) && py_node_is_single (node->first))
    emit_many (self, node, min, max, flags);
  else
    return FALSE;
  self->caseless = caseless;
  return TRUE;
}

static void
emit_repeat (Emitter *self, const PyNode *node, guint flags)
{
  guint32 min = node->min, max = node->max > BEYOND_ANY_SUBJECT ? PY_REPEAT_INFINITE : node->max;
  gboolean caseless = self->caseless;

  if (emit_large_repeat (self, node, min, max, flags))
    return;
  if (min > MAX_COUNT && self->error == NULL)
    g_set_error (&self->error, PY_REGEX_ERROR, PY_REGEX_ERROR_TOO_LARGE,
                 "regular expression is too large: a group is repeated more than %d times", MAX_COUNT);
  if (max > MAX_COUNT)
    max = PY_REPEAT_INFINITE;
  /* Python never goes back into one round of a possessive repeat for the sake of the next. */
  if (node->mode == PY_REPEAT_POSSESSIVE && min > 1 && !py_node_is_single (node->first))
    {
      g_string_append (self->out, "(?>");
      emit_sequence (self, node->first, flags);
      g_string_append_c (self->out, ')');
      self->caseless = caseless;
    }
  else
    emit_repeated (self, node->first, flags);
  append_count (self, min, max, node->mode);
}

/* --- all --- */

static void
emit_node (Emitter *self, PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_LITERAL:
      emit_literal (self, node, flags);
      break;
    case PY_NODE_SET:
      emit_set (self, node, flags);
      break;
    case PY_NODE_ANY:
      g_string_append (self->out, (flags & PY_REGEX_FLAG_DOTALL) ? "." : "\\N");
      break;
    case PY_NODE_AT:
      emit_at (self, node->value, flags);
      break;
    case PY_NODE_REPEAT:
      emit_repeat (self, node, flags);
      break;
    case PY_NODE_GROUP:
      emit_enclosed (self, node->value != 0 ? "(" : "(?:", node->first, py_flags_combine (flags, node));
      break;
    case PY_NODE_ATOMIC:
      emit_enclosed (self, "(?>", node->first, flags);
      break;
    case PY_NODE_LOOK:
      emit_look (self, node, flags);
      break;
    case PY_NODE_BACKREF:
      emit_backref (self, node, flags);
      break;
    case PY_NODE_CONDITION:
      emit_condition (self, node, flags);
      break;
    case PY_NODE_SEQUENCE:
      emit_sequence (self, node->first, flags);
      break;
    case PY_NODE_BRANCH:
      emit_branch (self, node, flags);
      break;
    }
}

static guint32
run_length (const PyNode *first)
{
  guint32 n = 0;

  for (const PyNode *node = first; node != NULL && first->type == PY_NODE_LITERAL; node = node->next, n++)
    if (node->type != PY_NODE_LITERAL || node->value != first->value)
      break;
  return n;
}

/* The same character many times over is counted, which takes less of what PCRE2 has room for. */
static void
emit_run (Emitter *self, const PyNode *node, guint32 n, guint flags)
{
  PyNode one = { .type = PY_NODE_LITERAL, .value = node->value };
  PyNode repeat = { .type = PY_NODE_REPEAT, .first = &one, .min = n, .max = n };

  emit_repeat (self, &repeat, flags);
}

static void
emit_sequence (Emitter *self, PyNode *first, guint flags)
{
  for (PyNode *node = first; node != NULL; node = node->next)
    {
      guint32 n = run_length (node);

      if (n < SHORTEST_RUN)
        {
          emit_node (self, node, flags);
          continue;
        }
      emit_run (self, node, n, flags);
      while (--n > 0)
        node = node->next;
    }
}

static void
emit_alternatives (Emitter *self, const PyNode *branch, guint flags)
{
  for (PyNode *item = branch->first; item != NULL; item = item->next)
    {
      g_string_append (self->out, item != branch->first ? "|" : "");
      emit_sequence (self, item->first, flags);
    }
}

static void
emit_branch (Emitter *self, const PyNode *branch, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, "(?:");
  emit_alternatives (self, branch, flags);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

static void
emit_body (Emitter *self, PyNode *sequence, guint flags)
{
  PyNode *node = sequence->first;

  if (node != NULL && node->next == NULL && node->type == PY_NODE_BRANCH)
    emit_alternatives (self, node, flags);
  else
    emit_sequence (self, node, flags);
}

/* PCRE2's \b asks for letters, digits and underscore up to 10.42; later also for marks and other punctuation. */
static gboolean
has_native_boundary (void)
{
  char version[64] = "";

  if (pcre2_config (PCRE2_CONFIG_VERSION, NULL) > (int) sizeof version)
    return FALSE;
  pcre2_config (PCRE2_CONFIG_VERSION, version);
  return g_ascii_strtod (version, NULL) < 10.43;
}

GString *
py_regex_emit (const PyTree *tree, PyEmitForm form, GError **error)
{
  Emitter emitter = { .tree = tree, .utf = form == PY_EMIT_UTF, .native_boundary = has_native_boundary () };

  emitter.out = g_string_new (NULL);
  emit_body (&emitter, tree->root, tree->flags);
  if (emitter.error != NULL)
    {
      g_propagate_error (error, emitter.error);
      g_string_free (emitter.out, TRUE);
      return NULL;
    }
  return emitter.out;
}
