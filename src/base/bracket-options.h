/* bracket-options.h - "name[option=value, other="a, b"][third=x]", the way jails name filters, actions and backends
 *
 * The reference's own grammar with its odd ends: values in double or single quotes or bare up to a comma or ']'; groups of
 * brackets may follow each other; a blank after a quoted value is an error; of two equal names the last wins.
 * Must not: interpret names or values.  Linear in the length of the text.
 */
#pragma once
#include "compat/py-value.h"

#define BRACKET_OPTIONS_ERROR (bracket_options_error_quark ())
GQuark bracket_options_error_quark (void); /* one code, 0: the message is the reference's */

/* "x[a=1]" -> name "x", dict {"a": "1"} (empty when there are none).  Errors: "unexpected option syntax", "unexpected
 * syntax at N after option 'o': ...", "expected option, wrong syntax at N: ..." (N counts characters after the '['). */
gboolean bracket_options_parse (const char *text, char **ret_name, PyValue **ret_options, GError **error);

/* Splits the value of `action` into single actions at blanks and line ends outside of brackets: owned strings. */
GPtrArray *bracket_options_split (const char *text);
