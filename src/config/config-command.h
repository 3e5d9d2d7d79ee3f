/* config-command.h - building the commands for the server: lists of held text and values
 *
 * Held text (py-held.h) becomes real text here, and only here.
 */
#pragma once
#include "compat/py-value.h"

/* ["set", "sshd", ...] of held texts. */
PyValue *config_command_new (const char *first, ...) G_GNUC_NULL_TERMINATED;
void config_command_append_text (PyValue *command, const char *text);
/* A str holds held text; others are taken as they are.  The value stays the caller's. */
void config_command_append (PyValue *command, PyValue *value);

/* A stream is an array of commands (PyValue), which it owns. */
GPtrArray *config_stream_new (void);
PyValue *config_stream_to_list (const GPtrArray *stream);
