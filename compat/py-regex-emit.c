#include "compat/py-regex-emitter.h"

#include "compat/py-regex-callout.h"

/* So many times the same character are written as a count. */
#define SHORTEST_RUN 256

#define WORD_ASCII   "[0-9A-Z_a-z]"
#define WORD_UNICODE "[\\p{L}\\p{N}_]"

static void emit_body (PyEmitter *self, PyNode *sequence, guint flags);
static void emit_branch (PyEmitter *self, PyNode *branch, guint flags);

/* --- places --- */

static void
emit_boundary (PyEmitter *self, gboolean inside, guint flags)
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
emit_at (PyEmitter *self, PyAt at, guint flags)
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
void
py_emit_enclosed (PyEmitter *self, const char *opening, PyNode *sequence, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, opening);
  emit_body (self, sequence, flags);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* 10.42 takes the first character of a look-ahead for the first one of the match, and looks for the last one that must be there behind
 * it: (?=a)b?a would not match "a".  With a second branch, which never matches, it leaves that. */
static void
emit_look_ahead (PyEmitter *self, const PyNode *node, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, "(?=");
  emit_body (self, node->first, flags);
  g_string_append (self->out, "|(?!))");
  self->caseless = caseless;
}

static void
emit_look (PyEmitter *self, const PyNode *node, guint flags)
{
  if (!node->behind && !node->negated)
    {
      emit_look_ahead (self, node, flags);
      return;
    }
  self->behind += node->behind ? 1 : 0;
  py_emit_enclosed (self, node->behind ? (node->negated ? "(?<!" : "(?<=") : "(?!", node->first, flags);
  self->behind -= node->behind ? 1 : 0;
}

/* Where case counts not, and the subject is not ASCII, the comparison is ours; see py-regex-callout.h. */
static void
emit_backref (PyEmitter *self, const PyNode *node, guint flags)
{
  const PyGroupWidth *width = &g_array_index (self->tree->widths, PyGroupWidth, node->value);
  char ends = (flags & PY_REGEX_FLAG_ASCII) ? PY_CALLOUT_COMPARE_ASCII : PY_CALLOUT_COMPARE;
  guint group = node->value;

  if (!(flags & PY_REGEX_FLAG_IGNORECASE) || !self->utf)
    {
      py_emit_set_caseless (self, (flags & PY_REGEX_FLAG_IGNORECASE) != 0);
      g_string_append_printf (self->out, "\\g{%u}", group);
    }
  else if (width->low == width->high && width->high <= PY_EMIT_MAX_COUNT)
    g_string_append_printf (self->out, PY_EMIT_ATOMIC "(?C\"%c\").{%u}(?C\"%c%u\"))", PY_CALLOUT_BEGIN,
                            (guint) width->low, ends, group);
  else
    g_string_append_printf (self->out, "(?(%u)" PY_EMIT_ATOMIC "(?C\"%c\").*?(?C\"%c%u\"))|(?!))", group,
                            PY_CALLOUT_BEGIN, ends, group);
}

static void
emit_condition (PyEmitter *self, const PyNode *node, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append_printf (self->out, "(?(%u)", node->value);
  py_emit_sequence (self, node->first->first, flags);
  if (node->first->next != NULL)
    {
      g_string_append_c (self->out, '|');
      py_emit_sequence (self, node->first->next->first, flags);
    }
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* --- all --- */

static void
emit_node (PyEmitter *self, PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_LITERAL:
      py_emit_literal (self, node, flags);
      break;
    case PY_NODE_SET:
      py_emit_set (self, node, flags);
      break;
    case PY_NODE_ANY:
      g_string_append (self->out, (flags & PY_REGEX_FLAG_DOTALL) ? "." : "\\N");
      break;
    case PY_NODE_AT:
      emit_at (self, node->value, flags);
      break;
    case PY_NODE_REPEAT:
      py_emit_repeat (self, node, flags);
      break;
    case PY_NODE_GROUP:
      py_emit_enclosed (self, node->value != 0 && !self->bare ? "(" : "(?:", node->first,
                        py_flags_combine (flags, node));
      break;
    case PY_NODE_ATOMIC:
      py_emit_enclosed (self, PY_EMIT_ATOMIC, node->first, flags);
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
      py_emit_sequence (self, node->first, flags);
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
emit_run (PyEmitter *self, const PyNode *node, guint32 n, guint flags)
{
  PyNode one = { .type = PY_NODE_LITERAL, .value = node->value };
  PyNode repeat = { .type = PY_NODE_REPEAT, .first = &one, .min = n, .max = n };

  py_emit_repeat (self, &repeat, flags);
}

/* A group among others that is there for its span only.  (A group that stands alone may be what is repeated.) */
static gboolean
is_needless (const PyEmitter *self, const PyNode *node, const PyNode *first)
{
  return self->bare && node->type == PY_NODE_GROUP && node->add_flags == 0 && node->del_flags == 0
         && (node != first || node->next != NULL);
}

void
py_emit_sequence (PyEmitter *self, PyNode *first, guint flags)
{
  for (PyNode *node = first; node != NULL; node = node->next)
    {
      guint32 n = run_length (node);

      if (is_needless (self, node, first))
        {
          py_emit_sequence (self, node->first->first, flags);
          continue;
        }
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

/* 10.42's JIT compiler remembers where a repeat failed ("early fail"), and thinks that it is at the same distance from the
 * match's beginning whatever alternative was taken before: (?:a|)b*a would not match "a" (mended in 10.43).  What it cannot
 * look through, an empty look-ahead, keeps it from that. */
static void
emit_early_fail_guard (PyEmitter *self, PyNode *branch)
{
  guint64 low, high;

  py_node_width_of_one (self->tree, branch, &low, &high);
  gboolean is_all = branch == self->tree->root->first && branch->next == NULL;
  if (low != high && !is_all)
    g_string_append (self->out, "(?=)");
}

static void
emit_alternatives (PyEmitter *self, PyNode *branch, guint flags)
{
  emit_early_fail_guard (self, branch);
  for (PyNode *item = branch->first; item != NULL; item = item->next)
    {
      g_string_append (self->out, item != branch->first ? "|" : "");
      py_emit_sequence (self, item->first, flags);
    }
}

static void
emit_branch (PyEmitter *self, PyNode *branch, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, "(?:");
  emit_alternatives (self, branch, flags);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

static void
emit_body (PyEmitter *self, PyNode *sequence, guint flags)
{
  PyNode *node = sequence->first;

  if (node != NULL && node->next == NULL && node->type == PY_NODE_BRANCH)
    emit_alternatives (self, node, flags);
  else
    py_emit_sequence (self, node, flags);
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

static GString *
emit (const PyTree *tree, gboolean utf, gboolean bare, GError **error)
{
  PyEmitter emitter = { .tree = tree, .utf = utf, .bare = bare, .native_boundary = has_native_boundary () };

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

GString *
py_regex_emit (const PyTree *tree, gboolean utf, GError **error)
{
  return emit (tree, utf, FALSE, error);
}

GString *
py_regex_emit_bare (const PyTree *tree, GError **error)
{
  return emit (tree, FALSE, TRUE, error);
}

gboolean
py_regex_needs_groups (const PyTree *tree)
{
  for (guint i = 0; i < tree->nodes->len; i++)
    {
      const PyNode *node = g_ptr_array_index (tree->nodes, i);

      if (node->type == PY_NODE_BACKREF || node->type == PY_NODE_CONDITION)
        return TRUE;
    }
  return FALSE;
}
