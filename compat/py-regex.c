#include "compat/py-regex.h"

#include <string.h>

#include "compat/py-regex-backref.h"
#include "compat/py-regex-emit.h"
#include "compat/py-regex-need.h"
#include "compat/py-regex-parse.h"

/* What one search may cost.  The match limit bounds PCRE2's steps from one place of the subject; it is shared out among
 * the places where a match may begin.  A step takes 2 to 10 ns. */
#define STEPS             2000000u
#define STEPS_LEAST       2000u
#define STEPS_INTERPRETED 50000u
#define DEPTH_LIMIT       20000u
#define HEAP_LIMIT_KIB    4096u
#define STACK_START       (32 * 1024)
#define STACK_MOST        (1024 * 1024)

/* Longer subjects are not searched: py-regex-emit counts on it. */
#define SUBJECT_MOST (1u << 28)

typedef struct
{
  pcre2_code *code;
  gboolean prepared; /* by the JIT compiler */
} Form;

struct PyRegex
{
  char *pattern;
  gsize len;
  GPtrArray *names; /* of char*: by group, NULL where it has none */
  GHashTable *index;
  Form forms[2]; /* by PyEmitForm */
  PyRegexNeed need;
};

struct PyMatch
{
  pcre2_match_data *data;
  guint room; /* groups, with group 0 */
  pcre2_match_context *context;
  pcre2_jit_stack *stack;
  PyBackref backref;
  guint groups; /* that the last match has, with group 0; 0: there is none */
};

/* --- compiling --- */

static pcre2_code *
compile_form (const PyTree *tree, PyEmitForm form, GError **error)
{
  g_autoptr (GString) pattern = NULL;
  GString *written = py_regex_emit (tree, form, error);
  int number;
  PCRE2_SIZE offset;

  if (written == NULL)
    return NULL;
  pattern = written;
  pcre2_compile_context *context = pcre2_compile_context_create (NULL);
  pcre2_set_newline (context, PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit (context, G_MAXUINT32);
  pcre2_set_compile_extra_options (context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
  pcre2_code *code
      = pcre2_compile ((PCRE2_SPTR) pattern->str, pattern->len,
                       PY_EMIT_OPTIONS | (form == PY_EMIT_UTF ? PY_EMIT_UTF_OPTIONS : 0), &number, &offset, context);
  pcre2_compile_context_free (context);
  if (code == NULL)
    {
      char text[256] = "";

      pcre2_get_error_message (number, (PCRE2_UCHAR *) text, sizeof text);
      g_set_error (error, PY_REGEX_ERROR, PY_REGEX_ERROR_TOO_LARGE, "regular expression is not possible here: %s",
                   text);
    }
  return code;
}

PyRegex *
py_regex_new (const char *pattern, gssize len, PyRegexFlags flags, GError **error)
{
  g_return_val_if_fail (pattern != NULL, NULL);

  gsize size = len < 0 ? strlen (pattern) : (gsize) len;
  g_autoptr (PyTree) tree = py_regex_parse (pattern, size, flags, error);
  if (tree == NULL)
    return NULL;

  g_autoptr (PyRegex) self = g_new0 (PyRegex, 1);
  for (PyEmitForm form = PY_EMIT_BYTES; form <= PY_EMIT_UTF; form++)
    if ((self->forms[form].code = compile_form (tree, form, error)) == NULL)
      return NULL;
  py_regex_need_init (&self->need, tree);
  self->pattern = g_malloc (size + 1);
  memcpy (self->pattern, pattern, size);
  self->pattern[size] = '\0';
  self->len = size;
  self->names = g_steal_pointer (&tree->names);
  self->index = g_steal_pointer (&tree->index);
  return g_steal_pointer (&self);
}

void
py_regex_free (PyRegex *self)
{
  if (self == NULL)
    return;
  for (PyEmitForm form = PY_EMIT_BYTES; form <= PY_EMIT_UTF; form++)
    pcre2_code_free (self->forms[form].code);
  py_regex_need_clear (&self->need);
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_free (self->pattern);
  g_free (self);
}

const char *
py_regex_peek_pattern (const PyRegex *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (ret_len != NULL)
    *ret_len = self->len;
  return self->pattern;
}

guint
py_regex_group_count (const PyRegex *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->names->len - 1;
}

int
py_regex_group_index (const PyRegex *self, const char *name)
{
  g_return_val_if_fail (self != NULL && name != NULL, -1);

  guint group = GPOINTER_TO_UINT (g_hash_table_lookup (self->index, name));
  return group != 0 ? (int) group : -1;
}

const char *
py_regex_peek_group_name (const PyRegex *self, guint group)
{
  g_return_val_if_fail (self != NULL, NULL);

  return group < self->names->len ? g_ptr_array_index (self->names, group) : NULL;
}

/* --- searching --- */

PyMatch *
py_match_new (void)
{
  PyMatch *self = g_new0 (PyMatch, 1);

  self->context = pcre2_match_context_create (NULL);
  self->stack = pcre2_jit_stack_create (STACK_START, STACK_MOST, NULL);
  pcre2_jit_stack_assign (self->context, NULL, self->stack);
  pcre2_set_callout (self->context, py_backref_callout, &self->backref);
  pcre2_set_depth_limit (self->context, DEPTH_LIMIT);
  pcre2_set_heap_limit (self->context, HEAP_LIMIT_KIB);
  return self;
}

void
py_match_free (PyMatch *self)
{
  if (self == NULL)
    return;
  pcre2_match_data_free (self->data);
  pcre2_match_context_free (self->context);
  pcre2_jit_stack_free (self->stack);
  g_free (self);
}

static void
make_room (PyMatch *self, guint groups)
{
  if (self->room >= groups)
    return;
  pcre2_match_data_free (self->data);
  self->data = pcre2_match_data_create (groups, NULL);
  self->room = groups;
}

/* FALSE: the subject is no text. */
static gboolean
choose_form (const char *subject, gsize len, PySearchFlags flags, PyEmitForm *ret_form)
{
  if ((flags & PY_SEARCH_IS_ASCII) || py_text_is_ascii (subject, len))
    *ret_form = PY_EMIT_BYTES;
  else
    *ret_form = PY_EMIT_UTF;
  return *ret_form == PY_EMIT_BYTES || (flags & PY_SEARCH_IS_UTF8) || py_text_is_wtf8 (subject, len);
}

/* Compiled at the first use only: of many expressions few ever see a line that is not ASCII. */
static void
prepare (Form *form)
{
  if (form->prepared)
    return;
  (void) pcre2_jit_compile (form->code, PCRE2_JIT_COMPLETE); /* where it cannot, pcre2_match interprets */
  form->prepared = TRUE;
}

static guint32
match_limit (const Form *form, gsize len)
{
  return MAX (STEPS_LEAST, STEPS);
}

PyRegexResult
py_regex_search (PyRegex *self, const char *subject, gsize len, gsize pos, gsize endpos, PySearchFlags flags,
                 PyMatch *match)
{
  g_return_val_if_fail (self != NULL && match != NULL, PY_REGEX_NO_MATCH);
  g_return_val_if_fail (subject != NULL || len == 0, PY_REGEX_NO_MATCH);

  PyEmitForm form;
  gsize end = MIN (endpos, len), start = MIN (pos, len);

  match->groups = 0;
  if (subject == NULL)
    subject = "";
  if (start == 0 && !(flags & PY_SEARCH_UNGATED) && !py_regex_need_is_met (&self->need, subject, end))
    return PY_REGEX_NO_MATCH;
  if (start > end || !choose_form (subject, end, flags, &form))
    return PY_REGEX_NO_MATCH;
  if (end >= SUBJECT_MOST)
    return PY_REGEX_LIMIT;
  make_room (match, self->names->len);
  prepare (&self->forms[form]);
  pcre2_set_match_limit (match->context, match_limit (&self->forms[form], end - start));
  int rc = pcre2_match (self->forms[form].code, (PCRE2_SPTR) subject, end, start, PCRE2_NO_UTF_CHECK, match->data,
                        match->context);
  if (rc == PCRE2_ERROR_NOMATCH)
    return PY_REGEX_NO_MATCH;
  if (rc <= 0)
    return PY_REGEX_LIMIT;
  match->groups = (guint) rc;
  return PY_REGEX_MATCH;
}

gboolean
py_match_span (const PyMatch *self, guint group, gsize *ret_start, gsize *ret_end)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (group >= self->groups)
    return FALSE;
  const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer (self->data) + 2 * group;
  if (offsets[0] == PCRE2_UNSET)
    return FALSE;
  if (ret_start != NULL)
    *ret_start = offsets[0];
  if (ret_end != NULL)
    *ret_end = offsets[1];
  return TRUE;
}

char *
py_match_dup_group (const PyMatch *self, const char *subject, guint group)
{
  gsize start, end;

  if (!py_match_span (self, group, &start, &end))
    return NULL;
  char *text = g_malloc (end - start + 1);
  memcpy (text, subject + start, end - start);
  text[end - start] = '\0';
  return text;
}

char *
py_regex_escape (const char *text, gssize len)
{
  g_return_val_if_fail (text != NULL, NULL);

  gsize size = len < 0 ? strlen (text) : (gsize) len;
  GString *out = g_string_sized_new (size + 8);
  for (gsize i = 0; i < size; i++)
    {
      if (text[i] != '\0' && strchr ("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", text[i]) != NULL)
        g_string_append_c (out, '\\');
      g_string_append_c (out, text[i]);
    }
  return g_string_free (out, FALSE);
}
