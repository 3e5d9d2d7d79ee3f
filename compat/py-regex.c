#include "compat/py-regex.h"

#include <string.h>

#include "compat/py-regex-parse.h"
#include "compat/py-regex-private.h"
#include "compat/py-regex-texts.h"

#define CODE_PER_HEFT 4096

static pcre2_code *
compile_form (const PyTree *tree, PyFormIndex index, GError **error)
{
  gboolean utf = index == PY_FORM_UTF || index == PY_FORM_UTF_SLICED;
  gboolean sliced = index == PY_FORM_BYTES_SLICED || index == PY_FORM_UTF_SLICED;
  guint32 options = PY_EMIT_OPTIONS | (utf ? PY_EMIT_UTF_OPTIONS : 0) | (sliced ? PCRE2_USE_OFFSET_LIMIT : 0);
  g_autoptr (GString) pattern
      = index == PY_FORM_BYTES_BARE ? py_regex_emit_bare (tree, error) : py_regex_emit (tree, utf, error);
  int number;
  PCRE2_SIZE offset;

  if (pattern == NULL)
    return NULL;
  pcre2_compile_context *context = pcre2_compile_context_create (NULL);
  pcre2_set_newline (context, PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit (context, G_MAXUINT32); /* the parser has a limit of its own */
  pcre2_set_compile_extra_options (context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
  pcre2_code *code = pcre2_compile ((PCRE2_SPTR) pattern->str, pattern->len, options, &number, &offset, context);
  pcre2_compile_context_free (context);
  if (code == NULL)
    {
      char text[256] = "";

      pcre2_get_error_message (number, (PCRE2_UCHAR *) text, sizeof text);
      g_set_error (error, PY_REGEX_ERROR, PY_REGEX_ERROR_TOO_LARGE, "cannot be compiled here: %s", text);
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

  for (PyFormIndex form = PY_FORM_BYTES; form <= PY_FORM_UTF; form++)
    {
      pcre2_code *code = compile_form (tree, form, error);

      if (code == NULL)
        return NULL;
      pcre2_code_free (code); /* until a first search: most expressions of most jails wait for one for ever */
    }

  g_autoptr (PyRegex) self = g_new0 (PyRegex, 1);
  (void) pthread_mutex_init (&self->lock, NULL);
  self->pattern = g_malloc (size + 1);
  memcpy (self->pattern, pattern, size);
  self->pattern[size] = '\0';
  self->len = size;
  self->flags = flags;
  self->names = g_ptr_array_ref (tree->names);
  self->looks_far = py_node_looks_far (tree->root);
  return g_steal_pointer (&self);
}

void
py_regex_free (PyRegex *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < PY_N_FORMS; i++)
    pcre2_code_free (self->forms[i].code);
  if (self->need != NULL)
    py_regex_need_clear (self->need);
  g_free (self->need);
  g_free (self->reach);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_free (self->pattern);
  (void) pthread_mutex_destroy (&self->lock);
  g_free (self);
}

static PyBegins
find_begins (const pcre2_code *code)
{
  guint32 options = 0, first = 0;

  pcre2_pattern_info (code, PCRE2_INFO_ALLOPTIONS, &options);
  pcre2_pattern_info (code, PCRE2_INFO_FIRSTCODETYPE, &first);
  return (options & PCRE2_ANCHORED) ? PY_BEGINS_ONCE : first == 2 ? PY_BEGINS_AT_LINES : PY_BEGINS_ANYWHERE;
}

static pcre2_code *
compile_again (const PyRegex *self, PyFormIndex index)
{
  g_autoptr (PyTree) tree = py_regex_parse (self->pattern, self->len, self->flags, NULL);

  if (tree == NULL || (index == PY_FORM_BYTES_BARE && py_regex_needs_groups (tree)))
    return NULL;
  return compile_form (tree, index, NULL);
}

/* tree: NULL, it could not be parsed again */
static void
make_need (PyRegex *self, PyTree *tree)
{
  (void) pthread_mutex_lock (&self->lock);
  if (self->need == NULL)
    {
      PyRegexNeed *need = g_new0 (PyRegexNeed, 1);

      if (tree != NULL)
        py_regex_need_init (need, tree);
      g_atomic_pointer_set (&self->need, need);
    }
  (void) pthread_mutex_unlock (&self->lock);
}

const PyRegexNeed *
py_regex_make_need (PyRegex *self)
{
  g_autoptr (PyTree) tree = py_regex_parse (self->pattern, self->len, self->flags, NULL);

  make_need (self, tree);
  return self->need;
}

const PyRegexReach *
py_regex_get_reach (PyRegex *self)
{
  (void) pthread_mutex_lock (&self->lock);
  if (self->reach == NULL)
    {
      g_autoptr (PyTree) tree = py_regex_parse (self->pattern, self->len, self->flags, NULL);

      self->reach = g_new0 (PyRegexReach, 1);
      if (tree != NULL)
        py_regex_reach_init (self->reach, tree);
    }
  (void) pthread_mutex_unlock (&self->lock);
  return self->reach;
}

/* At the first use only: a server with all jails has a thousand expressions, few of which ever see a line, and fewer one that
 * is not ASCII.  Where the JIT compiler cannot, pcre2_match interprets. */
static gint
prepare (const PyRegex *self, PyRegexForm *form, PyFormIndex index)
{
  gsize size = 0;

  form->code = compile_again (self, index);
  if (form->code == NULL)
    return PY_FORM_FAILED;
  form->has_jit = pcre2_jit_compile (form->code, PCRE2_JIT_COMPLETE) == 0;
  form->begins = find_begins (form->code);
  pcre2_pattern_info (form->code, PCRE2_INFO_SIZE, &size);
  form->heft = 1 + size / CODE_PER_HEFT;
  return PY_FORM_PREPARED;
}

const PyRegexForm *
py_regex_prepare_form (PyRegex *self, PyFormIndex index)
{
  PyRegexForm *form = &self->forms[index];
  gint state = g_atomic_int_get (&form->state);

  if (G_UNLIKELY (state == PY_FORM_NOT_TRIED))
    {
      (void) pthread_mutex_lock (&self->lock);
      if (form->state == PY_FORM_NOT_TRIED)
        g_atomic_int_set (&form->state, prepare (self, form, index));
      state = form->state;
      (void) pthread_mutex_unlock (&self->lock);
    }
  return state == PY_FORM_PREPARED ? form : NULL;
}

const char *
py_regex_peek_pattern (const PyRegex *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (ret_len != NULL)
    *ret_len = self->len;
  return self->pattern;
}

gboolean
py_regex_can_have (const PyRegex *self, guint place, guint8 byte)
{
  g_return_val_if_fail (self != NULL && place < PY_REGEX_PLACES, TRUE);

  return py_regex_need_allows (py_regex_get_need (self), place, byte);
}

GPtrArray *
py_regex_dup_texts (const PyRegex *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autoptr (PyTree) tree = py_regex_parse (self->pattern, self->len, self->flags, NULL);

  /* Who asks for texts asks for the rest, too, which needs the same tree. */
  make_need ((PyRegex *) self, tree);
  return tree != NULL ? py_regex_find_texts (tree) : g_ptr_array_new ();
}

gboolean
py_regex_surely_matches (const PyRegex *self, const char *subject, gsize len, PySearchFlags flags)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return py_regex_need_suffices (py_regex_get_need (self), subject, len, flags);
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

  for (guint i = 1; i < self->names->len; i++)
    if (g_strcmp0 (g_ptr_array_index (self->names, i), name) == 0)
      return (int) i;
  return -1;
}

const char *
py_regex_peek_group_name (const PyRegex *self, guint group)
{
  g_return_val_if_fail (self != NULL, NULL);

  return group < self->names->len ? g_ptr_array_index (self->names, group) : NULL;
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
