/* literal-scan-fuzz.c - texts and a line of a stranger, looked for in every way
 *
 * Up to the first empty line each line is a text (of those that can be one), the rest is searched. */
#include <stdint.h>
#include <string.h>

#include "match/literal-scan.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define NUMBERS 64

static GPtrArray *
take_texts (const char **at, const char *end)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  const char *newline;

  while (*at < end && (newline = memchr (*at, '\n', (size_t) (end - *at))) != NULL)
    {
      g_autofree char *text = g_ascii_strdown (*at, newline - *at);
      gsize len = (gsize) (newline - *at);

      *at = newline + 1;
      if (len == 0)
        break;
      if (strlen (text) >= LITERAL_SCAN_LEAST)
        g_ptr_array_add (texts, g_steal_pointer (&text));
    }
  return texts;
}

static guint64
find_slowly (const GPtrArray *texts, const char *line, gsize len)
{
  g_autofree char *folded = g_malloc (len + 1);
  guint64 found = 0;

  for (gsize i = 0; i < len; i++)
    folded[i] = g_ascii_tolower (line[i]);
  for (guint i = 0; i < texts->len; i++)
    {
      const char *text = g_ptr_array_index (texts, i);

      if (memmem (folded, len, text, strlen (text)) != NULL)
        found |= (guint64) 1 << (i % NUMBERS);
    }
  return found;
}

static void
check (const GPtrArray *texts, const char *line, gsize len, guint64 expected, gboolean sieved, LiteralSieveKind kind)
{
  g_autoptr (LiteralScan) scan = literal_scan_new ();
  guint64 found = 0;

  for (guint i = 0; i < texts->len; i++)
    if (!literal_scan_add (scan, g_ptr_array_index (texts, i), i % NUMBERS))
      return;
  literal_scan_finish_as (scan, sieved, kind);
  literal_scan_run (scan, line, len, &found);
  if (found != expected)
    g_error ("%s %d: found %" G_GINT64_MODIFIER "x, not %" G_GINT64_MODIFIER "x", sieved ? "sieve" : "window", kind,
             found, expected);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *at = (const char *) data, *end = at + size;
  g_autoptr (GPtrArray) texts = take_texts (&at, end);
  gsize len = (gsize) (end - at);
  /* On its own, so that a sanitizer sees its ends */
  g_autofree char *line = g_memdup2 (at, len);
  guint64 expected = find_slowly (texts, line, len);

  check (texts, line, len, expected, FALSE, LITERAL_SIEVE_PLAIN);
  for (LiteralSieveKind kind = 0; kind < LITERAL_SIEVE_N_KINDS; kind++)
    if (literal_sieve_can (kind))
      check (texts, line, len, expected, TRUE, kind);
  return 0;
}
