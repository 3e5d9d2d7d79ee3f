#include "base/duration.h"

#include <math.h>
#include <string.h>

#include "compat/py-expr.h"
#include "compat/py-number.h"
#include "compat/py-repr.h"

/* --- parse: words become factors, then Python calculates -------------------------------------------------------------- */

/* The words of a unit, longest first; the order of the rows is fail2ban's, each goes through the whole text in turn. */
static const struct
{
  const char *words; /* separated by blanks */
  const char *factor;
} units[] = {
  { "days day da dd d", "*86400" },
  { "weeks week wee we ww w", "*604800" },
  { "months month mon mo", "*2629800.0" }, /* a twelfth of 365.25 days */
  { "years year yea ye yy y", "*31557600.0" },
  { "seconds second sec se ss s", "*1" },
  { "minutes minute min mi mm m", "*60" },
  { "hours hour hou ho hh h", "*3600" },
};

/* Python's IGNORECASE: besides ASCII, U+017F is an s and U+212A a k.  A letter, or 0. */
static char
letter_at (const char *text, gsize left, gsize *ret_bytes)
{
  gunichar c = 0;
  guint n = py_utf8_decode (text, left, &c);

  *ret_bytes = MAX (n, 1);
  if (c == 0x17f)
    return 's';
  return c < 0x80 && g_ascii_isalpha ((char) c) ? g_ascii_tolower ((char) c) : '\0';
}

static gboolean
is_word_char_at (const char *text, gsize left)
{
  gunichar c = 0;

  return py_utf8_decode (text, left, &c) > 0 && (c == '_' || g_unichar_isalnum (c));
}

/* The blanks of Python's \s, one code point; 0 when text does not begin with one. */
static gsize
blank_bytes (const char *text, gsize left)
{
  gunichar c = 0;
  guint n = py_utf8_decode (text, left, &c);

  if (n == 0)
    return 0;
  return g_unichar_isspace (c) || (c >= 0x1c && c <= 0x1f) || c == '\v' || c == 0x85 ? n : 0;
}

static gboolean
is_digit_at (const char *text, gsize left, gsize *ret_bytes)
{
  gunichar c = 0;

  *ret_bytes = py_utf8_decode (text, left, &c);
  return *ret_bytes > 0 && g_unichar_isdigit (c);
}

/* How many bytes of text one of the words takes, a word boundary behind it; 0: none of them is there. */
static gsize
match_words (const char *words, const char *text, gsize left)
{
  g_auto (GStrv) list = g_strsplit (words, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      gsize at = 0, n = 0;
      const char *c = list[i];
      for (; *c != '\0' && at < left && letter_at (text + at, left - at, &n) == *c; c++)
        at += n;
      if (*c == '\0' && (at == left || !is_word_char_at (text + at, left - at)))
        return at;
    }
  return 0;
}

/* "2h" and "2 h" to "2*3600" for one unit; what precedes the word must be a digit or a blank. */
static void
replace_unit (GString *text, const char *words, const char *factor)
{
  g_autoptr (GString) out = g_string_sized_new (text->len);
  gboolean may = FALSE;
  gsize step = 0;

  for (gsize i = 0; i < text->len; i += step)
    {
      gsize left = text->len - i;
      gsize taken = may ? match_words (words, text->str + i, left) : 0;
      gsize bytes;
      may = taken == 0 && (blank_bytes (text->str + i, left) > 0 || is_digit_at (text->str + i, left, &bytes));
      if (taken > 0)
        g_string_append (out, factor);
      else
        {
          gunichar c = 0;
          taken = MAX (py_utf8_decode (text->str + i, left, &c), 1);
          g_string_append_len (out, text->str + i, (gssize) taken);
        }
      step = taken;
    }
  g_string_truncate (text, 0);
  g_string_append_len (text, out->str, (gssize) out->len);
}

/* "1h30m" to "1h 30m": a blank between a letter and a digit. */
static GString *
dup_with_gaps (const char *text, gsize len)
{
  GString *out = g_string_sized_new (len);
  gboolean letter = FALSE;
  gsize n = 0, bytes;

  for (gsize i = 0; i < len; i += n)
    {
      if (letter && is_digit_at (text + i, len - i, &bytes))
        g_string_append_c (out, ' ');
      letter = letter_at (text + i, len - i, &n) != '\0';
      g_string_append_len (out, text + i, (gssize) n);
    }
  return out;
}

/* Digits with only blanks between them are added. */
static void
add_neighbours (GString *text)
{
  g_autoptr (GString) out = g_string_sized_new (text->len);
  gboolean digit = FALSE;
  gsize n = 0;

  for (gsize i = 0; i < text->len; i += n)
    {
      gsize gap = 0, blank, bytes;
      while (digit && (blank = blank_bytes (text->str + i + gap, text->len - i - gap)) > 0)
        gap += blank;
      if (gap > 0 && is_digit_at (text->str + i + gap, text->len - i - gap, &bytes))
        {
          g_string_append_c (out, '+');
          g_string_append_len (out, text->str + i + gap, (gssize) bytes);
          n = gap + bytes;
          digit
              = FALSE; /* this digit is used up: in "1 2 3" the second gap stays, as re.sub goes on behind its match */
          continue;
        }
      digit = is_digit_at (text->str + i, text->len - i, &bytes);
      n = MAX (bytes, 1);
      g_string_append_len (out, text->str + i, (gssize) n);
    }
  g_string_truncate (text, 0);
  g_string_append_len (text, out->str, (gssize) out->len);
}

PyValue *
duration_parse (const char *text, gssize length, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  gsize len = length < 0 ? strlen (text) : (gsize) length;
  g_autoptr (GString) expression = dup_with_gaps (text, len);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    replace_unit (expression, units[i].words, units[i].factor);
  add_neighbours (expression);
  return py_expr_eval_text (expression->str, (gssize) expression->len, error);
}

gboolean
duration_parse_usec (const char *text, gint64 *ret_usec, GError **error)
{
  g_autoptr (PyValue) value = duration_parse (text, -1, error);
  double seconds;

  if (value == NULL)
    return FALSE;
  if (!py_value_to_double (value, &seconds) || !isfinite (seconds) || fabs (seconds) > 9.2e12)
    {
      g_set_error (error, PY_EXPR_ERROR, PY_EXPR_ERROR_OVERFLOW, "'%s' is no time span that could be counted", text);
      return FALSE;
    }
  *ret_usec
      = py_value_type (value) == PY_FLOAT ? llround (seconds * G_USEC_PER_SEC) : py_int_get (value) * G_USEC_PER_SEC;
  return TRUE;
}

/* --- format --------------------------------------------------------------------------------------------------------- */

/* "1y 3w 4d": count rounded units of the smallest size, shown in groups; zero groups but the first are left out. */
static char *
format_groups (double seconds, double smallest, const gint64 *sizes, const char *names)
{
  gint64 rest = (gint64) rint (seconds / smallest); /* half to even, as Python's round */
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; names[i] != '\0'; i++)
    {
      if (i == 0 || rest >= sizes[i])
        g_string_append_printf (out, "%s%" G_GINT64_FORMAT "%c", i > 0 ? " " : "", rest / sizes[i], names[i]);
      rest %= sizes[i];
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Below an hour: minutes and what is left, which keeps its fraction. */
static char *
format_small (const PyValue *value, double seconds)
{
  g_autoptr (GError) error = NULL;

  if (seconds == 0)
    return g_strdup ("0");
  if (seconds < 60)
    {
      g_autofree char *text = py_repr (value);
      return g_strdup_printf ("%ss", text);
    }
  g_autoptr (PyValue) sixty = py_int_new (60);
  g_autoptr (PyValue) minutes = py_number_binary (PY_OP_FLOOR_DIVIDE, value, sixty, &error);
  g_autoptr (PyValue) rest = py_number_binary (PY_OP_MODULO, value, sixty, &error);
  g_autofree char *minutes_text = py_repr (minutes);
  g_autofree char *rest_text = py_repr (rest);
  return py_value_truth (rest) ? g_strdup_printf ("%sm %ss", minutes_text, rest_text)
                               : g_strdup_printf ("%sm", minutes_text);
}

char *
duration_format_value (const PyValue *value)
{
  static const gint64 in_days[] = { 365, 7, 1 }, in_hours[] = { 168, 24, 1 }, in_minutes[] = { 1440, 60, 1 },
                      in_ten_seconds[] = { 360, 6 };
  double seconds = 0;

  g_return_val_if_fail (value != NULL, NULL);
  if (!py_value_to_double (value, &seconds) || !(fabs (seconds) < 1e18))
    return py_str (value, NULL); /* nothing that could be divided into days */
  if (seconds >= 31536000)       /* a year */
    return format_groups (seconds, 86400, in_days, "ywd");
  if (seconds >= 604800) /* a week */
    return format_groups (seconds, 3600, in_hours, "wdh");
  if (seconds >= 86400) /* a day */
    return format_groups (seconds, 60, in_minutes, "dhm");
  if (seconds >= 3595) /* an hour, less what rounding adds */
    return format_groups (seconds, 10, in_ten_seconds, "hm");
  return format_small (value, seconds);
}

char *
duration_format (double seconds)
{
  gboolean whole = seconds == trunc (seconds) && fabs (seconds) < 1e15;
  g_autoptr (PyValue) value = whole ? py_int_new ((gint64) seconds) : py_float_new (seconds);

  return duration_format_value (value);
}
