#include "control/call.h"

#include "compat/py-int.h"
#include "compat/py-repr.h"
#include "control/server.h"

struct Call
{
  Server *server;
  PyValue *words;
  gboolean quiet;
  CallDone done;
  gpointer user_data;
};

Call *
call_new (Server *server, PyValue *words, gboolean quiet, CallDone done, gpointer user_data)
{
  Call *self = g_new0 (Call, 1);

  self->server = server;
  self->words = py_value_ref (words);
  self->quiet = quiet;
  self->done = done;
  self->user_data = user_data;
  return self;
}

static void
call_end (Call *self, PyValue *result)
{
  self->done (result, self->user_data);
  py_value_unref (self->words);
  g_free (self);
}

void
call_return (Call *self, PyValue *value)
{
  g_autoptr (PyValue) taken = value != NULL ? value : py_none_new ();

  call_end (self, taken);
}

void
call_raise (Call *self, PyValue *exception)
{
  call_end (self, exception);
}

void
call_fail (Call *self, GError *error)
{
  g_autoptr (GError) taken = error;
  g_autoptr (PyValue) exception = jail_error_to_exception (taken);

  call_end (self, exception);
}

Server *
call_peek_server (const Call *self)
{
  return self->server;
}

gboolean
call_is_quiet (const Call *self)
{
  return self->quiet;
}

PyValue *
call_peek_words (const Call *self)
{
  return self->words;
}

guint
call_get_length (const Call *self)
{
  return py_seq_length (self->words);
}

PyValue *
call_peek_word (const Call *self, guint index, GError **error)
{
  if (index < py_seq_length (self->words))
    return py_seq_peek (self->words, index);
  g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_INDEX, "list index out of range");
  return NULL;
}

const char *
call_peek_text (const Call *self, guint index, GError **error)
{
  PyValue *word = call_peek_word (self, index, error);
  gsize len;
  const char *text;

  if (word == NULL)
    return NULL;
  if (py_value_type (word) != PY_STR)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
                   py_value_type_name (word));
      return NULL;
    }
  text = py_str_peek (word, &len);
  if (strlen (text) != len)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "embedded null byte");
      return NULL;
    }
  return text;
}

gboolean
call_get_int (const Call *self, guint index, gint64 *ret_value, GError **error)
{
  PyValue *word = call_peek_word (self, index, error);
  double number;

  if (word == NULL)
    return FALSE;
  if (py_value_type (word) == PY_STR)
    {
      gsize len;
      const char *text = py_str_peek (word, &len);
      return py_int_parse_int64 (text, (gssize) len, ret_value, error);
    }
  if (!py_value_to_double (word, &number) || !(number > -9.2e18 && number < 9.2e18))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                   "int() argument must be a string, a bytes-like object or a real number, not '%s'",
                   py_value_type_name (word));
      return FALSE;
    }
  *ret_value = (gint64) number;
  return TRUE;
}

PyValue *
call_dup_words_from (const Call *self, guint index)
{
  PyValue *list = py_list_new ();

  for (guint i = index; i < py_seq_length (self->words); i++)
    py_list_append (list, py_value_ref (py_seq_peek (self->words, i)));
  return list;
}

Jail *
call_peek_jail (const Call *self, guint index, GError **error)
{
  PyValue *word = call_peek_word (self, index, error);
  const char *name;

  if (word != NULL && py_value_type (word) != PY_STR)
    {
      g_autofree char *shown = py_str (word, NULL);

      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_UNKNOWN_JAIL, shown);
      return NULL;
    }
  name = word != NULL ? call_peek_text (self, index, error) : NULL;
  return name != NULL ? jail_set_get (server_peek_jails (self->server), name, error) : NULL;
}
