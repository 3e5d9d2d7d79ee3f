/* options.h - the command line of fail2ban-regex
 *
 * The grammar is that of Python's optparse, which the reference uses: long options may be shortened while they are unique,
 * options and arguments may be mixed, "--" ends them; errors and exit codes are its own.
 * All texts are UTF-8 with lone surrogates for bytes that are none.
 */
#pragma once

#include <glib.h>

typedef struct
{
  char *config;      /* -c */
  char *datepattern; /* -d; NULL: not given */
  char *timezone;
  char *encoding;
  gboolean raw;
  char *usedns;
  gint64 maxlines; /* 0: not given */
  char *journalmatch;
  char *log_level;
  gint64 verbose; /* any number */
  gboolean verbose_date;
  gboolean debuggex;
  gboolean no_check_all;
  char *out; /* -o; NULL: not given */
  gboolean invert;
  gboolean print_no_missed, print_no_ignored;
  gboolean print_all_matched, print_all_missed, print_all_ignored;
  gboolean log_traceback, full_traceback;
  GPtrArray *args; /* owned strings: LOG, REGEX and perhaps IGNOREREGEX */
} Options;

/* FALSE: everything is said (help, version, an error), the program ends with *ret_exit_code. */
gboolean options_parse (Options *self, int argc, char **argv, int *ret_exit_code);
void options_clear (Options *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)
