/* py-value.h - the plain Python values that travel over the socket and through the configuration
 *
 * What a pickle, a JSON text or a repr can hold: None, bool, int, float, str, bytes, list, tuple, dict, set, frozenset,
 * and exceptions by name.  Built once, then read: lists, tuples, dicts and sets grow while they are built by one owner.
 * Must not: hold objects, code or anything that refers to itself (a cycle is never freed; py-pickle refuses them).
 *
 * Ownership: every value is counted, py_value_unref (NULL is fine) drops a reference.  What is appended or set is taken:
 *   g_autoptr (PyValue) list = py_list_new ();
 *   py_list_append (list, py_str_new ("ping"));
 * peek lends: valid while the container lives.  Not for several threads.
 * Text is UTF-8 with a length and may hold NUL; lone surrogates (Python's surrogateescape) stand as WTF-8, three bytes each.
 */
#pragma once
#include <glib.h>

typedef enum
{
  PY_NONE,
  PY_BOOL,
  PY_INT,    /* fits gint64 */
  PY_BIGINT, /* does not fit gint64; never used for what would */
  PY_FLOAT,
  PY_STR,
  PY_BYTES,
  PY_LIST,
  PY_TUPLE,
  PY_DICT,
  PY_SET,
  PY_FROZENSET,
  PY_EXCEPTION,
} PyType;

typedef struct PyValue PyValue;   /* opaque: the fields live in py-value.c */
typedef struct PyBigint PyBigint; /* py-bigint.h */

PyValue *py_value_ref (PyValue *self);
void py_value_unref (PyValue *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyValue, py_value_unref)

PyType py_value_type (const PyValue *self);
const char *py_value_type_name (const PyValue *self); /* Python's: "NoneType", "int", "str", …; an exception's class */

/* Python's == (1 == 1.0 == True; a set equals a frozenset) and the hash that agrees with it.  hash and equal have GLib's
 * signatures for GHashTable; list, dict and set are not hashable in Python: py_value_is_hashable tells (tuples: all of it). */
gboolean py_value_equal (gconstpointer a, gconstpointer b);
guint py_value_hash (gconstpointer self);
gboolean py_value_is_hashable (const PyValue *self);
gboolean py_value_truth (const PyValue *self); /* Python's bool(): an exception is true */

/* Empties a list, tuple, dict or set: for a builder that has to take apart what it made (py-pickle: cycles). */
void py_value_clear (PyValue *self);

/* --- scalars ----------------------------------------------------------------------------------------------------- */
PyValue *py_none_new (void);
PyValue *py_bool_new (gboolean value);
PyValue *py_int_new (gint64 value);
PyValue *py_float_new (double value);
PyValue *py_int_take_bigint (PyBigint *value); /* becomes PY_INT when it fits */

gboolean py_bool_get (const PyValue *self);
gint64 py_int_get (const PyValue *self); /* PY_INT or PY_BOOL */
double py_float_get (const PyValue *self);
const PyBigint *py_bigint_peek (const PyValue *self);
/* Any number (bool, int, bigint, float) as double; FALSE for other types and ints beyond double's range. */
gboolean py_value_to_double (const PyValue *self, double *ret_value);

/* --- text and bytes ---------------------------------------------------------------------------------------------- */
PyValue *py_str_new (const char *text);                 /* NUL-terminated UTF-8 (or WTF-8) */
PyValue *py_str_new_len (const char *text, gssize len); /* len < 0: NUL-terminated */
PyValue *py_str_take (char *text);                      /* takes a g_malloc'ed NUL-terminated string */
PyValue *py_str_printf (const char *format, ...) G_GNUC_PRINTF (1, 2);
PyValue *py_bytes_new (const void *data, gsize len);
/* A str from bytes of unknown encoding, as Python decodes argv: UTF-8, each undecodable byte as lone surrogate. */
PyValue *py_str_new_surrogateescape (const char *bytes, gssize len);
/* The way back: surrogates U+DC80..U+DCFF become the bytes again.  Always NUL-terminated; ret_len may be NULL. */
char *py_str_dup_surrogateescape (const PyValue *self, gsize *ret_len);

/* Lends the bytes (NUL-terminated for convenience); ret_len may be NULL.  py_str_peek: PY_STR only; bytes: PY_BYTES only. */
const char *py_str_peek (const PyValue *self, gsize *ret_len);
const char *py_bytes_peek (const PyValue *self, gsize *ret_len);
gboolean py_str_equals (const PyValue *self, const char *text); /* FALSE too when self is NULL or no str */

/* One code point of UTF-8 with lone surrogates allowed (WTF-8) at text; gives its length in bytes, 0 when there is none. */
guint py_utf8_decode (const char *text, gsize left, gunichar *ret_c);
void py_utf8_append (GString *out, gunichar c); /* any code point, a lone surrogate too */

/* --- list and tuple ----------------------------------------------------------------------------------------------- */
PyValue *py_list_new (void);
PyValue *py_tuple_new (void);
PyValue *py_list_new_items (PyValue *first, ...) G_GNUC_NULL_TERMINATED; /* takes each; first may be NULL: empty */
PyValue *py_tuple_new_items (PyValue *first, ...) G_GNUC_NULL_TERMINATED;
PyValue *py_list_new_strs (const char *first, ...) G_GNUC_NULL_TERMINATED;
PyValue *py_list_new_strv (const char *const *strv);     /* each through py_str_new */
void py_list_append (PyValue *self, PyValue *item);      /* takes item; list, or tuple while it is built */
guint py_seq_length (const PyValue *self);               /* list or tuple */
PyValue *py_seq_peek (const PyValue *self, guint index); /* list or tuple; index in range */
gboolean py_value_is_seq (const PyValue *self);          /* list or tuple (NULL: FALSE) */

/* --- dict: keeps the order of insertion, a known key keeps its place ------------------------------------------------ */
PyValue *py_dict_new (void);
void py_dict_set (PyValue *self, PyValue *key, PyValue *value); /* takes both; key must be hashable */
void py_dict_set_str (PyValue *self, const char *key, PyValue *value);
gboolean py_dict_remove_str (PyValue *self, const char *key); /* d.pop (key, None): FALSE when it was not there */
typedef enum
{
  PY_DICT_UPDATE_ALL,
  PY_DICT_UPDATE_NOT_NONE, /* leaves out what is None in other */
} PyDictUpdate;
void py_dict_update (PyValue *self, const PyValue *other, PyDictUpdate mode); /* shares other's keys and values */
PyValue *py_dict_get (const PyValue *self, const PyValue *key);               /* peek; NULL when absent */
PyValue *py_dict_get_str (const PyValue *self, const char *key);
guint py_dict_length (const PyValue *self);
PyValue *py_dict_peek_key (const PyValue *self, guint index); /* in order of insertion */
PyValue *py_dict_peek_value (const PyValue *self, guint index);

/* --- set and frozenset: in order of insertion (Python's order is arbitrary) ------------------------------------------ */
PyValue *py_set_new (void);
PyValue *py_frozenset_new (void);
void py_set_add (PyValue *self, PyValue *item); /* takes; hashable; an equal one already there wins */
gboolean py_set_contains (const PyValue *self, const PyValue *item);
guint py_set_length (const PyValue *self);
PyValue *py_set_peek (const PyValue *self, guint index);

/* --- exceptions: a class by name and the tuple of its arguments ------------------------------------------------------ */
PyValue *py_exception_new (const char *module, const char *class_name, PyValue *args); /* takes args: a tuple */
PyValue *py_exception_new_text (const char *class_name, const char *text); /* module builtins, args (text,) */
PyValue *py_exception_new_printf (const char *class_name, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* OSError's family: FileNotFoundError etc. chosen by errno as Python does; args (errno, strerror, filename) */
PyValue *py_exception_new_errno (int error_number, const char *filename); /* filename may be NULL */
const char *py_exception_peek_module (const PyValue *self);
const char *py_exception_peek_class (const PyValue *self);
PyValue *py_exception_peek_args (const PyValue *self); /* as pickled: an OSError's file name is the third */
/* What Python shows as e.args: an OSError with a file name shows the number and the text only. */
PyValue *py_exception_dup_args (const PyValue *self);
gboolean py_exception_is_os_error (const PyValue *self); /* OSError or one of its subclasses in builtins */
