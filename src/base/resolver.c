#include "base/resolver.h"

#include <string.h>

#include "base/lookup.h"
#include "base/resolver-cache.h"

typedef enum
{
  ASK_NAME,
  ASK_ADDRESS,
  ASK_OWN,
  ASK_OWN_NAME,
} AskKind;

typedef void (*AnyFunc) (void);

/* A question on its way: made in the loop, answered in a thread, brought back by an idle source. */
typedef struct
{
  Resolver *owner; /* NULL: the resolver is gone.  Only the loop looks */
  AskKind kind;
  char *key;  /* in by_key; NULL: not there, since the answer is known already */
  char *text; /* the name or the address */
  Address *address;
  gboolean with_ipv6;
  GPtrArray *queries; /* of ResolverQuery, owned */
  /* the answer */
  GPtrArray *addresses;
  char *name;
  char *problem;
} Job;

struct ResolverQuery
{
  Job *job;
  AnyFunc func;
  gpointer data;
};

struct Resolver
{
  const Clock *clock;
  Log *log;
  ResolverIpv6 ipv6;
  ResolverCache *names;     /* name -> AddressSet */
  ResolverCache *addresses; /* address -> host name, NULL for none */
  GHashTable *jobs;         /* set of all Jobs; they belong to a thread or to a source */
  GHashTable *by_key;       /* those that ask */
  GThreadPool *pool;
};

#define LOGGER        "fail2ban.ipdns"
/* Among the names in the caches; no name begins like that. */
#define OWN_KEY       "\1own"
#define OWN_SHORT_KEY "\1short"
#define OWN_FULL_KEY  "\1full"

Resolver *
resolver_new (const Clock *clock, Log *log)
{
  Resolver *self = g_new0 (Resolver, 1);

  self->clock = clock;
  self->log = log;
  self->names = resolver_cache_new (RESOLVER_CACHE_MAX, RESOLVER_CACHE_AGE_USEC, (GDestroyNotify) address_set_unref);
  self->addresses = resolver_cache_new (RESOLVER_CACHE_MAX, RESOLVER_CACHE_AGE_USEC, g_free);
  self->jobs = g_hash_table_new (NULL, NULL);
  self->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->key);
  g_free (job->text);
  address_unref (job->address);
  g_ptr_array_unref (job->queries);
  g_clear_pointer (&job->addresses, g_ptr_array_unref);
  g_free (job->name);
  g_free (job->problem);
  g_free (job);
}

/* What the pool still held when it was freed.  GLib (2.74) wakes its threads with items of the value 1, and hands those that
 * no thread took in time to this function, too. */
static void
drop_waiting (gpointer data)
{
  if (data != GUINT_TO_POINTER (1))
    job_free (data);
}

void
resolver_free (Resolver *self)
{
  GHashTableIter iter;
  gpointer key;

  if (self == NULL)
    return;
  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Job *job = key;

      job->owner = NULL;
      g_ptr_array_set_size (job->queries, 0);
    }
  g_hash_table_unref (self->jobs);
  g_hash_table_unref (self->by_key);
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, TRUE, FALSE);
  resolver_cache_free (self->names);
  resolver_cache_free (self->addresses);
  g_free (self);
}

/* --- IPv6 ------------------------------------------------------------------------------------------------------------ */

void
resolver_set_ipv6 (Resolver *self, ResolverIpv6 value)
{
  static const char *const texts[] = { "auto", "on", "off" };

  self->ipv6 = value;
  log_debug (self->log, LOGGER, "IPv6 is %s", texts[value]);
}

gboolean
resolver_is_ipv6_allowed (Resolver *self)
{
  return self->ipv6 == RESOLVER_IPV6_AUTO ? lookup_ipv6_is_there () : self->ipv6 == RESOLVER_IPV6_YES;
}

void
resolver_clear_cache (Resolver *self)
{
  resolver_cache_clear (self->names);
  resolver_cache_clear (self->addresses);
}

/* --- into the cache, both ways of asking ------------------------------------------------------------------------------ */

static AddressSet *
set_of (GPtrArray *addresses)
{
  AddressSet *set = address_set_new ();

  for (guint i = 0; i < addresses->len; i++)
    address_set_add (set, addresses->pdata[i]);
  return set;
}

static AddressSet *
store_name (Resolver *self, const char *key, const char *name, GPtrArray *addresses, const char *problem)
{
  AddressSet *set = set_of (addresses);

  if (addresses->len == 0 && problem != NULL)
    log_warning (self->log, LOGGER, "Unable to find a corresponding IP address for %s: %s", name, problem);
  resolver_cache_set (self->names, key, address_set_ref (set), clock_get_monotonic_usec (self->clock));
  return set;
}

static void
store_address (Resolver *self, const char *key, const char *address, const char *name, const char *problem)
{
  if (name == NULL)
    log_debug (self->log, LOGGER, "Unable to find a name for the IP %s: %s", address, problem);
  resolver_cache_set (self->addresses, key, g_strdup (name), clock_get_monotonic_usec (self->clock));
}

static char *
dup_name (const char *name, gssize len)
{
  return len < 0 ? g_strdup (name) : g_strndup (name, (gsize) len);
}

/* A name with a NUL is no name: libc would look up what stands before it. */
static gboolean
has_nul (const char *name, gssize len)
{
  return len >= 0 && memchr (name, '\0', (gsize) len) != NULL;
}

gboolean
resolver_peek_name (Resolver *self, const char *name, gssize len, AddressSet **ret_addresses)
{
  g_autofree char *key = dup_name (name, len);
  gpointer value;

  if (has_nul (name, len) || !resolver_cache_get (self->names, key, clock_get_monotonic_usec (self->clock), &value))
    return FALSE;
  *ret_addresses = value;
  return TRUE;
}

gboolean
resolver_peek_address (Resolver *self, const Address *address, const char **ret_name)
{
  gpointer value;

  if (!resolver_cache_get (self->addresses, address_peek_text (address), clock_get_monotonic_usec (self->clock),
                           &value))
    return FALSE;
  *ret_name = value;
  return TRUE;
}

/* --- at once --------------------------------------------------------------------------------------------------------- */

AddressSet *
resolver_lookup_name (Resolver *self, const char *name, gssize len)
{
  g_autofree char *key = dup_name (name, len);
  g_autofree char *problem = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  AddressSet *known;

  if (has_nul (name, len))
    return address_set_new ();
  if (resolver_peek_name (self, name, len, &known))
    return address_set_ref (known);
  addresses = lookup_name (key, resolver_is_ipv6_allowed (self), &problem);
  return store_name (self, key, key, addresses, problem);
}

char *
resolver_lookup_address (Resolver *self, const Address *address)
{
  const char *text = address_peek_text (address);
  g_autofree char *problem = NULL;
  g_autofree char *name = NULL;
  const char *known;

  if (has_nul (text, (gssize) address_get_length (address)))
    return NULL;
  if (resolver_peek_address (self, address, &known))
    return g_strdup (known);
  name = lookup_address (text, &problem);
  store_address (self, text, text, name, problem);
  return g_steal_pointer (&name);
}

/* --- later ----------------------------------------------------------------------------------------------------------- */

static void
answer_query (const Job *job, const ResolverQuery *query)
{
  g_autoptr (AddressSet) set = NULL;

  if (job->kind == ASK_ADDRESS)
    {
      ((ResolverAddressFunc) query->func) (job->address, job->name, query->data);
      return;
    }
  if (job->kind == ASK_OWN_NAME)
    {
      ((ResolverOwnNameFunc) query->func) (job->name, query->data);
      return;
    }
  set = set_of (job->addresses);
  if (job->kind == ASK_NAME)
    ((ResolverNameFunc) query->func) (job->text, set, query->data);
  else
    ((ResolverOwnFunc) query->func) (set, query->data);
}

/* A callback may cancel others of the same job, ask again or free the resolver. */
static void
answer_queries (Job *job)
{
  while (job->queries->len > 0)
    {
      g_autofree ResolverQuery *query = g_ptr_array_steal_index (job->queries, 0);

      answer_query (job, query);
    }
}

static void
store_answer (const Job *job)
{
  if (job->kind == ASK_ADDRESS)
    store_address (job->owner, job->text, job->text, job->name, job->problem);
  else if (job->kind == ASK_OWN_NAME)
    resolver_cache_set (job->owner->addresses, job->text, g_strdup (job->name), clock_get_monotonic_usec (job->owner->clock));
  else
    address_set_unref (store_name (job->owner, job->text, job->text, job->addresses, job->problem));
}

/* In the loop. */
static gboolean
finish_job (gpointer data)
{
  Job *job = data;

  if (job->owner != NULL && job->key != NULL)
    {
      g_hash_table_remove (job->owner->by_key, job->key);
      store_answer (job);
    }
  answer_queries (job);
  if (job->owner != NULL) /* a callback may have freed it */
    g_hash_table_remove (job->owner->jobs, job);
  return G_SOURCE_REMOVE;
}

static void
bring_back (Job *job)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, finish_job, job, job_free);
  g_source_attach (source, NULL);
}

/* In a thread. */
static void
run_job (gpointer data, gpointer user_data)
{
  Job *job = data;

  switch (job->kind)
    {
    case ASK_NAME:
      job->addresses = lookup_name (job->text, job->with_ipv6, &job->problem);
      break;
    case ASK_ADDRESS:
      job->name = lookup_address (job->text, &job->problem);
      break;
    case ASK_OWN:
      job->addresses = lookup_own_addresses (job->with_ipv6);
      break;
    case ASK_OWN_NAME:
      job->name = lookup_own_name (TRUE);
      break;
    default:
      g_assert_not_reached ();
    }
  bring_back (job);
}

static Job *
job_new (Resolver *self, AskKind kind, char *text /* taken */)
{
  Job *job = g_new0 (Job, 1);

  job->owner = self;
  job->kind = kind;
  job->text = text;
  job->queries = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_add (self->jobs, job);
  return job;
}

static void
send_job (Job *job, const char *key)
{
  Resolver *self = job->owner;

  if (self->pool == NULL)
    self->pool = g_thread_pool_new_full (run_job, NULL, drop_waiting, RESOLVER_MAX_THREADS, FALSE, NULL);
  job->key = g_strdup (key);
  job->with_ipv6 = resolver_is_ipv6_allowed (self);
  g_hash_table_insert (self->by_key, job->key, job);
  g_thread_pool_push (self->pool, job, NULL);
}

static GPtrArray *
addresses_of (const AddressSet *set)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) address_unref);

  for (guint i = 0; set != NULL && i < address_set_size (set); i++)
    g_ptr_array_add (addresses, address_ref (address_set_peek (set, i)));
  return addresses;
}

static ResolverQuery *
add_query (Job *job, AnyFunc func, gpointer data)
{
  ResolverQuery *query = g_new0 (ResolverQuery, 1);

  query->job = job;
  query->func = func;
  query->data = data;
  g_ptr_array_add (job->queries, query);
  return query;
}

static gboolean
is_crowded (const Resolver *self)
{
  return g_hash_table_size (self->by_key) >= RESOLVER_MAX_WAITING;
}

/* text: the name as it is looked up and cached. */
static ResolverQuery *
query_addresses (Resolver *self, AskKind kind, char *text /* taken */, gboolean answerable, AnyFunc func,
                 gpointer data)
{
  g_autofree char *key = g_strconcat ("n", text, NULL);
  Job *job = g_hash_table_lookup (self->by_key, key);
  gpointer known = NULL;

  if (job != NULL)
    {
      g_free (text);
      return add_query (job, func, data);
    }
  job = job_new (self, kind, text);
  if (answerable && !resolver_cache_get (self->names, text, clock_get_monotonic_usec (self->clock), &known)
      && !is_crowded (self))
    send_job (job, key);
  else
    {
      job->addresses = addresses_of (known);
      bring_back (job);
    }
  return add_query (job, func, data);
}

ResolverQuery *
resolver_query_name (Resolver *self, const char *name, gssize len, ResolverNameFunc func, gpointer data)
{
  return query_addresses (self, ASK_NAME, dup_name (name, len), !has_nul (name, len), (AnyFunc) func, data);
}

ResolverQuery *
resolver_query_own (Resolver *self, ResolverOwnFunc func, gpointer data)
{
  return query_addresses (self, ASK_OWN, g_strdup (OWN_KEY), TRUE, (AnyFunc) func, data);
}

ResolverQuery *
resolver_query_address (Resolver *self, const Address *address, ResolverAddressFunc func, gpointer data)
{
  const char *text = address_peek_text (address);
  g_autofree char *key = g_strconcat ("a", text, NULL);
  Job *job = g_hash_table_lookup (self->by_key, key);
  const char *known = NULL;

  if (job != NULL)
    return add_query (job, (AnyFunc) func, data);
  job = job_new (self, ASK_ADDRESS, g_strdup (text));
  job->address = address_ref (address);
  if (!has_nul (text, (gssize) address_get_length (address)) && !resolver_peek_address (self, address, &known)
      && !is_crowded (self))
    send_job (job, key);
  else
    {
      job->name = g_strdup (known);
      bring_back (job);
    }
  return add_query (job, (AnyFunc) func, data);
}

ResolverQuery *
resolver_query_own_name (Resolver *self, ResolverOwnNameFunc func, gpointer data)
{
  Job *job = g_hash_table_lookup (self->by_key, OWN_FULL_KEY);
  gpointer known = NULL;

  if (job != NULL)
    return add_query (job, (AnyFunc) func, data);
  job = job_new (self, ASK_OWN_NAME, g_strdup (OWN_FULL_KEY));
  if (!resolver_cache_get (self->addresses, OWN_FULL_KEY, clock_get_monotonic_usec (self->clock), &known))
    send_job (job, OWN_FULL_KEY);
  else
    {
      job->name = g_strdup (known);
      bring_back (job);
    }
  return add_query (job, (AnyFunc) func, data);
}

void
resolver_cancel (ResolverQuery *query)
{
  if (query != NULL)
    g_ptr_array_remove (query->job->queries, query);
}

/* --- this host ------------------------------------------------------------------------------------------------------- */

char *
resolver_dup_own_name (Resolver *self, gboolean fqdn)
{
  const char *key = fqdn ? OWN_FULL_KEY : OWN_SHORT_KEY;
  gint64 now_usec = clock_get_monotonic_usec (self->clock);
  gpointer known;
  char *name;

  if (resolver_cache_get (self->addresses, key, now_usec, &known))
    return g_strdup (known);
  name = lookup_own_name (fqdn);
  resolver_cache_set (self->addresses, key, g_strdup (name), now_usec);
  return name;
}

gboolean
resolver_peek_own_addresses (Resolver *self, AddressSet **ret_addresses)
{
  gpointer value;

  if (!resolver_cache_get (self->names, OWN_KEY, clock_get_coarse_usec (self->clock), &value))
    return FALSE;
  *ret_addresses = value;
  return TRUE;
}

AddressSet *
resolver_own_addresses (Resolver *self)
{
  g_autoptr (GPtrArray) addresses = NULL;
  AddressSet *known;

  if (resolver_peek_own_addresses (self, &known))
    return address_set_ref (known);
  addresses = lookup_own_addresses (resolver_is_ipv6_allowed (self));
  return store_name (self, OWN_KEY, OWN_KEY, addresses, NULL);
}
