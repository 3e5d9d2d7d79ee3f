/* date-error.h - what can go wrong with dates, by the names that fail2ban's users see
 *
 * Setting a pattern or a time zone can fail; so can a line: with an expression that does not compile, a zone that nobody
 * knows, a date that is half there.  fail2ban logs the exception and drops that line.  The codes name the exception's class
 * in the reference, since log lines and replies show it; the message is the text that str() of that exception gives.
 */
#pragma once
#include <glib.h>

#define DATE_ERROR (date_error_quark ())

typedef enum
{
  DATE_ERROR_REGEX,     /* re.error: the expression does not compile */
  DATE_ERROR_VALUE,     /* ValueError: unknown zone in an option, a template twice */
  DATE_ERROR_TYPE,      /* TypeError: a pattern with a stray %, a month without day */
  DATE_ERROR_KEY,       /* KeyError: a zone in a line that nobody knows */
  DATE_ERROR_INDEX,     /* IndexError: an empty match at the end of a line */
  DATE_ERROR_OVERFLOW,  /* OverflowError: a number too large */
  DATE_ERROR_ATTRIBUTE, /* AttributeError: %I with an optional %p that is not there */
  DATE_ERROR_RECURSION, /* RecursionError: groups nested too deep */
} DateError;

GQuark date_error_quark (void);

/* "KeyError", "TypeError", ...; "error" for DATE_ERROR_REGEX, which is how repr() shows re.error. */
const char *date_error_class (DateError code);
