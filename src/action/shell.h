/* shell.h - `sh -c` for one command of an action, with fail2ban's log lines
 *
 * Waits for its turn at the gate, runs the command in a process group of its own, logs what 1.1.2 logs (command and output when it
 * failed, all of it at debug level) and says whether it returned 0.
 * Must not: know what the command is for.
 */
#pragma once
#include "action/command-gate.h"
#include "action/tags.h"
#include "base/log.h"

typedef struct ShellRun ShellRun; /* gone when its callback returns, or by shell_run_cancel */

typedef void (*ShellDone) (gboolean success, gpointer user_data);

/* Takes the command.  gate may be NULL.  timeout_sec: then the group gets SIGTERM, 0.2 s later SIGKILL; done is never called before
 * this returned.  timeout_text: as the log shows it ("60"). */
ShellRun *shell_run (ShellCommand *command, double timeout_sec, const char *timeout_text, CommandGate *gate, Log *log,
                     ShellDone done, gpointer user_data);
/* For a question: 1 is an answer (done gets FALSE), not a failure to be logged. */
void      shell_run_set_question (ShellRun *self);
/* Kills it; done is not called.  NULL is fine. */
void      shell_run_cancel (ShellRun *self);

/* A command that was carried out without a shell: the lines that a successful run of it gives at debug level. */
void      shell_log_success (const ShellCommand *command, Log *log);
