#include "compat/py-percent.h"

#include <string.h>

#include "compat/py-repr.h"

#define MAX_WIDTH 65536

G_DEFINE_QUARK (py - percent - error - quark, py_percent_error)

/* What the next conversion without "(key)" takes */
typedef enum
{
  NEXT_MAPPING, /* the mapping as a whole; so at the start */
  NEXT_VALUE,   /* a value that was looked up, and then not used: "%(key)%" */
  NEXT_NOTHING,
} Next;

typedef struct
{
  const char *start, *at, *end;
  const PyPercentMapping *mapping;
  Next next;
  guint value; /* when NEXT_VALUE */
  GString *out;
} Formatter;

typedef struct
{
  gboolean left;
  gssize width, precision; /* characters; precision -1: all */
} Spec;

static gboolean
fail (GError **error, PyPercentError code, const char *message)
{
  g_set_error_literal (error, PY_PERCENT_ERROR, code, message);
  return FALSE;
}

static gboolean
fail_incomplete (GError **error)
{
  return fail (error, PY_PERCENT_ERROR_VALUE, "incomplete format");
}

/* "(key)"; parentheses within a key must balance */
static gboolean
take_key (Formatter *f, GError **error)
{
  const char *key = ++f->at;
  guint depth = 1;

  for (; f->at < f->end && depth > 0; f->at++)
    if (*f->at == '(')
      depth++;
    else if (*f->at == ')')
      depth--;
  if (depth > 0)
    return fail (error, PY_PERCENT_ERROR_VALUE, "incomplete format key");

  gsize len = f->at - 1 - key;
  for (guint i = 0; i < f->mapping->n; i++)
    {
      const char *candidate = f->mapping->peek_key (f->mapping->user, i);
      if (strlen (candidate) == len && memcmp (candidate, key, len) == 0)
        {
          f->next = NEXT_VALUE;
          f->value = i;
          return TRUE;
        }
    }
  g_autofree char *repr = py_repr_str (key, len);
  return fail (error, PY_PERCENT_ERROR_KEY, repr);
}

static gboolean
take_number (Formatter *f, const char *name, gssize *ret_number, GError **error)
{
  *ret_number = 0;
  if (f->at < f->end && *f->at == '*') /* the width would be an argument; none of ours is an int */
    {
      if (f->next == NEXT_NOTHING)
        return fail (error, PY_PERCENT_ERROR_TYPE, "not enough arguments for format string");
      return fail (error, PY_PERCENT_ERROR_TYPE, "* wants int");
    }
  for (; f->at < f->end && g_ascii_isdigit (*f->at); f->at++)
    {
      *ret_number = *ret_number * 10 + (*f->at - '0');
      if (*ret_number > MAX_WIDTH)
        {
          g_set_error (error, PY_PERCENT_ERROR, PY_PERCENT_ERROR_VALUE, "%s too big", name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
take_spec (Formatter *f, Spec *spec, GError **error)
{
  spec->left = FALSE;
  spec->precision = -1;
  for (; f->at < f->end && strchr ("-+ #0", *f->at) != NULL && *f->at != '\0'; f->at++)
    spec->left = spec->left || *f->at == '-';
  if (!take_number (f, "width", &spec->width, error))
    return FALSE;
  if (f->at < f->end && *f->at == '.')
    {
      f->at++;
      if (!take_number (f, "precision", &spec->precision, error))
        return FALSE;
    }
  if (f->at < f->end && strchr ("hlL", *f->at) != NULL && *f->at != '\0')
    f->at++;
  return f->at < f->end ? TRUE : fail_incomplete (error);
}

static char *
repr_mapping (const PyPercentMapping *mapping)
{
  g_autoptr (GString) out = g_string_new ("{");

  for (guint i = 0; i < mapping->n; i++)
    {
      if (i > 0)
        g_string_append (out, ", ");
      py_repr_append_str (out, mapping->peek_key (mapping->user, i), -1);
      g_string_append (out, ": ");
      py_repr_append_str (out, mapping->peek_value (mapping->user, i), -1);
    }
  g_string_append_c (out, '}');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
append_padded (GString *out, const Spec *spec, const char *text)
{
  gssize n_chars = g_utf8_strlen (text, -1);

  if (spec->precision >= 0 && n_chars > spec->precision)
    n_chars = spec->precision;
  gssize n_blanks = MAX (spec->width - n_chars, 0);
  for (gssize i = 0; i < n_blanks && !spec->left; i++)
    g_string_append_c (out, ' ');
  g_string_append_len (out, text, g_utf8_offset_to_pointer (text, n_chars) - text);
  for (gssize i = 0; i < n_blanks && spec->left; i++)
    g_string_append_c (out, ' ');
}

static gboolean
fail_number_format (gunichar conversion, const char *type, GError **error)
{
  g_autofree char *message = NULL;

  if (conversion == 'i' || conversion == 'd' || conversion == 'u')
    message = g_strdup_printf ("%%%c format: a real number is required, not %s", (int) conversion, type);
  else if (conversion == 'o' || conversion == 'x' || conversion == 'X')
    message = g_strdup_printf ("%%%c format: an integer is required, not %s", (int) conversion, type);
  else if (conversion == 'c')
    message = g_strdup ("%c requires int or char");
  else
    message = g_strdup_printf ("must be real number, not %s", type);
  return fail (error, PY_PERCENT_ERROR_TYPE, message);
}

/* One conversion; f->at is behind the '%' */
static gboolean
convert (Formatter *f, GError **error)
{
  Spec spec;

  if (f->at < f->end && *f->at == '%')
    {
      g_string_append_c (f->out, '%');
      f->at++;
      return TRUE;
    }
  if (f->at < f->end && *f->at == '(' && !take_key (f, error))
    return FALSE;
  if (!take_spec (f, &spec, error))
    return FALSE;

  gunichar conversion = g_utf8_get_char (f->at);
  gssize index = g_utf8_pointer_to_offset (f->start, f->at);
  f->at = g_utf8_next_char (f->at);
  if (f->next == NEXT_NOTHING)
    return fail (error, PY_PERCENT_ERROR_TYPE, "not enough arguments for format string");

  gboolean is_value = f->next == NEXT_VALUE;
  const char *value = is_value ? f->mapping->peek_value (f->mapping->user, f->value) : NULL;
  f->next = NEXT_NOTHING;
  if (conversion == 's' || conversion == 'r' || conversion == 'a')
    {
      g_autofree char *repr = !is_value           ? repr_mapping (f->mapping)
                              : conversion != 's' ? py_repr_str (value, -1)
                                                  : NULL;
      append_padded (f->out, &spec, repr != NULL ? repr : value);
      return TRUE;
    }
  if (conversion == 'c' && is_value && g_utf8_strlen (value, -1) == 1)
    {
      append_padded (f->out, &spec, value);
      return TRUE;
    }
  if (conversion < 0x80 && strchr ("iduoxXeEfFgGc", (int) conversion) != NULL && conversion != 0)
    return fail_number_format (conversion, is_value ? "str" : "dict", error);

  g_autofree char *message
      = g_strdup_printf ("unsupported format character '%c' (0x%x) at index %" G_GSSIZE_FORMAT,
                         conversion > 31 && conversion < 128 ? (int) conversion : '?', (guint) conversion, index);
  return fail (error, PY_PERCENT_ERROR_VALUE, message);
}

GString *
py_percent_format (const char *format, gsize len, const PyPercentMapping *mapping, GError **error)
{
  Formatter f = { .start = format, .at = format, .end = format + len, .mapping = mapping, .next = NEXT_MAPPING };
  g_autoptr (GString) out = g_string_sized_new (len * 4);

  f.out = out;
  while (f.at < f.end)
    {
      const char *percent = memchr (f.at, '%', f.end - f.at);
      if (percent == NULL)
        percent = f.end;
      g_string_append_len (out, f.at, percent - f.at);
      f.at = percent;
      if (f.at == f.end)
        break;
      f.at++;
      if (f.at == f.end)
        {
          (void) fail_incomplete (error);
          return NULL;
        }
      if (!convert (&f, error))
        return NULL;
    }
  return g_steal_pointer (&out);
}
