#include "base/lookup.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_BUFFER_MAX (64 * 1024) /* a name with very many aliases is no name we want to know */

static void
add_once (GPtrArray *addresses, Address *address /* taken */)
{
  if (g_ptr_array_find_with_equal_func (addresses, address, address_equal, NULL))
    address_unref (address);
  else
    g_ptr_array_add (addresses, address);
}

static GPtrArray *
address_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) address_unref);
}

static char *
gai_problem (int result)
{
  if (result == EAI_SYSTEM)
    return g_strdup_printf ("[Errno %d] %s", errno, g_strerror (errno));
  return g_strdup_printf ("[Errno %d] %s", result, gai_strerror (result));
}

/* --- names as Python sends them out --------------------------------------------------------------------------------- */

/* Python's "idna" codec on what is ASCII already: it only looks at the length of the labels. */
static const char *
label_problem (const char *name)
{
  if (*name == '\0')
    return NULL;
  for (;;)
    {
      gsize len = strcspn (name, ".");

      if (name[len] == '\0')
        return len >= 64 ? "label too long" : NULL;
      if (len == 0 || len >= 64)
        return "label empty or too long";
      name += len + 1;
    }
}

static char *
encode_name (const char *name, char **ret_problem)
{
  g_autofree char *ascii = g_str_is_ascii (name) ? g_strdup (name) : g_hostname_to_ascii (name);
  const char *problem = ascii != NULL ? label_problem (ascii) : "label empty or too long";

  if (problem == NULL)
    return g_steal_pointer (&ascii);
  *ret_problem = g_strdup_printf ("encoding with 'idna' codec failed (UnicodeError: %s)", problem);
  return NULL;
}

/* --- names to addresses ---------------------------------------------------------------------------------------------- */

/* A link-local address with its interface is no address to fail2ban ("fe80::1%eth0"). */
static gboolean
has_scope (const struct sockaddr *sa)
{
  struct sockaddr_in6 in6;

  if (sa->sa_family != AF_INET6)
    return FALSE;
  memcpy (&in6, sa, sizeof in6);
  return in6.sin6_scope_id != 0;
}

static char *
collect_addresses (const char *name, int family, GPtrArray *addresses)
{
  struct addrinfo hints = { .ai_family = family, .ai_protocol = IPPROTO_TCP };
  struct addrinfo *list = NULL;
  int result = getaddrinfo (name, NULL, &hints, &list);

  if (result != 0)
    return gai_problem (result);
  for (const struct addrinfo *item = list; item != NULL; item = item->ai_next)
    if (item->ai_addr != NULL && !has_scope (item->ai_addr))
      {
        Address *address = address_new_from_sockaddr (item->ai_addr);

        if (address != NULL)
          add_once (addresses, address);
      }
  freeaddrinfo (list);
  return NULL;
}

GPtrArray *
lookup_name (const char *name, gboolean with_ipv6, char **ret_problem)
{
  g_autoptr (GPtrArray) addresses = address_list ();
  g_autofree char *problem = NULL;
  g_autofree char *ascii = encode_name (name, &problem);

  if (ascii != NULL)
    {
      problem = collect_addresses (ascii, AF_INET, addresses);
      if (with_ipv6)
        {
          char *problem6 = collect_addresses (ascii, AF_INET6, addresses);

          if (problem6 != NULL)
            {
              g_free (problem);
              problem = problem6;
            }
        }
    }
  *ret_problem = addresses->len == 0 ? g_steal_pointer (&problem) : NULL;
  return g_steal_pointer (&addresses);
}

/* --- addresses to names ---------------------------------------------------------------------------------------------- */

static char *
host_by_bytes (const void *bytes, socklen_t size, int family, char **ret_problem)
{
  for (gsize buffer_size = 1024; buffer_size <= HOST_BUFFER_MAX; buffer_size *= 2)
    {
      g_autofree char *buffer = g_malloc (buffer_size);
      struct hostent entry;
      struct hostent *found = NULL;
      int problem = 0;
      int result = gethostbyaddr_r (bytes, size, family, &entry, buffer, buffer_size, &found, &problem);

      if (result == ERANGE)
        continue;
      if (found != NULL && found->h_name != NULL)
        return g_strdup (found->h_name);
      *ret_problem = g_strdup_printf ("[Errno %d] %s", problem, hstrerror (problem));
      return NULL;
    }
  *ret_problem = g_strdup ("the answer is too long");
  return NULL;
}

char *
lookup_address (const char *text, char **ret_problem)
{
  struct addrinfo *list = NULL;
  g_autofree char *name = NULL;
  int result;

  *ret_problem = NULL;
  result = getaddrinfo (text, NULL, NULL, &list);
  if (result != 0)
    {
      *ret_problem = gai_problem (result);
      return NULL;
    }
  if (list->ai_family == AF_INET)
    {
      struct sockaddr_in in;

      memcpy (&in, list->ai_addr, sizeof in);
      name = host_by_bytes (&in.sin_addr, sizeof in.sin_addr, AF_INET, ret_problem);
    }
  else if (list->ai_family == AF_INET6)
    {
      struct sockaddr_in6 in6;

      memcpy (&in6, list->ai_addr, sizeof in6);
      name = host_by_bytes (&in6.sin6_addr, sizeof in6.sin6_addr, AF_INET6, ret_problem);
    }
  freeaddrinfo (list);
  return g_steal_pointer (&name);
}

/* --- this host ------------------------------------------------------------------------------------------------------- */

static char *
short_name (void)
{
  char name[256];

  if (gethostname (name, sizeof name) < 0)
    return g_strdup ("");
  name[sizeof name - 1] = '\0';
  return g_strdup (name);
}

/* The canonical names of the host: one that begins with the short name is preferred, else the first (ipdns.py, getfqdn). */
static char *
full_name (void)
{
  struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_CANONNAME };
  struct addrinfo *list = NULL;
  g_autofree char *host = short_name ();
  g_autofree char *prefix = g_strconcat (host, ".", NULL);
  char *first = NULL;

  if (getaddrinfo (host, NULL, &hints, &list) != 0)
    return g_steal_pointer (&host);
  for (const struct addrinfo *item = list; item != NULL; item = item->ai_next)
    {
      if (item->ai_canonname == NULL || *item->ai_canonname == '\0')
        continue;
      if (first == NULL || g_str_has_prefix (item->ai_canonname, prefix))
        {
          g_free (first);
          first = g_strdup (item->ai_canonname);
        }
      if (g_str_has_prefix (first, prefix))
        break;
    }
  freeaddrinfo (list);
  return first != NULL ? first : g_steal_pointer (&host);
}

char *
lookup_own_name (gboolean fqdn)
{
  return fqdn ? full_name () : short_name ();
}

GPtrArray *
lookup_interfaces (void)
{
  GPtrArray *addresses = address_list ();
  struct ifaddrs *list = NULL;

  if (getifaddrs (&list) < 0)
    return addresses;
  for (const struct ifaddrs *item = list; item != NULL; item = item->ifa_next)
    if (item->ifa_addr != NULL)
      {
        Address *address = address_new_from_sockaddr (item->ifa_addr);

        if (address != NULL)
          add_once (addresses, address);
      }
  freeifaddrs (list);
  return addresses;
}

GPtrArray *
lookup_own_addresses (gboolean with_ipv6)
{
  GPtrArray *addresses = lookup_interfaces ();
  g_autofree char *host = short_name ();
  g_autofree char *fqdn = full_name ();
  const char *names[] = { "localhost", host, fqdn };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *problem = NULL;
      g_autoptr (GPtrArray) found = NULL;

      if (*names[i] == '\0' || (i == 2 && strcmp (host, fqdn) == 0))
        continue;
      found = lookup_name (names[i], with_ipv6, &problem);
      for (guint k = 0; k < found->len; k++)
        add_once (addresses, address_ref (found->pdata[k]));
    }
  return addresses;
}

static gboolean
can_bind_ipv6 (void)
{
  struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
  int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean ok;

  if (fd < 0)
    return FALSE;
  ok = bind (fd, (const struct sockaddr *) &any, sizeof any) == 0 || errno == EADDRINUSE || errno == EACCES;
  close (fd);
  return ok;
}

gboolean
lookup_ipv6_is_there (void)
{
  g_autofree char *disabled = NULL;

  if (g_file_get_contents ("/proc/sys/net/ipv6/conf/all/disable_ipv6", &disabled, NULL, NULL))
    return g_ascii_strtoll (disabled, NULL, 10) == 0;
  return can_bind_ipv6 ();
}
