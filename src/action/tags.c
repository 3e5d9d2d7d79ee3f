#include "action/tags.h"

#include <string.h>

#include "compat/py-repr.h"

/* --- finding tags ---------------------------------------------------------------------------------------------------- */

gboolean
tags_find (const char *text, gsize len, gsize from, TagSpan *ret_span)
{
  for (gsize open = from; open < len; open++)
    {
      const char *hit = memchr (text + open, '<', len - open);
      if (hit == NULL)
        return FALSE;
      open = (gsize) (hit - text);
      gsize end = open + 1;
      while (end < len && text[end] != ' ' && text[end] != '<' && text[end] != '>')
        end++;
      if (end < len && text[end] == '>' && end > open + 1)
        {
          ret_span->start = open;
          ret_span->end = end + 1;
          return TRUE;
        }
    }
  return FALSE;
}

char *
tags_dup_name (const char *text, const TagSpan *span)
{
  return g_strndup (text + span->start + 1, span->end - span->start - 2);
}

gboolean
tags_contain (const char *text, const char *tag)
{
  gsize length = strlen (tag);

  for (const char *at = strchr (text, '<'); at != NULL; at = strchr (at + 1, '<'))
    if (strncmp (at + 1, tag, length) == 0 && at[1 + length] == '>')
      return TRUE;
  return FALSE;
}

/* --- escaping -------------------------------------------------------------------------------------------------------- */

static gboolean
means_something_to_a_shell (char c)
{
  return c != '\0' && strchr ("\\#&;`|*?~<>^()[]{}$'\"\n\r", c) != NULL;
}

static gboolean
needs_escape (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (means_something_to_a_shell (text[i]))
      return TRUE;
  return FALSE;
}

GString *
tags_escape (const char *text, gsize len)
{
  GString *out = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    {
      if (means_something_to_a_shell (text[i]))
        g_string_append_c (out, '\\');
      g_string_append_c (out, text[i] == '\n' ? 'n' : text[i] == '\r' ? 'r' : text[i]);
    }
  return out;
}

/* --- second pass ----------------------------------------------------------------------------------------------------- */

static void
string_free (gpointer string)
{
  g_string_free (string, TRUE);
}

ShellCommand *
shell_command_new (const char *text, gsize len)
{
  ShellCommand *self = g_new0 (ShellCommand, 1);

  self->text = g_string_new_len (text, (gssize) len);
  self->args = g_ptr_array_new_with_free_func (string_free);
  return self;
}

void
shell_command_free (ShellCommand *self)
{
  if (self == NULL)
    return;
  g_string_free (self->text, TRUE);
  g_ptr_array_unref (self->args);
  g_free (self);
}

char *
shell_command_dup_log (const ShellCommand *self)
{
  if (self->args->len == 0)
    return g_strdup (self->text->str);

  g_autoptr (GString) out = g_string_new ("[");
  py_repr_append_str (out, self->text->str, (gssize) self->text->len);
  for (guint i = 0; i < self->args->len; i++)
    {
      const GString *arg = self->args->pdata[i];
      g_string_append (out, ", ");
      py_repr_append_str (out, arg->str, (gssize) arg->len);
    }
  g_string_append_c (out, ']');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

typedef struct
{
  TagLookup lookup;
  gpointer user_data;
  GPtrArray *names; /* of variables, beside the command's args */
  ShellCommand *command;
} Dynamic;

/* "F_", a tag's name: what is no letter, digit or underscore becomes an underscore. */
static char *
variable_name (const char *prefix, const char *tag)
{
  g_autoptr (GString) name = g_string_new ("f2bV_");

  g_string_append (name, prefix);
  for (const char *at = tag; *at != '\0';)
    {
      gunichar c = g_utf8_get_char_validated (at, -1);
      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_c (name, '_');
          at++;
          continue;
        }
      g_string_append_unichar (name, c == '_' || g_unichar_isalnum (c) ? c : '_');
      at = g_utf8_next_char (at);
    }
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* Takes value. */
static void
append_value (Dynamic *dynamic, GString *out, const char *prefix, const char *tag, GString *value)
{
  if (!needs_escape (value->str, value->len))
    {
      g_string_append_len (out, value->str, (gssize) value->len);
      g_string_free (value, TRUE);
      return;
    }

  g_autofree char *name = variable_name (prefix, tag);
  g_string_append_c (out, '$');
  g_string_append (out, name);
  for (guint i = 0; i < dynamic->names->len; i++)
    if (g_str_equal (dynamic->names->pdata[i], name))
      {
        g_string_free (dynamic->command->args->pdata[i], TRUE); /* a-b and a.b: the last one wins, as in 1.1.2 */
        dynamic->command->args->pdata[i] = value;
        return;
      }
  g_ptr_array_add (dynamic->names, g_steal_pointer (&name));
  g_ptr_array_add (dynamic->command->args, value);
}

static GString *
replace_tags (Dynamic *dynamic, const char *text, gsize len)
{
  GString *out = g_string_sized_new (len);
  gsize at = 0;
  TagSpan span;

  while (tags_find (text, len, at, &span))
    {
      g_autofree char *name = tags_dup_name (text, &span);
      g_string_append_len (out, text + at, (gssize) (span.start - at));
      at = span.end;
      GString *value = dynamic->lookup (name, FALSE, dynamic->user_data);
      if (value != NULL)
        append_value (dynamic, out, "", name, value);
      else
        g_string_append_len (out, text + span.start, (gssize) (span.end - span.start));
    }
  g_string_append_len (out, text + at, (gssize) (len - at));
  return out;
}

static gboolean
is_field (const char *name)
{
  if (strncmp (name, "F-", 2) != 0 || name[2] == '\0')
    return FALSE;
  return name[2 + strspn (name + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static char *
dup_field (const char *tag)
{
  g_autofree char *field = g_ascii_strdown (tag + 2, -1);

  if (g_str_equal (field, "id") || g_str_equal (field, "port"))
    return g_strconcat ("f", field, NULL);
  return g_steal_pointer (&field);
}

/* <F-NAME>: what the expression captured; nothing at all when it captured no such thing. */
static GString *
replace_fields (Dynamic *dynamic, const GString *text)
{
  GString *out = g_string_sized_new (text->len);
  gsize at = 0;
  TagSpan span;

  while (tags_find (text->str, text->len, at, &span))
    {
      g_autofree char *name = tags_dup_name (text->str, &span);
      g_string_append_len (out, text->str + at, (gssize) (span.start - at));
      at = span.end;
      if (!is_field (name))
        {
          g_string_append_len (out, text->str + span.start, (gssize) (span.end - span.start));
          continue;
        }
      g_autofree char *field = dup_field (name);
      GString *value = dynamic->lookup (field, TRUE, dynamic->user_data);
      if (value != NULL)
        append_value (dynamic, out, "F_", field, value);
    }
  g_string_append_len (out, text->str + at, (gssize) (text->len - at));
  return out;
}

ShellCommand *
tags_replace_dynamic (const char *text, gsize len, TagLookup lookup, gpointer user_data)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ShellCommand) command = shell_command_new ("", 0);
  Dynamic dynamic = { lookup, user_data, names, command };

  g_autoptr (GString) tagged = replace_tags (&dynamic, text, len);
  g_autoptr (GString) body = replace_fields (&dynamic, tagged);
  /* From the eleventh on in braces: `$10` is `$1` and a zero to a shell (1.1.2 trips over that). */
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (command->text, i < 10 ? "%s=$%u " : "%s=${%u} ", (const char *) names->pdata[i], i);
  if (names->len > 0)
    g_string_append_c (command->text, '\n');
  g_string_append_len (command->text, body->str, (gssize) body->len);
  return g_steal_pointer (&command);
}
