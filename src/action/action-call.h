/* action-call.h - methods of an action by name, as `set JAIL action ACT METHOD [JSON]` calls them
 *
 * Must not: run commands; it says which task does.
 */
#pragma once
#include "action/action-task.h"

/* Either *ret_result is the answer (a value or an exception; the caller's), or TRUE is returned and a task is to be run: method,
 * query and ret_info are what ActionTaskSpec wants.  ret_info NULL: the method asks for no ticket.  query lives as long as kwargs. */
typedef struct
{
  ActionMethod method;
  const char  *query;
  ActionInfo  *info; /* the caller's */
} ActionCall;
gboolean action_call_prepare (Action *action, const char *method, const PyValue *kwargs, ActionCall *ret_call, PyValue **ret_result);

/* What the method returns once its task is done. */
PyValue *action_call_result (ActionMethod method, gboolean value, const GError *error);
