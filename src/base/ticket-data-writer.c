#include "base/ticket-data-writer.h"

#include <string.h>

#include "base/ticket-data-private.h"
#include "compat/py-pickle.h"

/* Texts that nearly every ticket has.  They stand in databases: new ones go to the end. */
static const char *const names[] = { "user", "users", "mlfid",     "ip4",       "ip6",    "dns", "fid",
                                     "ip",   "host",  "mlfforget", "mlfgained", "nofail", "addr" };

#define REFERENCE_MIN 4 /* shorter texts are no longer than a reference */
#define REFERENCE_AREA                                                                                                 \
  4096 /* no reference goes beyond so many bytes: log lines are no longer than this, or not worth it */

const char *
ticket_data_name (guint n)
{
  return n < G_N_ELEMENTS (names) ? names[n] : NULL;
}

/* --- bytes ----------------------------------------------------------------------------------------------------------- */

void
ticket_data_writer_init (TicketDataWriter *self)
{
  self->bytes = self->first;
  self->len = self->values_at = self->area = 0;
  self->size = sizeof self->first;
}

void
ticket_data_writer_clear (TicketDataWriter *self)
{
  if (self->bytes != self->first)
    g_free (self->bytes);
}

static void
make_room (TicketDataWriter *self, gsize len)
{
  if (self->size - self->len >= len)
    return;
  self->size = MAX (self->size * 2, self->len + len);
  if (self->bytes == self->first)
    {
      self->bytes = g_malloc (self->size);
      memcpy (self->bytes, self->first, self->len);
    }
  else
    self->bytes = g_realloc (self->bytes, self->size);
}

static void
put_byte (TicketDataWriter *self, guint byte)
{
  make_room (self, 1);
  self->bytes[self->len++] = (guint8) byte;
}

static void
put_number (TicketDataWriter *self, guint64 number)
{
  for (; number > 0x7f; number >>= 7)
    put_byte (self, 0x80 | (number & 0x7f));
  put_byte (self, (guint) number);
}

void
ticket_data_writer_put_bytes (TicketDataWriter *self, const void *bytes, gsize len)
{
  make_room (self, len);
  if (len > 0)
    memcpy (self->bytes + self->len, bytes, len);
  self->len += len;
}

static void
put_sized (TicketDataWriter *self, guint kind, const void *bytes, gsize len)
{
  put_byte (self, kind);
  put_number (self, len);
  ticket_data_writer_put_bytes (self, bytes, len);
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

static void
put_str (TicketDataWriter *self, const char *text, gsize len)
{
  if (len >= AS_SHORT)
    put_sized (self, AS_STR, text, len);
  else
    {
      put_byte (self, AS_SHORT | (guint) len);
      ticket_data_writer_put_bytes (self, text, len);
    }
}

void
ticket_data_writer_put_text (TicketDataWriter *self, const char *text, gsize len)
{
  const guint8 *found = NULL;

  if (len >= REFERENCE_MIN && len <= REFERENCE_MAX && self->area >= len)
    found = memmem (self->bytes, MIN (self->area, REFERENCE_AREA), text, len);
  if (found == NULL)
    {
      put_str (self, text, len);
      return;
    }
  put_byte (self, AS_STR_AT);
  put_number (self, (gsize) (found - self->bytes));
  put_number (self, len);
}

void
ticket_data_writer_put_name (TicketDataWriter *self, const char *name, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == len && memcmp (names[i], name, len) == 0)
      {
        put_byte (self, AS_NAME + i);
        return;
      }
  put_str (self, name, len);
}

void
ticket_data_writer_begin_tuple (TicketDataWriter *self, guint count)
{
  put_byte (self, AS_TUPLE);
  put_number (self, count);
}

void
ticket_data_writer_begin_set (TicketDataWriter *self, guint count)
{
  put_byte (self, AS_SET);
  put_number (self, count);
}

void
ticket_data_writer_put_int (TicketDataWriter *self, gint64 number)
{
  put_byte (self, AS_INT);
  put_number (self, ((guint64) number << 1) ^ (number < 0 ? G_MAXUINT64 : 0));
}

void
ticket_data_writer_put_none (TicketDataWriter *self)
{
  put_byte (self, AS_NONE);
}

static void put_value (TicketDataWriter *self, const PyValue *value, guint depth);

void
ticket_data_writer_put_key (TicketDataWriter *self, const PyValue *key)
{
  gsize area = self->area, len;
  const char *text;

  if (py_value_type (key) == PY_STR)
    {
      text = py_str_peek (key, &len);
      ticket_data_writer_put_name (self, text, len);
      return;
    }
  self->area = 0;
  put_value (self, key, 0);
  self->area = area;
}

static void
put_items (TicketDataWriter *self, const PyValue *value, guint depth)
{
  gboolean is_set = !py_value_is_seq (value);
  guint count = is_set ? py_set_length (value) : py_seq_length (value);

  put_number (self, count);
  for (guint i = 0; i < count; i++)
    put_value (self, is_set ? py_set_peek (value, i) : py_seq_peek (value, i), depth + 1);
}

static void
put_dict (TicketDataWriter *self, const PyValue *dict, guint depth)
{
  guint count = py_dict_length (dict);

  put_byte (self, AS_DICT);
  put_number (self, count);
  for (guint i = 0; i < count; i++)
    {
      ticket_data_writer_put_key (self, py_dict_peek_key (dict, i));
      put_value (self, py_dict_peek_value (dict, i), depth + 1);
    }
}

static void
put_pickle (TicketDataWriter *self, const PyValue *value)
{
  g_autoptr (GBytes) pickle = py_pickle_encode (value, 4);
  gsize len;
  const void *bytes = g_bytes_get_data (pickle, &len);

  put_sized (self, AS_PICKLE, bytes, len);
}

static void
put_value (TicketDataWriter *self, const PyValue *value, guint depth)
{
  PyType type = depth > DEPTH_MAX ? PY_EXCEPTION : py_value_type (value);
  const char *text;
  double number;
  gsize len;

  switch (type)
    {
    case PY_NONE:
      put_byte (self, AS_NONE);
      break;
    case PY_BOOL:
      put_byte (self, py_bool_get (value) ? AS_TRUE : AS_FALSE);
      break;
    case PY_INT:
      ticket_data_writer_put_int (self, py_int_get (value));
      break;
    case PY_FLOAT:
      number = py_float_get (value);
      put_byte (self, AS_FLOAT);
      ticket_data_writer_put_bytes (self, &number, sizeof number);
      break;
    case PY_STR:
      text = py_str_peek (value, &len);
      ticket_data_writer_put_text (self, text, len);
      break;
    case PY_BYTES:
      text = py_bytes_peek (value, &len);
      put_sized (self, AS_BYTES, text, len);
      break;
    case PY_LIST:
    case PY_TUPLE:
    case PY_SET:
    case PY_FROZENSET:
      put_byte (self, type == PY_LIST ? AS_LIST : type == PY_TUPLE ? AS_TUPLE : type == PY_SET ? AS_SET : AS_FROZENSET);
      put_items (self, value, depth);
      break;
    case PY_DICT:
      put_dict (self, value, depth);
      break;
    case PY_BIGINT:
    case PY_EXCEPTION:
    default:
      put_pickle (self, value);
      break;
    }
}

void
ticket_data_writer_put_value (TicketDataWriter *self, const PyValue *value)
{
  put_value (self, value, 1);
}

void
ticket_data_writer_begin_values (TicketDataWriter *self, guint count)
{
  self->values_at = self->area = self->len;
  put_byte (self, AS_DICT);
  put_number (self, count);
}

TicketData *
ticket_data_writer_dup_data (const TicketDataWriter *self)
{
  TicketData *data;

  if (self->len > LEN_MAX)
    return NULL;
  data = g_malloc (sizeof *data + self->len);
  data->len = self->len & LEN_MAX;
  data->values_at = self->values_at & LEN_MAX;
  data->refs = 1;
  memcpy (data->bytes, self->bytes, self->len);
  return data;
}
