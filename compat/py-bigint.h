/* py-bigint.h - Python's ints beyond 64 bits
 *
 * Sign and magnitude; every function gives a new number and changes none.  Used by py-value (PY_BIGINT), py-pickle and
 * py-expr.  Small numbers are fine here too: it is py-value that keeps what fits gint64 as PY_INT.
 * Must not: grow beyond PY_BIGINT_MAX_BITS; what would is answered with NULL (the caller words the error).
 */
#pragma once
#include <glib.h>

/* Far beyond any ban time, and a multiplication still takes milliseconds only. */
#define PY_BIGINT_MAX_BITS   (1u << 17)
/* Python's sys.int_info.default_max_str_digits: more digits are an error both in literals and in str(). */
#define PY_BIGINT_MAX_DIGITS 4300

typedef struct PyBigint PyBigint;

PyBigint *py_bigint_new_int (gint64 value);
PyBigint *py_bigint_new_double (double value); /* finite; towards zero, exactly */
/* Digits of the base (2, 8, 10, 16) only, no sign, no blanks, at least one; NULL otherwise or when too large. */
PyBigint *py_bigint_new_digits (const char *digits, gsize len, guint base);
/* Little-endian two's complement, as pickle's LONG1; no bytes: zero. */
PyBigint *py_bigint_new_bytes (const guint8 *bytes, gsize len);
PyBigint *py_bigint_copy (const PyBigint *self);
void py_bigint_free (PyBigint *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyBigint, py_bigint_free)

int py_bigint_sign (const PyBigint *self);         /* -1, 0, 1 */
guint py_bigint_bit_length (const PyBigint *self); /* of the magnitude; 0 has none */
gboolean py_bigint_is_odd (const PyBigint *self);
gboolean py_bigint_to_int (const PyBigint *self, gint64 *ret_value);    /* FALSE when it does not fit */
gboolean py_bigint_to_double (const PyBigint *self, double *ret_value); /* half to even; FALSE beyond double's range */
void py_bigint_to_bytes (const PyBigint *self, GByteArray *out);        /* shortest two's complement; zero: nothing */
char *py_bigint_to_string (const PyBigint *self);                       /* decimal, however long */
guint py_bigint_hash (const PyBigint *self); /* integral doubles' hash agrees: see py-value.c */

int py_bigint_compare (const PyBigint *a, const PyBigint *b);
int py_bigint_compare_double (const PyBigint *a, double b); /* exact; b no NaN */

PyBigint *py_bigint_negate (const PyBigint *a);
PyBigint *py_bigint_add (const PyBigint *a, const PyBigint *b);
PyBigint *py_bigint_subtract (const PyBigint *a, const PyBigint *b);
PyBigint *py_bigint_multiply (const PyBigint *a, const PyBigint *b);
PyBigint *py_bigint_power (const PyBigint *a, guint exponent);
PyBigint *py_bigint_shift_left (const PyBigint *a, guint bits);
PyBigint *py_bigint_shift_right (const PyBigint *a, guint bits); /* floor, as Python's >> */
/* Floor division and a remainder of b's sign, as Python's // and %; b not zero.  Either result may be NULL. */
void py_bigint_divide (const PyBigint *a, const PyBigint *b, PyBigint **ret_quotient, PyBigint **ret_remainder);
/* a / b rounded once, half to even, as Python's int / int; FALSE when beyond double's range.  b not zero. */
gboolean py_bigint_true_divide (const PyBigint *a, const PyBigint *b, double *ret_value);
/* op: '&', '|' or '^', on infinite two's complement. */
PyBigint *py_bigint_bitwise (const PyBigint *a, const PyBigint *b, char op);
