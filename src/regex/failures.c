#include <string.h>

#include "compat/py-repr.h"
#include "regex/out.h"
#include "regex/regex-run.h"

/* Stands for the line in a text that is to be printed once for each line; no value can hold it, since their NULs are
 * escaped. */
#define LINE_MARK     "\0msg\0"
#define LINE_MARK_LEN 5

/* --- the lines of a match ----------------------------------------------------------------------------------------- */
static const PyValue *
get_lines (const Match *match)
{
  const PyValue *lines = py_dict_get_str (match->data, "matches");

  return lines != NULL && py_value_is_seq (lines) ? lines : NULL;
}

static guint
count_lines (const Match *match)
{
  const PyValue *lines = get_lines (match);
  return lines != NULL ? py_seq_length (lines) : 0;
}

/* A line is a str, or a tuple of its pieces. */
static void
append_line (GString *out, const PyValue *line)
{
  if (!py_value_is_seq (line))
    {
      out_append_value (out, line);
      return;
    }
  for (guint i = 0; i < py_seq_length (line); i++)
    out_append_value (out, py_seq_peek (line, i));
}

static void
print_lines (const Match *match)
{
  for (guint i = 0; i < count_lines (match); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      append_line (text, py_seq_peek (get_lines (match), i));
      out_text (text->str, text->len);
    }
}

/* --- plain forms -------------------------------------------------------------------------------------------------- */
static void
print_row (const Match *match)
{
  g_autoptr (PyValue) data = py_dict_new ();
  g_autofree char *time = py_repr (match->time);
  g_autofree char *id = py_repr (match->id_value), *shown = NULL;

  py_dict_update (data, match->data, PY_DICT_UPDATE_ALL);
  (void) py_dict_remove_str (data, "matches");
  shown = py_repr (data);
  out_printf ("[%s,\t%s,\t%s],", id, time, shown);
}

static void
print_value (const Match *match, const char *name, const PyValue *otherwise)
{
  const PyValue *value = py_dict_get_str (match->data, name);
  g_autoptr (PyValue) none = py_none_new ();

  out_value (value != NULL ? value : otherwise != NULL ? otherwise : none);
}

/* --- tags --------------------------------------------------------------------------------------------------------- */
typedef struct
{
  RegexRun *run;
  const Match *match;
  PyValue *data;  /* what a ticket made of the match holds */
  gboolean *wrap; /* of all matches of the line: the text is printed for each line */
  GString *out;
  gboolean crashed;
} Tags;

static PyValue *
ticket_data (const Match *match)
{
  PyValue *data = py_dict_new ();

  py_dict_set_str (data, "matches", py_list_new ());
  py_dict_set_str (data, "failures", py_int_new (0));
  py_dict_update (data, match->data, PY_DICT_UPDATE_NOT_NONE);
  return data;
}

static Address *
ticket_ip (const Tags *t)
{
  const PyValue *ip = py_dict_get_str (t->data, "ip");
  gsize len;

  if (ip == NULL || py_value_type (ip) != PY_STR)
    return t->match->id != NULL ? address_ref (t->match->id) : address_new ("", 0);
  const char *text = py_str_peek (ip, &len);
  return address_new (text, (gssize) len);
}

static PyValue *
str_or_none (char *text)
{
  return text != NULL ? py_str_take (text) : py_none_new ();
}

static PyValue *
joined_lines (const Tags *t)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < count_lines (t->match); i++)
    {
      if (i > 0)
        g_string_append_c (text, '\n');
      append_line (text, py_seq_peek (get_lines (t->match), i));
    }
  return py_str_new_len (text->str, (gssize) text->len);
}

static PyValue *
message (Tags *t)
{
  if (!*t->wrap && count_lines (t->match) <= 1)
    return joined_lines (t);
  *t->wrap = TRUE;
  return py_str_new_len (LINE_MARK, LINE_MARK_LEN);
}

static PyValue *
ticket_time (const Tags *t)
{
  if (py_value_type (t->match->time) == PY_NONE)
    return py_float_new ((double) clock_get_time_usec (t->run->clock) / G_USEC_PER_SEC);
  return py_value_ref (t->match->time);
}

static PyValue *
raw_ticket (const Tags *t)
{
  g_autoptr (GString) text = g_string_new ("BanTicket: ip=");
  g_autoptr (PyValue) time = ticket_time (t);
  g_autofree char *matches = py_repr (py_dict_get_str (t->data, "matches"));

  out_append_value (text, t->match->id_value);
  g_string_append (text, " time=");
  out_append_value (text, time);
  g_string_append_printf (text, " bantime=None bancount=0 #attempts=0 matches=%s", matches);
  return py_str_new_len (text->str, (gssize) text->len);
}

/* What needs a jail: the reference dies of it, since here is none. */
static gboolean
needs_jail (const char *tag)
{
  static const char *const tags[]
      = { "bantime",     "ipfailures",        "ipjailfailures", "ipjailmatches",    "ipmatches",
          "jail.banned", "jail.banned_total", "jail.found",     "jail.found_total", "jail.name" };

  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    if (g_str_equal (tag, tags[i]))
      return TRUE;
  return FALSE;
}

static PyValue *
address_tag (const Tags *t, const char *tag)
{
  g_autoptr (Address) ip = ticket_ip (t);

  if (g_str_equal (tag, "family"))
    return str_or_none (g_strdup (address_peek_family_name (ip)));
  if (g_str_equal (tag, "ip-rev"))
    return py_str_take (address_dup_ptr_name (ip, ""));
  if (g_str_equal (tag, "ip-host"))
    return str_or_none (resolver_lookup_address (t->run->resolver, ip));
  return NULL;
}

/* The value of a tag, NULL: unknown. */
static PyValue *
tag_value (Tags *t, const char *tag)
{
  const PyValue *ip = py_dict_get_str (t->data, "ip");

  if (g_str_equal (tag, "msg"))
    return message (t);
  if (g_str_equal (tag, "matches"))
    return joined_lines (t);
  if (g_str_equal (tag, "ip"))
    return py_value_ref (ip != NULL ? (PyValue *) ip : t->match->id_value);
  if (g_str_equal (tag, "fid"))
    return py_value_ref (t->match->id_value);
  if (g_str_equal (tag, "failures"))
    return py_value_ref (py_dict_get_str (t->data, "failures"));
  if (g_str_equal (tag, "time"))
    return ticket_time (t);
  if (g_str_equal (tag, "bancount") || g_str_equal (tag, "restored"))
    return py_int_new (0);
  if (g_str_equal (tag, "F-*"))
    return py_value_ref (t->data);
  if (g_str_equal (tag, "raw-ticket"))
    return raw_ticket (t);
  if (g_str_equal (tag, "br"))
    return py_str_new ("\n");
  if (g_str_equal (tag, "sp"))
    return py_str_new (" ");
  if (g_str_equal (tag, "fq-hostname") || g_str_equal (tag, "sh-hostname"))
    return str_or_none (resolver_dup_own_name (t->run->resolver, *tag == 'f'));
  return address_tag (t, tag);
}

/* str (value), with NUL as the four characters \x00 so that no value can be taken for the mark. */
static void
append_escaped (GString *out, const PyValue *value, gboolean escape)
{
  g_autoptr (GString) text = g_string_new (NULL);

  out_append_value (text, value);
  for (gsize i = 0; i < text->len; i++)
    if (escape && text->str[i] == '\0')
      g_string_append (out, "\\x00");
    else
      g_string_append_c (out, text->str[i]);
}

typedef gboolean (*TagFunc) (Tags *t, const char *tag);

/* Replaces each "<tag>" that func knows. */
static GString *
replace_tags (Tags *t, const char *text, gsize len, TagFunc func)
{
  const char *end = text + len;
  GString *out = g_string_new (NULL);

  t->out = out;
  for (const char *p = text; p < end;)
    {
      const char *q = p + 1;
      gboolean done = FALSE;

      if (*p == '<')
        {
          while (q < end && *q != ' ' && *q != '<' && *q != '>')
            q++;
          if (q < end && *q == '>' && q > p + 1)
            {
              g_autofree char *tag = g_strndup (p + 1, (gsize) (q - p) - 1);
              done = func (t, tag);
            }
        }
      if (done)
        p = q + 1;
      else
        g_string_append_c (out, *p++);
    }
  return out;
}

static gboolean
replace_info (Tags *t, const char *tag)
{
  g_autoptr (PyValue) value = NULL;

  if (needs_jail (tag))
    {
      t->crashed = TRUE;
      return TRUE;
    }
  value = tag_value (t, tag);
  if (value == NULL)
    return FALSE;
  append_escaped (t->out, value, !g_str_equal (tag, "msg"));
  return TRUE;
}

/* <F-NAME>: what a group captured; nothing where it did not. */
static gboolean
replace_captured (Tags *t, const char *tag)
{
  g_autofree char *name = NULL;
  const PyValue *value;

  if (!g_str_has_prefix (tag, "F-") || tag[2] == '\0'
      || tag[2 + strspn (tag + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] != '\0')
    return FALSE;
  name = g_ascii_strdown (tag + 2, -1);
  value = py_dict_get_str (t->data, g_str_equal (name, "id") ? "fid" : g_str_equal (name, "port") ? "fport" : name);
  if (value != NULL)
    append_escaped (t->out, value, TRUE);
  return TRUE;
}

/* The format with its tags replaced; NULL: the reference dies of one of them. */
static GString *
expand_format (RegexRun *self, const Match *match, gboolean *wrap)
{
  const char *format = self->options->out;
  g_autoptr (PyValue) data = ticket_data (match);
  Tags t = { .run = self, .match = match, .data = data, .wrap = wrap };
  g_autoptr (GString) first = replace_tags (&t, format, strlen (format), replace_info);

  if (t.crashed)
    return NULL;
  return replace_tags (&t, first->str, first->len, replace_captured);
}

static void
print_with_lines (const Match *match, const GString *text)
{
  for (guint i = 0; i < count_lines (match); i++)
    {
      g_autoptr (GString) line = g_string_new (NULL);

      for (gsize at = 0; at < text->len;)
        if (text->len - at >= LINE_MARK_LEN && memcmp (text->str + at, LINE_MARK, LINE_MARK_LEN) == 0)
          {
            append_line (line, py_seq_peek (get_lines (match), i));
            at += LINE_MARK_LEN;
          }
        else
          g_string_append_c (line, text->str[at++]);
      out_text (line->str, line->len);
    }
}

static gboolean
print_format (RegexRun *self, GPtrArray *matches)
{
  gboolean wrap = FALSE;

  for (guint i = 0; i < matches->len; i++)
    {
      const Match *match = g_ptr_array_index (matches, i);
      g_autoptr (GString) text = expand_format (self, match, &wrap);

      if (text == NULL)
        {
          g_autoptr (GError) error
              = g_error_new (FILTER_ERROR, FILTER_ERROR_VALUE, "a tag of '%s' needs a jail", self->options->out);
          return regex_run_crashed (self, error);
        }
      if (wrap)
        print_with_lines (match, text);
      else
        out_text (text->str, text->len);
    }
  return TRUE;
}

gboolean
regex_run_print_failures (RegexRun *self, GPtrArray *matches)
{
  const char *form = self->options->out;

  if (strchr (form, '<') != NULL)
    return print_format (self, matches);
  for (guint i = 0; i < matches->len; i++)
    {
      const Match *match = g_ptr_array_index (matches, i);
      if (g_str_equal (form, "id") || g_str_equal (form, "fid"))
        out_value (match->id_value);
      else if (g_str_equal (form, "ip"))
        print_value (match, "ip", match->id_value);
      else if (g_str_equal (form, "msg"))
        print_lines (match);
      else if (g_str_equal (form, "row"))
        print_row (match);
      else
        print_value (match, form, NULL);
    }
  return TRUE;
}
