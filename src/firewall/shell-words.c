#include "firewall/shell-words.h"

#include <string.h>

typedef struct
{
  const char *at, *end;
} Cursor;

typedef enum
{
  WORD,
  END_OF_COMMAND,
  END_OF_TEXT,
  NOT_PLAIN,
} Token;

/* Bytes that are just themselves in an unquoted word, wherever they stand. */
static gboolean
is_plain (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("%+,-./:@_", c) != NULL) || (guchar) c >= 0x80;
}

/* After the opening quote.  FALSE when it does not end, or holds what is no plain text. */
static gboolean
read_single_quoted (Cursor *c, GString *word)
{
  const char *close = memchr (c->at, '\'', (gsize) (c->end - c->at));

  if (close == NULL)
    return FALSE;
  g_string_append_len (word, c->at, close - c->at);
  c->at = close + 1;
  return TRUE;
}

static gboolean
read_double_quoted (Cursor *c, GString *word)
{
  for (; c->at < c->end; c->at++)
    switch (*c->at)
      {
      case '"':
        c->at++;
        return TRUE;
      case '$':
      case '`':
        return FALSE;
      case '\\':
        if (c->at + 1 >= c->end)
          return FALSE;
        if (c->at[1] == '\n')
          {
            c->at++;
            break;
          }
        if (strchr ("$`\"\\", c->at[1]) != NULL)
          c->at++;
        g_string_append_c (word, *c->at);
        break;
      default:
        g_string_append_c (word, *c->at);
      }
  return FALSE;
}

/* `!` alone and `=` within an option are words of iptables; an assignment or a reserved word before a command is told apart by the
 * caller, who knows which commands it takes. */
static Token
read_word (Cursor *c, GString *word)
{
  g_string_truncate (word, 0);
  while (c->at < c->end)
    {
      char byte = *c->at;
      if (is_plain (byte) || byte == '!' || byte == '=')
        g_string_append_c (word, byte);
      else if (byte == '\\')
        {
          if (++c->at >= c->end)
            return NOT_PLAIN;
          if (*c->at != '\n') /* else the line goes on */
            g_string_append_c (word, *c->at);
        }
      else if (byte == '\'' || byte == '"')
        {
          c->at++;
          if (!(byte == '"' ? read_double_quoted (c, word) : read_single_quoted (c, word)))
            return NOT_PLAIN;
          continue;
        }
      else
        break;
      c->at++;
    }
  if (c->at < c->end && strchr (" \t\n;", *c->at) == NULL)
    return NOT_PLAIN;
  return memchr (word->str, '\0', word->len) == NULL ? WORD : NOT_PLAIN;
}

static Token
next_token (Cursor *c, GString *word)
{
  while (c->at < c->end
         && (*c->at == ' ' || *c->at == '\t' || (*c->at == '\\' && c->at + 1 < c->end && c->at[1] == '\n')))
    c->at += *c->at == '\\' ? 2 : 1;
  if (c->at >= c->end)
    return END_OF_TEXT;
  if (*c->at == '\0')
    return NOT_PLAIN;
  if (*c->at == '\n' || *c->at == ';')
    {
      c->at++;
      return END_OF_COMMAND;
    }
  return read_word (c, word);
}

/* Takes words. */
static gboolean
add_command (GPtrArray *commands, GPtrArray **words, char terminator)
{
  if ((*words)->len == 0)
    return terminator != ';'; /* an empty line is nothing, an empty command is a syntax error */
  if (commands->len >= SHELL_WORDS_MAX_COMMANDS)
    return FALSE;
  g_ptr_array_add (*words, NULL);
  g_ptr_array_add (commands, g_ptr_array_free (*words, FALSE));
  *words = g_ptr_array_new_with_free_func (g_free);
  return TRUE;
}

GPtrArray *
shell_words_split (const char *text, gssize len)
{
  g_return_val_if_fail (text != NULL, NULL);

  Cursor c = { text, text + (len < 0 ? strlen (text) : (gsize) len) };
  if (c.end - c.at > SHELL_WORDS_MAX_TEXT)
    return NULL;

  g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) word = g_string_new (NULL);

  for (;;)
    switch (next_token (&c, word))
      {
      case WORD:
        if (words->len >= SHELL_WORDS_MAX_WORDS)
          return NULL;
        g_ptr_array_add (words, g_strdup (word->str));
        break;
      case END_OF_COMMAND:
        if (!add_command (commands, &words, c.at[-1]))
          return NULL;
        break;
      case END_OF_TEXT:
        if (!add_command (commands, &words, '\n') || commands->len == 0)
          return NULL;
        return g_steal_pointer (&commands);
      case NOT_PLAIN:
      default:
        return NULL;
      }
}
