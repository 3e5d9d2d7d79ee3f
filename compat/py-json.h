/* py-json.h - JSON as Python's json module reads and writes it
 *
 * dumps: separators ", " and ": ", NaN and Infinity as bare words, floats as repr, keys of dicts turned to text as Python
 * does (1 -> "1", True -> "true", None -> "null").  loads: ints of any size, NaN, Infinity, -Infinity, lone surrogates by
 * \uD800.  Errors carry Python's message ("Expecting value: line 1 column 1 (char 0)").
 * Must not: nest deeper than PY_JSON_MAX_DEPTH (both ways: an error, where Python has its recursion limit).
 */
#pragma once
#include "compat/py-value.h"

#define PY_JSON_ERROR (py_json_error_quark ())
GQuark py_json_error_quark (void);
typedef enum
{
  PY_JSON_ERROR_SYNTAX,
  PY_JSON_ERROR_DEPTH,
  PY_JSON_ERROR_TYPE, /* dump: a value JSON has no form for (bytes, set, exception) */
} PyJsonError;

#define PY_JSON_MAX_DEPTH 900 /* below Python's recursion limit of 1000 frames, far below our stack */

typedef enum
{
  PY_JSON_DEFAULT = 0,        /* Python's default: everything beyond ASCII as \uXXXX */
  PY_JSON_UTF8 = 1 << 0,      /* ensure_ascii=False */
  PY_JSON_COMPACT = 1 << 1,   /* separators "," and ":" */
  PY_JSON_SORT_KEYS = 1 << 2, /* sort_keys=True, by code point; all keys must be str */
} PyJsonFlags;

PyValue *py_json_parse (const char *text, gssize len, GError **error); /* whole text; len < 0: NUL-terminated */
char *py_json_dump (const PyValue *value, PyJsonFlags flags, GError **error);
