/* py-regex.h - Python 3.11's `re` for str: compile a pattern, search in text
 *
 * A pattern means here exactly what it means to Python, and what Python rejects is rejected with Python's message and
 * position.  It is parsed by a parser of our own and then written anew for PCRE2, so nothing that PCRE2 alone knows
 * (callouts, recursion, verbs, \C, ...) can be reached from a pattern.
 * Must not: know tags, jails or log lines; decode bytes; write logs.
 *
 * Text: patterns and subjects are UTF-8 with a length; they may hold NUL, and lone surrogates in three bytes (WTF-8), which
 *   count as one character each, as in Python.  All positions given to and got from a search are byte offsets.
 * Cost: every search is bounded (see PY_REGEX_LIMIT), by pattern and subject alone, not by the clock; how is told in
 *   py-match.c.  It allocates nothing once the PyMatch has seen the largest pattern, and the pattern a subject of each kind.
 * Threads: many may search with one PyRegex at the same time, each with a PyMatch of its own; a PyMatch belongs to one thread.
 */
#pragma once

#include <glib.h>

#include "compat/py-unicode.h"

/* What `flags` of re.compile would be, with Python's values.  re.U is always meant unless re.A is given. */
typedef enum
{
  PY_REGEX_FLAG_NONE = 0,
  PY_REGEX_FLAG_IGNORECASE = 2,
  PY_REGEX_FLAG_MULTILINE = 8,
  PY_REGEX_FLAG_DOTALL = 16,
  PY_REGEX_FLAG_VERBOSE = 64,
  PY_REGEX_FLAG_ASCII = 256,
} PyRegexFlags;

typedef enum
{
  PY_SEARCH_DEFAULT = 0,
  PY_SEARCH_IS_ASCII = 1 << 0, /* the caller knows: every byte of the subject is below 128.  Saves a pass over it */
  PY_SEARCH_IS_UTF8 = 1 << 1, /* the caller knows: the subject is well-formed (UTF-8 or WTF-8).  Saves a pass over it */
  PY_SEARCH_UNGATED
  = 1 << 2, /* do not ask first whether the subject has what every match needs: the caller did (or is a test) */
  PY_SEARCH_AS_UTF = 1 << 3, /* for tests: search ASCII, too, with the form that is for the rest */
  PY_SEARCH_BARE = 1 << 4,   /* nobody will ask for groups, not even for group 0: this can be quicker */
  PY_SEARCH_GATED = 1 << 5,  /* the caller asked for one of the texts and for the first places: only ask for all texts */
  PY_SEARCH_IS_LINE = 1 << 6, /* the caller knows: there is no newline in the subject, or only one at its end */
} PySearchFlags;

typedef enum
{
  PY_REGEX_NO_MATCH,
  PY_REGEX_MATCH,
  PY_REGEX_LIMIT, /* given up: the search would have taken longer than a few milliseconds.  Nobody knows if it matches */
} PyRegexResult;

/* Which exception Python raises.  The GError's message is its str(), e.g.
 * "missing ), unterminated subpattern at position 3", or with a newline in the pattern "... at position 9 (line 2, column 7)". */
typedef enum
{
  PY_REGEX_ERROR_SYNTAX,    /* re.error */
  PY_REGEX_ERROR_OVERFLOW,  /* OverflowError: a{99999999999} */
  PY_REGEX_ERROR_VALUE,     /* ValueError: (?a)(?u), a number of over 4300 digits */
  PY_REGEX_ERROR_RECURSION, /* RecursionError: groups nested too deep */
  PY_REGEX_ERROR_TOO_LARGE, /* legal in Python, but beyond what PCRE2 can hold; the text is ours */
} PyRegexError;

/* So many bytes at the start of a subject are looked at beforehand. */
#define PY_REGEX_PLACES 6

/* Shorter texts are in nearly every line: py_regex_dup_texts() does not tell them. */
#define PY_REGEX_TEXT_LEAST 4

typedef struct PyRegex PyRegex;
typedef struct PyMatch PyMatch;

#define PY_REGEX_ERROR (py_regex_error_quark ())
GQuark py_regex_error_quark (void);

/* Python's e.msg (without the position) and e.pos in characters, -1 where Python has none.  `error` must be a
 * PY_REGEX_ERROR; `*ret_msg` lives as long as it. */
void py_regex_error_get_details (const GError *error, const char **ret_msg, gssize *ret_pos);

/* re.compile (pattern, flags).  `len` is in bytes, -1: up to the NUL.  A pattern that is not well-formed UTF-8/WTF-8 is
 * our own bug. */
PyRegex *py_regex_new (const char *pattern, gssize len, PyRegexFlags flags, GError **error);
void py_regex_free (PyRegex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyRegex, py_regex_free)

const char *py_regex_peek_pattern (const PyRegex *self, gsize *ret_len); /* as given; ret_len may be NULL */
guint py_regex_group_count (const PyRegex *self);                        /* without group 0 */
int py_regex_group_index (const PyRegex *self, const char *name);        /* -1: no group is called so */
const char *py_regex_peek_group_name (const PyRegex *self, guint group); /* NULL: it has no name.  Walking from 1 to
                                                                              * group_count gives the names in the order
                                                                              * of Python's groupindex */

/* Where things were found.  One PyMatch serves any number of patterns, one after the other; it also owns the machine
 * stack that a search uses, so make one for a filter, not one for an expression. */
PyMatch *py_match_new (void);
void py_match_free (PyMatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyMatch, py_match_free)

/* Searches with this match may take an eighth as long, an eighth of that, ...: for who has many patterns for one subject, some of which took too
 * long.  0 at the start. */
void py_match_set_haste (PyMatch *self, guint haste);

/* pattern.search (subject, pos, endpos), with pos and endpos in bytes, on character boundaries; an endpos beyond the end
 * (G_MAXSIZE) means the end.  As in Python ^ and \A match only at the subject's real start, look-behind and \b see what
 * is before pos, and the subject ends at endpos.  `match` holds the spans after PY_REGEX_MATCH and nothing otherwise.
 * A subject that is not well-formed never matches (it cannot exist in Python). */
PyRegexResult py_regex_search (PyRegex *self, const char *subject, gsize len, gsize pos, gsize endpos,
                               PySearchFlags flags, PyMatch *match);

/* Can a search from the start of a subject that has this byte at this place (from 0, below PY_REGEX_PLACES) find anything?  Only a
 * "no" is certain: who has many patterns asks this once, and searches with those that are left. */
gboolean py_regex_can_have (const PyRegex *self, guint place, guint8 byte);

/* Texts of which every subject with a match contains one: byte strings without NUL or newline, lower case in their ASCII letters.  In a
 * subject that holds none of them, without regard to the case of ASCII letters, nothing is found. */
typedef struct
{
  GPtrArray *texts;    /* of char* */
  gboolean ascii_only; /* that is so for subjects of ASCII only */
} PyRegexTextSet;

#define PY_REGEX_TEXT_SETS 3

/* Up to PY_REGEX_TEXT_SETS sets, each of which must be there, the rarest first (as far as can be told).  They are worked out anew each
 * time. */
GPtrArray *py_regex_dup_texts (const PyRegex *self);

/* Is it sure, without a search, that one would find something?  Only a "yes" is certain: ".+$" after what may be left out, in a line
 * that is not empty. */
gboolean py_regex_surely_matches (const PyRegex *self, const char *subject, gsize len, PySearchFlags flags);

/* The span of a group (0: all), in bytes from the subject's start.  FALSE and nothing written where the group took no
 * part, or the group does not exist, or nothing matched.  ret_start, ret_end may be NULL. */
gboolean py_match_span (const PyMatch *self, guint group, gsize *ret_start, gsize *ret_end);

/* A match, to be taken up later or in another thread: the offsets of its groups, lent until the next search; *ret_n is how many groups
 * there are, with group 0. */
const gsize *py_match_peek_offsets (const PyMatch *self, guint *ret_n);
/* As if a search had just found these (copied). */
void py_match_set_offsets (PyMatch *self, const gsize *offsets, guint n);

/* The group's text out of the subject that was searched, NUL-terminated; NULL where the group took no part. */
char *py_match_dup_group (const PyMatch *self, const char *subject, guint group);

/* re.escape (text): a pattern that matches the text and nothing else */
char *py_regex_escape (const char *text, gssize len);
