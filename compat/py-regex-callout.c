#include "compat/py-regex-callout.h"

#include "compat/py-value.h"

static gboolean
same_lower (const char *a, gsize a_len, const char *b, gsize b_len, gboolean ascii)
{
  while (a_len > 0 && b_len > 0)
    {
      gunichar x = 0, y = 0;
      guint x_len = py_utf8_decode (a, a_len, &x), y_len = py_utf8_decode (b, b_len, &y);

      if (x_len == 0 || y_len == 0)
        return FALSE;
      if (ascii ? x != y && (x >= 0x80 || y >= 0x80 || g_ascii_tolower ((char) x) != g_ascii_tolower ((char) y))
                : py_unichar_lower (x) != py_unichar_lower (y))
        return FALSE;
      a += x_len;
      a_len -= x_len;
      b += y_len;
      b_len -= y_len;
    }
  return a_len == b_len;
}

/* 0: go on.  1: not here. */
int
py_regex_callout (pcre2_callout_block *block, void *data)
{
  PCRE2_SIZE *begin = data;
  const char *name = (const char *) block->callout_string, *subject = (const char *) block->subject;

  if (name[0] == PY_CALLOUT_BEGIN)
    {
      *begin = block->current_position;
      return 0;
    }
  guint64 group = g_ascii_strtoull (name + 1, NULL, 10);
  const PCRE2_SIZE *offsets = block->offset_vector + 2 * group;
  if (group >= block->capture_top || offsets[0] == PCRE2_UNSET)
    return 1;
  return same_lower (subject + offsets[0], offsets[1] - offsets[0], subject + *begin, block->current_position - *begin,
                     name[0] == PY_CALLOUT_COMPARE_ASCII)
             ? 0
             : 1;
}
