/* py-set-order.h - the order in which Python shows a set of str
 *
 * It comes from the hashes of the members, which a program changes at each start, unless PYTHONHASHSEED=0 is set: then the
 * hash is SipHash-1-3 with a key of zeros, and the order the same each time.  That order is what we show: recorded
 * outputs have it, and to everybody else any order is as good.
 * Must not: order sets of anything but str (their order stays that of insertion).
 */
#pragma once

#include "compat/py-value.h"

/* The members of a set in that order, as a list; members are shared. */
PyValue *py_set_dup_ordered (const PyValue *set);

gint64 py_str_hash (const char *text, gsize len); /* hash (text) of Python 3.11 with PYTHONHASHSEED=0 */
