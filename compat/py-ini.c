#include "compat/py-ini.h"

#include <string.h>

#include "compat/py-held.h"
#include "compat/py-ini-memory.h"
#include "compat/py-repr.h"

G_DEFINE_QUARK (py - ini - error - quark, py_ini_error)

typedef struct
{
  char *name;
  PyOptions *options;
} Section;

struct PyIni
{
  PyOptions *defaults;
  GPtrArray *sections;    /* of Section */
  GHashTable *by_name;    /* name of a section -> it */
  PyIniFallback fallback; /* may be NULL */
  PyIniMemory *memory;    /* NULL: nothing is remembered */
};

const char *
py_ini_error_class (PyIniError code)
{
  static const char *const classes[] = {
    [PY_INI_ERROR_NO_SECTION] = "configparser.NoSectionError",
    [PY_INI_ERROR_NO_OPTION] = "configparser.NoOptionError",
    [PY_INI_ERROR_MISSING_HEADER] = "configparser.MissingSectionHeaderError",
    [PY_INI_ERROR_PARSING] = "configparser.ParsingError",
    [PY_INI_ERROR_DUPLICATE_SECTION] = "configparser.DuplicateSectionError",
    [PY_INI_ERROR_DUPLICATE_OPTION] = "configparser.DuplicateOptionError",
    [PY_INI_ERROR_UNICODE] = "UnicodeDecodeError",
    [PY_INI_ERROR_INTERPOLATION_SYNTAX] = "configparser.InterpolationSyntaxError",
    [PY_INI_ERROR_INTERPOLATION_MISSING] = "configparser.InterpolationMissingOptionError",
    [PY_INI_ERROR_INTERPOLATION_DEPTH] = "configparser.InterpolationDepthError",
    [PY_INI_ERROR_TYPE] = "TypeError",
    [PY_INI_ERROR_LIMIT] = "MemoryError",
  };

  g_return_val_if_fail ((guint) code < G_N_ELEMENTS (classes), NULL);
  return classes[code];
}

static void
section_free (gpointer data)
{
  Section *section = data;

  py_options_free (section->options);
  g_free (section->name);
  g_free (section);
}

PyIni *
py_ini_new (void)
{
  PyIni *self = g_new0 (PyIni, 1);

  self->defaults = py_options_new ();
  self->sections = g_ptr_array_new_with_free_func (section_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
py_ini_free (PyIni *self)
{
  if (self == NULL)
    return;
  py_ini_memory_free (self->memory);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->sections);
  py_options_free (self->defaults);
  g_free (self);
}

guint
py_ini_section_count (const PyIni *self)
{
  return self->sections->len;
}

const char *
py_ini_peek_section_name (const PyIni *self, guint index)
{
  g_return_val_if_fail (index < self->sections->len, NULL);
  return ((Section *) g_ptr_array_index (self->sections, index))->name;
}

PyOptions *
py_ini_peek_section (const PyIni *self, const char *name)
{
  Section *section = g_hash_table_lookup (self->by_name, name);

  return section != NULL ? section->options : NULL;
}

PyOptions *
py_ini_add_section (PyIni *self, const char *name)
{
  Section *section = g_hash_table_lookup (self->by_name, name);

  if (section == NULL)
    {
      section = g_new0 (Section, 1);
      section->name = g_strdup (name);
      section->options = py_options_new ();
      g_ptr_array_add (self->sections, section);
      g_hash_table_insert (self->by_name, section->name, section);
    }
  return section->options;
}

PyOptions *
py_ini_peek_defaults (const PyIni *self)
{
  return self->defaults;
}

void
py_ini_set_fallback (PyIni *self, PyIniFallback fallback)
{
  self->fallback = fallback;
}

void
py_ini_remember (PyIni *self)
{
  if (self->memory == NULL)
    self->memory = py_ini_memory_new ();
}

void
py_ini_set_no_section (GError **error, const char *section)
{
  g_autofree char *repr = py_held_repr (section);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_NO_SECTION, "No section: %s", repr);
}

void
py_ini_set_no_option (GError **error, const char *option, const char *section)
{
  g_autofree char *lower = py_held_lower (option, -1);
  g_autofree char *option_repr = py_held_repr (lower);
  g_autofree char *section_repr = py_held_repr (section);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_NO_OPTION, "No option %s in section: %s", option_repr, section_repr);
}

/* str () of it, but None stays None. */
static PyValue *
var_value (PyValue *value)
{
  if (py_value_type (value) == PY_STR || py_value_type (value) == PY_NONE)
    return py_value_ref (value);
  return py_str_take (py_str (value, NULL));
}

gboolean
py_ini_vars_fit (const PyOptions *options)
{
  for (guint i = 0; i < py_options_size (options); i++)
    if (!py_held_is_lower (py_options_peek_name (options, i), -1))
      return FALSE;
  return TRUE;
}

PyOptions *
py_ini_vars_new (const PyOptions *options)
{
  PyOptions *vars = py_options_copy (options);

  for (guint i = 0; i < py_options_size (options); i++)
    {
      const char *name = py_options_peek_name (options, i);
      g_autofree char *lower = py_held_is_lower (name, -1) ? NULL : py_held_lower (name, -1);
      py_options_set (vars, lower != NULL ? lower : name, py_value_ref (py_options_peek_value (options, i)));
    }
  return vars;
}

/* --- interpolation ----------------------------------------------------------------------------------------------- */

typedef struct
{
  const PyIni *ini;
  const char *section, *option;
  const PyOptions *vars, *own; /* vars may be NULL */
  GString *out;
  guint steps;
  PyIniNames *names; /* what was not found in vars; NULL: not to be noted, or something was found there */
} Expansion;

/* A new reference, or NULL. */
static PyValue *
expansion_lookup (Expansion *x, const char *name, guint hash)
{
  PyValue *value = x->vars != NULL ? py_options_get_hashed (x->vars, name, hash) : NULL;

  if (value != NULL)
    {
      g_clear_pointer (&x->names, py_ini_names_free);
      return var_value (value);
    }
  if (x->names != NULL)
    py_ini_names_add (x->names, name, hash);
  if (x->own != NULL)
    value = py_options_get_hashed (x->own, name, hash);
  if (value == NULL)
    value = py_options_get_hashed (x->ini->defaults, name, hash);
  return value != NULL ? py_value_ref (value) : NULL;
}

/* repr of the option's value as it stands in the file, without vars; of rest when it stands in none (as 3.11). */
static char *
expansion_raw_repr (const Expansion *x, const char *rest)
{
  PyValue *value = x->own != NULL ? py_options_get (x->own, x->option) : NULL;

  if (value == NULL)
    value = py_options_get (x->ini->defaults, x->option);
  if (value == NULL)
    return py_held_repr (rest);
  return py_value_type (value) == PY_STR ? py_held_repr (py_str_peek (value, NULL)) : py_repr (value);
}

static gboolean
fail_missing (const Expansion *x, const char *rest, const char *name, GError **error)
{
  g_autofree char *option = py_held_repr (x->option);
  g_autofree char *section = py_held_repr (x->section);
  g_autofree char *key = py_held_repr (name);
  g_autofree char *raw = expansion_raw_repr (x, rest);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_INTERPOLATION_MISSING,
               "Bad value substitution: option %s in section %s contains an interpolation key %s which is not a valid "
               "option name. Raw value: %s",
               option, section, key, raw);
  return FALSE;
}

static gboolean
fail_depth (const Expansion *x, const char *rest, GError **error)
{
  g_autofree char *option = py_held_repr (x->option);
  g_autofree char *section = py_held_repr (x->section);
  g_autofree char *raw = expansion_raw_repr (x, rest);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_INTERPOLATION_DEPTH,
               "Recursion limit exceeded in value substitution: option %s in section %s contains an interpolation key "
               "which cannot be substituted in %d steps. Raw value: %s",
               option, section, PY_INI_MAX_DEPTH, raw);
  return FALSE;
}

static gboolean
fail_limit (const Expansion *x, GError **error)
{
  g_autofree char *option = py_held_repr (x->option);
  g_autofree char *section = py_held_repr (x->section);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_LIMIT,
               "value of option %s in section %s is too large after substitution", option, section);
  return FALSE;
}

static gboolean
fail_syntax (const char *what, const char *rest, GError **error)
{
  g_autofree char *found = py_held_repr (rest);

  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_INTERPOLATION_SYNTAX, "%s%s", what, found);
  return FALSE;
}

static gboolean
fail_type (const PyValue *value, GError **error)
{
  g_set_error (error, PY_INI_ERROR, PY_INI_ERROR_TYPE, "argument of type '%s' is not iterable",
               py_value_type_name (value));
  return FALSE;
}

/* The name in "%(name)s" at rest, or NULL when it is no such thing; *ret_next is what follows. */
static char *
reference_name (const char *rest, const char **ret_next)
{
  const char *close = strchr (rest + 2, ')');

  if (close == NULL || close == rest + 2 || close[1] != 's')
    return NULL;
  *ret_next = close + 2;
  return g_strndup (rest + 2, (gsize) (close - rest - 2));
}

static gboolean expand (Expansion *x, const char *rest, guint depth, GError **error);

/* What a name refers to, a new reference or NULL.  %(__name__)s, the section's name, was Python's own until 3.2; fail2ban has
 * kept it (1.1.2), and it wins over an option of that name. */
static PyValue *
expansion_resolve (Expansion *x, const char *name, const char *written)
{
  if (strcmp (name, "__name__") == 0 && *x->section != '\0')
    return py_str_new (x->section);

  PyValue *value = expansion_lookup (x, name, py_options_hash (name));
  if (value != NULL || x->ini->fallback == NULL || strcmp (name, written) != 0)
    return value;
  value = x->ini->fallback (x->ini, x->section, name);
  return value != NULL ? py_value_ref (value) : NULL;
}

static gboolean
expand_reference (Expansion *x, const char *written, const char *value_start, guint depth, GError **error)
{
  g_autofree char *name = py_held_lower (written, -1);
  g_autoptr (PyValue) value = expansion_resolve (x, name, written);

  if (value == NULL)
    return fail_missing (x, value_start, name, error);
  if (py_value_type (value) != PY_STR)
    return fail_type (value, error);
  if (++x->steps > PY_INI_MAX_STEPS)
    return fail_limit (x, error);
  return expand (x, py_str_peek (value, NULL), depth + 1, error);
}

static gboolean
expand (Expansion *x, const char *rest, guint depth, GError **error)
{
  const char *value_start = rest, *percent = strchr (rest, '%');

  if (percent != NULL && depth > PY_INI_MAX_DEPTH)
    return fail_depth (x, rest, error);
  for (; percent != NULL; percent = strchr (rest, '%'))
    {
      g_string_append_len (x->out, rest, percent - rest);
      rest = percent;
      if (rest[1] == '%')
        {
          g_string_append_c (x->out, '%');
          rest += 2;
        }
      else if (rest[1] == '(')
        {
          const char *next = NULL;
          g_autofree char *name = reference_name (rest, &next);
          if (name == NULL)
            return fail_syntax ("bad interpolation variable reference ", rest, error);
          if (!expand_reference (x, name, value_start, depth, error))
            return FALSE;
          rest = next;
        }
      else
        return fail_syntax ("'%' must be followed by '%' or '(', found: ", rest, error);
      if (x->out->len > PY_INI_MAX_VALUE)
        return fail_limit (x, error);
    }
  g_string_append (x->out, rest);
  return x->out->len <= PY_INI_MAX_VALUE || fail_limit (x, error);
}

static PyValue *
expand_text (Expansion *x, PyValue *text, GError **error)
{
  g_autoptr (GString) out = x->out = g_string_new (NULL);

  return expand (x, py_str_peek (text, NULL), 1, error) ? py_str_new_len (out->str, (gssize) out->len) : NULL;
}

/* The text, of the option itself and not of vars, with its references expanded; remembered where it may be. */
static PyValue *
expand_own (Expansion *x, PyValue *text, GError **error)
{
  PyIniMemory *memory = x->ini->memory;
  PyValue *known = memory != NULL ? py_ini_memory_get (memory, x->own, text, x->vars) : NULL;

  if (known != NULL)
    return py_value_ref (known);
  x->names = memory != NULL ? py_ini_names_new () : NULL;
  PyValue *value = expand_text (x, text, error);
  if (value != NULL && x->names != NULL)
    py_ini_memory_take (memory, x->own, text, value, g_steal_pointer (&x->names));
  py_ini_names_free (x->names);
  return value;
}

PyIniResult
py_ini_get_of (const PyIni *self, const char *section, const PyOptions *own, const char *option, const PyOptions *vars,
               PyValue **ret_value, GError **error)
{
  guint hash;
  g_autofree char *lower = py_options_hash_lower (option, &hash) ? NULL : py_held_lower (option, -1);
  const char *name = lower != NULL ? lower : option;
  Expansion x = { self, section, name, vars, own, NULL, 0, NULL };

  if (own == NULL && strcmp (section, PY_INI_DEFAULT) != 0)
    return PY_INI_NO_SECTION;
  if (lower != NULL)
    hash = py_options_hash (lower);

  gboolean given = vars != NULL && py_options_get_hashed (vars, name, hash) != NULL;
  g_autoptr (PyValue) value = expansion_lookup (&x, name, hash);
  if (value == NULL)
    return PY_INI_NO_OPTION;
  if (py_value_type (value) != PY_STR && py_value_type (value) != PY_NONE)
    return fail_type (value, error) ? PY_INI_FOUND : PY_INI_FAILED;
  if (py_value_type (value) == PY_NONE || strchr (py_str_peek (value, NULL), '%') == NULL)
    {
      *ret_value = g_steal_pointer (&value);
      return PY_INI_FOUND;
    }

  PyValue *expanded = (given ? expand_text : expand_own) (&x, value, error);
  if (expanded == NULL)
    return PY_INI_FAILED;
  *ret_value = expanded;
  return PY_INI_FOUND;
}

PyIniResult
py_ini_get (const PyIni *self, const char *section, const char *option, const PyOptions *vars, PyValue **ret_value,
            GError **error)
{
  return py_ini_get_of (self, section, py_ini_peek_section (self, section), option, vars, ret_value, error);
}
