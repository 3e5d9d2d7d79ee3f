#include "match/date-pool.h"

/* The default templates, and {DATE} and datepattern options of as many jails as a server can be thought to have */
#define TEMPLATES_MOST 2000

struct DatePool
{
  DateTemplateSet *set;
  int year;
};

DatePool *
date_pool_new (void)
{
  return g_new0 (DatePool, 1);
}

void
date_pool_free (DatePool *self)
{
  if (self == NULL)
    return;
  date_template_set_unref (self->set);
  g_free (self);
}

DateTemplateSet *
date_pool_ref_set (DatePool *self, int year)
{
  if (self == NULL)
    return date_template_set_new (year);
  if (self->set != NULL && (self->year != year || date_template_set_get_length (self->set) > TEMPLATES_MOST))
    g_clear_pointer (&self->set, date_template_set_unref);
  if (self->set == NULL)
    {
      self->set = date_template_set_new (year);
      self->year = year;
    }
  return date_template_set_ref (self->set);
}
