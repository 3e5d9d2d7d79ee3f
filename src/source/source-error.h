/* source-error.h - what can go wrong with a log: the system's error number
 *
 * Errors of this domain have an errno as their code (ENOENT, EACCES, EISDIR, …) and its text as message, prefixed by
 * the
 * path: a command answers with Python's OSError of the same number.
 */
#pragma once
#include <glib.h>

#define SOURCE_ERROR (source_error_quark ())
GQuark source_error_quark (void);

/* Sets "path: strerror" with the code error_number; always FALSE. */
gboolean source_error_set (GError **error, int error_number, const char *path);
