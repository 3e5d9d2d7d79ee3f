/* reply.h - the answer that is owed to one request
 *
 * Exactly one of the functions below is called for each Reply, at once or later from the loop; it frees the Reply.  When
 * the peer has gone away meanwhile the answer is dropped, which the caller need not know.
 * Must not: know commands.
 */
#pragma once
#include "compat/py-value.h"

typedef struct Reply Reply;

void reply_return (Reply *self, PyValue *value);   /* takes value (NULL: None): (0, value) */
void reply_fail (Reply *self, PyValue *exception); /* takes an exception: (1, exception) */
void reply_send (Reply *self, PyValue *value);     /* takes value, sent as it is: ['SHUTDOWN'] */
