/* stats-table.h - the table of `fail2ban-client stats`
 *
 * Must not: know anything but the answer's form: {jail: [backend, (failed, total), (banned, total)]}.
 */
#pragma once
#include "compat/py-value.h"

/* FALSE (out is as it was) when the response has another form.  Lines are drawn with Unicode where the locale has it. */
gboolean stats_table_append (GString *out, const PyValue *response);
