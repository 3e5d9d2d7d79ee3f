/* jail-error.h - what a jail refuses, in classes that the socket turns into exceptions
 *
 * Two domains: JAIL_ERROR, whose codes name a kind, and JAIL_OS_ERROR, whose code is the errno of a failed system call.
 * Messages are the words that fail2ban 1.1.2 puts into its exceptions.
 * Must not: be logged here (control logs a failed command once).
 */
#pragma once
#include "compat/py-value.h"

#define JAIL_ERROR    (jail_error_quark ())
#define JAIL_OS_ERROR (jail_os_error_quark ())
GQuark jail_error_quark (void);
GQuark jail_os_error_quark (void);

typedef enum
{
  JAIL_ERROR_GENERAL,        /* Exception */
  JAIL_ERROR_VALUE,          /* ValueError */
  JAIL_ERROR_TYPE,           /* TypeError */
  JAIL_ERROR_KEY,            /* KeyError */
  JAIL_ERROR_INDEX,          /* IndexError */
  JAIL_ERROR_ATTRIBUTE,      /* AttributeError */
  JAIL_ERROR_LOOKUP,         /* LookupError */
  JAIL_ERROR_RUNTIME,        /* RuntimeError */
  JAIL_ERROR_REGEX,          /* fail2ban.server.failregex.RegexException */
  JAIL_ERROR_UNKNOWN_JAIL,   /* fail2ban.exceptions.UnknownJailException; the message is the jail's name */
  JAIL_ERROR_DUPLICATE_JAIL, /* fail2ban.exceptions.DuplicateJailException; likewise */
} JailError;

void jail_set_os_error (GError **error, int error_number, const char *path); /* the message is the path; NULL: there is none, the code is negative */

/* The exception that answers a command, from an error of any room that a jail may include (what is unknown: Exception).
 * The client tells apart UnknownJailException, DuplicateJailException and IndexError; of all others it prints the text. */
PyValue *jail_error_to_exception (const GError *error);
