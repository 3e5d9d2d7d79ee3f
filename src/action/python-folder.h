/* python-folder.h - where helper.py and the modules that users' Python files import are
 *
 * Must not: run anything.
 */
#pragma once
#include <glib.h>

/* Beside a program that stands in its build folder, else where it was installed.  The caller's. */
char *python_folder_find (void);
