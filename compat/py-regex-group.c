#include "compat/py-regex-parse.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-text.h"

/* sre's MAXGROUPS */
#define MAX_GROUPS 1073741823

static gboolean
is_end (PyParser *self, PyToken token)
{
  if (token.end)
    py_scanner_fail (&self->scan, 0, "unexpected end of pattern");
  return token.end;
}

/* "unknown extension ?<x": `before` is what stands between the parenthesis and the token. */
static PyNode *
fail_extension (PyParser *self, const char *before, PyToken token)
{
  gsize end = py_scanner_tell (&self->scan), len = py_token_len (token);
  g_autofree char *text = py_scanner_slice (&self->scan, end - len, end);

  py_scanner_fail (&self->scan, len + strlen (before), "unknown extension %s%s", before, text);
  return NULL;
}

/* "unknown group name 'x'", of the name at start..end */
static PyNode *
fail_name (PyParser *self, const char *what, gsize start, gsize end)
{
  g_autofree char *quoted = py_scanner_quote (&self->scan, start, end);

  py_scanner_fail_at (&self->scan, (gssize) start, "%s %s", what, quoted);
  return NULL;
}

/* Takes "name" and its terminator.  `*ret_start` is where the name begins. */
static char *
parse_group_name (PyParser *self, char terminator, gsize *ret_start)
{
  gsize end;

  if (!py_scanner_get_until (&self->scan, terminator, "group name", ret_start, &end))
    return NULL;
  if (py_text_is_identifier (self->scan.text + *ret_start, end - *ret_start))
    return py_scanner_slice (&self->scan, *ret_start, end);
  fail_name (self, "bad character in group name", *ret_start, end);
  return NULL;
}

/* 0: no group is called so */
static guint
find_group (const PyParser *self, const char *name)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->tree->index, name));
}

static guint
open_group (PyParser *self, char *name /* take */, gsize name_start)
{
  PyTree *tree = self->tree;
  guint group = tree->widths->len, was = name != NULL ? find_group (self, name) : 0;
  PyGroupWidth open = { FALSE, 0, 0 };

  g_ptr_array_add (tree->names, name);
  g_array_append_val (tree->widths, open);
  if (was != 0)
    {
      g_autofree char *quoted = py_repr_str (name, -1);
      py_scanner_fail_at (&self->scan, (gssize) name_start, "redefinition of group name %s as group %u; was group %u",
                          quoted, group, was);
    }
  else if (name != NULL)
    g_hash_table_insert (tree->index, name, GUINT_TO_POINTER (group));
  return group;
}

static gboolean
take_closing (PyParser *self, gsize start)
{
  if (!py_scanner_take (&self->scan, ')'))
    py_scanner_fail_at (&self->scan, (gssize) start, "missing ), unterminated subpattern");
  return !py_parser_failed (self);
}

/* Content and closing parenthesis of a group of any kind.  NULL after an error. */
static PyNode *
parse_content (PyParser *self, PyNodeType type, gboolean verbose, gsize start)
{
  PyNode *node = py_node_new (self->tree, type);

  node->first = py_parse_alternatives (self, verbose, FALSE);
  return take_closing (self, start) ? node : NULL;
}

static PyNode *
parse_capture (PyParser *self, char *name /* take */, gsize name_start, gboolean verbose, gsize start)
{
  guint group = open_group (self, name, name_start);
  PyNode *node = py_parser_failed (self) ? NULL : parse_content (self, PY_NODE_GROUP, verbose, start);

  if (node == NULL)
    return NULL;
  PyGroupWidth width = { TRUE, 0, 0 };
  py_node_width (self->tree, node->first, &width.low, &width.high);
  g_array_index (self->tree->widths, PyGroupWidth, group) = width;
  node->value = group;
  return node;
}

static PyNode *
parse_named_backref (PyParser *self)
{
  gsize start;
  g_autofree char *name = parse_group_name (self, ')', &start);

  if (name == NULL)
    return NULL;
  guint group = find_group (self, name);
  if (group == 0)
    return fail_name (self, "unknown group name", start, py_scanner_tell (&self->scan) - 1);
  if (!py_parser_group_is_closed (self, group))
    py_scanner_fail_at (&self->scan, (gssize) start, "cannot refer to an open group");
  py_parser_check_look_behind (self, group);
  PyNode *node = py_node_new (self->tree, PY_NODE_BACKREF);
  node->value = group;
  return node;
}

static PyNode *
parse_python_extension (PyParser *self, gboolean verbose, gsize start)
{
  PyScanner *scan = &self->scan;
  gsize name_start;

  if (py_scanner_take (scan, '<'))
    {
      char *name = parse_group_name (self, '>', &name_start);
      return name != NULL ? parse_capture (self, name, name_start, verbose, start) : NULL;
    }
  if (py_scanner_take (scan, '='))
    return parse_named_backref (self);
  PyToken token = py_scanner_get (scan);
  return is_end (self, token) ? NULL : fail_extension (self, "?P", token);
}

static PyNode *
parse_look (PyParser *self, PyToken token, gboolean verbose, gsize start)
{
  gssize groups_before = self->look_behind_groups;
  gboolean behind = py_token_is (token, '<');

  if (behind)
    {
      token = py_scanner_get (&self->scan);
      if (is_end (self, token))
        return NULL;
      if (!py_token_in (token, "=!"))
        return fail_extension (self, "?<", token);
      if (groups_before < 0)
        self->look_behind_groups = (gssize) self->tree->widths->len;
    }
  PyNode *node = py_node_new (self->tree, PY_NODE_LOOK);
  node->behind = behind;
  node->negated = py_token_is (token, '!');
  node->first = py_parse_alternatives (self, verbose, FALSE);
  self->look_behind_groups = groups_before;
  return take_closing (self, start) ? node : NULL;
}

static void
skip_comment (PyParser *self, gsize start)
{
  while (!py_scanner_take (&self->scan, ')'))
    if (py_scanner_get (&self->scan).end)
      {
        py_scanner_fail_at (&self->scan, (gssize) start, "missing ), unterminated comment");
        return;
      }
}

/* int() of a str: blanks around, a sign, decimals of any script with single _ between them.  The digits as ASCII without
 * leading zeros, or NULL. */
static char *
read_int (const gunichar *text, gsize len)
{
  g_autoptr (GString) digits = g_string_new (NULL);
  gsize i = 0, written = 0;

  while (i < len && py_unichar_is_space (text[i]))
    i++;
  while (len > i && py_unichar_is_space (text[len - 1]))
    len--;
  if (i < len && (text[i] == '+' || text[i] == '-') && ++i < len && text[i - 1] == '-')
    for (gsize j = i; j < len; j++) /* -0 is 0, anything else below it is refused by the caller */
      if (text[j] != '0' && text[j] != '_')
        return NULL;
  for (; i < len; i++)
    {
      if (text[i] == '_' && written > 0 && i + 1 < len && text[i - 1] != '_')
        continue;
      if (g_unichar_type (text[i]) != G_UNICODE_DECIMAL_NUMBER)
        return NULL;
      g_string_append_c (digits, (char) ('0' + g_unichar_digit_value (text[i])));
      written++;
    }
  if (written == 0 || written > PY_MAX_INT_DIGITS)
    return NULL;
  gsize zeros = strspn (digits->str, "0");
  return g_strdup (zeros == digits->len ? "0" : digits->str + zeros);
}

/* The group of (?(2)...).  Whether there is one is known only at the end. */
static guint64
parse_condition_number (PyParser *self, gsize start, gsize end)
{
  g_autofree char *digits = read_int (self->scan.text + start, end - start);
  guint64 group = digits != NULL ? g_ascii_strtoull (digits, NULL, 10) : 0;

  if (digits == NULL)
    fail_name (self, "bad character in group name", start, end);
  else if (group == 0)
    py_scanner_fail_at (&self->scan, (gssize) start, "bad group number");
  else if (group >= MAX_GROUPS)
    py_scanner_fail_at (&self->scan, (gssize) start, "invalid group reference %s", digits);
  PyCondition condition = { group, start };
  g_array_append_val (self->conditions, condition);
  return group;
}

static guint64
parse_condition_group (PyParser *self)
{
  gsize start, end;

  if (!py_scanner_get_until (&self->scan, ')', "group name", &start, &end))
    return 0;
  if (!py_text_is_identifier (self->scan.text + start, end - start))
    return parse_condition_number (self, start, end);
  g_autofree char *name = py_scanner_slice (&self->scan, start, end);
  guint64 group = find_group (self, name);
  if (group == 0)
    fail_name (self, "unknown group name", start, end);
  return group;
}

static PyNode *
parse_condition (PyParser *self, gboolean verbose, gsize start)
{
  guint64 group = parse_condition_group (self);

  if (py_parser_failed (self))
    return NULL;
  py_parser_check_look_behind (self, group);
  if (py_parser_failed (self) || !py_parser_enter (self, 1))
    return NULL;
  PyNode *node = py_node_new (self->tree, PY_NODE_CONDITION);
  node->value = (guint32) group;
  node->first = py_parse_sequence (self, verbose, FALSE);
  if (!py_parser_failed (self) && py_scanner_take (&self->scan, '|'))
    {
      node->first->next = py_parse_sequence (self, verbose, FALSE);
      if (py_scanner_sees (&self->scan, '|'))
        py_scanner_fail (&self->scan, 0, "conditional backref with more than two branches");
    }
  py_parser_leave (self, 1);
  return take_closing (self, start) ? node : NULL;
}

static guint
flag_of (PyToken token)
{
  static const struct
  {
    char name;
    guint flag;
  } flags[] = {
    { 'i', PY_REGEX_FLAG_IGNORECASE }, { 'm', PY_REGEX_FLAG_MULTILINE }, { 's', PY_REGEX_FLAG_DOTALL },
    { 'x', PY_REGEX_FLAG_VERBOSE },    { 'a', PY_REGEX_FLAG_ASCII },     { 't', PY_REGEX_FLAG_TEMPLATE },
    { 'u', PY_REGEX_FLAG_UNICODE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (py_token_is (token, flags[i].name))
      return flags[i].flag;
  return 0;
}

/* The next flag's letter, or one of `ends`; anything else is an error, for which `missing` names what should be there. */
static gboolean
next_flag (PyParser *self, const char *ends, const char *missing, PyToken *ret_token)
{
  PyToken token = py_scanner_get (&self->scan);

  *ret_token = token;
  if (token.end)
    py_scanner_fail (&self->scan, 0, "missing %s", missing);
  else if (!py_token_in (token, ends) && !py_token_in (token, "iLmsxatu"))
    {
      if (!token.escaped && g_unichar_isalpha (token.c))
        py_scanner_fail (&self->scan, py_token_len (token), "unknown flag");
      else
        py_scanner_fail (&self->scan, py_token_len (token), "missing %s", missing);
    }
  return !py_parser_failed (self);
}

/* Letters up to one of ")-:", which is returned in `*token`. */
static guint
parse_added_flags (PyParser *self, PyToken *token)
{
  guint add = 0;

  do
    {
      guint flag = flag_of (*token);

      if (py_token_is (*token, 'L'))
        py_scanner_fail (&self->scan, 0, "bad inline flags: cannot use 'L' flag with a str pattern");
      add |= flag;
      if ((flag & PY_REGEX_TYPE_FLAGS) && (add & PY_REGEX_TYPE_FLAGS) != flag)
        py_scanner_fail (&self->scan, 0, "bad inline flags: flags 'a', 'u' and 'L' are incompatible");
    }
  while (!py_parser_failed (self) && next_flag (self, ")-:", "-, : or )", token) && !py_token_in (*token, ")-:"));
  return add;
}

static guint
parse_deleted_flags (PyParser *self)
{
  PyToken token;
  guint del = 0;

  if (!next_flag (self, "", "flag", &token))
    return 0;
  do
    {
      guint flag = flag_of (token);

      if ((flag & PY_REGEX_TYPE_FLAGS) || py_token_is (token, 'L'))
        py_scanner_fail (&self->scan, 0, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
      del |= flag;
    }
  while (!py_parser_failed (self) && next_flag (self, ":", ":", &token) && !py_token_is (token, ':'));
  return del;
}

/* (?i) at the very beginning, or (?i-s:...) */
static PyNode *
parse_flags (PyParser *self, PyToken token, gboolean *verbose, gboolean first, gsize start)
{
  guint add = 0, del = 0;

  if (!py_token_is (token, '-'))
    add = parse_added_flags (self, &token);
  if (py_parser_failed (self))
    return NULL;
  if (py_token_is (token, ')'))
    {
      self->tree->flags |= add;
      if (!first)
        py_scanner_fail_at (&self->scan, (gssize) start, "global flags not at the start of the expression");
      *verbose = (self->tree->flags & PY_REGEX_FLAG_VERBOSE) != 0;
      return NULL;
    }
  if (add & PY_REGEX_FLAG_TEMPLATE)
    py_scanner_fail (&self->scan, 1, "bad inline flags: cannot turn on global flag");
  if (!py_parser_failed (self) && py_token_is (token, '-'))
    del = parse_deleted_flags (self);
  if (del & PY_REGEX_FLAG_TEMPLATE)
    py_scanner_fail (&self->scan, 1, "bad inline flags: cannot turn off global flag");
  if (add & del)
    py_scanner_fail (&self->scan, 1, "bad inline flags: flag turned on and off");
  if (py_parser_failed (self))
    return NULL;
  gboolean inner_verbose = (*verbose || (add & PY_REGEX_FLAG_VERBOSE)) && !(del & PY_REGEX_FLAG_VERBOSE);
  PyNode *node = parse_content (self, PY_NODE_GROUP, inner_verbose, start);
  if (node == NULL)
    return NULL;
  node->add_flags = add;
  node->del_flags = del;
  return node;
}

PyNode *
py_parse_group (PyParser *self, gboolean *verbose, gboolean first, gsize start)
{
  PyScanner *scan = &self->scan;

  if (!py_scanner_take (scan, '?'))
    return parse_capture (self, NULL, 0, *verbose, start);
  PyToken token = py_scanner_get (scan);
  if (is_end (self, token))
    return NULL;
  if (py_token_is (token, 'P'))
    return parse_python_extension (self, *verbose, start);
  if (py_token_is (token, ':'))
    return parse_content (self, PY_NODE_GROUP, *verbose, start);
  if (py_token_is (token, '>'))
    return parse_content (self, PY_NODE_ATOMIC, *verbose, start);
  if (py_token_is (token, '('))
    return parse_condition (self, *verbose, start);
  if (py_token_in (token, "=!<"))
    return parse_look (self, token, *verbose, start);
  if (py_token_in (token, "iLmsxatu-"))
    return parse_flags (self, token, verbose, first, start);
  if (!py_token_is (token, '#'))
    return fail_extension (self, "?", token);
  skip_comment (self, start);
  return NULL;
}
