#include "base/log-format.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "compat/py-repr.h"

typedef enum
{
  FIELD_TEXT,
  FIELD_INT,
  FIELD_FLOAT,
} FieldType;

typedef struct
{
  FieldType type;
  const char *text; /* FIELD_TEXT; borrowed from the record or from buffer */
  gint64 integer;
  double number;
  char buffer[64];
} FieldValue;

typedef void (*FieldFunc) (const LogRecord *record, FieldValue *ret_value);

/* Either literal text or one field. */
typedef struct
{
  char *literal; /* NULL: a field */
  FieldFunc field;
  FieldType type;
  char conversion;
  gboolean left, zero, plus, space, alternate;
  guint width;
  int precision; /* -1: none */
} Segment;

/* What stands before the message is mostly what stood there in the line before, but for the milliseconds.  Kept where it is made of
 * nothing but the second, the logger and the level, and nothing comes behind the message. */
typedef struct
{
  GString *text; /* NULL: none yet */
  gsize millis;  /* where their three digits are; G_MAXSIZE: nowhere */
  gint64 time_sec;
  int level;
  char logger[48]; /* longer names are not kept */
} Head;

struct LogFormat
{
  GArray *segments;
  pid_t pid;
  gboolean has_head;
  gboolean ends_plain; /* the message as it is, at the end */
  Head head;
};

#define MAX_WIDTH 1000 /* of one field: a format is configuration, but a typing error should not fill the disk */

/* --- fields ---------------------------------------------------------------------------------------------------------- */

static void
set_text (FieldValue *value, const char *text)
{
  value->type = FIELD_TEXT;
  value->text = text;
}

static void
set_int (FieldValue *value, gint64 integer)
{
  value->type = FIELD_INT;
  value->integer = integer;
}

static void
set_float (FieldValue *value, double number)
{
  value->type = FIELD_FLOAT;
  value->number = number;
}

static void
write_millis (char *at, int millis)
{
  at[0] = (char) ('0' + millis / 100);
  at[1] = (char) ('0' + millis / 10 % 10);
  at[2] = (char) ('0' + millis % 10);
}

static void
field_asctime (const LogRecord *record, FieldValue *value)
{
  int millis = (int) (record->time_usec % G_USEC_PER_SEC / 1000);
  char *end;

  clock_format_local (record->time_usec / G_USEC_PER_SEC, value->buffer);
  end = value->buffer + strlen (value->buffer);
  end[0] = ',';
  write_millis (end + 1, millis);
  end[4] = '\0';
  set_text (value, value->buffer);
}

static void
field_created (const LogRecord *record, FieldValue *value)
{
  set_float (value, (double) record->time_usec / G_USEC_PER_SEC);
}

static const char *
module_of (const char *logger)
{
  const char *dot = strrchr (logger, '.');

  return dot != NULL ? dot + 1 : logger;
}

static void
field_filename (const LogRecord *record, FieldValue *value)
{
  g_snprintf (value->buffer, sizeof value->buffer, "%s.c", module_of (record->logger));
  set_text (value, value->buffer);
}

static void
field_function (const LogRecord *record, FieldValue *value)
{
  set_text (value, record->function);
}

static void
field_level_name (const LogRecord *record, FieldValue *value)
{
  set_text (value, record->level_name);
}

static void
field_level_number (const LogRecord *record, FieldValue *value)
{
  set_int (value, record->level);
}

static void
field_line (const LogRecord *record, FieldValue *value)
{
  set_int (value, 0);
}

static void
field_message (const LogRecord *record, FieldValue *value)
{
  set_text (value, record->text);
}

static void
field_module (const LogRecord *record, FieldValue *value)
{
  set_text (value, module_of (record->logger));
}

static void
field_msecs (const LogRecord *record, FieldValue *value)
{
  set_float (value, (double) (record->time_usec % G_USEC_PER_SEC / 1000));
}

static void
field_name (const LogRecord *record, FieldValue *value)
{
  set_text (value, record->logger);
}

static void
field_process (const LogRecord *record, FieldValue *value)
{
  set_int (value, record->pid);
}

static void
field_process_name (const LogRecord *record, FieldValue *value)
{
  set_text (value, "MainProcess");
}

static void
field_relative (const LogRecord *record, FieldValue *value)
{
  set_float (value, (double) (record->time_usec - record->start_usec) / 1000);
}

static void
field_thread (const LogRecord *record, FieldValue *value)
{
  set_int (value, (gint64) pthread_self ());
}

static void
field_thread_name (const LogRecord *record, FieldValue *value)
{
  set_text (value, "MainThread");
}

/* Sorted by name; the test asks for each. */
static const struct
{
  const char *name;
  FieldType type;
  FieldFunc func;
} fields[] = {
  { "asctime", FIELD_TEXT, field_asctime },
  { "created", FIELD_FLOAT, field_created },
  { "filename", FIELD_TEXT, field_filename },
  { "funcName", FIELD_TEXT, field_function },
  { "levelname", FIELD_TEXT, field_level_name },
  { "levelno", FIELD_INT, field_level_number },
  { "lineno", FIELD_INT, field_line },
  { "message", FIELD_TEXT, field_message },
  { "module", FIELD_TEXT, field_module },
  { "msecs", FIELD_FLOAT, field_msecs },
  { "name", FIELD_TEXT, field_name },
  { "pathname", FIELD_TEXT, field_filename },
  { "process", FIELD_INT, field_process },
  { "processName", FIELD_TEXT, field_process_name },
  { "relativeCreated", FIELD_FLOAT, field_relative },
  { "tb", FIELD_TEXT, field_function },
  { "tbc", FIELD_TEXT, field_function },
  { "thread", FIELD_INT, field_thread },
  { "threadName", FIELD_TEXT, field_thread_name },
};

static gboolean
is_same_in_all_lines (FieldFunc field)
{
  return field == field_name || field == field_process || field == field_process_name || field == field_level_name
         || field == field_level_number || field == field_module || field == field_filename || field == field_line;
}

static gboolean
is_plain (const Segment *segment)
{
  return segment->conversion == 's' && segment->precision < 0 && segment->width == 0;
}

static gboolean
is_plain_time (const Segment *segment)
{
  return segment->field == field_asctime && segment->conversion == 's' && segment->precision < 0 && segment->width <= 23;
}

static gboolean
can_keep_head (const LogFormat *self)
{
  guint last = self->segments->len - 1, n_times = 0;

  for (guint i = 0; i < last; i++)
    {
      const Segment *segment = &g_array_index (self->segments, Segment, i);

      if (segment->literal != NULL || is_same_in_all_lines (segment->field))
        continue;
      if (!is_plain_time (segment) || n_times++ > 0)
        return FALSE;
    }
  return g_array_index (self->segments, Segment, last).field == field_message;
}

/* --- parsing --------------------------------------------------------------------------------------------------------- */

static void
segment_clear (gpointer data)
{
  Segment *segment = data;

  g_free (segment->literal);
}

static void
add_literal (LogFormat *self, GString *literal)
{
  Segment segment = { .literal = g_strndup (literal->str, literal->len) };

  if (literal->len > 0)
    g_array_append_val (self->segments, segment);
  else
    g_free (segment.literal);
  g_string_truncate (literal, 0);
}

static gboolean
find_field (const char *name, gsize len, Segment *segment)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strlen (fields[i].name) == len && strncmp (fields[i].name, name, len) == 0)
      {
        segment->field = fields[i].func;
        segment->type = fields[i].type;
        return TRUE;
      }
  return FALSE;
}

static const char *
parse_flags (const char *at, Segment *segment)
{
  for (;; at++)
    switch (*at)
      {
      case '-':
        segment->left = TRUE;
        break;
      case '0':
        segment->zero = TRUE;
        break;
      case '+':
        segment->plus = TRUE;
        break;
      case ' ':
        segment->space = TRUE;
        break;
      case '#':
        segment->alternate = TRUE;
        break;
      default:
        return at;
      }
}

static const char *
parse_number (const char *at, guint *ret_number)
{
  guint number = 0;

  for (; g_ascii_isdigit (*at); at++)
    number = MIN (number * 10 + (guint) (*at - '0'), MAX_WIDTH);
  *ret_number = number;
  return at;
}

/* What stands behind '%'.  NULL: no such field or conversion. */
static const char *
parse_field (const char *at, Segment *segment)
{
  const char *name = at + 1;
  const char *end = *at == '(' ? strchr (name, ')') : NULL;
  guint precision;

  *segment = (Segment){ .precision = -1 };
  if (end == NULL || !find_field (name, (gsize) (end - name), segment))
    return NULL;
  at = parse_flags (end + 1, segment);
  at = parse_number (at, &segment->width);
  if (*at == '.')
    {
      at = parse_number (at + 1, &precision);
      segment->precision = (int) precision;
    }
  if (*at == '\0' || strchr (segment->type == FIELD_TEXT ? "sra" : "sradiuoxXeEfFgG", *at) == NULL)
    return NULL;
  if (segment->type == FIELD_FLOAT && strchr ("oxX", *at) != NULL)
    return NULL; /* Python: an integer is required */
  segment->conversion = *at;
  return at + 1;
}

LogFormat *
log_format_new (const char *format, GError **error)
{
  g_autoptr (LogFormat) self = g_new0 (LogFormat, 1);
  g_autoptr (GString) literal = g_string_new (NULL);
  guint n_fields = 0;

  self->segments = g_array_new (FALSE, FALSE, sizeof (Segment));
  g_array_set_clear_func (self->segments, segment_clear);
  for (const char *at = format; *at != '\0';)
    {
      Segment segment;
      const char *next;

      if (*at != '%' || at[1] == '%')
        {
          g_string_append_c (literal, *at);
          at += *at == '%' ? 2 : 1;
          continue;
        }
      next = parse_field (at + 1, &segment);
      if (next == NULL)
        {
          g_set_error (error, LOG_ERROR, LOG_ERROR_FORMAT, "unusable field '%.40s' in log format '%s'", at, format);
          return NULL;
        }
      add_literal (self, literal);
      g_array_append_val (self->segments, segment);
      n_fields++;
      at = next;
    }
  add_literal (self, literal);
  if (n_fields == 0)
    {
      g_set_error (error, LOG_ERROR, LOG_ERROR_FORMAT, "Invalid format '%s' for '%%' style", format);
      return NULL;
    }
  self->pid = getpid ();
  self->has_head = can_keep_head (self);
  self->ends_plain = self->has_head && is_plain (&g_array_index (self->segments, Segment, self->segments->len - 1));
  return g_steal_pointer (&self);
}

void
log_format_free (LogFormat *self)
{
  if (self == NULL)
    return;
  if (self->segments != NULL)
    g_array_unref (self->segments);
  if (self->head.text != NULL)
    g_string_free (self->head.text, TRUE);
  g_free (self);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void
append_padded (GString *out, const Segment *segment, const char *text, gsize len)
{
  gsize width = segment->width > 0 ? (gsize) g_utf8_strlen (text, (gssize) len) : 0;
  gsize missing = width < segment->width ? segment->width - width : 0;

  if (segment->left)
    g_string_append_len (out, text, (gssize) len);
  for (gsize i = 0; i < missing; i++)
    g_string_append_c (out, ' ');
  if (!segment->left)
    g_string_append_len (out, text, (gssize) len);
}

static void
append_text (GString *out, const Segment *segment, const char *text)
{
  gsize len = strlen (text);

  if (segment->precision >= 0 && g_utf8_strlen (text, (gssize) len) > segment->precision)
    len = (gsize) (g_utf8_offset_to_pointer (text, segment->precision) - text);
  append_padded (out, segment, text, len);
}

/* digits: the number without sign. */
static void
append_number (GString *out, const Segment *segment, gboolean negative, const char *prefix, const char *digits)
{
  const char *sign = negative ? "-" : segment->plus ? "+" : segment->space ? " " : "";
  gsize len = strlen (sign) + strlen (prefix) + strlen (digits);
  gsize missing = len < segment->width ? segment->width - len : 0;

  for (gsize i = 0; i < missing && !segment->left && !segment->zero; i++)
    g_string_append_c (out, ' ');
  g_string_append (out, sign);
  g_string_append (out, prefix);
  for (gsize i = 0; i < missing && !segment->left && segment->zero; i++)
    g_string_append_c (out, '0');
  g_string_append (out, digits);
  for (gsize i = 0; i < missing && segment->left; i++)
    g_string_append_c (out, ' ');
}

/* The digits of a number in a base, at the end of the buffer */
static char *
write_digits (char *end, guint64 number, guint base, gboolean upper)
{
  const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

  *--end = '\0';
  do
    *--end = digits[number % base];
  while ((number /= base) > 0);
  return end;
}

static void
append_int (GString *out, const Segment *segment, gint64 value)
{
  guint64 magnitude = value < 0 ? -(guint64) value : (guint64) value;
  char buffer[MAX_WIDTH + 32], *end = buffer + sizeof buffer, *digits;
  guint base = segment->conversion == 'o' ? 8 : segment->conversion == 'x' || segment->conversion == 'X' ? 16 : 10;
  char prefix[] = { '0', segment->conversion, '\0' };

  digits = write_digits (end, magnitude, base, segment->conversion == 'X');
  while (end - 1 - digits < segment->precision)
    *--digits = '0';
  append_number (out, segment, value < 0, segment->alternate && base != 10 ? prefix : "", digits);
}

static void
append_float (GString *out, const Segment *segment, double value)
{
  int precision = segment->precision < 0 ? 6 : MIN (segment->precision, 100);
  double magnitude = value < 0 ? -value : value;
  char digits[512];

  switch (segment->conversion)
    {
    case 'e':
      g_snprintf (digits, sizeof digits, "%.*e", precision, magnitude);
      break;
    case 'E':
      g_snprintf (digits, sizeof digits, "%.*E", precision, magnitude);
      break;
    case 'g':
      g_snprintf (digits, sizeof digits, "%.*g", precision, magnitude);
      break;
    case 'G':
      g_snprintf (digits, sizeof digits, "%.*G", precision, magnitude);
      break;
    default:
      g_snprintf (digits, sizeof digits, "%.*f", precision, magnitude);
      break;
    }
  append_number (out, segment, value < 0, "", digits);
}

static void
append_field (GString *out, const Segment *segment, const LogRecord *record)
{
  FieldValue value = { 0 };
  g_autofree char *text = NULL;

  segment->field (record, &value);
  if (strchr ("sra", segment->conversion) != NULL)
    {
      if (value.type == FIELD_INT)
        text = g_strdup_printf ("%" G_GINT64_FORMAT, value.integer);
      else if (value.type == FIELD_FLOAT)
        text = py_repr_float (value.number);
      else if (segment->conversion != 's')
        text = py_repr_str (value.text, -1);
      append_text (out, segment, text != NULL ? text : value.text);
    }
  else if (strchr ("eEfFgG", segment->conversion) != NULL)
    append_float (out, segment, value.type == FIELD_INT ? (double) value.integer : value.number);
  else
    append_int (out, segment, value.type == FIELD_FLOAT ? (gint64) value.number : value.integer);
}

static void
append_segment (GString *out, const Segment *segment, const LogRecord *record)
{
  if (segment->literal != NULL)
    g_string_append (out, segment->literal);
  else
    append_field (out, segment, record);
}

static gboolean
is_head_of (const Head *head, const LogRecord *record)
{
  return head->text != NULL && head->time_sec == record->time_usec / G_USEC_PER_SEC && head->level == record->level
         && strcmp (head->logger, record->logger) == 0;
}

/* FALSE: it cannot be kept. */
static gboolean
make_head (LogFormat *self, const LogRecord *record)
{
  Head *head = &self->head;

  if (head->text == NULL)
    head->text = g_string_new (NULL);
  g_string_truncate (head->text, 0);
  head->millis = G_MAXSIZE;
  head->time_sec = record->time_usec / G_USEC_PER_SEC;
  head->level = record->level;
  for (guint i = 0; i + 1 < self->segments->len; i++)
    {
      const Segment *segment = &g_array_index (self->segments, Segment, i);

      append_segment (head->text, segment, record);
      if (segment->field == field_asctime)
        head->millis = head->text->len - 3;
    }
  if (g_strlcpy (head->logger, record->logger, sizeof head->logger) < sizeof head->logger)
    return TRUE;
  g_string_free (head->text, TRUE);
  head->text = NULL;
  return FALSE;
}

/* And room for len bytes, which begins where it says. */
static char *
append_head (const Head *head, gint64 time_usec, gsize len, GString *out)
{
  int millis = (int) (time_usec % G_USEC_PER_SEC / 1000);
  gsize start = out->len;
  char *at;

  g_string_set_size (out, start + head->text->len + len);
  at = out->str + start;
  memcpy (at, head->text->str, head->text->len);
  if (head->millis != G_MAXSIZE)
    write_millis (at + head->millis, millis);
  return at + head->text->len;
}

static gboolean
find_head (LogFormat *self, const LogRecord *record)
{
  return self->has_head && (is_head_of (&self->head, record) || make_head (self, record));
}

void
log_format_append (LogFormat *self, const LogRecord *record, GString *out)
{
  LogRecord own = *record;
  guint first = 0;

  own.pid = self->pid;
  if (find_head (self, &own))
    {
      (void) append_head (&self->head, own.time_usec, 0, out);
      first = self->segments->len - 1;
    }
  for (guint i = first; i < self->segments->len; i++)
    append_segment (out, &g_array_index (self->segments, Segment, i), &own);
}

char *
log_format_begin (LogFormat *self, const LogRecord *record, gsize len, GString *out)
{
  LogRecord own = *record;

  own.pid = self->pid;
  return self->ends_plain && find_head (self, &own) ? append_head (&self->head, own.time_usec, len, out) : NULL;
}
