/* python-action.h - a Python action (*.py) in a helper process of its own
 *
 * Users' files run unmodified under python3, with python/fail2ban as the package that they import.  The helper starts with the first
 * request; when it dies or takes too long it is ended and starts again with the next one: the action is made anew, gets the properties
 * that were set, and `start` is called when it had been started.  Messages: python/helper.py.
 * Must not: know tickets' rules or the order of actions (operation.h), block the loop.
 *
 * Bounded: a message from the helper 16 MiB; a request that the helper works on, timeout_usec.  After a failed start the next one
 * is 5 s away; until then requests get the same error.
 */
#pragma once
#include "action/action-info.h"
#include "compat/py-value.h"

typedef struct PythonAction PythonAction;
typedef struct PythonRequest PythonRequest; /* on its way; gone when its callback is called, or by python_request_forget */

typedef struct
{
  const char   *jail_name, *name;
  const char   *file;        /* the user's */
  const PyValue *options;    /* dict: arguments of its class */
  const char   *folder;      /* where helper.py is */
  gint64        timeout_usec;
  Log          *log;         /* the action's own records go there; outlives it */
  /* What the action asks of its jail ("bantime", "addbanned" …): a new reference, NULL when the jail does not answer that. */
  PyValue *(*ask_jail) (gpointer user_data, const char *question, const PyValue *args);
  gpointer      user_data;
} PythonActionSpec;

/* What is copied: everything.  Nothing is started yet. */
PythonAction *python_action_new  (const PythonActionSpec *spec);
/* The helper is told to go, and killed when it does not within two seconds.  No callback is called.  NULL is fine. */
void          python_action_free (PythonAction *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PythonAction, python_action_free)

const char    *python_action_peek_file    (const PythonAction *self);
const PyValue *python_action_peek_options (const PythonAction *self);

/* Of the object, as of its last answer; all FALSE before the first. */
typedef struct
{
  gboolean norestored, prolongs, flushes, reloads, clears, checks;
} PythonTraits;
const PythonTraits *python_action_peek_traits (const PythonAction *self);

/* It has been started, so that a new helper starts it again. */
void     python_action_set_started (PythonAction *self, gboolean started);
gboolean python_action_is_started  (const PythonAction *self);

/* result: what came back, or the PY_EXCEPTION that was raised; lent.  Never called before the function that asked has returned. */
typedef void (*PythonDone) (PyValue *result, gpointer user_data);

/* Makes the action when it is not there yet. */
PythonRequest *python_action_load (PythonAction *self, PythonDone done, gpointer user_data);
/* start, stop, ban, unban, reban, prolong, flush, consistencyCheck; info is lent until done or forget, NULL for those without. */
PythonRequest *python_action_run  (PythonAction *self, const char *method, ActionInfo *info, PythonDone done, gpointer user_data);
PythonRequest *python_action_call (PythonAction *self, const char *method, const PyValue *kwargs, PythonDone done, gpointer user_data);
/* pairs: list of lists [name, value]; a method is called with its value as JSON.  wanted: the last property's value comes back. */
PythonRequest *python_action_set  (PythonAction *self, PyValue *pairs, gboolean wanted, PythonDone done, gpointer user_data);
PythonRequest *python_action_get  (PythonAction *self, const char *name, PythonDone done, gpointer user_data);
PythonRequest *python_action_list (PythonAction *self, gboolean methods, PythonDone done, gpointer user_data);
/* Its callback is not called any more; the helper goes on with it.  NULL is fine. */
void           python_request_forget (PythonRequest *request);
