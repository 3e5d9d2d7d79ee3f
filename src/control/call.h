/* call.h - one command on its way: its words, the server it is for, and how it ends
 *
 * A command function either has its answer at once and returns it, or keeps the call, returns NULL, and ends it later with
 * call_return or call_fail.  Commands inside server-stream and reload are calls of their own.
 * Must not: know sockets or pickles.
 */
#pragma once
#include "compat/py-value.h"
#include "jail/jail.h"

typedef struct Server Server;
typedef struct Call Call;

/* Called once; lent.  A PY_EXCEPTION: the command failed. */
typedef void (*CallDone) (PyValue *result, gpointer user_data);

/* words: list or tuple, not taken.  quiet: the answer is of no interest (server-stream, reload). */
Call *call_new (Server *server, PyValue *words, gboolean quiet, CallDone done, gpointer user_data);
/* Ends the call and frees it.  value is taken (NULL: None), error too. */
void call_return (Call *self, PyValue *value);
void call_fail (Call *self, GError *error);
void call_raise (Call *self, PyValue *exception); /* not taken */

Server *call_peek_server (const Call *self);
gboolean call_is_quiet (const Call *self);
PyValue *call_peek_words (const Call *self);
guint call_get_length (const Call *self);

/* --- words --------------------------------------------------------------------------------------------------------------
 * Fail as Python would: IndexError "list index out of range", TypeError for what is no text. */
PyValue *call_peek_word (const Call *self, guint index, GError **error);
const char *call_peek_text (const Call *self, guint index, GError **error);
/* int (word): text, int, float or bool. */
gboolean call_get_int (const Call *self, guint index, gint64 *ret_value, GError **error);
PyValue *call_dup_words_from (const Call *self, guint index); /* a new list: words[index:] */
/* The jail named by a word: JAIL_ERROR_UNKNOWN_JAIL when there is none. */
Jail *call_peek_jail (const Call *self, guint index, GError **error);
