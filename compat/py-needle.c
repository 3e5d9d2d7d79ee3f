#include "compat/py-needle.h"

#include <string.h>

#define MISSES_MOST 8 /* the byte is not rare there: memmem() is better */

/* How often a byte stands in logs, roughly: most often the first of `common`, all others rarely. */
static gsize
commonness (char c)
{
  static const char common[] = " eotanirs:lcdfmu[]h.p1024yg";
  const char *at = c != '\0' ? strchr (common, c) : NULL;

  return at != NULL ? sizeof common - (gsize) (at - common) : 0;
}

void
py_needle_init (PyNeedle *self, const char *text, gsize len)
{
  g_return_if_fail (len > 0);

  *self = (PyNeedle){ .text = text, .len = len };
  for (gsize i = 1; i < len; i++)
    if (commonness (text[i]) < commonness (text[self->rare]))
      self->rare = i;
}

const char *
py_needle_find (const PyNeedle *self, const char *at, const char *end)
{
  for (guint misses = 0; (gsize) (end - at) >= self->len; misses++)
    {
      const char *rare, *last = end - self->len;

      if (misses == MISSES_MOST)
        return memmem (at, (gsize) (end - at), self->text, self->len);
      rare = memchr (at + self->rare, self->text[self->rare], (gsize) (last - at) + 1);
      if (rare == NULL)
        return NULL;
      if (memcmp (rare - self->rare, self->text, self->len) == 0)
        return rare - self->rare;
      at = rare - self->rare + 1;
    }
  return NULL;
}
