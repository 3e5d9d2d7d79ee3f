/* python-helper.h - the process behind a PythonAction: starting and ending it, whole messages to and from it
 *
 * Must not: know what the messages mean.
 */
#pragma once
#include "compat/py-value.h"

typedef struct PythonHelper PythonHelper;

typedef struct
{
  /* A message arrived; lent.  Neither function is called from within python_helper_start or _send. */
  void (*received) (PyValue *message, gpointer user_data);
  /* It is gone, or said what nobody understands; why: for the log.  The callee frees it. */
  void (*ended) (const char *why, gpointer user_data);
} PythonHelperFuncs;

/* NULL with error: no python3, no helper.py, no process. */
PythonHelper *python_helper_start (const char *folder, const PythonHelperFuncs *funcs, gpointer user_data, GError **error);
/* kill: at once, with all that it started; else it is told to go and has two seconds.  NULL is fine. */
void          python_helper_free  (PythonHelper *self, gboolean kill);
void          python_helper_send  (PythonHelper *self, PyValue *message /* taken */);
