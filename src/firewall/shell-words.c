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
  AND_IF,
  OR_IF,
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
  if (c->at < c->end && strchr (" \t\n;&|", *c->at) == NULL)
    return NOT_PLAIN;
  return memchr (word->str, '\0', word->len) == NULL ? WORD : NOT_PLAIN;
}

/* "{" and "}" */
static gboolean
is_lone_brace (const Cursor *c)
{
  return (*c->at == '{' || *c->at == '}') && (c->at + 1 == c->end || strchr (" \t\n;", c->at[1]) != NULL)
         && (c->at + 1 == c->end || c->at[1] != '\0');
}

static Token
next_token (Cursor *c, GString *word, gboolean is_first)
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
  if (*c->at == '&' || *c->at == '|')
    {
      if (c->at + 1 >= c->end || c->at[1] != *c->at)
        return NOT_PLAIN;
      c->at += 2;
      return c->at[-1] == '&' ? AND_IF : OR_IF;
    }
  if (!is_first && is_lone_brace (c))
    {
      g_string_assign (word, *c->at++ == '{' ? "{" : "}");
      return WORD;
    }
  return read_word (c, word);
}

/* --- commands -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  GPtrArray *calls; /* of ShellCall */
  GPtrArray *words; /* of the one that is being read */
  ShellJoin join;
} Splitter;

static void
call_free (gpointer data)
{
  ShellCall *call = data;

  g_strfreev (call->words);
  g_free (call);
}

static gboolean
add_word (Splitter *splitter, const GString *word)
{
  if (splitter->words->len >= SHELL_WORDS_MAX_WORDS)
    return FALSE;
  g_ptr_array_add (splitter->words, g_strdup (word->str));
  return TRUE;
}

/* An empty line is nothing; an empty command before `;` or beside an operator is a syntax error (or goes on in the next line, which
 * nobody writes). */
static gboolean
add_call (Splitter *splitter, gboolean may_be_empty, ShellJoin next)
{
  if (splitter->words->len == 0)
    return may_be_empty && splitter->join == SHELL_ALWAYS;
  if (splitter->calls->len >= SHELL_WORDS_MAX_COMMANDS)
    return FALSE;
  ShellCall *call = g_new0 (ShellCall, 1);
  call->join = splitter->join;
  g_ptr_array_add (splitter->words, NULL);
  call->words = (char **) g_ptr_array_free (splitter->words, FALSE);
  g_ptr_array_add (splitter->calls, call);
  splitter->words = g_ptr_array_new_with_free_func (g_free);
  splitter->join = next;
  return TRUE;
}

static gboolean
split (Splitter *splitter, Cursor *c, GString *word)
{
  for (;;)
    switch (next_token (c, word, splitter->words->len == 0))
      {
      case WORD:
        if (!add_word (splitter, word))
          return FALSE;
        break;
      case END_OF_COMMAND:
        if (!add_call (splitter, c->at[-1] == '\n', SHELL_ALWAYS))
          return FALSE;
        break;
      case AND_IF:
      case OR_IF:
        if (!add_call (splitter, FALSE, c->at[-1] == '&' ? SHELL_AND : SHELL_OR))
          return FALSE;
        break;
      case END_OF_TEXT:
        return add_call (splitter, TRUE, SHELL_ALWAYS) && splitter->calls->len > 0;
      case NOT_PLAIN:
      default:
        return FALSE;
      }
}

GPtrArray *
shell_words_split (const char *text, gssize len)
{
  g_return_val_if_fail (text != NULL, NULL);

  Cursor c = { text, text + (len < 0 ? strlen (text) : (gsize) len) };
  if (c.end - c.at > SHELL_WORDS_MAX_TEXT)
    return NULL;

  g_autoptr (GString) word = g_string_new (NULL);
  g_autoptr (GPtrArray) calls = g_ptr_array_new_with_free_func (call_free);
  Splitter splitter = { calls, g_ptr_array_new_with_free_func (g_free), SHELL_ALWAYS };
  gboolean is_plain_text = split (&splitter, &c, word);
  g_ptr_array_unref (splitter.words);
  return is_plain_text ? g_steal_pointer (&calls) : NULL;
}
