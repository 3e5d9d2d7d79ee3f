/* options-text.h - the long texts of the command line (options.c only) */
#pragma once

#define VERSION_LONG  "1.1.2.dev1" /* the reference whose behaviour this is: scripts compare it */
#define VERSION_SHORT "1.1.2.1"

extern const char options_help[]; /* from the empty line after "Usage:" on */
