#include "match/date-template-set.h"

#include <string.h>

#include "match/date-directives.h"
#include "match/date-pattern.h"
#include "match/date-shape.h"

#define LINE_BEGIN    DATE_SHAPE_LINE_BEGIN
#define ANCHOR_WEIGHT 100

/* --- the default patterns, put together from parts ---------------------------------------------------------------- */

#define WEEKDAY_OR_NOT "(?:%a )?"
#define FRACTION       "(?:\\.%f)?"
#define FRACTION_COMMA "(?:[.,]%f)?"
#define ZONE_OR_NOT    "(?:\\s*%z)?"
#define CLOCK          "%H:%M:%S"
#define CLOCK_BLANK    "%k:%M:%S" /* hour without leading zero */

/* A separator, and the same again */
#define SEPARATOR(set) "(?P<_sep>[" set "])"
#define SAME           "(?P=_sep)"

#define NEEDS_MONTH   (DATE_FEATURE_MONTH_BLANK | DATE_FEATURE_CLOCK)
#define NEEDS_DASH    (DATE_FEATURE_MONTH_DASH | DATE_FEATURE_CLOCK)
#define NEEDS_NUMBERS (DATE_FEATURE_NUMBERS | DATE_FEATURE_CLOCK)

/* Their order is part of what fail2ban-regex -v shows */
static const struct
{
  const char *pattern;
  DateFeatures needs;
} defaults[] = {
  /* 2005-01-23T21:59:59.981746+01:00, 2005/01/23 21:59:59, 2005.01.23  8:59:59 */
  { DATE_SHAPE_ISO ("(?:T|  ?)"), DATE_FEATURE_YEAR | DATE_FEATURE_CLOCK },
  /* Jan 23 21:59:59, Sun Jan 23 21:59:59.011 2005 */
  { DATE_SHAPE_SYSLOG, NEEDS_MONTH },
  /* Sun Jan 23 2005 21:59:59.011 */
  { WEEKDAY_OR_NOT "%b %d %ExY " CLOCK_BLANK FRACTION, NEEDS_MONTH },
  /* 23/01/2005 21:59:59, 23-01-05 21:59:59 */
  { "%d" SEPARATOR ("-/") "%m" SAME "(?:%ExY|%Exy) " CLOCK_BLANK, NEEDS_NUMBERS },
  /* 31/Oct/2006:09:22:55 -0000, 26-Jul-2007 15:20:52.252 */
  { DATE_SHAPE_DASH, NEEDS_DASH },
  /* 05/20/2008:01:57:39 */
  { "%m/%d/%ExY:" CLOCK, NEEDS_NUMBERS },
  /* 01-27-2012 16:22:44.252 */
  { "%m-%d-%ExY " CLOCK_BLANK FRACTION, NEEDS_NUMBERS },
  /* 1106513999 */
  { "EPOCH", DATE_FEATURE_DIGITS_10 },
  /* 21:59:59 at the start of the line */
  { LINE_BEGIN CLOCK, DATE_FEATURE_CLOCK },
  /* <09/16/08@05:03:30> */
  { "^<%m/%d/%Exy@" CLOCK ">", NEEDS_NUMBERS },
  /* 130322 11:46:11 */
  { "%Exy%Exm%Exd  ?" CLOCK, DATE_FEATURE_DIGITS_6 | DATE_FEATURE_CLOCK },
  /* Jan 23, 2005 9:59:59 PM */
  { "%b %d, %ExY %I:%M:%S %p", NEEDS_MONTH },
  /* Apr-27-13 02:33:06 */
  { "^%b-%d-%Exy " CLOCK_BLANK, NEEDS_DASH },
  /* 20050123T215959, 20050123-21:59:59,123 */
  { "%ExY%Exm%Exd(?:-|T|  ?)%ExH:?%ExM:?%ExS" FRACTION_COMMA ZONE_OR_NOT, DATE_FEATURE_DIGITS_8 },
  /* PDT Apr 16 21:05:29 */
  { "(?:%Z )?" DATE_SHAPE_SYSLOG, NEEDS_MONTH },
  /* +00:00 Jan 23 21:59:59.011 2005 */
  { "(?:%z )?" DATE_SHAPE_SYSLOG, NEEDS_MONTH },
  /* @4000000041f427bf0ed0f23c */
  { "TAI64N", DATE_FEATURE_AT },
};

/* --- the set ------------------------------------------------------------------------------------------------------- */

struct DateTemplateSet
{
  DateDirectives *directives;
  GHashTable *by_key; /* owns the templates */
  guint n_refs;
};

DateTemplateSet *
date_template_set_new (int year)
{
  DateTemplateSet *self = g_new0 (DateTemplateSet, 1);

  self->n_refs = 1;
  self->directives = date_directives_new (year);
  self->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) date_template_free);
  return self;
}

DateTemplateSet *
date_template_set_ref (DateTemplateSet *self)
{
  self->n_refs++;
  return self;
}

void
date_template_set_unref (DateTemplateSet *self)
{
  if (self == NULL || --self->n_refs > 0)
    return;
  date_directives_free (self->directives);
  g_hash_table_unref (self->by_key);
  g_free (self);
}

guint
date_template_set_get_length (const DateTemplateSet *self)
{
  return g_hash_table_size (self->by_key);
}

DateTemplate *
date_template_set_lookup (DateTemplateSet *self, const char *pattern)
{
  g_autofree char *key = date_template_make_key (pattern);

  return g_hash_table_lookup (self->by_key, key);
}

DateTemplate *
date_template_set_get (DateTemplateSet *self, const char *pattern, GError **error)
{
  g_autofree char *key = date_template_make_key (pattern);
  DateTemplate *template = g_hash_table_lookup (self->by_key, key);

  if (template == NULL)
    {
      /* No date at all: an empty match at the start of every line */
      template = date_template_new (self->directives, strcmp (key, "{NONE}") == 0 ? "{UNB}^" : pattern, error);
      if (template != NULL)
        g_hash_table_insert (self->by_key, g_steal_pointer (&key), template);
    }
  return template;
}

/* A template of the set under another pattern, made from the first one's.  A template that has no pattern goes by its name:
 * "{^LN-BEG}Epoch" is one of the words again, "<Epoch>" is nothing but text (as in 1.1.2). */
static DateTemplate *
get_derived (DateTemplateSet *self, const char *pattern, const char *name, gboolean has_pattern, GError **error)
{
  DateTemplate *known = g_hash_table_lookup (self->by_key, name);

  if (known != NULL)
    return known;
  if (has_pattern)
    {
      known = g_hash_table_lookup (self->by_key, pattern);
      if (known != NULL)
        return known;
    }
  return date_template_set_get (self, has_pattern ? pattern : name, error);
}

static DateTemplate *
get_default (DateTemplateSet *self, guint i)
{
  g_autoptr (GError) error = NULL;
  DateTemplate *template = date_template_set_get (self, defaults[i].pattern, &error);

  g_assert_no_error (error);
  date_template_set_needs (template, defaults[i].needs);
  return template;
}

static DateTemplate *
get_at_line_begin (DateTemplateSet *self, const DateTemplate *template)
{
  g_autoptr (GError) error = NULL;
  const char *pattern = date_template_peek_pattern (template);
  g_autofree char *name = g_strconcat (LINE_BEGIN, date_template_peek_name (template), NULL);
  g_autofree char *anchored = pattern != NULL ? g_strconcat (LINE_BEGIN, pattern, NULL) : NULL;
  DateTemplate *derived = get_derived (self, anchored, name, pattern != NULL, &error);

  g_assert_no_error (error);
  return derived;
}

GPtrArray *
date_template_set_dup_defaults (DateTemplateSet *self)
{
  GPtrArray *all = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      const DateTemplate *template = get_default (self, i);
      const char *name = date_template_peek_name (template);
      if (g_str_has_prefix (name, LINE_BEGIN) || name[0] == '^')
        continue;
      DateTemplate *anchored = get_at_line_begin (self, template);
      date_template_set_weight (anchored, ANCHOR_WEIGHT);
      date_template_set_needs (anchored, defaults[i].needs);
      g_ptr_array_add (all, anchored);
    }
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    g_ptr_array_add (all, get_default (self, i));
  return all;
}

GPtrArray *
date_template_set_dup_dates (DateTemplateSet *self, const char *pattern, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      const DateTemplate *template = get_default (self, i);
      const char *inner_pattern = date_template_peek_pattern (template);
      g_autofree char *inner
          = date_pattern_unbound (inner_pattern != NULL ? inner_pattern : date_template_peek_regex (template));
      g_autofree char *inner_name = date_pattern_unbound (date_template_peek_name (template));
      g_autofree char *whole = date_pattern_replace_date (pattern, inner);
      g_autofree char *name = date_pattern_replace_date (pattern, inner_name);
      DateTemplate *derived = get_derived (self, whole, name, inner_pattern != NULL, error);
      if (derived == NULL)
        return NULL;
      g_ptr_array_add (all, derived);
    }
  return g_steal_pointer (&all);
}
