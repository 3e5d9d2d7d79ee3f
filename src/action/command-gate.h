/* command-gate.h - action commands run one at a time, unless one of them dawdles
 *
 * fail2ban 1.1.2 runs one command at a time in the whole server, and action files rely on it: two jails edit the same
 * /etc/hosts.deny with sed.  So do we; but who takes longer than COMMAND_GATE_PATIENCE_USEC (a mail server that does not answer)
 * no longer keeps the other jails waiting.
 * Must not: know what runs.
 */
#pragma once
#include <glib.h>

#define COMMAND_GATE_PATIENCE_USEC G_USEC_PER_SEC

typedef struct CommandGate CommandGate; /* opaque: the fields live in command-gate.c */

CommandGate *command_gate_new  (void);
void         command_gate_free (CommandGate *self); /* NULL is fine; nobody may be waiting or inside */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CommandGate, command_gate_free)

/* open is called from the loop, when the caller may run. */
typedef struct CommandPass CommandPass;
typedef void (*CommandGateOpen) (gpointer user_data);
CommandPass *command_gate_enter (CommandGate *self, CommandGateOpen open, gpointer user_data);
/* To be called once, whether it was opened or not; then open is not called any more. */
void         command_gate_leave (CommandGate *self, CommandPass *pass);
