/* failregex.h - one expression of a filter: fail2ban's tags, and what it captured
 *
 * A failregex, ignoreregex or prefregex: text with tags (<HOST>, <ADDR>, <F-USER>...</F-USER>, <SKIPLINES>, ...) that become
 * Python expressions, compiled once.  Texts of expansions and errors are the reference's (1.1.2-dev, failregex.py), since
 * `get JAIL failregex`, error positions and fail2ban-regex show them.
 * Searching changes nothing that a later search could tell, so many filters can hold the same one.
 * Must not: know lines and dates, decide what a match means, keep a match (that is the caller's PyMatch).
 */
#pragma once

#include <glib.h>

#include "compat/py-regex-automaton.h"
#include "compat/py-regex-spans.h"
#include "compat/py-regex.h"
#include "compat/py-value.h"
#include "match/captures.h"

typedef enum
{
  FAILREGEX_DEFAULT = 0,
  FAILREGEX_MULTILINE = 1 << 0, /* ^ and $ at each line: maxlines is above 1 */
  FAILREGEX_NO_DNS = 1 << 1,    /* usedns = no: <HOST> is an address only */
} FailregexFlags;

typedef struct Failregex Failregex;

#define FAILREGEX_ERROR (failregex_error_quark ())
GQuark failregex_error_quark (void);
typedef enum
{
  FAILREGEX_ERROR_INVALID, /* RegexException: "Cannot add empty regex", "Unable to compile regular expression '...':\n..." */
} FailregexError;

/* pattern: UTF-8 or WTF-8.  What Python answers with another exception than re.error comes as PY_REGEX_ERROR. */
Failregex *failregex_new (const char *pattern, FailregexFlags flags, GError **error);
Failregex *failregex_ref (Failregex *self);
void failregex_unref (Failregex *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Failregex, failregex_unref)
gboolean failregex_is_shared (const Failregex *self); /* is there another reference? */

/* The text with its tags expanded, not compiled (debuggex links). */
char *failregex_expand (const char *pattern, FailregexFlags flags);

const char *failregex_peek_pattern (const Failregex *self); /* as compiled: tags expanded */
/* repr() of the compiled pattern, as error messages show it: re.compile('...', re.MULTILINE) */
char *failregex_dup_repr (const Failregex *self);

/* Can a match of it say who it was: is there a group fid, ip4, ip6, dns or mlfid?  A failregex must, unless its prefregex
 * can. */
gboolean failregex_has_id (const Failregex *self);

PyRegexResult failregex_search (Failregex *self, const char *text, gsize len, PySearchFlags flags, PyMatch *match);

/* FALSE: no text that has this byte at this place (below PY_REGEX_PLACES) matches. */
gboolean failregex_can_have (const Failregex *self, guint place, guint8 byte);

/* py_regex_dup_texts() and py_regex_surely_matches() */
GPtrArray *failregex_dup_texts (const Failregex *self);
gboolean failregex_surely_matches (const Failregex *self, const char *text, gsize len, PySearchFlags flags);

/* py_regex_automaton_new() and py_regex_spans_new(): they live on their own. */
PyRegexAutomaton *failregex_new_automaton (const Failregex *self);
PyRegexSpans *failregex_new_spans (const Failregex *self);

/* The named groups of a match, in their order, None for those that took no part.  Groups alt_NAME and alt_NAME_1, ... fill
 * NAME where it is empty; tuple_NAME, ... join it as a tuple.  text is what was searched; it is lent to the captures, whose content
 * is replaced. */
void failregex_capture (const Failregex *self, const PyMatch *match, const char *text, Captures *captures);
void failregex_capture_around (const Failregex *self, const PyMatch *match, const char *text,
                               Captures *captures); /* all but <F-CONTENT> */
/* Over what the captures have: without what is None. */
void failregex_capture_over (const Failregex *self, const PyMatch *match, const char *text, Captures *captures);
PyValue *failregex_dup_groups (const Failregex *self, const PyMatch *match, const char *text); /* the same as a dict */

/* The span of a named group, FALSE when there is no such group or it took no part. */
gboolean failregex_span (const Failregex *self, const PyMatch *match, const char *name, gsize *ret_start,
                         gsize *ret_end);

/* The span of <F-CONTENT>, in the same way. */
gboolean failregex_get_content (const Failregex *self, const PyMatch *match, gsize *ret_start, gsize *ret_end);

/* The lines that <SKIPLINES> took in a match, as Python's splitlines() splits them: a list of str. */
PyValue *failregex_dup_skipped_lines (const Failregex *self, const PyMatch *match, const char *text);
