#include "base/ticket-data.h"

#include <string.h>

#include "compat/py-pickle.h"

/* A value is a byte that says what it is, and what belongs to it.  Lengths and counts are numbers of seven bits a byte, the lowest
 * first, with the eighth set in all but the last. */
enum
{
  AS_NONE,
  AS_FALSE,
  AS_TRUE,
  AS_INT,    /* number: shifted left by one, the sign below */
  AS_FLOAT,  /* 8 bytes as they are in memory */
  AS_STR,    /* length, text */
  AS_STR_AT, /* offset in this block, length: the text stands there */
  AS_BYTES,  /* length, bytes */
  AS_LIST,   /* count, values */
  AS_TUPLE,
  AS_SET,
  AS_FROZENSET,
  AS_DICT,    /* count, a key and a value each */
  AS_PICKLE,  /* length, pickle: whatever is rare */
  AS_NAME,    /* and up: names[n] */
  AS_SHORT = 0x80 /* and up: a text of n bytes */
};

/* Texts that nearly every ticket has.  They stand in databases: new ones go to the end. */
static const char *const names[]
    = { "user", "users", "mlfid", "ip4", "ip6", "dns", "fid", "ip", "host", "mlfforget", "mlfgained", "nofail", "addr" };

#define DEPTH_MAX      100  /* of values within values: deeper ones are pickled, which has limits of its own */
#define REFERENCE_MIN  4    /* shorter texts are no longer than a reference */
#define REFERENCE_MAX  255  /* longer ones are not looked for … */
#define REFERENCE_AREA 4096 /* … and none is beyond so many bytes: log lines are no longer than this, or not worth it */

struct TicketData
{
  guint32 len;       /* of bytes */
  guint32 values_at; /* matches, one behind the other, then a dict */
  guint8 bytes[];
};

#define LEN_MAX (G_MAXUINT32 / 2)

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void
put_byte (GByteArray *out, guint byte)
{
  guint8 value = (guint8) byte;

  g_byte_array_append (out, &value, 1);
}

static void
put_number (GByteArray *out, guint64 number)
{
  for (; number > 0x7f; number >>= 7)
    put_byte (out, 0x80 | (number & 0x7f));
  put_byte (out, (guint) number);
}

static void
put_sized (GByteArray *out, guint kind, const void *bytes, gsize len)
{
  put_byte (out, kind);
  put_number (out, len);
  g_byte_array_append (out, bytes, (guint) len);
}

static void
put_str (GByteArray *out, const char *text, gsize len)
{
  if (len >= AS_SHORT)
    put_sized (out, AS_STR, text, len);
  else
    {
      put_byte (out, AS_SHORT | (guint) len);
      g_byte_array_append (out, (const guint8 *) text, (guint) len);
    }
}

/* area: of what is written already, which this text may be a part of. */
static void
put_str_or_reference (GByteArray *out, gsize area, const char *text, gsize len)
{
  const guint8 *found = NULL;

  if (len >= REFERENCE_MIN && len <= REFERENCE_MAX)
    found = memmem (out->data, MIN (area, REFERENCE_AREA), text, len);
  if (found == NULL)
    {
      put_str (out, text, len);
      return;
    }
  gsize at = (gsize) (found - out->data);
  put_byte (out, AS_STR_AT);
  put_number (out, at);
  put_number (out, len);
}

static void put_value (GByteArray *out, gsize area, const PyValue *value, guint depth);

static void
put_key (GByteArray *out, const PyValue *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (py_str_equals (key, names[i]))
      {
        put_byte (out, AS_NAME + i);
        return;
      }
  put_value (out, 0, key, 0);
}

static void
put_dict (GByteArray *out, gsize area, const PyValue *dict, guint depth)
{
  guint count = py_dict_length (dict);

  put_byte (out, AS_DICT);
  put_number (out, count);
  for (guint i = 0; i < count; i++)
    {
      put_key (out, py_dict_peek_key (dict, i));
      put_value (out, area, py_dict_peek_value (dict, i), depth + 1);
    }
}

static void
put_pickle (GByteArray *out, const PyValue *value)
{
  g_autoptr (GBytes) pickle = py_pickle_encode (value, 4);
  gsize len;
  const void *bytes = g_bytes_get_data (pickle, &len);

  put_sized (out, AS_PICKLE, bytes, len);
}

static void
put_value (GByteArray *out, gsize area, const PyValue *value, guint depth)
{
  PyType type = py_value_type (value);
  const char *text;
  double number;
  gint64 integer;
  gsize len;
  guint count;

  if (depth > DEPTH_MAX)
    type = PY_EXCEPTION;
  switch (type)
    {
    case PY_NONE:
      put_byte (out, AS_NONE);
      break;
    case PY_BOOL:
      put_byte (out, py_bool_get (value) ? AS_TRUE : AS_FALSE);
      break;
    case PY_INT:
      integer = py_int_get (value);
      put_byte (out, AS_INT);
      put_number (out, ((guint64) integer << 1) ^ (integer < 0 ? G_MAXUINT64 : 0));
      break;
    case PY_FLOAT:
      number = py_float_get (value);
      put_byte (out, AS_FLOAT);
      g_byte_array_append (out, (const guint8 *) &number, sizeof number);
      break;
    case PY_STR:
      text = py_str_peek (value, &len);
      put_str_or_reference (out, area, text, len);
      break;
    case PY_BYTES:
      text = py_bytes_peek (value, &len);
      put_sized (out, AS_BYTES, text, len);
      break;
    case PY_LIST:
    case PY_TUPLE:
      count = py_seq_length (value);
      put_byte (out, type == PY_LIST ? AS_LIST : AS_TUPLE);
      put_number (out, count);
      for (guint i = 0; i < count; i++)
        put_value (out, area, py_seq_peek (value, i), depth + 1);
      break;
    case PY_SET:
    case PY_FROZENSET:
      count = py_set_length (value);
      put_byte (out, type == PY_SET ? AS_SET : AS_FROZENSET);
      put_number (out, count);
      for (guint i = 0; i < count; i++)
        put_value (out, area, py_set_peek (value, i), depth + 1);
      break;
    case PY_DICT:
      put_dict (out, area, value, depth);
      break;
    case PY_BIGINT:
    case PY_EXCEPTION:
    default:
      put_pickle (out, value);
      break;
    }
}

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
      if (in->broken || at > (gsize) (in->end - in->start) || len > MIN ((gsize) (in->end - in->start) - at, REFERENCE_MAX))
        {
          in->broken = TRUE;
          at = len = 0;
        }
      *ret_text = (const char *) in->start + at;
      *ret_len = len;
      return TRUE;
    }
  if (kind < AS_NAME || kind - AS_NAME >= G_N_ELEMENTS (names))
    return FALSE;
  *ret_text = names[kind - AS_NAME];
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

static TicketData *
data_new (const void *bytes, gsize len, gsize values_at)
{
  TicketData *self = g_malloc (sizeof *self + len);

  self->len = (guint32) len;
  self->values_at = (guint32) values_at;
  memcpy (self->bytes, bytes, len);
  return self;
}

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

/* Behind the matches that are in out. */
static void
put_values (GByteArray *out, const PyValue *values, const char *const *without)
{
  gsize area = out->len;
  guint count = 0;

  for (guint i = 0; values != NULL && i < py_dict_length (values); i++)
    count += is_wanted (values, i, without) ? 1 : 0;
  put_byte (out, AS_DICT);
  put_number (out, count);
  for (guint i = 0; count > 0 && i < py_dict_length (values); i++)
    if (is_wanted (values, i, without))
      {
        put_key (out, py_dict_peek_key (values, i));
        put_value (out, area, py_dict_peek_value (values, i), 1);
      }
}

TicketData *
ticket_data_new (const PyValue *matches, const PyValue *values, const char *const *without)
{
  g_autoptr (GByteArray) out = g_byte_array_sized_new (256);
  guint values_at;

  for (guint i = 0; py_value_is_seq (matches) && i < py_seq_length (matches); i++)
    put_value (out, 0, py_seq_peek (matches, i), 1);
  values_at = out->len;
  put_values (out, values, without);
  return data_new (out->data, out->len, values_at);
}

TicketData *
ticket_data_copy (const TicketData *self)
{
  return self != NULL ? data_new (self->bytes, self->len, self->values_at) : NULL;
}

void
ticket_data_free (TicketData *self)
{
  g_free (self);
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
  g_autoptr (GByteArray) out = g_byte_array_sized_new ((guint) len + 128);
  TicketData *data;

  g_byte_array_append (out, matches, (guint) len);
  put_values (out, values, NULL);
  data = data_new (out->data, out->len, len);
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
  self = g_realloc (self, sizeof *self + self->len + len);
  tail = self->len - self->values_at;
  memmove (self->bytes + self->values_at + len, self->bytes + self->values_at, tail);
  memcpy (self->bytes + self->values_at, matches, len);
  self->len += (guint32) len;
  self->values_at += (guint32) len;
  return self;
}

TicketData *
ticket_data_add_match (TicketData *self, const PyValue *match)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  put_value (out, 0, match, 1);
  return insert_matches (self, out->data, out->len);
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

const void *
ticket_data_peek_bytes (const TicketData *self, gsize *ret_len)
{
  *ret_len = self != NULL ? sizeof *self + self->len : 0;
  return self;
}

TicketData *
ticket_data_from_bytes (const void *bytes, gsize len, gboolean *ret_ok)
{
  TicketData *self;
  Reader in;

  *ret_ok = len == 0;
  if (len <= sizeof *self || len - sizeof *self > LEN_MAX)
    return NULL;
  self = g_memdup2 (bytes, len);
  in = reader_at (self, 0);
  *ret_ok = self->len == len - sizeof *self && self->values_at < self->len;
  while (*ret_ok && !in.broken && in.at < self->bytes + self->values_at)
    skip_value (&in, 1);
  *ret_ok = *ret_ok && !in.broken && in.at == self->bytes + self->values_at && *in.at == AS_DICT;
  if (*ret_ok)
    {
      PyValue *values = get_value (&in, 0); /* made once, since a pickle may be anything, too */

      py_value_unref (values);
      *ret_ok = !in.broken && in.at == self->bytes + self->len;
    }
  if (*ret_ok)
    return self;
  ticket_data_free (self);
  return NULL;
}
