/* date-directives.h - the directives of a date pattern: what each matches and what it is called
 *
 * Python's (compat/py-strptime.h), some of them wider in fail2ban, and its own: %k %l (hour with a blank for the leading zero)
 * and the exact ones %Exd %Exm %ExH %ExM %ExS %Exk %Exl %ExY %Exy %ExZ %Exz.
 * The expressions can be seen by users: fail2ban-regex --verbose-date prints them, and errors in a pattern name positions
 * in them; so they are the reference's to the byte (1.1.2).
 */
#pragma once
#include <glib.h>

typedef struct DateDirectives DateDirectives;

/* `year` is that of the clock: %ExY takes decades from 2000 on, and a year ago to three years ahead. */
DateDirectives *date_directives_new (int year);
void date_directives_free (DateDirectives *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DateDirectives, date_directives_free)

guint date_directives_count (const DateDirectives *self);
const char *date_directives_peek_key (const DateDirectives *self, guint i);        /* "Y", "ExY", "%" */
const char *date_directives_peek_expression (const DateDirectives *self, guint i); /* "(?P<y>\d{2})" */
const char *date_directives_peek_label (const DateDirectives *self, guint i);      /* "Year", "ExYear", "%c" */

/* The decades that %ExY takes as bits, from 2000 to 2009 on; 0: others than those of this century are among them. */
guint date_directives_get_decades (const DateDirectives *self);

/* The row of a key, -1: none is called so. */
int date_directives_find (const DateDirectives *self, const char *key, gsize len);

/* How many bytes at the start of `text`, which follows a '%', are a directive: 0, 1, or 3 ("ExY") */
gsize date_directives_prefix (const DateDirectives *self, const char *text, gsize len);
