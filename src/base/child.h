/* child.h - one command as a child process, without ever blocking the loop
 *
 * Starts a program in a session of its own, collects the beginning of what it writes, waits for its end and puts an end to
 * it (with everything it started) when it takes too long.  Used for action commands, ignorecommand and the firewall's tools.
 * Must not: interpret what the command means, log.
 *
 * The child gets: our environment (or `envp`), /dev/null or `input` as standard input, default handling of SIGPIPE, no signal
 * blocked, and no descriptor but 0, 1 and 2.
 */
#pragma once
#include <glib.h>

/* What one read of a full pipe holds on Linux.  More is read and dropped, so that a talkative command does not hang. */
#define CHILD_OUTPUT_MAX (64 * 1024)

typedef struct Child Child; /* a running one; gone when its callback returns or by child_cancel */

typedef struct
{
  const char *const *argv;  /* NULL-terminated; not empty */
  const char        *path;  /* the program's file; NULL: argv[0], which then has to be a path */
  const char *const *envp;  /* NULL: the environment of this process */
  GBytes            *input; /* what the child reads; NULL: /dev/null */
  gint64             timeout_usec; /* 0: none */
} ChildSpec;

typedef struct
{
  gboolean timed_out; /* it was asked to end (SIGTERM) after timeout_usec and killed 0.2 s later, with its process group */
  gboolean ended;     /* FALSE: even SIGKILL did not help within 0.2 s; then status means nothing */
  int      status;    /* exit status; -N: killed by signal N (Python's returncode) */
  int      pid;
  GBytes  *output;    /* standard output, at most CHILD_OUTPUT_MAX bytes */
  GBytes  *errors;    /* standard error, likewise */
} ChildResult;

/* Called once, from the default main context, never from within child_start.  The result is the callee's to look at only. */
typedef void (*ChildDone) (const ChildResult *result, gpointer user_data);

/* NULL with error (G_SPAWN_ERROR or G_FILE_ERROR; the errno is in ret_errno when that is not NULL) when it could not be started. */
Child *child_start  (const ChildSpec *spec, ChildDone done, gpointer user_data, int *ret_errno, GError **error);
/* Kills the process group at once and forgets it; the callback is not called any more.  NULL is fine. */
void   child_cancel (Child *self);
