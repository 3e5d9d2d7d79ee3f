#include "match/date-template.h"

#include <string.h>

#include "compat/py-float.h"
#include "match/date-directives.h"
#include "match/date-pattern.h"

typedef enum
{
  KIND_PATTERN,
  KIND_EPOCH,
  KIND_LONG_EPOCH,
  KIND_TAI64N,
} Kind;

struct DateTemplate
{
  Kind kind;
  char *pattern; /* NULL unless KIND_PATTERN */
  DatePattern text;
  double weight;

  const DateShape *shape; /* NULL: not known by hand */
  guint decades;
  DateFeatures needs;

  PyRegex *regex;        /* NULL until the first search */
  GError *compile_error; /* why it never will be one */

  guint epoch_group;
  struct
  {
    guint group;
    char directive;
  } * fields; /* the named groups that mean something, in their order */
  guint n_fields;
  guint noon_group; /* of %p; 0: none */
};

/* --- epochs and TAI64N --------------------------------------------------------------------------------------------- */

#define SECONDS           "\\d{10,11}"
#define EPOCH_DIGITS      SECONDS "\\b(?:\\.\\d{3,6})?"
/* With milliseconds, which may have a fraction, or microseconds behind it */
#define LONG_EPOCH_DIGITS SECONDS "(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?"

/* "[1234567890]" at the start of a line; "audit(1234567890.123:42)" */
#define AFTER_SQUARE        "(?P<square>(?<=^\\[))"
#define AFTER_AUDIT         "(?P<selinux>(?<=\\baudit\\())"
#define BEFORE_SQUARE       "(?(square)(?=\\]))"
#define BEFORE_AUDIT_NUMBER "(?(selinux)(?=:\\d+\\)))"

#define EPOCH_AT_LINE_BEGIN(digits) "(" AFTER_SQUARE "?" digits ")" BEFORE_SQUARE
#define EPOCH_ANYWHERE(digits)                                                                                         \
  "((?:^|" AFTER_SQUARE "|" AFTER_AUDIT ")" digits ")(?:" BEFORE_AUDIT_NUMBER "|" BEFORE_SQUARE ")"

#define TAI64N_LABEL "@[0-9a-f]{24}"

/* 0: the key is not the word; else where it may stand */
static gboolean
is_word_template (const char *key, const char *word, DateBound *ret_begin)
{
  if (strcmp (key, word) == 0)
    {
      *ret_begin = DATE_BOUND_NONE;
      return TRUE;
    }
  *ret_begin = DATE_BOUND_LINE;
  return (g_str_has_prefix (key, "{^LN-BEG}") && strcmp (key + strlen ("{^LN-BEG}"), word) == 0)
         || (key[0] == '^' && strcmp (key + 1, word) == 0);
}

/* A pattern around {EPOCH} or {LEPOCH}.  Group 1 is the date's text, group 2 the seconds in it. */
static gboolean
make_epoch_pattern (DateTemplate *self, const char *pattern, const char *key)
{
  gboolean is_long = strstr (key, "LEPOCH") != NULL;
  guint n = 0;

  g_autofree char *inner
      = date_pattern_replace_epoch (pattern, is_long ? "(" LONG_EPOCH_DIGITS ")" : "(" EPOCH_DIGITS ")", &n);
  if (n == 0)
    return FALSE;
  if (!date_pattern_has_group (pattern, strlen (pattern)))
    {
      g_autofree char *grouped = g_strconcat ("(", inner, ")", NULL);
      date_pattern_bound (&self->text, pattern, grouped, strlen (grouped), DATE_BOUND_WORD, DATE_BOUND_WORD);
    }
  else
    date_pattern_bound (&self->text, pattern, inner, strlen (inner), DATE_BOUND_WORD, DATE_BOUND_WORD);
  self->kind = is_long ? KIND_LONG_EPOCH : KIND_EPOCH;
  self->epoch_group = 2;
  return TRUE;
}

static gboolean
make_word (DateTemplate *self, const char *key)
{
  static const struct
  {
    const char *word, *name;
    Kind kind;
    const char *at_line_begin, *anywhere;
  } words[] = {
    { "EPOCH", "Epoch", KIND_EPOCH, EPOCH_AT_LINE_BEGIN (EPOCH_DIGITS), EPOCH_ANYWHERE (EPOCH_DIGITS) },
    { "LEPOCH", "LongEpoch", KIND_LONG_EPOCH, EPOCH_AT_LINE_BEGIN (LONG_EPOCH_DIGITS),
      EPOCH_ANYWHERE (LONG_EPOCH_DIGITS) },
    { "TAI64N", "TAI64N", KIND_TAI64N, TAI64N_LABEL, TAI64N_LABEL },
  };
  DateBound begin;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (is_word_template (key, words[i].word, &begin))
      {
        const char *regex = begin == DATE_BOUND_LINE ? words[i].at_line_begin : words[i].anywhere;
        date_pattern_bound (&self->text, words[i].name, regex, strlen (regex), begin, DATE_BOUND_WORD);
        self->kind = words[i].kind;
        self->epoch_group = 1;
        return TRUE;
      }
  return FALSE;
}

/* --- making -------------------------------------------------------------------------------------------------------- */

char *
date_template_make_key (const char *pattern)
{
  return strchr (pattern, '%') != NULL ? g_strdup (pattern) : g_utf8_strup (pattern, -1);
}

DateTemplate *
date_template_new (const DateDirectives *directives, const char *pattern, GError **error)
{
  g_autoptr (DateTemplate) self = g_new0 (DateTemplate, 1);
  g_autofree char *key = date_template_make_key (pattern);

  self->weight = 1;
  if (strstr (key, "EPOCH") != NULL && make_epoch_pattern (self, pattern, key))
    return g_steal_pointer (&self);
  if (make_word (self, key))
    return g_steal_pointer (&self);

  self->kind = KIND_PATTERN;
  self->pattern = g_strdup (pattern);
  if (!date_pattern_parse (&self->text, directives, pattern, strlen (pattern), error))
    return NULL;
  self->decades = date_directives_get_decades (directives);
  if (self->decades != 0)
    self->shape = date_shape_find (pattern);
  return g_steal_pointer (&self);
}

void
date_template_free (DateTemplate *self)
{
  if (self == NULL)
    return;
  g_free (self->pattern);
  date_pattern_clear (&self->text);
  py_regex_free (self->regex);
  g_clear_error (&self->compile_error);
  g_free (self->fields);
  g_free (self);
}

const char *
date_template_peek_name (const DateTemplate *self)
{
  return self->text.name;
}

const char *
date_template_peek_pattern (const DateTemplate *self)
{
  return self->pattern;
}

const char *
date_template_peek_regex (const DateTemplate *self)
{
  return self->text.regex;
}

double
date_template_get_weight (const DateTemplate *self)
{
  return self->weight;
}

void
date_template_set_weight (DateTemplate *self, double weight)
{
  self->weight = weight;
}

void
date_template_set_needs (DateTemplate *self, DateFeatures needs)
{
  self->needs = needs;
}

DateFeatures
date_template_get_needs (const DateTemplate *self)
{
  return self->needs;
}

DateAnchor
date_template_get_anchor (const DateTemplate *self)
{
  return self->text.anchor;
}

/* --- searching ----------------------------------------------------------------------------------------------------- */

static void
find_fields (DateTemplate *self)
{
  guint n_groups = py_regex_group_count (self->regex);

  self->fields = g_malloc0_n (n_groups, sizeof self->fields[0]);
  for (guint group = 1; group <= n_groups; group++)
    {
      const char *name = py_regex_peek_group_name (self->regex, group);
      if (name == NULL || name[0] == '\0' || name[1] != '\0')
        continue;
      if (name[0] == 'p')
        self->noon_group = group;
      if (strchr (DATE_FIELD_DIRECTIVES, name[0]) != NULL)
        {
          self->fields[self->n_fields].group = group;
          self->fields[self->n_fields++].directive = name[0];
        }
    }
}

/* The reference's exception of a failed re.compile() */
static void
set_compile_error (DateTemplate *self, const GError *cause)
{
  static const DateError codes[] = {
    [PY_REGEX_ERROR_SYNTAX] = DATE_ERROR_REGEX,    [PY_REGEX_ERROR_OVERFLOW] = DATE_ERROR_OVERFLOW,
    [PY_REGEX_ERROR_VALUE] = DATE_ERROR_VALUE,     [PY_REGEX_ERROR_RECURSION] = DATE_ERROR_RECURSION,
    [PY_REGEX_ERROR_TOO_LARGE] = DATE_ERROR_REGEX,
  };
  DateError code = (guint) cause->code < G_N_ELEMENTS (codes) ? codes[cause->code] : DATE_ERROR_REGEX;

  self->compile_error = g_error_new_literal (DATE_ERROR, code, cause->message);
}

static gboolean
ensure_compiled (DateTemplate *self, GError **error)
{
  if (self->regex == NULL && self->compile_error == NULL)
    {
      g_autoptr (GError) cause = NULL;
      self->regex = py_regex_new (self->text.regex, -1, PY_REGEX_FLAG_NONE, &cause);
      if (self->regex != NULL)
        find_fields (self);
      else
        set_compile_error (self, cause);
    }
  if (self->compile_error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->compile_error));
      return FALSE;
    }
  return TRUE;
}

gboolean
date_template_search (DateTemplate *self, const char *line, gsize len, gsize pos, gsize endpos, PySearchFlags flags,
                      PyMatch *match, PyRegexResult *ret_result, GError **error)
{
  if (G_UNLIKELY (self->regex == NULL) && !ensure_compiled (self, error))
    return FALSE;
  *ret_result = py_regex_search (self->regex, line, len, pos, endpos, flags, match);
  return TRUE;
}

DateShapeResult
date_template_recognise (const DateTemplate *self, const char *line, gsize len, DateShapeMatch *ret_match)
{
  if (self->shape == NULL)
    return DATE_SHAPE_UNSURE;
  return date_shape_recognise (self->shape, self->decades, line, len, ret_match);
}

gboolean
date_template_has_group (const DateTemplate *self)
{
  return self->regex != NULL && py_regex_group_count (self->regex) > 0;
}

/* --- the time ------------------------------------------------------------------------------------------------------ */

static DateResult
get_pattern_time (const DateTemplate *self, const char *line, const PyMatch *match, const int *default_zone,
                  DateLocal *local, gint64 now_usec, DateTime *ret_time, GError **error)
{
  DateFields fields;
  const char *noon = "";
  gsize start = 0, end = 0, noon_start = 0, noon_end = 0;

  if (self->noon_group > 0)
    noon = py_match_span (match, self->noon_group, &noon_start, &noon_end) ? line + noon_start : NULL;
  date_fields_init (&fields);
  for (guint i = 0; i < self->n_fields; i++)
    {
      if (!py_match_span (match, self->fields[i].group, &start, &end))
        continue;
      DateResult result = date_fields_set (&fields, self->fields[i].directive, line + start, end - start, noon,
                                           noon_end - noon_start, error);
      if (result != DATE_RESULT_FOUND)
        return result;
    }
  return date_fields_get_time (&fields, default_zone, local, now_usec, ret_time, error);
}

static DateResult
get_epoch_time (const DateTemplate *self, const char *line, const PyMatch *match, DateTime *ret_time, GError **error)
{
  gsize start, end;
  double seconds;

  if (self->epoch_group > py_regex_group_count (self->regex))
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_INDEX, "no such group");
      return DATE_RESULT_ERROR;
    }
  if (!py_match_span (match, self->epoch_group, &start, &end))
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_TYPE,
                           self->kind == KIND_EPOCH
                               ? "float() argument must be a string or a real number, not 'NoneType'"
                               : "object of type 'NoneType' has no len()");
      return DATE_RESULT_ERROR;
    }
  if (!py_float_parse (line + start, end - start, &seconds))
    return DATE_RESULT_NONE;
  glong n_chars = g_utf8_strlen (line + start, end - start);
  if (self->kind == KIND_LONG_EPOCH && n_chars >= 13)
    seconds /= n_chars >= 16 && memchr (line + start, '.', end - start) == NULL ? 1000000 : 1000;
  date_time_set_float (ret_time, seconds);
  return DATE_RESULT_FOUND;
}

/* "@", then 24 hexadecimal digits, of which 2 to 16 are taken for the seconds: the label's offset of 2^62 and the ten leap
 * seconds of 1970 are ignored, as in the reference */
static DateResult
get_tai64n_time (const char *line, const PyMatch *match, DateTime *ret_time)
{
  gsize start, end;
  gint64 seconds = 0;

  if (!py_match_span (match, 1, &start, &end))
    return DATE_RESULT_NONE;
  for (gsize i = start + 2; i < start + 17 && i < end; i++)
    seconds = seconds * 16 + g_ascii_xdigit_value (line[i]);
  date_time_set_int (ret_time, seconds);
  return DATE_RESULT_FOUND;
}

DateResult
date_template_get_time (const DateTemplate *self, const char *line, const PyMatch *match, const int *default_zone,
                        DateLocal *local, gint64 now_usec, DateTime *ret_time, GError **error)
{
  switch (self->kind)
    {
    case KIND_EPOCH:
    case KIND_LONG_EPOCH:
      return get_epoch_time (self, line, match, ret_time, error);
    case KIND_TAI64N:
      return get_tai64n_time (line, match, ret_time);
    case KIND_PATTERN:
    default:
      return get_pattern_time (self, line, match, default_zone, local, now_usec, ret_time, error);
    }
}
