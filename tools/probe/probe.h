/* probe.h - the modes of f2b-probe, the developer program behind the probe oracle
 *
 * A mode answers one JSON object with another.  What can not be done is an answer too: {"error": class, "text": message}.
 * Must not: end the program, keep anything from one request to the next.
 */
#pragma once
#include "compat/py-value.h"

/* request is a dict; gives a dict, never NULL. */
typedef PyValue *(*ProbeFunc) (const PyValue *request);

PyValue *probe_date (const PyValue *request);
PyValue *probe_expr (const PyValue *request);
PyValue *probe_pickle (const PyValue *request);
PyValue *probe_regex (const PyValue *request);
PyValue *probe_repr (const PyValue *request);
PyValue *probe_seconds (const PyValue *request);

/* For all modes. */
PyValue *probe_fail (const char *class_name, const char *text); /* {"error": …, "text": …} */
PyValue *probe_number (const PyValue *value);                   /* {"type": …, "value": repr} */
/* A str member of the request; fallback when it is absent or no str.  ret_len may be NULL. */
const char *probe_peek_str (const PyValue *request, const char *name, gsize *ret_len, const char *fallback);
gint64 probe_get_int (const PyValue *request, const char *name, gint64 fallback);
