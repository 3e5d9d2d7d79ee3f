/* action.h - one action of a jail: its properties, as `set JAIL action ACT …` sees them
 *
 * The command action of fail2ban 1.1.2: commands (actionstart, actionban, …), timeout, and any other property, all of them
 * tags for the commands.  Running them is action-queue.h's.
 * Must not: run anything, know tickets.
 *
 * Owned by its ActionQueue.  What is below is for command actions; those of a Python action are its object's, in another process: ask
 * with action_queue_python_ (action-queue.h).
 */
#pragma once
#include "compat/py-value.h"

#define ACTION_ERROR (action_error_quark ())
GQuark action_error_quark (void);
typedef enum
{
  ACTION_ERROR_EXISTS,       /* ValueError: "Action x already exists" */
  ACTION_ERROR_NO_ACTION,    /* KeyError: "Invalid Action name: x" */
  ACTION_ERROR_NO_ATTRIBUTE, /* AttributeError: "'CommandAction' object has no attribute 'x'" */
  ACTION_ERROR_VALUE,        /* ValueError: a time span that is none, tags that refer to themselves */
  ACTION_ERROR_TYPE,         /* TypeError: arguments of a method */
  ACTION_ERROR_RUN,          /* RuntimeError: "Error banning 192.0.2.1", "Error starting action Jail('j')/x: 'Script error'" */
  ACTION_ERROR_PYTHON,       /* RuntimeError: a Python action */
} ActionError;

/* The exception that fail2ban answers with, from an error of ACTION_ERROR (others: Exception with the message). */
PyValue *action_error_to_exception (const GError *error);

typedef struct Action Action; /* opaque: the fields live in action.c */

const char *action_peek_name (const Action *self);

/* `set JAIL action ACT NAME VALUE`.  "timeout" takes a time span ("1m") and becomes a number, "bantime" is ignored, the
 * rest is kept as it is.  Any value; text as a rule.  Fails for a bad time span (the old one stays). */
gboolean action_set (Action *self, const char *name, PyValue *value /* not taken */, GError **error);
/* `get JAIL action ACT NAME`; a new reference.  "driver" says how its bans get into effect (action-driver.h).  Fails with
 * NO_ATTRIBUTE. */
PyValue *action_get (Action *self, const char *name, GError **error);

/* `get JAIL actionproperties ACT`, `get JAIL actionmethods ACT`: sorted lists of str, as 1.1.2 names them. */
PyValue *action_dup_properties (const Action *self);
PyValue *action_dup_methods    (const Action *self);
/* Is NAME a method, so that `set JAIL action ACT NAME [JSON]` calls it (action_queue_call)? */
gboolean action_is_method (const Action *self, const char *name);
