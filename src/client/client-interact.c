#include "client/client-private.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "client/usage.h"
#include "compat/py-shlex.h"

#define EXIT_WRONG 255
#define PROMPT     "fail2ban> "
#define MAX_LINE   (1024 * 1024)

/* Lines of standard input, read by ourselves so that a signal is noticed while we wait. */
typedef struct
{
  GString *have;
  gboolean ended;
} Lines;

/* The next line without its end into line; FALSE: there is none. */
static gboolean
read_line (Client *self, Lines *lines, GString *line)
{
  char buffer[4096];

  for (;;)
    {
      char *newline = memchr (lines->have->str, '\n', lines->have->len);
      if (newline != NULL || (lines->ended && lines->have->len > 0))
        {
          gsize len = newline != NULL ? (gsize) (newline - lines->have->str) : lines->have->len;
          g_string_truncate (line, 0);
          g_string_append_len (line, lines->have->str, (gssize) len);
          g_string_erase (lines->have, 0, (gssize) MIN (len + 1, lines->have->len));
          return TRUE;
        }
      if (lines->ended)
        return FALSE;
      (void) waiter_poll (self->waiter, STDIN_FILENO, POLLIN, -1);
      ssize_t n = read (STDIN_FILENO, buffer, sizeof buffer);
      if (n <= 0 || lines->have->len > MAX_LINE)
        lines->ended = TRUE;
      else
        g_string_append_len (lines->have, buffer, n);
    }
}

/* One line that is neither empty nor a word of the client itself; its failure is no end. */
static void
process_line (Client *self, const GString *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) text = py_str_new_surrogateescape (line->str, (gssize) line->len);
  gsize len;
  const char *held = py_str_peek (text, &len);
  g_autoptr (PyValue) words = py_shlex_split (held, (gssize) len, &error);

  if (words != NULL)
    (void) client_process (self, words);
  else
    log_error (self->log, CLIENT_LOGGER, "%s", error->message);
}

int
client_interact (Client *self)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GString) have = g_string_new (NULL);
  Lines lines = { .have = have };

  puts ("Fail2Ban v" FAIL2BAN_VERSION " reads log file that contains password failure report\n"
        "and bans the corresponding IP addresses using firewall rules.\n");
  for (;;)
    {
      fputs (PROMPT, stdout);
      (void) fflush (stdout);
      if (!read_line (self, &lines, line))
        break;
      if (g_str_equal (line->str, "exit") || g_str_equal (line->str, "quit"))
        return EXIT_SUCCESS;
      if (g_str_equal (line->str, "help"))
        usage_print (self->options->program, stdout);
      else if (line->len > 0)
        process_line (self, line);
    }
  puts ("");
  log_error (self->log, CLIENT_LOGGER, "EOF when reading a line");
  return EXIT_WRONG;
}
