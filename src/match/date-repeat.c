#include "match/date-repeat.h"

#include <string.h>

void
date_repeat_forget (DateRepeat *self)
{
  self->len = 0;
  self->form = 0;
  self->number = 0;
}

void
date_repeat_keep (DateRepeat *self, const char *line, gsize len, const DateShapeMatch *shape)
{
  gsize from = shape->in_bracket ? shape->begin : 0;

  date_repeat_forget (self);
  if (shape->decided > DATE_REPEAT_MOST || shape->decided > len - from)
    return;
  memcpy (self->bytes, line + from, shape->decided);
  self->len = shape->decided;
  self->in_bracket = shape->in_bracket;
  self->next = shape->next;
  self->begin = shape->begin - from;
  self->end = shape->end - from;
  self->fraction = shape->fraction - from;
  self->fraction_len = shape->fraction_len;
  self->form = (self->fraction_len > 0 ? self->fraction << 48 | self->fraction_len << 40 : 0) | self->len << 32 | self->begin << 16
               | self->end << 8 | (self->in_bracket ? 4u : 0) | self->next;
}

guint64
date_repeat_get_form (const DateRepeat *self)
{
  return self->form;
}

void
date_repeat_set_timed (DateRepeat *self, gboolean always, gint64 now_usec)
{
  if (self->len == 0)
    return;
  self->number = ++self->n_numbers;
  self->from_usec = always ? G_MININT64 : now_usec - now_usec % G_USEC_PER_SEC;
  self->before_usec = always ? G_MAXINT64 : self->from_usec + (now_usec < 0 ? 0 : G_USEC_PER_SEC);
}

static inline guint64
differ_16 (const char *a, const char *b)
{
  guint64 x[2], y[2];

  memcpy (x, a, sizeof x);
  memcpy (y, b, sizeof y);
  return (x[0] ^ y[0]) | (x[1] ^ y[1]);
}

/* Without a call where it can be: dates with what decides them are of 16 to 32 bytes.  Both ends are compared, which overlap. */
static inline gboolean
is_equal (const char *a, const char *b, gsize n)
{
  if (n < 16 || n > 32)
    return memcmp (a, b, n) == 0;
  return (differ_16 (a, b) | differ_16 (a + n - 16, b + n - 16)) == 0;
}

static gboolean
are_digits (const char *at, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isdigit (at[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_equal_around (const DateRepeat *self, const char *at)
{
  gsize behind = self->fraction + self->fraction_len;

  return is_equal (at, self->bytes, self->fraction) && are_digits (at + self->fraction, self->fraction_len)
         && memcmp (at + behind, self->bytes + behind, self->len - behind) == 0;
}

static inline gboolean
is_repeated (const DateRepeat *self, const char *at)
{
  return self->fraction_len == 0 ? is_equal (at, self->bytes, self->len) : is_equal_around (self, at);
}

gboolean
date_repeat_fits (const DateRepeat *self, const char *line, gsize len, gboolean is_ascii, gsize *ret_from)
{
  gsize n = self->len, from = 0;

  if (n == 0 || len < n)
    return FALSE;
  if (self->in_bracket)
    {
      const char *bracket = is_ascii ? memchr (line, '[', len) : NULL;

      if (bracket == NULL || len - (from = (gsize) (bracket + 1 - line)) < n)
        return FALSE;
    }
  if (!is_repeated (self, line + from) || (self->next != DATE_SHAPE_ANY && (len - from <= n || !date_shape_is_next (self->next, line[from + n]))))
    return FALSE;
  *ret_from = from;
  return TRUE;
}
