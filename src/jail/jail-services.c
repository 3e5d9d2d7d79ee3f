#include "jail/jail-services.h"

#include "action/python-folder.h"
#include "jail/jail-services-private.h"
#include "match/log-line.h"

#define PURGE_INTERVAL_SEC  (60 * 60)
#define SETTLE_INTERVAL_SEC 5 /* until what the database could not take is offered again */

#define SWEEP_INTERVAL_MSEC 10 /* between two parts of a sweep while the loop is never quiet */

/* Somebody who waits until a transaction is written. */
typedef struct
{
  JailCommitted func;
  gpointer user_data;
} Waiter;

static gboolean
on_purge (gpointer user_data)
{
  JailServices *self = user_data;

  log_debug (self->log, "fail2ban.observer", "Purge database event occurred");
  if (self->store == NULL)
    return G_SOURCE_CONTINUE;
  ban_store_begin_soon (self->store);
  (void) ban_store_purge (self->store, NULL); /* only noted: what fails is told by the commit */
  jail_services_commit_soon (self, NULL);
  return G_SOURCE_CONTINUE;
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
on_settle (gpointer user_data)
{
  JailServices *self = user_data;

  if (self->store == NULL || ban_store_settle (self->store, NULL))
    {
      clear_source (&self->settle);
      g_clear_pointer (&self->problem, g_free);
    }
  return self->settle != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void
jail_services_store_failed (JailServices *self, const char *jail, const GError *error)
{
  if (g_strcmp0 (self->problem, error->message) != 0)
    {
      if (jail != NULL)
        log_error (self->log, "fail2ban.database", "[%s] %s", jail, error->message);
      else
        log_error (self->log, "fail2ban.database", "%s", error->message);
      g_free (self->problem);
      self->problem = g_strdup (error->message);
    }
  if (self->settle != NULL)
    return;
  self->settle = g_timeout_source_new_seconds (SETTLE_INTERVAL_SEC);
  g_source_set_callback (self->settle, on_settle, self, NULL);
  g_source_attach (self->settle, NULL);
}

static void
write_joined (JailServices *self)
{
  g_autofree char *jail = g_steal_pointer (&self->joined);
  g_autoptr (GArray) waiters = g_steal_pointer (&self->waiters);
  g_autoptr (GError) error = NULL;

  clear_source (&self->quiet);
  clear_source (&self->late);
  if (self->store != NULL)
    {
      ban_store_begin (self->store);
      if (!ban_store_commit (self->store, &error))
        jail_services_store_failed (self, jail, error);
    }
  for (guint i = 0; waiters != NULL && i < waiters->len; i++)
    {
      const Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->func (waiter->user_data);
    }
}

/* The loop has nothing else to do; but bans that are on their way to the kernel may come back any time. */
static gboolean
on_quiet (gpointer user_data)
{
  JailServices *self = user_data;

  if (self->store != NULL && ban_store_prepare (self->store))
    return G_SOURCE_CONTINUE;
  write_joined (self);
  return G_SOURCE_REMOVE;
}

static gboolean on_late (gpointer user_data);

static GSource *
add_commit_source (JailServices *self, GSource *source /* taken */, int priority, GSourceFunc func)
{
  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
commit_late (JailServices *self, guint msec)
{
  clear_source (&self->late);
  self->late = add_commit_source (self, g_timeout_source_new (msec), G_PRIORITY_HIGH, on_late);
}

/* The loop is busy.  A sweep is too long for one go, so it gets a part of the time. */
static gboolean
on_late (gpointer user_data)
{
  JailServices *self = user_data;

  while (self->store != NULL && ban_store_prepare (self->store))
    if (ban_store_is_sweeping (self->store))
      {
        commit_late (self, SWEEP_INTERVAL_MSEC);
        return G_SOURCE_REMOVE;
      }
  write_joined (self);
  return G_SOURCE_REMOVE;
}

void
jail_services_commit_soon (JailServices *self, const char *jail)
{
  if (!ban_store_commit_soon (self->store) || self->quiet != NULL)
    return;
  self->joined = g_strdup (jail);
  self->quiet = add_commit_source (self, g_idle_source_new (), G_PRIORITY_DEFAULT_IDLE, on_quiet);
  commit_late (self, JAIL_SERVICES_COMMIT_MSEC);
}

void
jail_services_commit_now (JailServices *self)
{
  if (self->quiet != NULL)
    write_joined (self);
}

void
jail_services_when_committed (JailServices *self, JailCommitted func, gpointer user_data)
{
  Waiter waiter = { func, user_data };

  if (self->quiet == NULL)
    {
      func (user_data);
      return;
    }
  if (self->waiters == NULL)
    self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  g_array_append_val (self->waiters, waiter);
}

static gpointer
make_line (const char *path)
{
  return log_line_new (path);
}

static void
set_line (gpointer line, const char *bytes, gsize len, guint64 audience)
{
  log_line_set_bytes (line, bytes, len);
  log_line_set_audience (line, audience);
}

static void
free_line (gpointer line)
{
  log_line_free (line);
}

static gboolean
settle_line (gpointer line, guint n_watches)
{
  return log_line_settle (line, n_watches);
}

static const FileLineFuncs line_funcs = { make_line, set_line, free_line, settle_line };

JailServices *
jail_services_new (const Clock *clock, Log *log)
{
  JailServices *self = g_new0 (JailServices, 1);

  self->clock = clock;
  self->log = log;
  self->resolver = resolver_new (clock, log);
  self->firewall = firewall_new ();
  self->watch = firewall_watch_new (self->firewall);
  self->gate = command_gate_new ();
  self->python_folder = python_folder_find ();
  self->filters = filter_pool_new ();
  self->files = file_source_new (&line_funcs, clock, log);
  self->random = g_rand_new ();
  self->purge = g_timeout_source_new_seconds (PURGE_INTERVAL_SEC);
  g_source_set_callback (self->purge, on_purge, self, NULL);
  g_source_attach (self->purge, NULL);
  return self;
}

void
jail_services_free (JailServices *self)
{
  if (self == NULL)
    return;
  clear_source (&self->settle);
  clear_source (&self->quiet);
  clear_source (&self->late);
  g_free (self->joined);
  g_clear_pointer (&self->waiters, g_array_unref);
  g_free (self->problem);
  g_source_destroy (self->purge);
  g_source_unref (self->purge);
  ban_store_free (self->store);
  file_source_free (self->files);
  firewall_watch_free (self->watch);
  firewall_free (self->firewall);
  command_gate_free (self->gate);
  g_free (self->python_folder);
  filter_pool_free (self->filters);
  resolver_free (self->resolver);
  g_rand_free (self->random);
  g_free (self);
}

const Clock *
jail_services_peek_clock (const JailServices *self)
{
  return self->clock;
}

Log *
jail_services_peek_log (const JailServices *self)
{
  return self->log;
}

gboolean
jail_services_open_store (JailServices *self, const char *path, GError **error)
{
  g_clear_pointer (&self->store, ban_store_free);
  if (path == NULL)
    return TRUE;
  self->store = ban_store_open (path, self->clock, self->log, error);
  if (self->store == NULL)
    return FALSE;
  ban_store_set_patient (self->store, self->changing > 0);
  for (guint i = 0; i < self->changing; i++)
    ban_store_begin (self->store);
  if (!ban_store_disable_all_jails (self->store, error))
    {
      g_clear_pointer (&self->store, ban_store_free);
      return FALSE;
    }
  return TRUE;
}

const char *
jail_services_peek_store_path (const JailServices *self)
{
  return self->store != NULL ? ban_store_peek_path (self->store) : NULL;
}

gint64
jail_services_get_purge_age (const JailServices *self)
{
  return ban_store_get_purge_age (self->store);
}

void
jail_services_set_purge_age (JailServices *self, gint64 seconds)
{
  ban_store_set_purge_age (self->store, seconds);
}

gint64
jail_services_get_max_matches (const JailServices *self)
{
  return ban_store_get_max_matches (self->store);
}

void
jail_services_set_max_matches (JailServices *self, gint64 count)
{
  ban_store_set_max_matches (self->store, (guint) CLAMP (count, 0, G_MAXINT));
}

void
jail_services_begin_changes (JailServices *self)
{
  if (self->store != NULL && self->changing == 0)
    ban_store_set_patient (self->store, TRUE);
  self->changing++;
  if (self->store != NULL)
    ban_store_begin (self->store);
}

void
jail_services_commit_changes (JailServices *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self->changing > 0);

  self->changing--;
  if (self->store == NULL)
    return;
  gboolean done = ban_store_commit (self->store, &error);
  if (self->changing == 0)
    ban_store_set_patient (self->store, FALSE);
  if (!done)
    jail_services_store_failed (self, NULL, error);
}

void
jail_services_set_ipv6 (JailServices *self, JailIpv6 value)
{
  static const ResolverIpv6 values[] = {
    [JAIL_IPV6_AUTO] = RESOLVER_IPV6_AUTO,
    [JAIL_IPV6_YES] = RESOLVER_IPV6_YES,
    [JAIL_IPV6_NO] = RESOLVER_IPV6_NO,
  };

  resolver_set_ipv6 (self->resolver, values[value]);
}

void
jail_services_clear_caches (JailServices *self)
{
  resolver_clear_cache (self->resolver);
}
