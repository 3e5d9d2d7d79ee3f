#include "action/action-driver.h"

#include <string.h>

/* Stands for everything that is asked about the ticket but its address: all that is told in numbers, and no text could be plainer. */
#define SAMPLE_VALUE "600"

typedef struct
{
  Action *action;
  const char *family;
} Sample;

static GString *
lookup_sample (const char *name, gboolean field, gpointer data)
{
  const Sample *sample = data;
  gboolean is_ipv6 = g_str_equal (sample->family, "inet6");

  if (!field && (g_str_equal (name, "ip") || g_str_equal (name, "fid")))
    return g_string_new (is_ipv6 ? "2001:db8::1" : "192.0.2.1");
  if (!field && g_str_equal (name, "family"))
    return g_string_new (is_ipv6 ? "inet6" : "inet4");
  g_autofree char *builtin = field ? NULL : action_queue_dup_builtin_tag (sample->action->queue, name);
  return g_string_new (builtin != NULL ? builtin : SAMPLE_VALUE);
}

static const char *
find_driver (Action *action, const char *query, const char *family)
{
  const ActionContext *context = action_queue_peek_context (action->queue);
  const GString *text = action_replace_static (action, query, family, NULL);
  Sample sample = { action, family };

  if (text == NULL)
    return "shell";
  if (text->len == 0)
    return "none";
  if (context->firewall == NULL || !action_wants_native (action)
      || !firewall_looks_plain (text->str, (gssize) text->len))
    return "shell";
  g_autoptr (ShellCommand) command = tags_replace_dynamic (text->str, text->len, lookup_sample, &sample);
  if (command->args->len > 0)
    return "shell";
  g_autoptr (FirewallCommand) native
      = firewall_parse (context->firewall, command->text->str, (gssize) command->text->len);
  return native != NULL ? firewall_command_peek_driver (native) : "shell";
}

/* "x", or "x (inet4), y (inet6)" */
static char *
describe (Action *action, const char *query)
{
  g_autoptr (GPtrArray) families = action_dup_families (action, TRUE);
  g_autoptr (GString) all = g_string_new (NULL);
  const char *first = NULL;
  gboolean alike = TRUE;

  for (guint i = 0; i < families->len; i++)
    {
      const char *family = families->pdata[i], *driver = find_driver (action, query, family);
      first = first != NULL ? first : driver;
      alike = alike && g_str_equal (first, driver);
      g_string_append_printf (all, "%s%s (%s)", i > 0 ? ", " : "", driver, family);
    }
  return g_strdup (alike ? first : all->str);
}

char *
action_dup_driver (Action *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autofree char *ban = describe (self, "<actionban>"), *unban = describe (self, "<actionunban>");
  if (g_str_equal (ban, unban))
    return g_steal_pointer (&ban);
  return g_strdup_printf ("ban: %s, unban: %s", ban, unban);
}
