#include "jail/ignore-list.h"

#include "action/tags.h"
#include "base/bracket-options.h"
#include "compat/py-repr.h"
#include "jail/ignore-cache.h"
#include "jail/ignore-file.h"
#include "jail/jail-error.h"

#define LOGGER              "fail2ban.filter"
#define COMMAND_TIMEOUT_SEC 60

/* Of networks, names and files. */
typedef struct
{
  Address *address; /* a network or a name; NULL: a file */
  IgnoreFile *file;
} Entry;

/* The question that is being waited for. */
typedef struct
{
  Ticket *ticket;
  IgnoreFunc func;
  gpointer user_data;
  GHashTable *names; /* what was looked up for it: name -> AddressSet */
  AddressSet *own;
  gboolean host_asked; /* for <ip-host> */
  ResolverQuery *query;
  ShellRun *run;
} Question;

struct IgnoreList
{
  char *jail_name;
  const Clock *clock;
  Log *log;
  Resolver *resolver;
  CommandGate *gate;
  gboolean ignore_self;
  AddressSet *singles;
  GPtrArray *entries; /* of Entry */
  PyValue *command;
  IgnoreCache *cache;
  IgnoreExpand expand;
  gpointer expand_data;
  const char *python_folder;
  Question *question;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  address_unref (entry->address);
  ignore_file_free (entry->file);
  g_free (entry);
}

static void
question_free (Question *question)
{
  if (question == NULL)
    return;
  resolver_cancel (question->query);
  shell_run_cancel (question->run);
  ticket_unref (question->ticket);
  g_hash_table_unref (question->names);
  address_set_unref (question->own);
  g_free (question);
}

IgnoreList *
ignore_list_new (const char *jail_name, const Clock *clock, Log *log, Resolver *resolver, CommandGate *gate)
{
  IgnoreList *self = g_new0 (IgnoreList, 1);

  self->jail_name = g_strdup (jail_name);
  self->clock = clock;
  self->log = log;
  self->resolver = resolver;
  self->gate = gate;
  self->ignore_self = TRUE;
  self->singles = address_set_new ();
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->command = py_bool_new (FALSE);
  return self;
}

void
ignore_list_free (IgnoreList *self)
{
  if (self == NULL)
    return;
  question_free (self->question);
  ignore_cache_free (self->cache);
  py_value_unref (self->command);
  g_ptr_array_unref (self->entries);
  address_set_unref (self->singles);
  g_free (self->jail_name);
  g_free (self);
}

/* --- settings -------------------------------------------------------------------------------------------------------- */

void
ignore_list_set_self (IgnoreList *self, gboolean ignore)
{
  self->ignore_self = ignore;
}

gboolean
ignore_list_get_self (const IgnoreList *self)
{
  return self->ignore_self;
}

static gboolean
find_entry (const IgnoreList *self, const Address *address, guint *ret_index)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->address == NULL || !address_equal (entry->address, address))
        continue;
      *ret_index = i;
      return TRUE;
    }
  return FALSE;
}

gboolean
ignore_list_add (IgnoreList *self, const char *text, GError **error)
{
  g_autoptr (Address) address = NULL;
  g_autofree char *path = ignore_file_dup_path (text);
  Entry *entry;
  guint index;

  if (text[0] == '\0')
    return TRUE;
  if (path == NULL)
    {
      address = address_parse (text, -1, error);
      if (address == NULL)
        return FALSE;
      if (find_entry (self, address, &index)
          || (address_is_single (address) && !address_set_add (self->singles, address)))
        {
          g_autofree char *shown = py_repr_str (address_peek_text (address), -1);
          g_autofree char *given = py_repr_str (text, -1);

          log_msg (self->log, LOGGER, "  Ignore duplicate %s (%s), already in ignore list", shown, given);
          return TRUE;
        }
      if (address_is_single (address))
        return TRUE;
    }
  entry = g_new0 (Entry, 1);
  if (path != NULL)
    entry->file = ignore_file_new (path, self->clock, self->log);
  else
    entry->address = g_steal_pointer (&address);
  g_ptr_array_add (self->entries, entry);
  return TRUE;
}

static gboolean
remove_file (IgnoreList *self, const char *path)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->file == NULL || !g_str_equal (ignore_file_peek_path (entry->file), path))
        continue;
      g_ptr_array_remove_index (self->entries, i);
      return TRUE;
    }
  return FALSE;
}

gboolean
ignore_list_del (IgnoreList *self, const char *text, GError **error)
{
  g_autoptr (Address) address = NULL;
  g_autofree char *path = ignore_file_dup_path (text);
  guint index;

  if (path != NULL)
    {
      if (remove_file (self, path))
        return TRUE;
    }
  else
    {
      address = address_parse (text, -1, error);
      if (address == NULL)
        return FALSE;
      /* One address is found by its canonical text only, a network by any (1.1.2: a set of them is looked up by the text's hash). */
      if (g_str_equal (text, address_peek_text (address)) && address_set_remove (self->singles, address))
        return TRUE;
      if (find_entry (self, address, &index))
        {
          g_ptr_array_remove_index (self->entries, index);
          return TRUE;
        }
    }
  g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "list.remove(x): x not in list");
  return FALSE;
}

void
ignore_list_clear (IgnoreList *self)
{
  address_set_clear (self->singles);
  g_ptr_array_set_size (self->entries, 0);
}

PyValue *
ignore_list_dup (const IgnoreList *self)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->file != NULL)
        py_list_append (list, py_str_take (ignore_file_dup_name (entry->file)));
      else
        py_list_append (list, py_str_new (address_peek_text (entry->address)));
    }
  for (guint i = 0; i < address_set_size (self->singles); i++)
    py_list_append (list, py_str_new (address_peek_text (address_set_peek (self->singles, i))));
  return list;
}

void
ignore_list_set_command (IgnoreList *self, PyValue *command)
{
  py_value_ref (command);
  py_value_unref (self->command);
  self->command = command;
}

PyValue *
ignore_list_dup_command (const IgnoreList *self)
{
  return py_value_ref (self->command);
}

gboolean
ignore_list_set_cache (IgnoreList *self, const char *options, GError **error)
{
  g_autofree char *text = g_strconcat ("cache[", options, "]", NULL);
  g_autofree char *name = NULL;
  g_autoptr (PyValue) dict = NULL;
  IgnoreCache *cache = NULL;

  if (!bracket_options_parse (text, &name, &dict, error))
    return FALSE;
  if (py_dict_length (dict) > 0)
    {
      cache = ignore_cache_new (dict, self->clock, error);
      if (cache == NULL)
        return FALSE;
    }
  ignore_cache_free (self->cache);
  self->cache = cache;
  return TRUE;
}

PyValue *
ignore_list_dup_cache (const IgnoreList *self)
{
  return self->cache != NULL ? ignore_cache_dup_settings (self->cache) : py_none_new ();
}

void
ignore_list_set_expand (IgnoreList *self, IgnoreExpand expand, gpointer user_data)
{
  self->expand = expand;
  self->expand_data = user_data;
}

void
ignore_list_set_python_folder (IgnoreList *self, const char *folder)
{
  self->python_folder = folder;
}

/* --- questions ------------------------------------------------------------------------------------------------------- */

static ShellCommand *
expand (IgnoreList *self, const char *text, Ticket *ticket)
{
  if (self->expand != NULL)
    return self->expand (text, ticket, self->expand_data);
  return shell_command_new (text, strlen (text));
}

static char *
cache_key (IgnoreList *self, Ticket *ticket)
{
  g_autoptr (ShellCommand) expanded = NULL;
  GString *key;

  if (self->cache == NULL)
    return NULL;
  expanded = expand (self, ignore_cache_peek_key_template (self->cache), ticket);
  key = g_string_new (expanded->text->str);
  for (guint i = 0; i < expanded->args->len; i++)
    g_string_append_printf (key, "\n%s", ((GString *) g_ptr_array_index (expanded->args, i))->str);
  return g_string_free (key, FALSE);
}

static void
remember (IgnoreList *self, Ticket *ticket, gboolean answer)
{
  g_autofree char *key = cache_key (self, ticket);

  if (key != NULL)
    ignore_cache_set (self->cache, key, answer);
}

static IgnoreAnswer
yes (IgnoreList *self, Ticket *ticket, const char *source, gboolean memorable)
{
  log_info (self->log, LOGGER, "[%s] Ignore %s by %s", self->jail_name, address_peek_text (ticket_peek_id (ticket)),
            source);
  if (memorable)
    remember (self, ticket, TRUE);
  return IGNORE_YES;
}

static IgnoreAnswer ask (IgnoreList *self, Ticket *ticket, Question *question);

/* Something that was waited for is there: from the beginning again, now with what is known. */
static void
go_on (IgnoreList *self, IgnoreAnswer answer)
{
  Question *question = self->question;

  if (answer == IGNORE_LATER)
    return;
  self->question = NULL;
  question->func (answer == IGNORE_YES, question->user_data);
  question_free (question);
}

static void
on_own (AddressSet *addresses, gpointer user_data)
{
  IgnoreList *self = user_data;

  self->question->query = NULL;
  self->question->own = address_set_ref (addresses);
  go_on (self, ask (self, self->question->ticket, self->question));
}

static void
on_name (const char *name, AddressSet *addresses, gpointer user_data)
{
  IgnoreList *self = user_data;

  self->question->query = NULL;
  g_hash_table_replace (self->question->names, g_strdup (name), address_set_ref (addresses));
  go_on (self, ask (self, self->question->ticket, self->question));
}

static void
on_host (const Address *address, const char *name, gpointer user_data)
{
  IgnoreList *self = user_data;

  self->question->query = NULL;
  go_on (self, ask (self, self->question->ticket, self->question));
}

/* <ip-host> takes a name server: the expansion finds what it said in the resolver's cache.  FALSE: a question is on its way. */
static gboolean
host_is_known (IgnoreList *self, const char *text, const Ticket *ticket, Question *question)
{
  const Address *id = ticket_peek_id (ticket);
  const char *name;

  if (!tags_contain (text, "ip-host") || !address_is_ip (id) || resolver_peek_address (self->resolver, id, &name))
    return TRUE;
  if (question == NULL)
    return FALSE;
  if (question->host_asked)
    return TRUE; /* once is enough */
  question->host_asked = TRUE;
  question->query = resolver_query_address (self->resolver, id, on_host, self);
  return FALSE;
}

/* The remembered answer; IGNORE_LATER: the key is not known yet.  Only a key that had to be waited for is asked for with a question: any
 * other was asked for before there was one. */
static IgnoreAnswer
ask_cache (IgnoreList *self, Ticket *ticket, Question *question, gboolean *ret_known)
{
  const char *key_template = self->cache != NULL ? ignore_cache_peek_key_template (self->cache) : NULL;
  g_autofree char *key = NULL;
  gboolean answer;

  *ret_known = FALSE;
  if (key_template == NULL || (question != NULL && !tags_contain (key_template, "ip-host")))
    return IGNORE_NO;
  if (!host_is_known (self, key_template, ticket, question))
    return IGNORE_LATER;
  key = cache_key (self, ticket);
  *ret_known = ignore_cache_get (self->cache, key, &answer);
  return *ret_known && answer ? IGNORE_YES : IGNORE_NO;
}

static void
on_command (gboolean success, gpointer user_data)
{
  IgnoreList *self = user_data;
  Question *question = self->question;

  question->run = NULL;
  if (success)
    go_on (self, yes (self, question->ticket, "command", TRUE));
  else
    {
      remember (self, question->ticket, FALSE);
      go_on (self, IGNORE_NO);
    }
}

static IgnoreAnswer
ask_command (IgnoreList *self, Ticket *ticket, Question *question)
{
  const char *text = py_str_peek (self->command, NULL);
  ShellCommand *command;

  if (!host_is_known (self, text, ticket, question))
    return IGNORE_LATER;
  command = expand (self, text, ticket);
  log_debug (self->log, LOGGER, "ignore command: %s", command->text->str);
  command->python_folder = self->python_folder;
  question->run = shell_run (command, COMMAND_TIMEOUT_SEC, G_STRINGIFY (COMMAND_TIMEOUT_SEC), self->gate, self->log,
                             on_command, self);
  shell_run_set_question (question->run);
  return IGNORE_LATER;
}

/* The addresses behind a name of the list; FALSE: not known, a question is on its way. */
static gboolean
name_addresses (IgnoreList *self, const Address *name, Question *question, AddressSet **ret_set)
{
  const char *text = address_peek_text (name);
  gssize len = (gssize) address_get_length (name);

  if (question != NULL)
    *ret_set = g_hash_table_lookup (question->names, text);
  if (question != NULL && *ret_set != NULL)
    return TRUE;
  if (resolver_peek_name (self->resolver, text, len, ret_set))
    return TRUE;
  if (question != NULL)
    question->query = resolver_query_name (self->resolver, text, len, on_name, self);
  return FALSE;
}

static gboolean
own_addresses (IgnoreList *self, Question *question, AddressSet **ret_set)
{
  if (question != NULL && question->own != NULL)
    {
      *ret_set = question->own;
      return TRUE;
    }
  if (resolver_peek_own_addresses (self->resolver, ret_set))
    return TRUE;
  if (question != NULL)
    question->query = resolver_query_own (self->resolver, on_own, self);
  return FALSE;
}

/* Is id one of the addresses of the name? */
static IgnoreAnswer
ask_name (IgnoreList *self, const Address *name, const Address *id, Question *question)
{
  AddressSet *set = NULL;

  if (!name_addresses (self, name, question, &set))
    return IGNORE_LATER;
  return address_set_contains (set, id) ? IGNORE_YES : IGNORE_NO;
}

static IgnoreAnswer
ask_file (IgnoreList *self, IgnoreFile *file, const Address *id, Question *question)
{
  IgnoreAnswer answer = ignore_file_contains (file, id) ? IGNORE_YES : IGNORE_NO;
  GPtrArray *names = ignore_file_peek_names (file);

  for (guint i = 0; answer == IGNORE_NO && i < names->len; i++)
    answer = ask_name (self, g_ptr_array_index (names, i), id, question);
  return answer;
}

static IgnoreAnswer
ask_entry (IgnoreList *self, const Entry *entry, const Address *id, Question *question)
{
  if (entry->file != NULL)
    return ask_file (self, entry->file, id, question);
  if (!address_is_ip (entry->address))
    return ask_name (self, entry->address, id, question);
  return address_contains (entry->address, id) ? IGNORE_YES : IGNORE_NO;
}

static IgnoreAnswer
yes_by_entry (IgnoreList *self, Ticket *ticket, const Entry *entry)
{
  g_autofree char *name = entry->file != NULL ? ignore_file_dup_name (entry->file) : NULL;

  if (name == NULL)
    name = g_strdup (address_is_ip (entry->address) ? "ip" : "dns");
  return yes (self, ticket, name, TRUE);
}

/* question NULL: only with what is known at once; LATER then says that a question is needed. */
static IgnoreAnswer
ask (IgnoreList *self, Ticket *ticket, Question *question)
{
  const Address *id = ticket_peek_id (ticket);
  AddressSet *own = NULL;
  gboolean known;
  IgnoreAnswer remembered = ask_cache (self, ticket, question, &known);

  if (known || remembered == IGNORE_LATER)
    return remembered;
  if (self->ignore_self)
    {
      if (!own_addresses (self, question, &own))
        return IGNORE_LATER;
      if (address_set_contains (own, id))
        return yes (self, ticket, "ignoreself rule", TRUE);
    }
  if (address_set_contains (self->singles, id))
    return yes (self, ticket, "ip", FALSE);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      IgnoreAnswer answer = ask_entry (self, entry, id, question);

      if (answer == IGNORE_YES)
        return yes_by_entry (self, ticket, entry);
      if (answer == IGNORE_LATER)
        return IGNORE_LATER;
    }
  if (py_value_type (self->command) == PY_STR && py_value_truth (self->command))
    return question != NULL ? ask_command (self, ticket, question) : IGNORE_LATER;
  if (self->cache != NULL)
    remember (self, ticket, FALSE);
  return IGNORE_NO;
}

IgnoreAnswer
ignore_list_ask (IgnoreList *self, Ticket *ticket, IgnoreFunc func, gpointer user_data)
{
  g_return_val_if_fail (self->question == NULL, IGNORE_NO);

  IgnoreAnswer answer = ask (self, ticket, NULL);

  if (answer != IGNORE_LATER)
    return answer;
  self->question = g_new0 (Question, 1);
  self->question->ticket = ticket_ref (ticket);
  self->question->func = func;
  self->question->user_data = user_data;
  self->question->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) address_set_unref);
  answer = ask (self, ticket, self->question);
  if (answer != IGNORE_LATER)
    g_clear_pointer (&self->question, question_free);
  return answer;
}

void
ignore_list_cancel (IgnoreList *self)
{
  g_clear_pointer (&self->question, question_free);
}
