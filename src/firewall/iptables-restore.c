#include "firewall/iptables-restore.h"

#include <string.h>

GBytes *
iptables_restore_write (const char *table, GPtrArray *const *elements, const gboolean *left_out, guint from, guint to)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "*%s\n", table);
  gsize head = text->len;
  for (guint i = from; i < to; i++)
    for (guint j = 0; !left_out[i] && j < elements[i]->len; j++)
      {
        const IptablesCommand *command = elements[i]->pdata[j];
        g_string_append (text, command->restore_line);
        g_string_append_c (text, '\n');
      }
  if (text->len == head)
    return NULL;
  g_string_append (text, "COMMIT\n");
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

/* "iptables-restore: line 3 failed: No chain/target/match by that name." (1.8.9).  The other form, "Error occurred at line: 4", names
 * the COMMIT when something was wrong before, so it tells nothing. */
static guint64
find_line (const char *errors, gsize len)
{
  static const char mark[] = ": line ";
  const char *hit = memmem (errors, len, mark, strlen (mark));
  if (hit == NULL)
    return 0;

  g_autofree char *rest = g_strndup (hit + strlen (mark), (gsize) (errors + len - hit) - strlen (mark));
  char *end;
  guint64 line = g_ascii_strtoull (rest, &end, 10);
  return g_str_has_prefix (end, " failed") ? line : 0;
}

int
iptables_restore_find_culprit (const char *errors, gsize len, GPtrArray *const *elements, const gboolean *left_out,
                               guint from, guint to)
{
  guint64 line = len > 0 ? find_line (errors, len) : 0;
  guint64 last = 1; /* the table's line */

  for (guint i = from; i < to; i++)
    {
      if (left_out[i])
        continue;
      if (line > last && line <= last + elements[i]->len)
        return (int) i;
      last += elements[i]->len;
    }
  return -1;
}
