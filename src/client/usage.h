/* usage.h - the help text of fail2ban-client and fail2ban-server
 *
 * Must not: decide when it is shown.
 */
#pragma once
#include <stdio.h>

/* program: as it was called; a name that ends in "server" gets no list of commands. */
void usage_print (const char *program, FILE *out);
