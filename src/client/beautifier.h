/* beautifier.h - the server's answers as people read them
 *
 * One text for each command; what has no form of its own is shown as Python's str() shows it.  Scripts parse these texts:
 * every blank and tab is an interface.
 * Must not: print; know the socket.
 */
#pragma once
#include "base/log.h"
#include "compat/py-value.h"

/* words: the command as it was sent; response: the value of a success.  May hold lone surrogates and NUL.  A response of an
 * unexpected form is logged and shown as it came. */
PyValue *beautify (const PyValue *words, PyValue *response, Log *log);
/* The same for the exception of a failure. */
PyValue *beautify_error (const PyValue *exception);
