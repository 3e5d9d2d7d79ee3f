#include "match/failregex.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-text.h"

G_DEFINE_QUARK (failregex - error - quark, failregex_error)

/* What the tags stand for.  These texts are an interface: `get JAIL failregex` prints them, positions in error messages
 * count them (1.1.2-dev). */
#define IP4    "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define IP6    "(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|:){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))"
#define DNS    "(?P<dns>[\\w\\-.^_]*\\w)"
#define ADDR   "\\[?(?:" IP4 "|" IP6 ")\\]?"
#define HOST   "(?:" ADDR "|" DNS ")"
#define CIDR   "(?P<cidr>\\d+)"
#define SUBNET "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?"

static const struct
{
  const char *tag, *text;
} fixed_tags[] = {
  { "ADDR", ADDR },
  { "CIDR", CIDR },
  { "DNS", DNS },
  { "F-ADDR/", ADDR },
  { "F-CIDR/", CIDR },
  { "F-DNS/", DNS },
  { "F-IP4/", IP4 },
  { "F-IP6/", IP6 },
  { "F-ID/", "(?P<fid>\\S+)" },
  { "F-PORT/", "(?P<fport>\\w+)" },
  { "F-SUBNET/", SUBNET },
  { "IP4", IP4 },
  { "IP6", IP6 },
  { "SUBNET", SUBNET },
};

/* A group that has a name. */
typedef struct
{
  guint number;
  CaptureName name;
} NamedGroup;

/* A group that fills or joins another one. */
typedef struct
{
  CaptureName group; /* alt_user_1 */
  CaptureName name;  /* user */
} MergedGroup;

struct Failregex
{
  PyRegex *regex;
  FailregexFlags flags;
  GArray *alternatives; /* of MergedGroup, sorted by group; NULL: none */
  GArray *tuples;
  int content;        /* the group <F-CONTENT>; -1: there is none */
  NamedGroup *groups; /* in their order */
  guint n_groups;
  guint n_refs;
};

/* --- tags --------------------------------------------------------------------------------------------------------- */
typedef struct
{
  FailregexFlags flags;
  GHashTable *open; /* F- tags that were opened, by name */
  guint skiplines;
  GString *out;
} Expansion;

/* The group of <F-NAME>: lower case, and two of them have other names inside. */
static char *
group_of_tag (const char *name, gsize len)
{
  g_autofree char *lower = g_ascii_strdown (name, (gssize) len);

  if (g_str_equal (lower, "id"))
    return g_strdup ("fid");
  if (g_str_equal (lower, "port"))
    return g_strdup ("fport");
  return g_steal_pointer (&lower);
}

static gboolean
is_custom_name (const char *name)
{
  if (*name == '\0')
    return FALSE;
  return name[strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

/* <F-NAME> and </F-NAME>: a named group.  A closing tag closes as often as it stands there, once the tag was opened. */
static gboolean
expand_custom (Expansion *e, const char *tag)
{
  gboolean closing = *tag == '/';
  const char *name = tag + (closing ? 1 : 0);

  if (!g_str_has_prefix (name, "F-") || !is_custom_name (name + 2))
    return FALSE;
  name += 2;
  if (closing)
    {
      if (!g_hash_table_contains (e->open, name))
        return FALSE;
      g_string_append_c (e->out, ')');
      return TRUE;
    }
  g_autofree char *group = group_of_tag (name, strlen (name));
  g_hash_table_add (e->open, g_strdup (name));
  g_string_append_printf (e->out, "(?P<%s>", group);
  return TRUE;
}

static gboolean
expand_tag (Expansion *e, const char *tag)
{
  if (g_str_equal (tag, "HOST"))
    {
      g_string_append (e->out, e->flags & FAILREGEX_NO_DNS ? ADDR : HOST);
      return TRUE;
    }
  if (g_str_equal (tag, "SKIPLINES"))
    {
      g_string_append_printf (e->out, "\\n(?P<skiplines%u>(?:(?:.*\\n)*?))", e->skiplines++);
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (fixed_tags); i++)
    if (g_str_equal (tag, fixed_tags[i].tag))
      {
        g_string_append (e->out, fixed_tags[i].text);
        return TRUE;
      }
  return expand_custom (e, tag);
}

/* Is there "<...>" at p, written like a tag?  Then one past its '>', else NULL.  (Names with letters beyond ASCII are tags
 * to the reference too, but none that it knows.) */
static const char *
tag_end (const char *p)
{
  const char *q = p + 1;
  gsize n;

  if (*q == '/')
    q++;
  for (n = 0; g_ascii_isalnum (q[n]) || q[n] == '_' || q[n] == '-'; n++)
    ;
  q += n;
  if (n == 0)
    return NULL;
  if (*q == '/')
    q++;
  return *q == '>' ? q + 1 : NULL;
}

char *
failregex_expand (const char *pattern, FailregexFlags flags)
{
  Expansion e = { .flags = flags };

  e.open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  e.out = g_string_new (NULL);
  for (const char *p = pattern; *p != '\0';)
    {
      const char *end = *p == '<' ? tag_end (p) : NULL;
      if (end == NULL)
        {
          g_string_append_c (e.out, *p++);
          continue;
        }
      g_autofree char *tag = g_strndup (p + 1, (gsize) (end - p) - 2);
      if (!expand_tag (&e, tag))
        g_string_append_len (e.out, p, end - p);
      p = end;
    }
  g_hash_table_unref (e.open);
  return g_string_free (e.out, FALSE);
}

/* "((?i)" and "(?:(?i)" become "(?i:": expressions of old times set flags for a part in that way, and Python refuses it
 * since 3.11.  Returns the length of what stands at p, 0 if nothing; the flags begin at *ret_flags. */
static gsize
global_flags_length (const char *p, const char **ret_flags)
{
  const char *q = p + 1;
  gsize n;

  if (g_str_has_prefix (q, "?:"))
    q += 2;
  if (!g_str_has_prefix (q, "(?"))
    return 0;
  *ret_flags = q;
  for (n = 2; g_ascii_islower (q[n]); n++)
    ;
  return n > 2 && q[n] == ')' ? (gsize) (q - p) + n + 1 : 0;
}

static char *
localize_flags (const char *pattern)
{
  GString *out = g_string_new (NULL);

  for (const char *p = pattern; *p != '\0';)
    {
      const char *flags = NULL;
      gsize len = *p == '(' && (p == pattern || p[-1] != '\\') ? global_flags_length (p, &flags) : 0;

      if (len == 0)
        {
          g_string_append_c (out, *p++);
          continue;
        }
      g_string_append_len (out, flags, p + len - 1 - flags);
      g_string_append_c (out, ':');
      p += len;
    }
  return g_string_free (out, FALSE);
}

/* --- making ------------------------------------------------------------------------------------------------------- */
static gboolean
is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!py_unichar_is_space (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

static int
merged_group_compare (gconstpointer a, gconstpointer b)
{
  const MergedGroup *left = a, *right = b;
  return strcmp (capture_name_peek_text (left->group), capture_name_peek_text (right->group));
}

/* alt_user_12 -> user: what follows the prefix, without a number at its end. */
static void
note_merged (GArray **groups, const char *group, gsize prefix)
{
  const char *name = group + prefix;
  gsize len = strlen (name), digits = 0;
  g_autofree char *merged_name = NULL;
  MergedGroup merged;

  while (digits < len && g_ascii_isdigit (name[len - digits - 1]))
    digits++;
  if (digits > 0 && digits < len && name[len - digits - 1] == '_')
    len -= digits + 1;
  merged_name = group_of_tag (name, len);
  merged = (MergedGroup){ capture_name (group), capture_name (merged_name) };
  if (*groups == NULL)
    *groups = g_array_new (FALSE, FALSE, sizeof (MergedGroup));
  g_array_append_val (*groups, merged);
}

static void
find_merged (Failregex *self)
{
  for (guint i = 1; i <= py_regex_group_count (self->regex); i++)
    {
      const char *group = py_regex_peek_group_name (self->regex, i);
      if (group == NULL || strlen (group) <= strlen ("alt_"))
        continue;
      if (g_str_has_prefix (group, "alt_"))
        note_merged (&self->alternatives, group, strlen ("alt_"));
      else if (g_str_has_prefix (group, "tuple_"))
        note_merged (&self->tuples, group, strlen ("tuple_"));
    }
  if (self->alternatives != NULL)
    g_array_sort (self->alternatives, merged_group_compare);
  if (self->tuples != NULL)
    g_array_sort (self->tuples, merged_group_compare);
}

static void
find_named (Failregex *self)
{
  guint n = py_regex_group_count (self->regex);

  self->groups = g_new (NamedGroup, n + 1);
  for (guint i = 1; i <= n; i++)
    {
      const char *name = py_regex_peek_group_name (self->regex, i);
      if (name != NULL)
        self->groups[self->n_groups++] = (NamedGroup){ i, capture_name (name) };
    }
}

Failregex *
failregex_new (const char *pattern, FailregexFlags flags, GError **error)
{
  g_return_val_if_fail (pattern != NULL, NULL);

  g_autofree char *expanded = failregex_expand (pattern, flags);
  g_autoptr (Failregex) self = g_new0 (Failregex, 1);
  g_autoptr (GError) reason = NULL;

  self->n_refs = 1;
  if (is_blank (expanded))
    {
      g_set_error (error, FAILREGEX_ERROR, FAILREGEX_ERROR_INVALID, "Cannot add empty regex");
      return NULL;
    }
  g_autofree char *text = localize_flags (expanded);
  self->flags = flags;
  self->regex
      = py_regex_new (text, -1, flags & FAILREGEX_MULTILINE ? PY_REGEX_FLAG_MULTILINE : PY_REGEX_FLAG_NONE, &reason);
  if (self->regex == NULL)
    {
      if (g_error_matches (reason, PY_REGEX_ERROR, PY_REGEX_ERROR_SYNTAX)
          || g_error_matches (reason, PY_REGEX_ERROR, PY_REGEX_ERROR_TOO_LARGE))
        g_set_error (error, FAILREGEX_ERROR, FAILREGEX_ERROR_INVALID, "Unable to compile regular expression '%s':\n%s",
                     text, reason->message);
      else
        g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  find_merged (self);
  find_named (self);
  self->content = py_regex_group_index (self->regex, "content");
  return g_steal_pointer (&self);
}

Failregex *
failregex_ref (Failregex *self)
{
  self->n_refs++;
  return self;
}

gboolean
failregex_is_shared (const Failregex *self)
{
  return self->n_refs > 1;
}

void
failregex_unref (Failregex *self)
{
  if (self == NULL || --self->n_refs > 0)
    return;
  g_free (self->groups);
  py_regex_free (self->regex);
  g_clear_pointer (&self->alternatives, g_array_unref);
  g_clear_pointer (&self->tuples, g_array_unref);
  g_free (self);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */
const char *
failregex_peek_pattern (const Failregex *self)
{
  return py_regex_peek_pattern (self->regex, NULL);
}

char *
failregex_dup_repr (const Failregex *self)
{
  g_autofree char *pattern = py_repr_str (failregex_peek_pattern (self), -1);
  const char *cut = pattern;

  /* Python shows the first 200 characters of the pattern's repr. */
  for (guint i = 0; i < 200 && *cut != '\0'; i++)
    cut = g_utf8_next_char (cut);
  return g_strdup_printf ("re.compile(%.*s%s)", (int) (cut - pattern), pattern,
                          self->flags & FAILREGEX_MULTILINE ? ", re.MULTILINE" : "");
}

gboolean
failregex_has_id (const Failregex *self)
{
  static const char *const groups[] = { "fid", "ip4", "ip6", "dns", "mlfid" };

  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
    if (py_regex_group_index (self->regex, groups[i]) >= 0)
      return TRUE;
  return FALSE;
}

PyRegexResult
failregex_search (Failregex *self, const char *text, gsize len, PySearchFlags flags, PyMatch *match)
{
  return py_regex_search (self->regex, text, len, 0, G_MAXSIZE, flags, match);
}

gboolean
failregex_can_have (const Failregex *self, guint place, guint8 byte)
{
  return py_regex_can_have (self->regex, place, byte);
}

GPtrArray *
failregex_dup_texts (const Failregex *self)
{
  return py_regex_dup_texts (self->regex);
}

gboolean
failregex_surely_matches (const Failregex *self, const char *text, gsize len, PySearchFlags flags)
{
  return py_regex_surely_matches (self->regex, text, len, flags);
}

PyRegexAutomaton *
failregex_new_automaton (const Failregex *self)
{
  return py_regex_automaton_new (self->regex);
}

PyRegexSpans *
failregex_new_spans (const Failregex *self)
{
  return py_regex_spans_new (self->regex);
}

/* --- what was captured -------------------------------------------------------------------------------------------- */
static void
fill_alternatives (const Failregex *self, Captures *captures)
{
  for (guint i = 0; i < self->alternatives->len; i++)
    {
      const MergedGroup *m = &g_array_index (self->alternatives, MergedGroup, i);
      const Capture *value = captures_peek (captures, m->group);

      if (captures_truth (captures, m->group) && !captures_truth (captures, m->name))
        captures_lend_text (captures, m->name, value->text, value->len);
    }
}

static void
join_tuples (const Failregex *self, Captures *captures)
{
  for (guint i = 0; i < self->tuples->len; i++)
    {
      const MergedGroup *m = &g_array_index (self->tuples, MergedGroup, i);
      const Capture *old = captures_peek (captures, m->name);
      PyValue *joined = py_tuple_new ();

      if (old != NULL && old->kind == CAPTURED_VALUE)
        for (guint j = 0; j < py_seq_length (old->value); j++)
          py_list_append (joined, py_value_ref (py_seq_peek (old->value, j)));
      else
        py_list_append (joined, old != NULL ? capture_dup_value (old) : py_none_new ());
      py_list_append (joined, capture_dup_value (captures_peek (captures, m->group)));
      captures_take_value (captures, m->name, joined);
    }
}

static void
capture (const Failregex *self, const PyMatch *match, const char *text, int without, Captures *captures)
{
  captures_clear (captures);
  for (guint i = 0; i < self->n_groups; i++)
    {
      const NamedGroup *group = &self->groups[i];
      gsize start, end;

      if ((int) group->number == without)
        continue;
      if (py_match_span (match, group->number, &start, &end))
        captures_append_text (captures, group->name, text + start, end - start);
      else
        captures_append_none (captures, group->name);
    }
  if (self->alternatives != NULL)
    fill_alternatives (self, captures);
  if (self->tuples != NULL)
    join_tuples (self, captures);
}

void
failregex_capture (const Failregex *self, const PyMatch *match, const char *text, Captures *captures)
{
  capture (self, match, text, -1, captures);
}

void
failregex_capture_over (const Failregex *self, const PyMatch *match, const char *text, Captures *captures)
{
  g_autoptr (Captures) own = NULL;

  if (self->alternatives != NULL || self->tuples != NULL)
    {
      own = captures_new ();
      failregex_capture (self, match, text, own);
      captures_update_lent (captures, own);
      return;
    }
  for (guint i = 0; i < self->n_groups; i++)
    {
      gsize start, end;

      if (py_match_span (match, self->groups[i].number, &start, &end))
        captures_lend_text (captures, self->groups[i].name, text + start, end - start);
    }
}

void
failregex_capture_around (const Failregex *self, const PyMatch *match, const char *text, Captures *captures)
{
  capture (self, match, text, self->content, captures);
  (void) captures_remove (captures, CAPTURE_CONTENT); /* of <F-ALT_CONTENT> */
}

PyValue *
failregex_dup_groups (const Failregex *self, const PyMatch *match, const char *text)
{
  g_autoptr (Captures) captures = captures_new ();

  failregex_capture (self, match, text, captures);
  return captures_dup_dict (captures);
}

gboolean
failregex_span (const Failregex *self, const PyMatch *match, const char *name, gsize *ret_start, gsize *ret_end)
{
  int group = py_regex_group_index (self->regex, name);

  return group > 0 && py_match_span (match, (guint) group, ret_start, ret_end);
}

gboolean
failregex_get_content (const Failregex *self, const PyMatch *match, gsize *ret_start, gsize *ret_end)
{
  return self->content > 0 && py_match_span (match, (guint) self->content, ret_start, ret_end);
}

/* How long is the line end at p, as Python's splitlines() sees them?  0: there is none. */
static gsize
line_end_length (const guint8 *p, const guint8 *end)
{
  if (*p == '\r')
    return p + 1 < end && p[1] == '\n' ? 2 : 1;
  if ((*p >= 0x0a && *p <= 0x0c) || (*p >= 0x1c && *p <= 0x1e))
    return 1;
  if (*p == 0xc2 && p + 1 < end && p[1] == 0x85)
    return 2;
  if (*p == 0xe2 && p + 2 < end && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
    return 3;
  return 0;
}

static void
split_lines (const guint8 *p, const guint8 *end, PyValue *lines)
{
  const guint8 *start = p;

  while (p < end)
    {
      gsize len = line_end_length (p, end);
      if (len == 0)
        {
          p++;
          continue;
        }
      py_list_append (lines, py_str_new_len ((const char *) start, p - start));
      p += len;
      start = p;
    }
  if (start < end)
    py_list_append (lines, py_str_new_len ((const char *) start, end - start));
}

PyValue *
failregex_dup_skipped_lines (const Failregex *self, const PyMatch *match, const char *text)
{
  PyValue *lines = py_list_new ();
  g_autoptr (GString) skipped = g_string_new (NULL);

  for (guint n = 0;; n++)
    {
      char name[32];
      gsize start, end;

      g_snprintf (name, sizeof name, "skiplines%u", n);
      if (py_regex_group_index (self->regex, name) < 0)
        break;
      if (failregex_span (self, match, name, &start, &end))
        g_string_append_len (skipped, text + start, (gssize) (end - start));
    }
  split_lines ((const guint8 *) skipped->str, (const guint8 *) skipped->str + skipped->len, lines);
  return lines;
}
