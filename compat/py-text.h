/* py-text.h - blanks of Python's str
 *
 * What str.isspace(), str.strip() and int() take for a blank: more than C's.
 */
#pragma once
#include <glib.h>

gboolean py_unichar_is_space (gunichar c);

/* str.strip(): moves *text and *len to the part without blanks around it. */
void py_text_strip (const char **text, gsize *len);
