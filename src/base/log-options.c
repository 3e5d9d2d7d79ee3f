#include "base/log-options.h"

#include <string.h>

#include "base/log.h"
#include "compat/py-repr.h"

/* The text between the outer brackets. */
typedef struct
{
  const char *text, *at, *end;
} Cursor;

void
log_options_free (LogOptions *self)
{
  if (self == NULL)
    return;
  g_free (self->target);
  g_free (self->format);
  g_free (self->facility);
  g_free (self);
}

static void
skip_spaces (Cursor *c)
{
  while (c->at < c->end && g_ascii_isspace (*c->at))
    c->at++;
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("_-.", c) != NULL) || (guint8) c >= 0x80;
}

/* Positions in messages count characters; the text shown is at most 25 of them. */
static gboolean
fail_at (const Cursor *c, const char *at, const char *name, GError **error)
{
  glong position = g_utf8_strlen (c->text, at - c->text);
  g_autofree char *rest = g_strndup (at, (gsize) (c->end - at));
  g_autofree char *shown = g_utf8_substring (rest, 0, MIN (25, g_utf8_strlen (rest, -1)));
  g_autofree char *quoted = name != NULL ? py_repr_str (name, -1) : NULL;

  if (name != NULL)
    g_set_error (error, LOG_ERROR, LOG_ERROR_SYNTAX, "unexpected syntax at %ld after option %s: %s", position, quoted,
                 shown);
  else
    g_set_error (error, LOG_ERROR, LOG_ERROR_SYNTAX, "expected option, wrong syntax at %ld: %s", position, shown);
  return FALSE;
}

static char *
take_name (Cursor *c)
{
  const char *start = c->at;
  const char *end = c->at;

  while (end < c->end && is_name_char (*end))
    end++;
  if (end == start || end == c->end || *end != '=')
    return NULL;
  c->at = end + 1;
  return g_strndup (start, (gsize) (end - start));
}

static char *
take_value (Cursor *c)
{
  const char *start = c->at;
  const char *end;

  if (c->at < c->end && (*c->at == '"' || *c->at == '\''))
    {
      end = memchr (c->at + 1, *c->at, (gsize) (c->end - c->at - 1));
      if (end != NULL)
        {
          c->at = end + 1;
          return g_strndup (start + 1, (gsize) (end - start - 1));
        }
    }
  while (c->at < c->end && *c->at != ',' && *c->at != ']')
    c->at++;
  return g_strndup (start, (gsize) (c->at - start));
}

/* "," or "][" or the end. */
static gboolean
take_separator (Cursor *c)
{
  const char *start = c->at;

  if (c->at == c->end)
    return TRUE;
  if (*c->at == ',')
    {
      c->at++;
      return TRUE;
    }
  if (*c->at == ']')
    {
      c->at++;
      skip_spaces (c);
      if (c->at < c->end && *c->at == '[')
        {
          c->at++;
          return TRUE;
        }
    }
  c->at = start;
  return FALSE;
}

static LogOption
option_from_text (const char *text)
{
  static const char *const on[] = { "1", "on", "true", "yes" };

  for (guint i = 0; i < G_N_ELEMENTS (on); i++)
    if (g_ascii_strcasecmp (on[i], text) == 0)
      return LOG_OPTION_ON;
  return LOG_OPTION_OFF;
}

static void
set_option (LogOptions *self, const char *name, const char *value)
{
  if (strcmp (name, "format") == 0)
    {
      g_free (self->format);
      self->format = g_strdup (value);
    }
  else if (strcmp (name, "facility") == 0)
    {
      g_free (self->facility);
      self->facility = g_strdup (value);
    }
  else if (strcmp (name, "datetime") == 0)
    self->datetime = option_from_text (value);
  else if (strcmp (name, "padding") == 0)
    self->padding = option_from_text (value);
}

/* A last comma is fine. */
static gboolean
is_at_end (const Cursor *c)
{
  Cursor rest = *c;

  if (rest.at < rest.end && *rest.at == ',')
    rest.at++;
  skip_spaces (&rest);
  return rest.at == rest.end;
}

static gboolean
parse_options (LogOptions *self, Cursor *c, GError **error)
{
  for (;;)
    {
      const char *start = c->at;
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      skip_spaces (c);
      if (is_at_end (c))
        return TRUE;
      name = take_name (c);
      if (name == NULL)
        return fail_at (c, start, NULL, error);
      value = g_strstrip (take_value (c));
      if (!take_separator (c))
        return fail_at (c, c->at, name, error);
      set_option (self, name, value);
    }
}

LogOptions *
log_options_parse (const char *text, GError **error)
{
  g_autoptr (LogOptions) self = g_new0 (LogOptions, 1);
  gsize name_len = strcspn (text, "[");
  Cursor c = { .text = text + name_len, .at = text + name_len, .end = text + strlen (text) };

  while (c.end > c.at && g_ascii_isspace (c.end[-1]))
    c.end--;
  if (name_len == 0 || (c.at < c.end && (c.end - c.at < 2 || c.end[-1] != ']')))
    {
      g_set_error (error, LOG_ERROR, LOG_ERROR_SYNTAX, "unexpected option syntax");
      return NULL;
    }
  self->target = g_strndup (text, name_len);
  if (c.at < c.end)
    {
      c.text = ++c.at;
      c.end--;
      if (!parse_options (self, &c, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}
