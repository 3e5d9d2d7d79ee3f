/* ignore-file.h - a list of ignored addresses in a file ("file:/etc/fail2ban/friends")
 *
 * Read when it is first asked and again when it changed; looked at at most once a second, or once a minute after a failure.
 * Must not: resolve names: those of the file are for whoever asks (ignore-list).
 */
#pragma once
#include "base/address-set.h"
#include "base/clock.h"
#include "base/log.h"

typedef struct IgnoreFile IgnoreFile;

/* NULL when text does not begin with "file:". */
char *ignore_file_dup_path (const char *text);
IgnoreFile *ignore_file_new (const char *path, const Clock *clock, Log *log); /* both outlive it */
void ignore_file_free (IgnoreFile *self);                                     /* NULL is fine */
const char *ignore_file_peek_path (const IgnoreFile *self);
char *ignore_file_dup_name (const IgnoreFile *self); /* as the lists and the log show it: "file:/path" */
gboolean ignore_file_contains (IgnoreFile *self, const Address *address);
/* The names in the file (of Address, kind TEXT), lent until the next question. */
GPtrArray *ignore_file_peek_names (IgnoreFile *self);
