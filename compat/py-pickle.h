/* py-pickle.h - plain values as Python pickles
 *
 * Written: protocol 2, 3 or 4 (4 is what everybody from Python 3.4 reads; 2 is for the oldest clients in other languages).
 * Read: 0 to 5, as Python 2, Python 3 and foreign libraries write them; protocol-0/1/2 Python-2 strings become str (each
 * byte beyond ASCII must be UTF-8, else it is read as Latin-1).  Bytes after STOP are ignored, as in Python.
 * The only globals that mean anything: str of a str (1.1.2's server sends addresses so), set, frozenset, bytearray, bytes() and _codecs.encode for what protocols 0-3 write of
 * bytes and sets, and exception classes of builtins (exceptions, __builtin__) and fail2ban.* by name, which become PY_EXCEPTION.
 * Must not: name, import or call anything else; follow persistent ids, extension codes or out-of-band buffers.
 */
#pragma once
#include "compat/py-value.h"

#define PY_PICKLE_ERROR (py_pickle_error_quark ())
GQuark py_pickle_error_quark (void);
typedef enum
{
  PY_PICKLE_ERROR_TRUNCATED, /* the bytes end before STOP */
  PY_PICKLE_ERROR_INVALID,   /* no pickle, or a broken one */
  PY_PICKLE_ERROR_REFUSED,   /* a global, persistent id, … that is no plain value */
  PY_PICKLE_ERROR_LIMIT,     /* deeper or bigger than the limits */
} PyPickleError;

typedef struct
{
  guint max_depth;  /* containers within containers */
  gsize max_values; /* values in the whole answer, each counted as often as it is seen when walking through it */
  gsize max_memo;   /* memo entries */
} PyPickleLimits;

/* The limits by default: 200 deep, 4 million values, 4 million memo entries: a server-stream of 3000 jails has some 100,000 values. */
extern const PyPickleLimits py_pickle_default_limits;

/* protocol 2, 3 or 4. */
GBytes *py_pickle_encode (const PyValue *value, guint protocol);
void py_pickle_encode_append (GByteArray *out, const PyValue *value, guint protocol);
/* limits NULL: the defaults.  ret_used (may be NULL): bytes up to and with STOP. */
PyValue *py_pickle_decode (const void *data, gsize len, const PyPickleLimits *limits, gsize *ret_used, GError **error);
