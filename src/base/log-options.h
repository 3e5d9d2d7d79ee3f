/* log-options.h - what stands in logtarget: a name and options behind it
 *
 *   /var/log/fail2ban.log[format="%(asctime)s %(message)s", datetime=on]    SYSLOG[facility=local0][padding=on]
 * Must not: open anything.
 */
#pragma once
#include <glib.h>

typedef enum
{
  LOG_OPTION_UNSET,
  LOG_OPTION_OFF,
  LOG_OPTION_ON, /* 1, on, true, yes in any case */
} LogOption;

typedef struct
{
  char     *target;
  char     *format;   /* NULL: not given */
  char     *facility; /* NULL: not given */
  LogOption datetime;
  LogOption padding;
} LogOptions;

/* NULL with LOG_ERROR_SYNTAX: "unexpected option syntax", "expected option, wrong syntax at 4: …".  Unknown options are fine. */
LogOptions *log_options_parse (const char *text, GError **error);
void        log_options_free  (LogOptions *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogOptions, log_options_free)
