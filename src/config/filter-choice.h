/* filter-choice.h - what the second argument of fail2ban-regex means: a jail, a filter by name or by path, or nothing known
 *
 * Two steps, since the program prints between them:
 *   1. filter_choice_find: looks at the words only (and for a jail of that name).  "Use jail : ..." can be printed.
 *   2. filter_choice_load: reads and expands it.  commands has what `convert` gives.
 * Must not: compile an expression, print.
 */
#pragma once
#include <glib.h>

#include "base/log.h"
#include "config/config.h"

typedef enum
{
  FILTER_CHOICE_EXPRESSION, /* neither: take the argument as an expression */
  FILTER_CHOICE_JAIL,       /* "Use      jail : name" */
  FILTER_CHOICE_NAMED,      /* in filter.d: "Use   filter file : name, basedir: basedir" */
  FILTER_CHOICE_FILE,       /* a file elsewhere: "Use   filter file : name" */
} FilterChoiceKind;

typedef struct
{
  FilterChoiceKind kind;
  char *name;            /* as printed */
  char *basedir;         /* as printed; NAMED only */
  PyValue *options;      /* dict of the options in brackets, as printed when not empty */
  PyValue *real_options; /* after load: the dict of "Real  filter options" (shown with -vv) */
  PyValue *commands;     /* after load: list of commands, e.g. ["set", jail, "addfailregex", "..."] */

  /*< private >*/
  Log *log;
  gpointer reading;
} FilterChoice;

/* argument: the text given; basedir: of -c.  A failure (malformed options, broken jail.conf, no base directory) is what the
 * program prints after "ERROR: Wrong filter name or options: ". */
FilterChoice *filter_choice_find (const char *argument, const char *basedir, Log *log, GError **error);

/* backend: "auto", or "systemd" when the journal is read (sets <logtype>).
 *
 * FALSE with error FILTER_CHOICE_ERROR_NOT_LOADED: a jail: "ERROR: Failed to get jail for '<argument>'", a filter: "ERROR:
 *   failed to load filter <argument>" (an empty message: nothing else is printed);
 * with FILTER_CHOICE_ERROR_WRONG_FILE: first "Wrong config file: <message>", then the line above;
 * any other domain or code: the reference dies of an exception here (config_error_class tells which). */
gboolean filter_choice_load (FilterChoice *self, const char *backend, GError **error);

#define FILTER_CHOICE_ERROR (filter_choice_error_quark ())
GQuark filter_choice_error_quark (void);
typedef enum
{
  FILTER_CHOICE_ERROR_NOT_LOADED,
  FILTER_CHOICE_ERROR_WRONG_FILE,
} FilterChoiceError;

void filter_choice_free (FilterChoice *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FilterChoice, filter_choice_free)
