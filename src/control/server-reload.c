#include "control/server-private.h"

#include "compat/py-repr.h"
#include "control/command-table.h"

/* A reload goes through these steps, each of which may take its time: bans are lifted, jails stopped (both by option),
 * then all that is affected goes idle, the commands run, and what they did not mention goes.  The last step is taken whatever
 * happened before (1.1.2 does it in a finally). */
typedef struct
{
  Server *server;
  char *name; /* or "--all" */
  gboolean unban, restart, if_exists;
  PyValue *commands;
  guint next; /* which jail, in the steps that take one after the other */
  GPtrArray *committing;
  PyValue *failure; /* the first one; NULL: none */
  ServerDone done;
  gpointer user_data;
} Reload;

static gboolean
is_all (const Reload *reload)
{
  return g_str_equal (reload->name, "--all");
}

static void
keep_failure (Reload *reload, PyValue *failure)
{
  if (failure != NULL && reload->failure == NULL)
    reload->failure = py_value_ref (failure);
}

static void
keep_error (Reload *reload, const GError *error)
{
  g_autoptr (PyValue) failure = error != NULL ? jail_error_to_exception (error) : NULL;

  keep_failure (reload, failure);
}

/* --- the end ------------------------------------------------------------------------------------------------------------- */

static void
finish (Reload *reload)
{
  Server *self = reload->server;

  g_clear_pointer (&self->reloading, g_hash_table_unref);
  log_info (self->log, LOGGER_SERVER, "Reload finished.");
  reload->done (reload->failure, reload->user_data);
  py_value_unref (reload->failure);
  g_clear_pointer (&reload->committing, g_ptr_array_unref);
  py_value_unref (reload->commands);
  g_free (reload->name);
  g_free (reload);
}

static void remove_next (Reload *reload);

static void
on_removed (PyValue *failure, gpointer user_data)
{
  remove_next (user_data);
}

/* Jails that the commands did not add again. */
static void
remove_next (Reload *reload)
{
  Server *self = reload->server;

  for (guint i = 0; i < jail_set_size (self->jails); i++)
    {
      Jail *jail = jail_set_peek_nth (self->jails, i);
      gpointer state = g_hash_table_lookup (self->reloading, jail);

      if (state != RELOAD_ASKED && state != RELOAD_ADDED)
        continue;
      server_stop_jail (self, jail, on_removed, reload);
      return;
    }
  finish (reload);
}

static void commit_next (Reload *reload);

static void
on_committed (Jail *jail, const GError *error, gpointer user_data)
{
  Reload *reload = user_data;

  keep_error (reload, error);
  commit_next (reload);
}

static void
commit_next (Reload *reload)
{
  if (reload->next < reload->committing->len)
    jail_reload_end (g_ptr_array_index (reload->committing, reload->next++), on_committed, reload);
  else
    remove_next (reload);
}

static void
end (Reload *reload)
{
  Server *self = reload->server;

  reload->committing = g_ptr_array_new ();
  for (guint i = 0; i < jail_set_size (self->jails); i++)
    if (g_hash_table_lookup (self->reloading, jail_set_peek_nth (self->jails, i)) == RELOAD_STARTED)
      g_ptr_array_add (reload->committing, jail_set_peek_nth (self->jails, i));
  commit_next (reload);
}

/* --- the commands ---------------------------------------------------------------------------------------------------------- */

static void
on_commands_done (PyValue *failure, gpointer user_data)
{
  Reload *reload = user_data;

  keep_failure (reload, failure);
  end (reload);
}

static void
run_commands (Reload *reload)
{
  Server *self = reload->server;

  for (guint i = 0; i < jail_set_size (self->jails); i++)
    {
      Jail *jail = jail_set_peek_nth (self->jails, i);

      if (!is_all (reload) && !g_str_equal (jail_peek_name (jail), reload->name))
        continue;
      jail_reload_begin (jail);
      g_hash_table_insert (self->reloading, jail, RELOAD_ASKED);
    }
  server_run_commands (self, reload->commands, on_commands_done, reload);
}

/* --- before it ------------------------------------------------------------------------------------------------------------------ */

static void
on_stopped (PyValue *failure, gpointer user_data)
{
  run_commands (user_data);
}

static void
stop_jails (Reload *reload)
{
  Server *self = reload->server;
  Jail *jail;

  if (!reload->restart)
    run_commands (reload);
  else if (is_all (reload))
    server_stop_all (self, on_stopped, reload);
  else if ((jail = jail_set_peek (self->jails, reload->name)) != NULL)
    server_stop_jail (self, jail, on_stopped, reload);
  else
    run_commands (reload);
}

static void lift_next (Reload *reload);

static void
on_unbanned (Jail *jail, guint count, const GError *error, gpointer user_data)
{
  lift_next (user_data);
}

static void
lift_next (Reload *reload)
{
  Server *self = reload->server;

  while (reload->unban && reload->next < jail_set_size (self->jails))
    {
      Jail *jail = jail_set_peek_nth (self->jails, reload->next++);

      if (!is_all (reload) && !g_str_equal (jail_peek_name (jail), reload->name))
        continue;
      jail_unban_all (jail, on_unbanned, reload);
      return;
    }
  reload->next = 0;
  stop_jails (reload);
}

static gboolean
has_option (PyValue *options, const char *option)
{
  for (guint i = 0; i < py_seq_length (options); i++)
    if (py_str_equals (py_seq_peek (options, i), option))
      return TRUE;
  return FALSE;
}

void
server_reload (Server *self, const char *name, PyValue *options, PyValue *commands, ServerDone done, gpointer user_data)
{
  Reload *reload = g_new0 (Reload, 1);
  g_autoptr (GError) error = NULL;

  *reload = (Reload){ .server = self,
                      .name = g_strdup (name),
                      .unban = has_option (options, "--unban"),
                      .restart = has_option (options, "--restart"),
                      .if_exists = has_option (options, "--if-exists"),
                      .commands = py_value_ref (commands),
                      .done = done,
                      .user_data = user_data };
  self->reloading = g_hash_table_new (NULL, NULL);
  if (is_all (reload))
    {
      log_info (self->log, LOGGER_SERVER, "Reload all jails");
      jail_services_clear_caches (self->services);
    }
  else
    {
      log_info (self->log, LOGGER_SERVER, "Reload jail %s", name);
      if (!reload->if_exists && jail_set_get (self->jails, name, &error) == NULL)
        {
          keep_error (reload, error);
          end (reload);
          return;
        }
    }
  lift_next (reload);
}

/* --- jails that are added --------------------------------------------------------------------------------------------------------- */

static void
done_with (const GError *error, ServerDone done, gpointer user_data)
{
  g_autoptr (PyValue) failure = error != NULL ? jail_error_to_exception (error) : NULL;

  done (failure, user_data);
}

static gboolean
create_jail (Server *self, const char *name, const char *backend, GError **error)
{
  Jail *jail;

  if (jail_set_peek (self->jails, name) != NULL)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_DUPLICATE_JAIL, name);
      return FALSE;
    }
  jail = jail_new (name, backend, self->services, error);
  if (jail == NULL)
    return FALSE;
  jail_set_take (self->jails, jail);
  return TRUE;
}

typedef struct
{
  Server *server;
  char *name;
  char *backend;
  ServerDone done;
  gpointer user_data;
} Restart;

static void
on_old_stopped (PyValue *failure, gpointer user_data)
{
  Restart *restart = user_data;
  g_autoptr (GError) local = NULL;

  (void) create_jail (restart->server, restart->name, restart->backend, &local);
  done_with (local, restart->done, restart->user_data);
  g_free (restart->name);
  g_free (restart->backend);
  g_free (restart);
}

static void
restart_jail (Server *self, Jail *jail, const char *backend, ServerDone done, gpointer user_data)
{
  g_autofree char *name = py_repr_str (jail_peek_name (jail), -1);
  g_autofree char *before = py_repr_str (jail_peek_backend (jail), -1), *after = py_repr_str (backend, -1);
  Restart *restart = g_new0 (Restart, 1);

  log_info (self->log, LOGGER_SERVER, "Restart jail %s (reason: %s != %s)", name, before, after);
  *restart = (Restart){ self, g_strdup (jail_peek_name (jail)), g_strdup (backend), done, user_data };
  server_stop_jail (self, jail, on_old_stopped, restart);
}

void
server_add_jail (Server *self, const char *name, const char *backend, ServerDone done, gpointer user_data)
{
  Jail *jail = jail_set_peek (self->jails, name);
  g_autoptr (GError) error = NULL;

  if (jail != NULL && self->reloading != NULL && g_hash_table_lookup (self->reloading, jail) == RELOAD_ASKED)
    {
      g_autofree char *repr = py_repr_str (name, -1);

      if (!g_str_equal (jail_peek_backend (jail), backend))
        {
          restart_jail (self, jail, backend, done, user_data);
          return;
        }
      log_info (self->log, LOGGER_SERVER, "Reload jail %s", repr);
      g_hash_table_replace (self->reloading, jail, RELOAD_ADDED);
    }
  else
    (void) create_jail (self, name, backend, &error);
  done_with (error, done, user_data);
}
