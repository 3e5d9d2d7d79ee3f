/* py-ini.h - configuration files as Python's configparser reads and interpolates them
 *
 * ConfigParser (strict=True, inline_comment_prefixes=";") of Python 3.11: sections and options in order, names of options
 * in lower case, continuation lines by indentation, and %(name)s expanded when a value is fetched.  The errors have
 * Python's words.
 * Must not: open files, know includes or what options mean.
 *
 * All text is held text (py-held.h: a NUL of the file is C0 80).  Values are str when they come from a file; a program may
 * put others into a section (py_ini_add_section lends it), which then fail to interpolate as they do in Python.
 * Bounded: interpolation has Python's ten levels, and our own PY_INI_MAX_VALUE and PY_INI_MAX_STEPS, since ten levels of
 * ten references each are ten thousand million.
 */
#pragma once
#include "compat/py-options.h"

#define PY_INI_MAX_DEPTH 10                     /* Python's MAX_INTERPOLATION_DEPTH */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* what reaches a limit reaches a small one sooner */
#define PY_INI_MAX_VALUE (64 * 1024)
#define PY_INI_MAX_STEPS 1000
#else
#define PY_INI_MAX_VALUE                                                                                               \
  (4 * 1024 * 1024)             /* bytes of one expanded value; the longest of a stock configuration has 8 KB */
#define PY_INI_MAX_STEPS 100000 /* references followed for one value */
#endif

#define PY_INI_DEFAULT "DEFAULT" /* the section whose options all others have too */

#define PY_INI_ERROR (py_ini_error_quark ())
GQuark py_ini_error_quark (void);
typedef enum
{
  PY_INI_ERROR_NO_SECTION,
  PY_INI_ERROR_NO_OPTION,
  PY_INI_ERROR_MISSING_HEADER,
  PY_INI_ERROR_PARSING,
  PY_INI_ERROR_DUPLICATE_SECTION,
  PY_INI_ERROR_DUPLICATE_OPTION,
  PY_INI_ERROR_UNICODE, /* not UTF-8: UnicodeDecodeError */
  PY_INI_ERROR_INTERPOLATION_SYNTAX,
  PY_INI_ERROR_INTERPOLATION_MISSING,
  PY_INI_ERROR_INTERPOLATION_DEPTH,
  PY_INI_ERROR_TYPE,  /* a value that is no text was interpolated: TypeError */
  PY_INI_ERROR_LIMIT, /* PY_INI_MAX_VALUE or PY_INI_MAX_STEPS; Python goes on until memory is out */
} PyIniError;

/* "configparser.ParsingError" and so on. */
const char *py_ini_error_class (PyIniError code);

typedef struct PyIni PyIni; /* opaque: the fields live in py-ini.c */

PyIni *py_ini_new (void);
void py_ini_free (PyIni *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyIni, py_ini_free)

/* Reads one file.  source: its name for messages, held text.  The bytes are the file's own (UTF-8 is checked here). */
PyIni *py_ini_parse (const char *bytes, gsize len, const char *source, GError **error);

guint py_ini_section_count (const PyIni *self);                        /* DEFAULT is none */
const char *py_ini_peek_section_name (const PyIni *self, guint index); /* in order of appearance */
PyOptions *py_ini_peek_section (const PyIni *self, const char *name);  /* NULL when absent; case matters */
PyOptions *py_ini_add_section (PyIni *self, const char *name);         /* the one that is there, or a new one */
PyOptions *py_ini_peek_defaults (const PyIni *self);

/* Asked for what is neither in vars, nor in the section, nor in DEFAULT, before a reference fails: lends a value or NULL.
 * name is in lower case as written (a name with capitals is not asked for). */
typedef PyValue *(*PyIniFallback) (const PyIni *self, const char *section, const char *name);
void py_ini_set_fallback (PyIni *self, PyIniFallback fallback);

typedef enum
{
  PY_INI_FOUND,
  PY_INI_NO_SECTION, /* no error set: see py_ini_set_no_section */
  PY_INI_NO_OPTION,  /* no error set */
  PY_INI_FAILED,     /* error set */
} PyIniResult;

/* vars are what is looked at before the section.  Their names must be in lower case (py_ini_vars_fit); py_ini_vars_new makes
 * such of others, as configparser does.  Values that are neither text nor None count as str () of them. */
gboolean py_ini_vars_fit (const PyOptions *options);
PyOptions *py_ini_vars_new (const PyOptions *options);

/* The value of an option with its references expanded: a new reference to a str, or None.  option in any case; vars may be
 * NULL. */
PyIniResult py_ini_get (const PyIni *self, const char *section, const char *option, const PyOptions *vars,
                        PyValue **ret_value, GError **error);
/* The same for who asks for many: own is py_ini_peek_section (self, section). */
PyIniResult py_ini_get_of (const PyIni *self, const char *section, const PyOptions *own, const char *option,
                           const PyOptions *vars, PyValue **ret_value, GError **error);

/* From now on nothing of it changes: expanded values are kept, where no variable has a part in them. */
void py_ini_remember (PyIni *self);

/* "No section: 'x'" */
void py_ini_set_no_section (GError **error, const char *section);
/* "No option 'a' in section: 'x'"; the option in lower case, as it was looked for. */
void py_ini_set_no_option (GError **error, const char *option, const char *section);
