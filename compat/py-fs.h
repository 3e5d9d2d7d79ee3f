/* py-fs.h - file names as Python holds them: os.fsdecode, os.path, glob
 *
 * A name is text: UTF-8, and each byte that is none as a lone surrogate (U+DC80..U+DCFF, three bytes of WTF-8), so that
 * any file name survives the way to the socket and back.  Only the functions here turn it into bytes.
 * Must not: follow a pattern deeper than the pattern goes ("**" is no recursion, as in glob.glob by default).
 */
#pragma once
#include <glib.h>

char *py_fs_decode (const char *bytes); /* os.fsdecode */
char *py_fs_encode (const char *text);  /* os.fsencode */

gboolean py_fs_exists (const char *text); /* os.path.exists: a dangling link does not */
gboolean py_fs_isfile (const char *text);
gboolean py_fs_isdir (const char *text);

char *py_path_join (const char *a, const char *b);
char *py_path_dirname (const char *path);
char *py_path_basename (const char *path);
char *py_path_abspath (const char *path);
/* os.path.splitext: the length of the part before the extension's dot (the whole length when there is none). */
gsize py_path_stem_length (const char *path);

#define PY_GLOB_MAX_ENTRIES 1000000 /* looked at for one pattern; then the list ends */

/* glob.glob: names in the order of the directory (not sorted), dot files only for patterns that begin with a dot, dangling
 * links included.  Owned strings, text. */
GPtrArray *py_glob (const char *pattern);
gboolean py_glob_matches (const char *pattern, const char *name); /* fnmatch.fnmatchcase */
