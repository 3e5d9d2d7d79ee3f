#include "base/ticket-data.h"

#include <string.h>

#include "base/ticket-data-private.h"
#include "base/ticket-data-writer.h"
#include "compat/py-pickle.h"

/* --- reading --------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const guint8 *start, *at, *end;
  gboolean broken;
} Reader;

static Reader
reader_at (const TicketData *self, gsize offset)
{
  return (Reader){ self->bytes, self->bytes + offset, self->bytes + self->len, FALSE };
}

static guint
get_byte (Reader *in)
{
  if (in->at < in->end)
    return *in->at++;
  in->broken = TRUE;
  return AS_NONE;
}

static guint64
get_number (Reader *in)
{
  guint64 number = 0;
  guint byte;

  for (guint shift = 0; shift < 64; shift += 7)
    {
      byte = get_byte (in);
      number |= (guint64) (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        return number;
    }
  in->broken = TRUE;
  return 0;
}

static const char *
get_bytes (Reader *in, gsize len)
{
  const char *bytes = (const char *) in->at;

  if (len > (gsize) (in->end - in->at))
    {
      in->broken = TRUE;
      return "";
    }
  in->at += len;
  return bytes;
}

/* TRUE: the value was a text, which is lent. */
static gboolean
get_text (Reader *in, guint kind, const char **ret_text, gsize *ret_len)
{
  gsize at, len;

  if (kind >= AS_SHORT || kind == AS_STR)
    {
      len = kind >= AS_SHORT ? kind - AS_SHORT : get_number (in);
      *ret_text = get_bytes (in, len);
      *ret_len = in->broken ? 0 : len;
      return TRUE;
    }
  if (kind == AS_STR_AT)
    {
      at = get_number (in);
      len = get_number (in);
      if (in->broken || at > (gsize) (in->end - in->start)
          || len > MIN ((gsize) (in->end - in->start) - at, REFERENCE_MAX))
        {
          in->broken = TRUE;
          at = len = 0;
        }
      *ret_text = (const char *) in->start + at;
      *ret_len = len;
      return TRUE;
    }
  if (kind < AS_NAME || ticket_data_name (kind - AS_NAME) == NULL)
    return FALSE;
  *ret_text = ticket_data_name (kind - AS_NAME);
  *ret_len = strlen (*ret_text);
  return TRUE;
}

static PyValue *get_value (Reader *in, guint depth);

static PyValue *
get_seq (Reader *in, PyValue *seq /* taken */, guint depth)
{
  for (guint64 left = get_number (in); left > 0 && !in->broken; left--)
    py_list_append (seq, get_value (in, depth + 1));
  return seq;
}

static PyValue *
get_set (Reader *in, PyValue *set /* taken */, guint depth)
{
  for (guint64 left = get_number (in); left > 0 && !in->broken; left--)
    {
      g_autoptr (PyValue) item = get_value (in, depth + 1);

      if (py_value_is_hashable (item))
        py_set_add (set, g_steal_pointer (&item));
      else
        in->broken = TRUE;
    }
  return set;
}

static PyValue *
get_dict (Reader *in, guint depth)
{
  PyValue *dict = py_dict_new ();

  for (guint64 left = get_number (in); left > 0 && !in->broken; left--)
    {
      g_autoptr (PyValue) key = get_value (in, depth + 1);
      PyValue *value = get_value (in, depth + 1);

      if (py_value_is_hashable (key))
        py_dict_set (dict, g_steal_pointer (&key), value);
      else
        {
          in->broken = TRUE;
          py_value_unref (value);
        }
    }
  return dict;
}

static PyValue *
get_pickle (Reader *in)
{
  gsize len = get_number (in);
  const char *bytes = get_bytes (in, len);
  PyValue *value = in->broken ? NULL : py_pickle_decode (bytes, len, NULL, NULL, NULL);

  in->broken = in->broken || value == NULL;
  return value != NULL ? value : py_none_new ();
}

static PyValue *
get_int (Reader *in)
{
  guint64 number = get_number (in);

  return py_int_new ((gint64) ((number >> 1) ^ ((number & 1) != 0 ? G_MAXUINT64 : 0)));
}

static PyValue *
get_float (Reader *in)
{
  const char *bytes = get_bytes (in, sizeof (double));
  double number = 0;

  if (!in->broken)
    memcpy (&number, bytes, sizeof number);
  return py_float_new (number);
}

static PyValue *
get_value (Reader *in, guint depth)
{
  guint kind = get_byte (in);
  const char *text;
  gsize len;

  if (depth > DEPTH_MAX + 1)
    in->broken = TRUE;
  if (in->broken)
    return py_none_new ();
  if (get_text (in, kind, &text, &len))
    return py_str_new_len (text, (gssize) len);
  switch (kind)
    {
    case AS_NONE:
      return py_none_new ();
    case AS_FALSE:
    case AS_TRUE:
      return py_bool_new (kind == AS_TRUE);
    case AS_INT:
      return get_int (in);
    case AS_FLOAT:
      return get_float (in);
    case AS_BYTES:
      len = get_number (in);
      text = get_bytes (in, len);
      return py_bytes_new (text, in->broken ? 0 : len);
    case AS_LIST:
      return get_seq (in, py_list_new (), depth);
    case AS_TUPLE:
      return get_seq (in, py_tuple_new (), depth);
    case AS_SET:
      return get_set (in, py_set_new (), depth);
    case AS_FROZENSET:
      return get_set (in, py_frozenset_new (), depth);
    case AS_DICT:
      return get_dict (in, depth);
    case AS_PICKLE:
      return get_pickle (in);
    default:
      in->broken = TRUE;
      return py_none_new ();
    }
}

/* Past a value, without making it. */
static void
skip_value (Reader *in, guint depth)
{
  guint kind = get_byte (in);
  const char *text;
  gsize len;
  guint64 left = 0;

  if (depth > DEPTH_MAX + 1)
    in->broken = TRUE;
  if (in->broken || get_text (in, kind, &text, &len))
    return;
  if (kind == AS_INT)
    (void) get_number (in);
  else if (kind == AS_FLOAT)
    (void) get_bytes (in, sizeof (double));
  else if (kind == AS_BYTES || kind == AS_PICKLE)
    (void) get_bytes (in, get_number (in));
  else if (kind >= AS_LIST && kind <= AS_DICT)
    left = get_number (in);
  for (guint each = kind == AS_DICT ? 2 : 1; left > 0 && !in->broken; left--)
    for (guint i = 0; i < each; i++)
      skip_value (in, depth + 1);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_among (const PyValue *name, const char *const *list)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (py_str_equals (name, list[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_wanted (const PyValue *values, guint index, const char *const *without)
{
  return py_value_type (py_dict_peek_value (values, index)) != PY_NONE
         && !is_among (py_dict_peek_key (values, index), without);
}

/* Behind the matches */
static void
put_values (TicketDataWriter *out, const PyValue *values, const char *const *without)
{
  guint count = 0;

  for (guint i = 0; values != NULL && i < py_dict_length (values); i++)
    count += is_wanted (values, i, without) ? 1 : 0;
  ticket_data_writer_begin_values (out, count);
  for (guint i = 0; count > 0 && i < py_dict_length (values); i++)
    if (is_wanted (values, i, without))
      {
        ticket_data_writer_put_key (out, py_dict_peek_key (values, i));
        ticket_data_writer_put_value (out, py_dict_peek_value (values, i));
      }
}

TicketData *
ticket_data_new (const PyValue *matches, const PyValue *values, const char *const *without)
{
  g_auto (TicketDataWriter) out;

  ticket_data_writer_init (&out);
  for (guint i = 0; py_value_is_seq (matches) && i < py_seq_length (matches); i++)
    ticket_data_writer_put_value (&out, py_seq_peek (matches, i));
  put_values (&out, values, without);
  return ticket_data_writer_dup_data (&out);
}

TicketData *
ticket_data_copy (TicketData *self)
{
  TicketData *copy;

  if (self == NULL)
    return NULL;
  if (self->refs < REFS_MAX)
    {
      self->refs++;
      return self;
    }
  copy = g_memdup2 (self, sizeof *self + self->len);
  copy->refs = 1;
  return copy;
}

void
ticket_data_free (TicketData *self)
{
  if (self != NULL && --self->refs == 0)
    g_free (self);
}

/* For who will change it */
static TicketData *
make_own (TicketData *self /* taken */)
{
  TicketData *copy;

  if (self->refs == 1)
    return self;
  copy = g_memdup2 (self, sizeof *self + self->len);
  copy->refs = 1;
  self->refs--;
  return copy;
}

/* --- matches --------------------------------------------------------------------------------------------------------- */

guint
ticket_data_count_matches (const TicketData *self)
{
  guint count = 0;

  if (self == NULL)
    return 0;
  for (Reader in = reader_at (self, 0); in.at < self->bytes + self->values_at && !in.broken; count++)
    skip_value (&in, 1);
  return count;
}

static Reader
reader_at_match (const TicketData *self, guint index)
{
  Reader in = reader_at (self, 0);

  while (index-- > 0)
    skip_value (&in, 1);
  return in;
}

PyValue *
ticket_data_dup_match (const TicketData *self, guint index)
{
  g_return_val_if_fail (index < ticket_data_count_matches (self), NULL);

  Reader in = reader_at_match (self, index);
  return get_value (&in, 1);
}

char *
ticket_data_dup_match_text (const TicketData *self, guint index, gsize *ret_len)
{
  g_return_val_if_fail (index < ticket_data_count_matches (self), NULL);

  GString *joined = g_string_new (NULL);
  Reader in = reader_at_match (self, index);
  guint kind = *in.at;
  guint64 left = 1;
  const char *text;
  gsize len;

  if (kind == AS_LIST || kind == AS_TUPLE)
    {
      in.at++;
      left = get_number (&in);
    }
  for (; left > 0; left--)
    {
      const guint8 *piece = in.at;

      if (get_text (&in, get_byte (&in), &text, &len))
        g_string_append_len (joined, text, (gssize) len);
      else
        {
          in.at = piece; /* no text: nothing of it */
          skip_value (&in, 2);
        }
    }
  if (ret_len != NULL)
    *ret_len = joined->len;
  return g_string_free (joined, FALSE);
}

/* matches: as bytes, in place of those that are there. */
static TicketData *
rebuild (TicketData *self /* taken */, const guint8 *matches, gsize len, const PyValue *values)
{
  g_auto (TicketDataWriter) out;
  TicketData *data;

  ticket_data_writer_init (&out);
  ticket_data_writer_put_bytes (&out, matches, len);
  put_values (&out, values, NULL);
  data = ticket_data_writer_dup_data (&out);
  ticket_data_free (self);
  return data;
}

/* Between the matches and the values: references lead to what stands before, and stay right. */
static TicketData *
insert_matches (TicketData *self /* taken */, const guint8 *matches, gsize len)
{
  gsize tail;

  if (self == NULL)
    return rebuild (NULL, matches, len, NULL);
  if (len > LEN_MAX - self->len)
    return self;
  self = make_own (self); /* matches may be self's, which somebody else has then, too */
  self = g_realloc (self, sizeof *self + self->len + len);
  tail = self->len - self->values_at;
  memmove (self->bytes + self->values_at + len, self->bytes + self->values_at, tail);
  memcpy (self->bytes + self->values_at, matches, len);
  self->len = (self->len + len) & LEN_MAX;
  self->values_at = (self->values_at + len) & LEN_MAX;
  return self;
}

TicketData *
ticket_data_add_match (TicketData *self, const PyValue *match)
{
  g_auto (TicketDataWriter) out;

  ticket_data_writer_init (&out);
  ticket_data_writer_put_value (&out, match);
  return insert_matches (self, out.bytes, out.len);
}

TicketData *
ticket_data_add_matches (TicketData *self, const TicketData *other)
{
  return other != NULL && other->values_at > 0 ? insert_matches (self, other->bytes, other->values_at) : self;
}

TicketData *
ticket_data_keep_last (TicketData *self, guint count)
{
  guint present = ticket_data_count_matches (self);
  g_autoptr (PyValue) values = NULL;
  Reader in;

  if (present <= count)
    return self;
  values = ticket_data_dup_values (self);
  in = reader_at_match (self, present - count);
  return rebuild (self, in.at, (gsize) (self->bytes + self->values_at - in.at), values);
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

PyValue *
ticket_data_dup_values (const TicketData *self)
{
  if (self == NULL)
    return py_dict_new ();
  Reader in = reader_at (self, self->values_at);
  return get_value (&in, 0);
}

PyValue *
ticket_data_dup_value (const TicketData *self, const char *name)
{
  gsize name_len = strlen (name);
  const char *text;
  gsize len;

  if (self == NULL)
    return NULL;
  Reader in = reader_at (self, self->values_at + 1u);
  for (guint64 left = get_number (&in); left > 0; left--)
    {
      const guint8 *key = in.at;

      if (get_text (&in, get_byte (&in), &text, &len))
        {
          if (len == name_len && memcmp (text, name, len) == 0)
            return get_value (&in, 1);
        }
      else
        {
          in.at = key;
          skip_value (&in, 1);
        }
      skip_value (&in, 1);
    }
  return NULL;
}

TicketData *
ticket_data_set_values (TicketData *self, const PyValue *values)
{
  return self != NULL ? rebuild (self, self->bytes, self->values_at, values) : rebuild (NULL, NULL, 0, values);
}

/* --- bytes ----------------------------------------------------------------------------------------------------------- */

gsize
ticket_data_get_n_bytes (const TicketData *self)
{
  return self != NULL ? sizeof (TicketDataHead) + self->len : 0;
}

void
ticket_data_write_bytes (const TicketData *self, guint8 *ret_bytes)
{
  TicketDataHead head;

  if (self == NULL)
    return;
  head = (TicketDataHead){ .len = self->len & LEN_MAX, .values_at = self->values_at & LEN_MAX };
  memcpy (ret_bytes, &head, sizeof head);
  memcpy (ret_bytes + sizeof head, self->bytes, head.len);
}

static TicketData *
take_bytes (const void *bytes, gsize len)
{
  TicketDataHead head;
  TicketData *self;

  if (len <= sizeof head || len - sizeof head > LEN_MAX)
    return NULL;
  memcpy (&head, bytes, sizeof head);
  if (head.len != len - sizeof head || head.values_at >= head.len)
    return NULL;
  self = g_malloc (sizeof *self + head.len);
  self->len = head.len & LEN_MAX;
  self->values_at = head.values_at & LEN_MAX;
  self->refs = 1;
  memcpy (self->bytes, (const char *) bytes + sizeof head, head.len);
  return self;
}

static gboolean
can_be_read (const TicketData *self)
{
  Reader in = reader_at (self, 0);

  while (!in.broken && in.at < self->bytes + self->values_at)
    skip_value (&in, 1);
  if (in.broken || in.at != self->bytes + self->values_at || *in.at != AS_DICT)
    return FALSE;
  py_value_unref (get_value (&in, 0)); /* made once, since a pickle may be anything, too */
  return !in.broken && in.at == self->bytes + self->len;
}

TicketData *
ticket_data_from_bytes (const void *bytes, gsize len, gboolean *ret_ok)
{
  TicketData *self = take_bytes (bytes, len);

  *ret_ok = len == 0 || (self != NULL && can_be_read (self));
  if (*ret_ok)
    return self;
  ticket_data_free (self);
  return NULL;
}
