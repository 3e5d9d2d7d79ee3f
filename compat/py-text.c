#include "compat/py-text.h"

gboolean
py_unichar_is_space (gunichar c)
{
  if (c < 0x80)
    return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029
         || c == 0x202f || c == 0x205f || c == 0x3000;
}

void
py_text_strip (const char **text, gsize *len)
{
  const char *start = *text, *end = start + *len;

  while (start < end)
    {
      gunichar c = g_utf8_get_char_validated (start, end - start);
      if (!py_unichar_is_space (c))
        break;
      start = g_utf8_next_char (start);
    }
  while (end > start)
    {
      const char *last = g_utf8_find_prev_char (start, end);
      if (last == NULL || !py_unichar_is_space (g_utf8_get_char_validated (last, end - last)))
        break;
      end = last;
    }
  *text = start;
  *len = end - start;
}
