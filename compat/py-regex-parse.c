#include "compat/py-regex-parse.h"

#include <string.h>

#include "compat/py-value.h"

/* Python 3.11 gives up at 1000 frames.  A group takes two, a condition one; the ten are those that are always there.
 * fail2ban-regex 1.1.2-dev takes 490 groups in one another. */
#define MAX_FRAMES 982

gboolean
py_parser_failed (const PyParser *self)
{
  return self->scan.error != NULL;
}

gboolean
py_parser_enter (PyParser *self, guint frames)
{
  if (self->frames + frames > MAX_FRAMES)
    {
      py_scanner_fail_otherwise (&self->scan, PY_REGEX_ERROR_RECURSION, "maximum recursion depth exceeded");
      return FALSE;
    }
  self->frames += frames;
  return TRUE;
}

void
py_parser_leave (PyParser *self, guint frames)
{
  self->frames -= frames;
}

gboolean
py_parser_group_is_closed (const PyParser *self, guint64 group)
{
  return group < self->tree->widths->len && g_array_index (self->tree->widths, PyGroupWidth, group).closed;
}

void
py_parser_check_look_behind (PyParser *self, guint64 group)
{
  if (self->look_behind_groups < 0)
    return;
  if (!py_parser_group_is_closed (self, group))
    py_scanner_fail (&self->scan, 0, "cannot refer to an open group");
  else if (group >= (guint64) self->look_behind_groups)
    py_scanner_fail (&self->scan, 0, "cannot refer to group defined in the same lookbehind subpattern");
}

static gboolean
fail_range (PyParser *self, PyToken low, PyToken high)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      PyToken token = i == 0 ? low : high;

      g_string_append (text, i == 0 ? "" : "-");
      g_string_append (text, token.escaped ? "\\" : "");
      py_utf8_append (text, token.c);
    }
  py_scanner_fail (&self->scan, py_token_len (low) + 1 + py_token_len (high), "bad character range %s", text->str);
  return FALSE;
}

static gboolean
parse_set_member (PyParser *self, PyToken token, PySetItem *ret_item)
{
  if (token.escaped)
    return py_parse_set_escape (self, token, py_scanner_tell (&self->scan) - 2, ret_item);
  *ret_item = (PySetItem){ .first = token.c, .last = token.c };
  return TRUE;
}

static void
add_member (GArray *items, PySetItem item)
{
  for (guint i = 0; i < items->len; i++)
    if (memcmp (&g_array_index (items, PySetItem, i), &item, sizeof item) == 0)
      return;
  g_array_append_val (items, item);
}

/* One member or range.  `*ret_last`: it was a member followed by "-]". */
static gboolean
parse_set_item (PyParser *self, GArray *items, PyToken token, gsize start, gboolean *ret_last)
{
  PyScanner *scan = &self->scan;
  PySetItem item, high;
  static const PySetItem minus = { .first = '-', .last = '-' };

  *ret_last = FALSE;
  if (!parse_set_member (self, token, &item))
    return FALSE;
  if (!py_scanner_take (scan, '-'))
    {
      add_member (items, item);
      return TRUE;
    }
  PyToken that = py_scanner_get (scan);
  if (that.end)
    {
      py_scanner_fail_at (scan, (gssize) start, "unterminated character set");
      return FALSE;
    }
  if (py_token_is (that, ']'))
    {
      add_member (items, item);
      add_member (items, minus);
      *ret_last = TRUE;
      return TRUE;
    }
  if (!parse_set_member (self, that, &high))
    return FALSE;
  if (item.category != PY_CATEGORY_NONE || high.category != PY_CATEGORY_NONE || high.first < item.first)
    return fail_range (self, token, that);
  item.last = high.first;
  item.is_range = TRUE;
  add_member (items, item);
  return TRUE;
}

/* A set of one character is that character: Python tells them apart when case is ignored. */
static PyNode *
simplify_set (PyParser *self, PyNode *set)
{
  const PySetItem *item = &g_array_index (set->items, PySetItem, 0);

  if (set->items->len > 1 || set->negated || item->category != PY_CATEGORY_NONE || item->is_range)
    return set;
  PyNode *node = py_node_new (self->tree, PY_NODE_LITERAL);
  node->value = item->first;
  return node;
}

static PyNode *
parse_set (PyParser *self, gsize start)
{
  PyScanner *scan = &self->scan;
  PyNode *node = py_node_new (self->tree, PY_NODE_SET);
  gboolean last = FALSE;

  node->negated = py_scanner_take (scan, '^');
  while (!last)
    {
      PyToken token = py_scanner_get (scan);

      if (token.end)
        {
          py_scanner_fail_at (scan, (gssize) start, "unterminated character set");
          return NULL;
        }
      if (py_token_is (token, ']') && node->items->len > 0)
        break;
      if (!parse_set_item (self, node->items, token, start, &last))
        return NULL;
    }
  return simplify_set (self, node);
}

/* Digits, perhaps none; their number is returned.  What is too large for a count saturates. */
static gsize
parse_count (PyParser *self, guint64 *ret_count)
{
  gsize digits = 0;

  for (*ret_count = 0; py_scanner_sees_digit (&self->scan, 10); digits++)
    {
      *ret_count = *ret_count * 10 + (py_scanner_get (&self->scan).c - '0');
      *ret_count = MIN (*ret_count, PY_REPEAT_INFINITE);
    }
  return digits;
}

static void
check_count (PyParser *self, gsize digits, guint64 count)
{
  if (digits > PY_MAX_INT_DIGITS)
    py_scanner_fail_otherwise (&self->scan, PY_REGEX_ERROR_VALUE,
                               "Exceeds the limit (%d digits) for integer string conversion: value has %" G_GSIZE_FORMAT
                               " digits; use sys.set_int_max_str_digits() to increase the limit",
                               PY_MAX_INT_DIGITS, digits);
  else if (count >= PY_REPEAT_INFINITE)
    py_scanner_fail_otherwise (&self->scan, PY_REGEX_ERROR_OVERFLOW, "the repetition number is too large");
}

/* What follows "{": FALSE, and nothing taken, when it is an ordinary character after all. */
static gboolean
parse_braces (PyParser *self, PyNode *repeat)
{
  PyScanner *scan = &self->scan;
  gsize here = py_scanner_tell (scan), low_digits, high_digits;
  guint64 low, high;

  if (py_scanner_sees (scan, '}'))
    return FALSE;
  low_digits = high_digits = parse_count (self, &low);
  high = low;
  if (py_scanner_take (scan, ','))
    high_digits = parse_count (self, &high);
  if (!py_scanner_take (scan, '}'))
    {
      py_scanner_seek (scan, here);
      return FALSE;
    }
  if (low_digits > 0)
    check_count (self, low_digits, low);
  if (high_digits > 0)
    check_count (self, high_digits, high);
  else
    high = PY_REPEAT_INFINITE;
  if (high < low)
    py_scanner_fail_at (scan, (gssize) here, "min repeat greater than max repeat");
  repeat->min = (guint32) low;
  repeat->max = (guint32) high;
  return TRUE;
}

/* A sequence while it grows */
typedef struct
{
  PyNode *sequence, *last, **link_to_last;
} Growing;

static void
append (Growing *self, PyNode *node)
{
  self->link_to_last = self->last != NULL ? &self->last->next : &self->sequence->first;
  *self->link_to_last = node;
  self->last = node;
}

/* `token` is one of *+?{ at `start`.  What it repeats is taken back out of the sequence. */
static void
parse_repeat (PyParser *self, Growing *growing, PyToken token, gsize start)
{
  PyScanner *scan = &self->scan;
  PyNode *node = py_node_new (self->tree, PY_NODE_REPEAT), *item = growing->last;

  node->min = py_token_is (token, '+') ? 1 : 0;
  node->max = py_token_is (token, '?') ? 1 : PY_REPEAT_INFINITE;
  if (py_token_is (token, '{') && !parse_braces (self, node))
    {
      node->type = PY_NODE_LITERAL;
      node->value = '{';
      append (growing, node);
      return;
    }
  if (item == NULL || item->type == PY_NODE_AT)
    py_scanner_fail_at (scan, (gssize) start, "nothing to repeat");
  else if (item->type == PY_NODE_REPEAT)
    py_scanner_fail_at (scan, (gssize) start, "multiple repeat");
  if (py_parser_failed (self))
    return;
  node->mode = py_scanner_take (scan, '?')   ? PY_REPEAT_LAZY
               : py_scanner_take (scan, '+') ? PY_REPEAT_POSSESSIVE
                                             : PY_REPEAT_GREEDY;
  node->first = item;
  *growing->link_to_last = node;
  growing->last = node;
}

static void
skip_line (PyParser *self)
{
  PyToken token;

  do
    token = py_scanner_get (&self->scan);
  while (!token.end && !py_token_is (token, '\n'));
}

static PyNode *
new_with_value (PyParser *self, PyNodeType type, guint32 value)
{
  PyNode *node = py_node_new (self->tree, type);

  node->value = value;
  return node;
}

/* Anything but a repeat */
static PyNode *
parse_item (PyParser *self, PyToken token, gsize start, gboolean *verbose, gboolean first)
{
  if (token.escaped)
    return py_parse_escape (self, token, start);
  switch (token.c)
    {
    case '[':
      return parse_set (self, start);
    case '.':
      return py_node_new (self->tree, PY_NODE_ANY);
    case '^':
      return new_with_value (self, PY_NODE_AT, PY_AT_LINE_START);
    case '$':
      return new_with_value (self, PY_NODE_AT, PY_AT_LINE_END);
    case '(':
      return py_parse_group (self, verbose, first, start);
    default:
      return new_with_value (self, PY_NODE_LITERAL, token.c);
    }
}

/* Plain (?:...) give way to what is in them. */
static void
unpack_groups (PyNode *sequence)
{
  PyNode **link = &sequence->first;

  while (*link != NULL)
    {
      PyNode *node = *link, *rest = node->next;

      if (node->type != PY_NODE_GROUP || node->value != 0 || node->add_flags != 0 || node->del_flags != 0)
        {
          link = &node->next;
          continue;
        }
      *link = node->first->first;
      while (*link != NULL)
        link = &(*link)->next;
      *link = rest;
    }
}

PyNode *
py_parse_sequence (PyParser *self, gboolean verbose, gboolean first)
{
  PyScanner *scan = &self->scan;
  Growing growing = { py_node_new (self->tree, PY_NODE_SEQUENCE), NULL, NULL };

  while (!py_parser_failed (self) && !scan->next.end && !py_token_in (scan->next, "|)"))
    {
      gsize start = py_scanner_tell (scan);
      PyToken token = py_scanner_get (scan);

      if (verbose && py_token_in (token, " \t\n\r\v\f"))
        continue;
      if (verbose && py_token_is (token, '#'))
        skip_line (self);
      else if (py_token_in (token, "*+?{"))
        parse_repeat (self, &growing, token, start);
      else
        {
          PyNode *node = parse_item (self, token, start, &verbose, first && growing.last == NULL);

          if (node != NULL)
            append (&growing, node);
        }
    }
  unpack_groups (growing.sequence);
  return growing.sequence;
}

/* All begin with the same node?  Then it is taken away from each and returned. */
static PyNode *
take_common_prefix (PyNode *branch)
{
  PyNode *prefix = branch->first->first;

  for (PyNode *item = branch->first; item != NULL; item = item->next)
    if (item->first == NULL || !py_node_equal (item->first, prefix))
      return NULL;
  for (PyNode *item = branch->first; item != NULL; item = item->next)
    item->first = item->first->next;
  prefix->next = NULL;
  return prefix;
}

/* Alternatives of one character each are a set: (a|b|[cd]). */
static PyNode *
branch_to_set (PyParser *self, PyNode *branch)
{
  for (PyNode *item = branch->first; item != NULL; item = item->next)
    {
      const PyNode *node = item->first;

      if (node == NULL || node->next != NULL)
        return branch;
      if (node->type != PY_NODE_LITERAL && (node->type != PY_NODE_SET || node->negated))
        return branch;
    }
  PyNode *set = py_node_new (self->tree, PY_NODE_SET);
  for (PyNode *item = branch->first; item != NULL; item = item->next)
    {
      if (item->first->type == PY_NODE_LITERAL)
        add_member (set->items, (PySetItem){ .first = item->first->value, .last = item->first->value });
      else
        for (guint i = 0; i < item->first->items->len; i++)
          add_member (set->items, g_array_index (item->first->items, PySetItem, i));
    }
  return set;
}

PyNode *
py_parse_alternatives (PyParser *self, gboolean verbose, gboolean top)
{
  if (!py_parser_enter (self, 2))
    return py_node_new (self->tree, PY_NODE_SEQUENCE);
  PyNode *branch = py_node_new (self->tree, PY_NODE_BRANCH), *last;
  last = branch->first = py_parse_sequence (self, verbose, top);
  while (!py_parser_failed (self) && py_scanner_take (&self->scan, '|'))
    {
      if (top)
        verbose = (self->tree->flags & PY_REGEX_FLAG_VERBOSE) != 0;
      last->next = py_parse_sequence (self, verbose, FALSE);
      last = last->next;
    }
  py_parser_leave (self, 2);
  if (branch->first == last)
    return last;

  Growing growing = { py_node_new (self->tree, PY_NODE_SEQUENCE), NULL, NULL };
  for (PyNode *prefix; (prefix = take_common_prefix (branch)) != NULL;)
    append (&growing, prefix);
  append (&growing, branch_to_set (self, branch));
  return growing.sequence;
}

/* What Python finds only when it compiles the tree, in its order.  These errors have no position. */
static void
check_sequence (PyParser *self, PyNode *sequence, guint flags)
{
  static const char *const names[] = { "MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT" };

  for (PyNode *node = sequence; node != NULL && !py_parser_failed (self); node = node->next)
    {
      if (node->type == PY_NODE_REPEAT && (flags & PY_REGEX_FLAG_TEMPLATE))
        py_scanner_fail_at (&self->scan, -1, "internal: unsupported template operator %s", names[node->mode]);
      if (node->type == PY_NODE_LOOK && node->behind)
        {
          guint64 low, high;

          py_node_width (self->tree, node->first, &low, &high);
          if (low > G_MAXUINT32)
            py_scanner_fail_at (&self->scan, -1, "looks too much behind");
          else if (low != high)
            py_scanner_fail_at (&self->scan, -1, "look-behind requires fixed-width pattern");
        }
      check_sequence (self, node->first, node->type == PY_NODE_GROUP ? py_flags_combine (flags, node) : flags);
    }
}

static void
check_whole (PyParser *self)
{
  const guint both = PY_REGEX_FLAG_ASCII | PY_REGEX_FLAG_UNICODE;
  guint *flags = &self->tree->flags;

  if ((*flags & both) == both)
    py_scanner_fail_otherwise (&self->scan, PY_REGEX_ERROR_VALUE, "ASCII and UNICODE flags are incompatible");
  if (!(*flags & PY_REGEX_FLAG_ASCII))
    *flags |= PY_REGEX_FLAG_UNICODE;
  if (!self->scan.next.end)
    py_scanner_fail (&self->scan, 0, "unbalanced parenthesis");
  for (guint i = 0; i < self->conditions->len; i++)
    {
      const PyCondition *condition = &g_array_index (self->conditions, PyCondition, i);

      if (condition->group >= self->tree->widths->len)
        py_scanner_fail_at (&self->scan, (gssize) condition->position, "invalid group reference %" G_GUINT64_FORMAT,
                            condition->group);
    }
  if (!py_parser_failed (self))
    check_sequence (self, self->tree->root, *flags);
}

PyTree *
py_regex_parse (const char *pattern, gsize len, guint flags, GError **error)
{
  g_autoptr (PyTree) tree = py_tree_new ();
  PyParser parser = { .tree = tree, .look_behind_groups = -1 };

  if (!py_scanner_init (&parser.scan, pattern, len))
    g_return_val_if_reached (NULL);
  tree->flags = flags;
  parser.conditions = g_array_new (FALSE, FALSE, sizeof (PyCondition));
  tree->root = py_parse_alternatives (&parser, (flags & PY_REGEX_FLAG_VERBOSE) != 0, TRUE);
  if (!py_parser_failed (&parser))
    check_whole (&parser);

  GError *failure = g_steal_pointer (&parser.scan.error);
  g_array_unref (parser.conditions);
  py_scanner_clear (&parser.scan);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  return g_steal_pointer (&tree);
}
