/* py-regex-thread-list.h - lists of the threads that a search is in, those first that it would try first
 *
 * Private to compat/py-regex-threads.c.  A thread is at a step and has a value for each tag that it passed; what values are is told in
 * py-regex-threads.h.
 * Must not: know states.
 */
#pragma once

#include "compat/py-regex-symbols.h"

typedef struct
{
  guint n;
  guint16 *steps;
  guint8 *values; /* of the tags of each */
} PyThreadList;

/* With room for all steps */
void py_thread_list_init (PyThreadList *self, const PyNfa *nfa, guint n_tags);
void py_thread_list_clear (PyThreadList *self);
void py_thread_list_append (PyThreadList *self, guint16 step, const guint8 *values, guint n_tags);

/* What finds threads: memory that lists have in common while they are made, one after the other */
typedef struct PyThreadFinder PyThreadFinder;

/* `work` counts the steps that are looked at. */
PyThreadFinder *py_thread_finder_new (const PyNfa *nfa, guint n_tags, guint *work);
void py_thread_finder_free (PyThreadFinder *self); /* NULL is fine */

/* An empty list */
void py_thread_finder_begin (PyThreadFinder *self, PyThreadList *list);

/* Is this step new to the list?  Then it is not any more. */
gboolean py_thread_finder_mark (PyThreadFinder *self, guint16 step);

/* Adds the threads that this one becomes without taking a character, in the order in which a search would try them; those that are there
 * already came first, and behind one that has matched there are none.  What it passes it passes at PY_VALUE_HERE.  With PY_SYMBOL_NONE
 * those that look ahead go on, whatever comes, and also behind a match. */
void py_thread_finder_add (PyThreadFinder *self, PyThreadList *list, guint16 from, const guint8 *values, guint before,
                           guint symbol);

/* Did what was added to the list ask for what stands before?  For more than where a line or the text begins and ends? */
gboolean py_thread_finder_has_looked_behind (const PyThreadFinder *self);
gboolean py_thread_finder_has_looked_at_characters (const PyThreadFinder *self);
