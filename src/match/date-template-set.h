/* date-template-set.h - the templates that a detector knows, or several (date-pool.h), and fail2ban's default ones
 *
 * A set makes each template once: two patterns that mean the same share one, which is how fail2ban finds a template given
 * twice.  It owns what it made.
 * Must not: know in which order a detector tries them.
 */
#pragma once
#include "match/date-template.h"

typedef struct DateTemplateSet DateTemplateSet;

DateTemplateSet *date_template_set_new (int year);
DateTemplateSet *date_template_set_ref (DateTemplateSet *self);
void date_template_set_unref (DateTemplateSet *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DateTemplateSet, date_template_set_unref)

guint date_template_set_get_length (const DateTemplateSet *self); /* how many it has made */

/* The template of a pattern (never {^LN-BEG}, {DEFAULT} alone or one with {DATE}); the set's. */
DateTemplate *date_template_set_get (DateTemplateSet *self, const char *pattern, GError **error);

/* Has the pattern been made already? */
DateTemplate *date_template_set_lookup (DateTemplateSet *self, const char *pattern);

/* The default templates, those tied to the line's start first: DateTemplate pointers, in an array that the caller frees. */
GPtrArray *date_template_set_dup_defaults (DateTemplateSet *self);

/* Each default template in place of {DATE} in the pattern. */
GPtrArray *date_template_set_dup_dates (DateTemplateSet *self, const char *pattern, GError **error);
