#include "match/date-pattern.h"

#include <string.h>

#include "compat/py-percent.h"
#include "compat/py-text.h"

#define LINE_BEGIN "{^LN-BEG}"
#define UNBOUND    "{UNB}"
#define ANY_TEXT   "**" /* at either end of a pattern: no boundary there */

/* The boundaries as they stand in the finished expression */
#define BEFORE_WORD "(?=^|\\b|\\W)"
#define BEFORE_LINE "^(?:\\W{0,2})?"
#define AFTER_WORD  "(?=\\b|\\W|$)"
#define IGNORE_CASE "(?iu)"

void
date_pattern_clear (DatePattern *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->regex, g_free);
}

/* --- looking at an expression -------------------------------------------------------------------------------------- */

static gboolean
is_word (gunichar c)
{
  return c == '_' || g_unichar_isalnum (c);
}

/* Past "(?word)", or where it was */
static const char *
skip_flags (const char *at)
{
  const char *word = at + 2;

  if (!g_str_has_prefix (at, "(?"))
    return at;
  const char *end = word;
  while (is_word (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  return end > word && *end == ')' ? end + 1 : at;
}

static gboolean
is_escaped (const char *start, const char *at)
{
  return at > start && at[-1] == '\\';
}

/* Is there "**" in front of `end`, but for closing parentheses?  Returns where it begins. */
static const char *
find_any_text_at_end (const char *start, const char *end)
{
  while (end > start && end[-1] == ')')
    end--;
  if (end - start < 2 || end[-1] != '*' || end[-2] != '*' || is_escaped (start, end - 2))
    return NULL;
  return end - 2;
}

/* After opening parentheses and flags: "**", in parentheses of its own perhaps?  Returns where it begins. */
static const char *
find_any_text_at_start (const char *regex)
{
  const char *plain = regex + strspn (regex, "(");

  if (g_str_has_prefix (plain, ANY_TEXT))
    return plain;
  if (plain == regex)
    return NULL;
  const char *after = skip_flags (plain - 1);
  if (after == plain - 1)
    return NULL;
  after += strspn (after, "(");
  return g_str_has_prefix (after, ANY_TEXT) ? after : NULL;
}

static gboolean
is_group_of_start (const char *at)
{
  return *at == '(' && (at[1] == '^' || g_str_has_prefix (at + 1, "?:^"));
}

/* The beginning says already what may stand before the date */
static gboolean
begins_bound (const char *regex)
{
  const char *plain = regex + strspn (regex, "(");

  if (*plain == '^' || (plain > regex && g_str_has_prefix (plain, "?:^")) || find_any_text_at_start (regex) != NULL)
    return TRUE;
  if (plain == regex)
    return FALSE;
  const char *after = skip_flags (plain - 1);
  return after > plain - 1 && (*after == '^' || is_group_of_start (after));
}

static gboolean
ends_bound (const char *regex)
{
  const char *end = regex + strlen (regex);

  if (find_any_text_at_end (regex, end) != NULL)
    return TRUE;
  if (end - regex >= 2 && end[-2] == '\\' && (end[-1] == 'b' || end[-1] == 's') && !is_escaped (regex, end - 2))
    return TRUE;
  if (end > regex && end[-1] == ')' && end - regex >= 2 && end[-2] == '$')
    end--;
  return end > regex && end[-1] == '$' && !is_escaped (regex, end - 1);
}

static gboolean
begins_line (const char *regex)
{
  const char *at = skip_flags (regex);

  if (*at == '^')
    return TRUE;
  if (!is_group_of_start (at))
    return FALSE;
  return strchr (at, '^')[1] != '|'; /* "(^|" leaves a choice */
}

static gboolean
ends_line (const char *regex)
{
  const char *end = regex + strlen (regex);

  if (end - regex >= 2 && end[-1] == ')' && end[-2] == '$')
    end--;
  if (end == regex || end[-1] != '$')
    return FALSE;
  return end - regex < 2 || (end[-2] != '\\' && end[-2] != '|');
}

/* A parenthesis in a character class counts as well, as in the reference; one of "(?(id)" does not */
gboolean
date_pattern_has_group (const char *regex, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      if (regex[i] != '(' || (i + 1 < len && regex[i + 1] == '?') || (i > 0 && regex[i - 1] == '\\'))
        continue;
      if (i < 2 || regex[i - 1] != '?' || regex[i - 2] != '(')
        return TRUE;
    }
  return FALSE;
}

/* --- changing it --------------------------------------------------------------------------------------------------- */

/* Takes the first "(?flags)" out of the expression; NULL: there is none */
static char *
cut_global_flags (GString *regex)
{
  for (const char *at = strstr (regex->str, "(?"); at != NULL; at = strstr (at + 1, "(?"))
    {
      const char *end = at + 2;
      while (g_ascii_islower (*end))
        end++;
      if (end == at + 2 || *end != ')' || is_escaped (regex->str, at))
        continue;
      char *flags = g_strndup (at, end + 1 - at);
      g_string_erase (regex, at - regex->str, end + 1 - at);
      return flags;
    }
  return NULL;
}

/* Group 1 is the date: everything but what stands for the line's ends, and flags */
static void
add_group (GString *regex)
{
  const char *at = skip_flags (regex->str);

  at = skip_flags (at + (*at == '^'));
  if (strchr (at, '\n') != NULL)
    return;
  gboolean has_end = regex->len > 0 && regex->str + regex->len > at && regex->str[regex->len - 1] == '$';
  g_string_insert_c (regex, at - regex->str, '(');
  g_string_insert_c (regex, regex->len - has_end, ')');
}

static void
remove_any_text (GString *regex)
{
  const char *at = find_any_text_at_start (regex->str);
  gsize start = 0;

  if (at != NULL)
    {
      start = at - regex->str;
      g_string_erase (regex, start, strlen (ANY_TEXT));
    }
  at = find_any_text_at_end (regex->str, regex->str + regex->len);
  if (at != NULL && (gsize) (at - regex->str) >= start)
    g_string_erase (regex, at - regex->str, strlen (ANY_TEXT));
}

void
date_pattern_bound (DatePattern *ret_pattern, const char *name, const char *regex, gsize len, DateBound begin,
                    DateBound end)
{
  DateAnchor anchor = DATE_ANCHOR_NONE;

  py_text_strip (&regex, &len);
  g_autoptr (GString) out = g_string_new_len (regex, len);
  g_autofree char *flags = cut_global_flags (out);
  if (begin != DATE_BOUND_NONE && begins_bound (out->str))
    begin = DATE_BOUND_NONE;
  if (end != DATE_BOUND_NONE && ends_bound (out->str))
    end = DATE_BOUND_NONE;
  if (!date_pattern_has_group (out->str, out->len))
    add_group (out);

  if (begin == DATE_BOUND_WORD)
    {
      anchor |= DATE_ANCHOR_WORD_BEGIN;
      g_string_prepend (out, BEFORE_WORD);
    }
  else if (begin == DATE_BOUND_LINE)
    {
      anchor |= DATE_ANCHOR_LINE_BEGIN;
      g_string_prepend (out, BEFORE_LINE);
    }
  if (end != DATE_BOUND_NONE)
    {
      anchor |= DATE_ANCHOR_WORD_END;
      g_string_append (out, AFTER_WORD);
    }
  if (begins_line (out->str))
    anchor |= DATE_ANCHOR_LINE_BEGIN;
  if (ends_line (out->str))
    anchor |= DATE_ANCHOR_LINE_END;
  remove_any_text (out);
  if (flags != NULL)
    g_string_prepend (out, flags);

  gboolean tag = begin == DATE_BOUND_LINE && !g_str_has_prefix (name, LINE_BEGIN);
  ret_pattern->name = g_strconcat (tag ? LINE_BEGIN : "", name, NULL);
  ret_pattern->regex = g_string_free (g_steal_pointer (&out), FALSE);
  ret_pattern->anchor = anchor;
}

/* --- directives ---------------------------------------------------------------------------------------------------- */

static const char *
peek_key (gconstpointer directives, guint i)
{
  return date_directives_peek_key (directives, i);
}

static const char *
peek_label (gconstpointer directives, guint i)
{
  return date_directives_peek_label (directives, i);
}

static const char *
peek_expression (gconstpointer directives, guint i)
{
  return date_directives_peek_expression (directives, i);
}

/* "%Y" -> "%(Y)s"; whatever else follows a percent character is left for Python's formatting to judge */
static GString *
name_directives (const DateDirectives *directives, const char *pattern, gsize len)
{
  GString *out = g_string_sized_new (len * 2);

  for (gsize i = 0; i < len; i++)
    {
      gsize n = pattern[i] == '%' ? date_directives_prefix (directives, pattern + i + 1, len - i - 1) : 0;
      if (n > 0)
        g_string_append_printf (out, "%%(%.*s)s", (int) n, pattern + i + 1);
      else
        g_string_append_c (out, pattern[i]);
      i += n;
    }
  return out;
}

/* Names of days and months, and am/pm, are found in any case */
static gboolean
has_names (const char *pattern, gsize len)
{
  for (gsize i = 0; i + 1 < len; i++)
    if (pattern[i] == '%' && (i == 0 || pattern[i - 1] != '%') && pattern[i + 1] != '\0'
        && strchr ("aAbBpc", pattern[i + 1]) != NULL)
      return TRUE;
  return FALSE;
}

gboolean
date_pattern_parse (DatePattern *ret_pattern, const DateDirectives *directives, const char *pattern, gsize len,
                    GError **error)
{
  DateBound begin = DATE_BOUND_WORD, end = DATE_BOUND_WORD;
  PyPercentMapping mapping = { date_directives_count (directives), peek_key, peek_label, directives };
  g_autoptr (GError) format_error = NULL;
  g_autoptr (GString) name = NULL;
  g_autoptr (GString) regex = NULL;

  if (len >= strlen (UNBOUND) && memcmp (pattern, UNBOUND, strlen (UNBOUND)) == 0)
    {
      pattern += strlen (UNBOUND);
      len -= strlen (UNBOUND);
      begin = end = DATE_BOUND_NONE;
    }
  else if (len >= strlen (LINE_BEGIN) && memcmp (pattern, LINE_BEGIN, strlen (LINE_BEGIN)) == 0)
    {
      pattern += strlen (LINE_BEGIN);
      len -= strlen (LINE_BEGIN);
      begin = DATE_BOUND_LINE;
    }

  g_autoptr (GString) format = name_directives (directives, pattern, len);
  name = py_percent_format (format->str, format->len, &mapping, &format_error);
  mapping.peek_value = peek_expression;
  if (name != NULL)
    regex = py_percent_format (format->str, format->len, &mapping, &format_error);
  if (regex == NULL)
    {
      g_set_error (error, DATE_ERROR, DATE_ERROR_TYPE,
                   "Failed to set datepattern '%.*s' (may be an invalid format or unescaped percent char): %s",
                   (int) len, pattern, format_error->message);
      return FALSE;
    }
  if (has_names (pattern, len))
    g_string_prepend (regex, IGNORE_CASE);
  date_pattern_bound (ret_pattern, name->str, regex->str, regex->len, begin, end);
  return TRUE;
}

/* --- patterns within patterns -------------------------------------------------------------------------------------- */

char *
date_pattern_unbound (const char *pattern)
{
  static const char *const begins[] = { UNBOUND, LINE_BEGIN };
  static const char *const groups[] = { "(^|\\b|\\W)", "(?:^|\\b|\\W)" };

  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    if (g_str_has_prefix (pattern, begins[i]))
      pattern += strlen (begins[i]);
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (g_str_has_prefix (pattern, groups[i]))
      {
        pattern += strlen (groups[i]);
        break;
      }
  gsize len = strlen (pattern);
  if (g_str_has_suffix (pattern, AFTER_WORD))
    len -= strlen (AFTER_WORD);
  return g_strndup (pattern, len);
}

static char *
replace_words (const char *pattern, const char *const *words, const char *by, guint *ret_n)
{
  g_autoptr (GString) out = g_string_new (NULL);

  *ret_n = 0;
  for (const char *at = pattern; *at != '\0';)
    {
      gsize n = 0;
      for (guint i = 0; words[i] != NULL && n == 0 && !is_escaped (pattern, at); i++)
        if (g_ascii_strncasecmp (at, words[i], strlen (words[i])) == 0)
          n = strlen (words[i]);
      if (n == 0)
        {
          g_string_append_c (out, *at++);
          continue;
        }
      g_string_append (out, by);
      at += n;
      *ret_n += 1;
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
date_pattern_replace_date (const char *pattern, const char *by)
{
  static const char *const words[] = { "{DATE}", NULL };
  guint n;

  return replace_words (pattern, words, by, &n);
}

char *
date_pattern_replace_epoch (const char *pattern, const char *by, guint *ret_n)
{
  static const char *const words[] = { "{EPOCH}", "{LEPOCH}", NULL };

  return replace_words (pattern, words, by, ret_n);
}
