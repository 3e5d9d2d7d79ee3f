#include "compat/py-regex-ast.h"

#include <string.h>

#define SHORT_REPEAT 16

static void
node_free (gpointer data)
{
  PyNode *node = data;

  g_clear_pointer (&node->items, g_array_unref);
  g_free (node);
}

PyTree *
py_tree_new (void)
{
  PyTree *self = g_new0 (PyTree, 1);
  PyGroupWidth whole = { FALSE, 0, 0 };

  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->index = g_hash_table_new (g_str_hash, g_str_equal);
  self->widths = g_array_new (FALSE, TRUE, sizeof (PyGroupWidth));
  g_ptr_array_add (self->names, NULL);
  g_array_append_val (self->widths, whole);
  return self;
}

void
py_tree_free (PyTree *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_clear_pointer (&self->widths, g_array_unref);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_free (self);
}

PyNode *
py_node_new (PyTree *tree, PyNodeType type)
{
  PyNode *node = g_new0 (PyNode, 1);

  node->type = type;
  if (type == PY_NODE_SET)
    node->items = g_array_new (FALSE, TRUE, sizeof (PySetItem));
  g_ptr_array_add (tree->nodes, node);
  return node;
}

static guint64
add_width (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static guint64
multiply_width (guint64 a, guint64 b)
{
  return a != 0 && b > G_MAXUINT64 / a ? G_MAXUINT64 : a * b;
}

static void
branch_width (const PyTree *tree, PyNode *node, guint64 *ret_low, guint64 *ret_high)
{
  *ret_low = G_MAXUINT64;
  *ret_high = 0;
  for (PyNode *child = node->first; child != NULL; child = child->next)
    {
      guint64 low, high;

      py_node_width (tree, child, &low, &high);
      *ret_low = MIN (*ret_low, low);
      *ret_high = MAX (*ret_high, high);
    }
}

void
py_node_width_of_one (const PyTree *tree, PyNode *node, guint64 *ret_low, guint64 *ret_high)
{
  const PyGroupWidth *group;

  *ret_low = *ret_high = 0;
  switch (node->type)
    {
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
    case PY_NODE_ANY:
      *ret_low = *ret_high = 1;
      break;
    case PY_NODE_SEQUENCE:
      py_node_width (tree, node, ret_low, ret_high);
      break;
    case PY_NODE_GROUP:
    case PY_NODE_ATOMIC:
      py_node_width (tree, node->first, ret_low, ret_high);
      break;
    case PY_NODE_BRANCH:
      branch_width (tree, node, ret_low, ret_high);
      break;
    case PY_NODE_REPEAT:
      py_node_width_of_one (tree, node->first, ret_low, ret_high);
      *ret_low = multiply_width (*ret_low, node->min);
      *ret_high
          = node->max == PY_REPEAT_INFINITE && *ret_high != 0 ? G_MAXUINT64 : multiply_width (*ret_high, node->max);
      break;
    case PY_NODE_BACKREF:
      group = &g_array_index (tree->widths, PyGroupWidth, node->value);
      *ret_low = group->low;
      *ret_high = group->high;
      break;
    case PY_NODE_CONDITION:
      branch_width (tree, node, ret_low, ret_high);
      if (node->first->next == NULL)
        *ret_low = 0;
      break;
    case PY_NODE_AT:
    case PY_NODE_LOOK:
      break;
    }
}

void
py_node_width (const PyTree *tree, PyNode *sequence, guint64 *ret_low, guint64 *ret_high)
{
  if (!sequence->width_known)
    {
      guint64 low_sum = 0, high_sum = 0;

      for (PyNode *node = sequence->first; node != NULL; node = node->next)
        {
          guint64 low, high;

          py_node_width_of_one (tree, node, &low, &high);
          low_sum = add_width (low_sum, low);
          high_sum = add_width (high_sum, high);
        }
      sequence->width_low = low_sum;
      sequence->width_high = high_sum;
      sequence->width_known = TRUE;
    }
  *ret_low = sequence->width_low;
  *ret_high = sequence->width_high;
}

gboolean
py_node_is_single (const PyNode *node)
{
  return node->type == PY_NODE_LITERAL || node->type == PY_NODE_SET || node->type == PY_NODE_ANY;
}

gboolean
py_node_equal (const PyNode *a, const PyNode *b)
{
  if (a->type != b->type)
    return FALSE;
  if (a->type == PY_NODE_SET)
    return a->negated == b->negated && a->items->len == b->items->len
           && memcmp (a->items->data, b->items->data, a->items->len * sizeof (PySetItem)) == 0;
  return a->type == PY_NODE_ANY
         || ((a->type == PY_NODE_LITERAL || a->type == PY_NODE_AT || a->type == PY_NODE_BACKREF)
             && a->value == b->value);
}

static gboolean
has_long_repeat (const PyNode *first)
{
  for (const PyNode *node = first; node != NULL; node = node->next)
    if ((node->type == PY_NODE_REPEAT && node->max > SHORT_REPEAT) || has_long_repeat (node->first))
      return TRUE;
  return FALSE;
}

gboolean
py_node_looks_far (const PyNode *first)
{
  for (const PyNode *node = first; node != NULL; node = node->next)
    {
      gboolean closed = node->type == PY_NODE_LOOK || node->type == PY_NODE_ATOMIC;
      gboolean possessive = node->type == PY_NODE_REPEAT && node->mode == PY_REPEAT_POSSESSIVE;

      if (node->type == PY_NODE_BACKREF || (closed && has_long_repeat (node->first))
          || (possessive && (node->max > SHORT_REPEAT || has_long_repeat (node->first)))
          || py_node_looks_far (node->first))
        return TRUE;
    }
  return FALSE;
}

guint
py_flags_combine (guint flags, const PyNode *group)
{
  if (group->add_flags & PY_REGEX_TYPE_FLAGS)
    flags &= ~(guint) PY_REGEX_TYPE_FLAGS;
  return (flags | group->add_flags) & ~group->del_flags;
}
