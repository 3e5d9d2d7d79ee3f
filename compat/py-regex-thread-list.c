#include "compat/py-regex-thread-list.h"

#include <string.h>

#include "compat/py-regex-threads.h"

typedef struct
{
  guint16 step;
  guint values; /* which ones of the finder's */
} Pending;

struct PyThreadFinder
{
  const PyNfa *nfa;
  guint n_tags;
  guint *work;
  Pending *pending;
  GByteArray *values;
  guint32 *marks, mark; /* the steps of the list */
  gboolean is_over;     /* it ends with a match: nobody asks for later threads */
};

/* --- memory -------------------------------------------------------------------------------------------------------- */
void
py_thread_list_init (PyThreadList *self, const PyNfa *nfa, guint n_tags)
{
  self->n = 0;
  self->steps = g_new (guint16, nfa->steps->len);
  self->values = g_new (guint8, (gsize) nfa->steps->len * n_tags);
}

void
py_thread_list_clear (PyThreadList *self)
{
  g_clear_pointer (&self->steps, g_free);
  g_clear_pointer (&self->values, g_free);
}

PyThreadFinder *
py_thread_finder_new (const PyNfa *nfa, guint n_tags, guint *work)
{
  PyThreadFinder *self = g_new0 (PyThreadFinder, 1);

  self->nfa = nfa;
  self->n_tags = n_tags;
  self->work = work;
  self->pending = g_new (Pending, 2 * nfa->steps->len + 1);
  self->values = g_byte_array_new ();
  self->marks = g_new0 (guint32, nfa->steps->len);
  return self;
}

void
py_thread_finder_free (PyThreadFinder *self)
{
  if (self == NULL)
    return;
  g_free (self->pending);
  g_byte_array_unref (self->values);
  g_free (self->marks);
  g_free (self);
}

/* --- lists --------------------------------------------------------------------------------------------------------- */
void
py_thread_finder_begin (PyThreadFinder *self, PyThreadList *list)
{
  list->n = 0;
  self->is_over = FALSE;
  if (++self->mark == 0)
    {
      memset (self->marks, 0, self->nfa->steps->len * sizeof self->marks[0]);
      self->mark = 1;
    }
}

void
py_thread_list_append (PyThreadList *self, guint16 step, const guint8 *values, guint n_tags)
{
  self->steps[self->n] = step;
  memcpy (self->values + (gsize) self->n * n_tags, values, n_tags);
  self->n++;
}

/* The values with one of them set to here; gives which ones they are. */
static guint
set_here (PyThreadFinder *self, guint values, guint tag)
{
  guint len = self->values->len, n_tags = self->n_tags;

  g_byte_array_set_size (self->values, len + n_tags);
  memcpy (self->values->data + len, self->values->data + (gsize) values * n_tags, n_tags);
  self->values->data[len + tag] = PY_VALUE_HERE;
  return len / n_tags;
}

gboolean
py_thread_finder_mark (PyThreadFinder *self, guint16 step)
{
  if (self->marks[step] == self->mark)
    return FALSE;
  self->marks[step] = self->mark;
  return TRUE;
}

void
py_thread_finder_add (PyThreadFinder *self, PyThreadList *list, guint16 from, const guint8 *values, guint before,
                      guint symbol)
{
  guint n_tags = self->n_tags, n = 0;

  g_byte_array_set_size (self->values, 0);
  g_byte_array_append (self->values, values, n_tags);
  self->pending[n++] = (Pending){ from, 0 };
  while (n > 0 && !self->is_over)
    {
      Pending at = self->pending[--n];
      const PyNfaStep *step = py_nfa_step (self->nfa, at.step);

      if (!py_thread_finder_mark (self, at.step))
        continue;
      ++*self->work;
      switch (step->op)
        {
        case PY_NFA_SPLIT:
          self->pending[n++] = (Pending){ step->other, at.values };
          self->pending[n++] = (Pending){ step->next, at.values };
          break;
        case PY_NFA_TAG:
          self->pending[n++] = (Pending){ step->next, set_here (self, at.values, step->tag) };
          break;
        case PY_NFA_AT:
          if ((symbol == PY_SYMBOL_NONE && py_nfa_looks_ahead (step)) || py_nfa_is_at (step, before, symbol))
            self->pending[n++] = (Pending){ step->next, at.values };
          break;
        case PY_NFA_TAKE:
        case PY_NFA_ACCEPT:
        default:
          py_thread_list_append (list, at.step, self->values->data + (gsize) at.values * n_tags, n_tags);
          self->is_over = step->op == PY_NFA_ACCEPT && symbol != PY_SYMBOL_NONE;
        }
    }
}

gboolean
py_thread_finder_has_looked_at_characters (const PyThreadFinder *self)
{
  for (guint i = 0; i < self->nfa->steps->len; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, i);

      if (self->marks[i] == self->mark && step->op == PY_NFA_AT && step->place >= PY_NFA_AT_BOUNDARY)
        return TRUE;
    }
  return FALSE;
}

gboolean
py_thread_finder_has_looked_behind (const PyThreadFinder *self)
{
  for (guint i = 0; i < self->nfa->steps->len; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, i);

      if (self->marks[i] == self->mark && step->op == PY_NFA_AT
          && (!py_nfa_looks_ahead (step) || step->place == PY_NFA_AT_BOUNDARY || step->place == PY_NFA_AT_NON_BOUNDARY))
        return TRUE;
    }
  return FALSE;
}
