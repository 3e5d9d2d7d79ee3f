#include "match/log-line.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-value.h"
#include "match/filter-memory.h"

#define LOGGER   "fail2ban.filter"
#define DAY_USEC (24 * 60 * 60 * (gint64) G_USEC_PER_SEC)

/* Different settings that are remembered at the same time; more are worked out again for each filter. */
#define MAX_TEXTS  4
#define MAX_DATES  4
#define MAX_MEMORIES 4
#define MAX_FOUNDS 8  /* different filters on one log; more search for themselves */
#define MAX_NAME   32 /* encodings with longer names are decoded anew each time */

typedef struct
{
  char encoding[MAX_NAME]; /* "": none is needed */
  const char *text; /* in the caller's bytes, or in buffer */
  gsize len;
  PySearchFlags flags;
  GString *buffer; /* NULL until it is needed */
} DecodedText;

typedef struct
{
  const char *key;
  LineDate date;
} KeyedDate;

typedef struct
{
  const char *key;
  const char *after; /* with the lengths it says which text was searched */
  gsize before_len, after_len;
  guint first;
  gboolean has_captures;
  Captures *captures; /* NULL until it is needed; used again for the next line */
} KeyedFound;

struct LogLine
{
  char *name;
  gint64 next_warning_usec;
  guint64 number, audience;
  FilterMemory *memories[MAX_MEMORIES];
  guint n_memories, next_memory; /* of them; the one that the next takes the place of */

  const char *bytes;
  gsize len;
  gboolean is_utf8; /* the bytes are well-formed as they are, without line ends utf8_len of them: most lines of most logs */
  gsize utf8_len;
  PySearchFlags utf8_flags;
  gboolean is_text, is_entry;
  const char *date_text;
  gsize date_len;
  gint64 time_usec;
  gboolean has_now;
  gint64 now_usec;

  DecodedText texts[MAX_TEXTS];
  guint n_texts;
  KeyedDate dates[MAX_DATES];
  guint n_dates;
  gboolean is_date_asked, are_dates_shared; /* by one filter; of some line by several */
  KeyedFound founds[MAX_FOUNDS];
  guint n_founds;
  gboolean is_shared; /* somebody asked for what another one had found */
  const LineFinding *finding; /* or NULL */
  const LineStore *store;
};

LogLine *
log_line_new (const char *name)
{
  LogLine *self = g_new0 (LogLine, 1);

  self->name = g_strdup (name);
  self->next_warning_usec = G_MININT64;
  self->number = (guint64) g_get_monotonic_time () << 20; /* another one that has had this place in memory stayed below */
  return self;
}

static void
drop_memories (LogLine *self)
{
  for (guint i = 0; i < self->n_memories; i++)
    filter_memory_unref (self->memories[i]);
  self->n_memories = self->next_memory = 0;
}

void
log_line_free (LogLine *self)
{
  if (self == NULL)
    return;
  drop_memories (self);
  for (guint i = 0; i < MAX_TEXTS; i++)
    if (self->texts[i].buffer != NULL)
      g_string_free (self->texts[i].buffer, TRUE);
  for (guint i = 0; i < MAX_FOUNDS; i++)
    captures_free (self->founds[i].captures);
  g_free (self->name);
  g_free (self);
}

static void
set_line (LogLine *self, const char *bytes, gsize len)
{
  self->bytes = bytes;
  self->len = len;
  self->is_utf8 = self->is_text = self->is_entry = self->has_now = self->is_date_asked = FALSE;
  self->n_texts = self->n_dates = self->n_founds = 0;
  self->finding = NULL;
  self->number++;
  self->audience = 0;
  if (self->n_memories > 0)
    drop_memories (self);
}

void
log_line_set_bytes (LogLine *self, const char *bytes, gsize len)
{
  set_line (self, bytes, len);
}

void
log_line_set_ascii_bytes (LogLine *self, const char *bytes, gsize len)
{
  set_line (self, bytes, len);
  self->is_utf8 = log_line_look_at_text (bytes, len, TRUE, &self->utf8_len, &self->utf8_flags);
}

void
log_line_set_found_bytes (LogLine *self, const char *bytes, gsize len, const LineFinding *finding,
                          const LineStore *store)
{
  set_line (self, bytes, len);
  if (!(finding->what & LINE_FINDING_KNOWN))
    return;
  self->finding = finding;
  self->store = store;
  self->is_utf8 = TRUE;
  self->utf8_len = finding->text_len;
  self->utf8_flags = finding->flags;
}

const LineFinding *
log_line_peek_finding (const LogLine *self, const LineStore **ret_store)
{
  *ret_store = self->store;
  return self->finding;
}

void
log_line_set_text (LogLine *self, const char *text, gsize len)
{
  set_line (self, text, len);
  self->is_text = TRUE;
}

void
log_line_set_entry (LogLine *self, const char *date_text, gsize date_len, const char *text, gsize len, gint64 time_usec)
{
  set_line (self, text, len);
  self->is_text = self->is_entry = TRUE;
  self->date_text = date_text;
  self->date_len = date_len;
  self->time_usec = time_usec;
}

/* --- who gets it --------------------------------------------------------------------------------------------------- */
void
log_line_set_audience (LogLine *self, guint64 audience)
{
  self->audience = audience;
}

guint64
log_line_get_audience (const LogLine *self)
{
  return self->audience;
}

guint64
log_line_get_number (const LogLine *self)
{
  return self->number;
}

FilterMemory *
log_line_peek_memory (const LogLine *self, const char *key)
{
  for (guint i = 0; i < self->n_memories; i++)
    if (filter_memory_peek_key (self->memories[i]) == key)
      return self->memories[i];
  return NULL;
}

void
log_line_put_memory (LogLine *self, FilterMemory *memory)
{
  guint place = self->next_memory;

  for (guint i = 0; i < self->n_memories; i++)
    if (filter_memory_peek_key (self->memories[i]) == filter_memory_peek_key (memory))
      return;
  if (self->n_memories < MAX_MEMORIES)
    place = self->n_memories++;
  else
    {
      filter_memory_unref (self->memories[place]);
      self->next_memory = (place + 1) % MAX_MEMORIES;
    }
  self->memories[place] = filter_memory_ref (memory);
}

gboolean
log_line_settle (LogLine *self, guint n_readers)
{
  return self->n_memories == 1 && filter_memory_settle (self->memories[0], self, n_readers);
}

/* --- text --------------------------------------------------------------------------------------------------------- */
static void
warn_broken (LogLine *self, const PyCodec *codec, const Clock *clock, Log *log)
{
  gint64 now_usec = clock_get_time_usec (clock);
  int level = LOG_LEVEL_TRACEDEBUG;

  if (now_usec >= self->next_warning_usec)
    {
      level = LOG_LEVEL_WARNING;
      self->next_warning_usec = now_usec + DAY_USEC;
    }
  if (!log_enabled (log, level))
    return;
  g_autoptr (PyValue) bytes = py_bytes_new (self->bytes, self->len);
  g_autofree char *shown = py_repr (bytes);
  log_write (log, level, LOGGER, "Error decoding line from '%s' with '%s'.", self->name, py_codec_peek_name (codec));
  log_write (log, level, LOGGER,
             "Consider setting logencoding to appropriate encoding for this jail. "
             "Continuing to process line ignoring invalid characters: %s",
             shown);
}

/* The line ended within the character that is its line end: "a\0\n" of UTF-16, whose last byte comes with the next read. */
static gboolean
is_cut_line_end (const LogLine *self, gsize begin, gsize end)
{
  return end == self->len && (self->bytes[begin] == '\r' || self->bytes[begin] == '\n');
}

static gboolean
decode (LogLine *self, DecodedText *to, const PyCodec *codec, const Clock *clock, Log *log, GError **error)
{
  gsize begin = 0, end = 0;

  if (to->buffer == NULL)
    to->buffer = g_string_new (NULL);
  g_string_truncate (to->buffer, 0);
  switch (py_codec_decode (codec, self->bytes, self->len, to->buffer, &begin, &end, error))
    {
    case PY_CODEC_FAILED:
      return FALSE;
    case PY_CODEC_BROKEN:
      if (!is_cut_line_end (self, begin, end))
        {
          warn_broken (self, codec, clock, log);
          break;
        }
      g_string_truncate (to->buffer, 0);
      (void) py_codec_decode (codec, self->bytes, begin, to->buffer, NULL, NULL, NULL);
      break;
    case PY_CODEC_CLEAN:
    default:
      break;
    }
  to->text = to->buffer->str;
  to->len = to->buffer->len;
  to->flags = py_codec_has_surrogates (codec) && !g_utf8_validate_len (to->text, to->len, NULL) ? PY_SEARCH_DEFAULT
                                                                                                  : PY_SEARCH_IS_UTF8;
  return TRUE;
}

gboolean
log_line_look_at_text (const char *bytes, gsize len, gboolean is_ascii, gsize *ret_len, PySearchFlags *ret_flags)
{
  PySearchFlags flags = PY_SEARCH_IS_ASCII | PY_SEARCH_IS_UTF8;

  if (is_ascii)
    flags |= PY_SEARCH_IS_LINE;
  else if (!py_text_is_ascii (bytes, len))
    {
      /* Text with NULs fails here too, and goes the long way. */
      if (!g_utf8_validate_len (bytes, len, NULL))
        return FALSE;
      flags = PY_SEARCH_IS_UTF8;
    }
  while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
    len--;
  *ret_len = len;
  *ret_flags = flags;
  return TRUE;
}

static gboolean
fill_text (LogLine *self, DecodedText *to, const PyCodec *codec, const Clock *clock, Log *log, GError **error)
{
  if (self->is_text)
    {
      to->text = self->bytes;
      to->len = self->len;
      to->flags = py_text_is_ascii (to->text, to->len) ? PY_SEARCH_IS_ASCII | PY_SEARCH_IS_UTF8 : PY_SEARCH_DEFAULT;
      return TRUE;
    }
  if (!decode (self, to, codec, clock, log, error))
    return FALSE;
  while (to->len > 0 && (to->text[to->len - 1] == '\n' || to->text[to->len - 1] == '\r'))
    to->len--;
  return TRUE;
}

/* The text in this encoding, if it is known; NULL if not */
static DecodedText *
find_text (LogLine *self, const char *encoding)
{
  for (guint i = 0; i < self->n_texts; i++)
    if (strcmp (self->texts[i].encoding, encoding) == 0)
      return &self->texts[i];
  return NULL;
}

static DecodedText *
get_text (LogLine *self, const PyCodec *codec, const Clock *clock, Log *log, GError **error)
{
  const char *encoding = self->is_text ? "" : py_codec_is_utf8 (codec) ? "utf-8" : py_codec_peek_name (codec);
  DecodedText *found = find_text (self, encoding);

  if (found != NULL)
    return found;
  found = &self->texts[MIN (self->n_texts, MAX_TEXTS - 1)];
  if (!fill_text (self, found, codec, clock, log, error))
    return NULL;
  if (g_strlcpy (found->encoding, encoding, MAX_NAME) >= MAX_NAME)
    strcpy (found->encoding, "?");
  self->n_texts = MIN (self->n_texts + 1, MAX_TEXTS);
  return found;
}

/* Are the bytes the text?  Of broken ones it is asked again, which is rare. */
static gboolean
look_for_utf8 (LogLine *self)
{
  self->is_utf8
      = !self->is_text && log_line_look_at_text (self->bytes, self->len, FALSE, &self->utf8_len, &self->utf8_flags);
  return self->is_utf8;
}

/* Small, so that it can be part of who asks: of each line it is asked twice. */
static inline void
give_utf8 (const LogLine *self, const char **ret_text, gsize *ret_len, PySearchFlags *ret_flags)
{
  *ret_text = self->bytes;
  *ret_len = self->utf8_len;
  *ret_flags = self->utf8_flags;
}

static G_GNUC_NO_INLINE gboolean
get_text_slowly (LogLine *self, const PyCodec *codec, const Clock *clock, Log *log, const char **ret_text,
                 gsize *ret_len, PySearchFlags *ret_flags, GError **error)
{
  const DecodedText *text;

  if (py_codec_is_utf8 (codec) && look_for_utf8 (self))
    {
      give_utf8 (self, ret_text, ret_len, ret_flags);
      return TRUE;
    }
  text = get_text (self, codec, clock, log, error);
  if (text == NULL)
    return FALSE;
  *ret_text = text->text;
  *ret_len = text->len;
  *ret_flags = text->flags;
  return TRUE;
}

gboolean
log_line_get_text (LogLine *self, const PyCodec *codec, const Clock *clock, Log *log, const char **ret_text,
                   gsize *ret_len, PySearchFlags *ret_flags, GError **error)
{
  if (!self->is_utf8 || !py_codec_is_utf8 (codec))
    return get_text_slowly (self, codec, clock, log, ret_text, ret_len, ret_flags, error);
  give_utf8 (self, ret_text, ret_len, ret_flags);
  return TRUE;
}

gsize
log_line_get_cut (const LogLine *self, const char *text, gsize len)
{
  for (guint i = 0; i < self->n_texts; i++)
    if (self->texts[i].text == text && self->texts[i].buffer != NULL && text == self->texts[i].buffer->str)
      return self->texts[i].buffer->len - len;
  return 0;
}

gboolean
log_line_has_line_end (const LogLine *self, const char *text, gsize len)
{
  return text == self->bytes && len < self->len && text[len] == '\n';
}

gboolean
log_line_has_part (const LogLine *self, const char *part, gsize from)
{
  return part == self->bytes + from;
}

/* --- now ---------------------------------------------------------------------------------------------------------- */
gint64
log_line_get_now_usec (LogLine *self, const Clock *clock)
{
  if (!self->has_now)
    {
      self->has_now = TRUE;
      self->now_usec = clock_get_time_usec (clock);
    }
  return self->now_usec;
}

/* --- date --------------------------------------------------------------------------------------------------------- */
gboolean
log_line_get_entry_time (const LogLine *self, const char **ret_date_text, gsize *ret_date_len, gint64 *ret_time_usec)
{
  if (!self->is_entry)
    return FALSE;
  *ret_date_text = self->date_text;
  *ret_date_len = self->date_len;
  *ret_time_usec = self->time_usec;
  return TRUE;
}

const LineDate *
log_line_peek_date (LogLine *self, const char *key)
{
  if (!self->is_date_asked)
    {
      self->is_date_asked = TRUE;
      return NULL;
    }
  self->are_dates_shared = TRUE;
  for (guint i = 0; i < self->n_dates; i++)
    if (self->dates[i].key == key)
      return &self->dates[i].date;
  return NULL;
}

void
log_line_put_date (LogLine *self, const char *key, const LineDate *date)
{
  if (!self->are_dates_shared || self->n_dates == MAX_DATES)
    return;
  self->dates[self->n_dates].key = key;
  self->dates[self->n_dates++].date = *date;
}

/* --- what was found ----------------------------------------------------------------------------------------------- */
gboolean
log_line_get_found (LogLine *self, const char *key, const LinePieces *pieces, LineFound *ret_found)
{
  for (guint i = 0; i < self->n_founds; i++)
    {
      const KeyedFound *found = &self->founds[i];

      if (found->key == key && found->after == pieces->after && found->before_len == pieces->before_len
          && found->after_len == pieces->after_len)
        {
          self->is_shared = TRUE;
          *ret_found = (LineFound){ found->first, found->has_captures ? found->captures : NULL };
          return TRUE;
        }
    }
  return FALSE;
}

static void
keep_captures (KeyedFound *found, const Captures *captures)
{
  if (found->captures == NULL)
    found->captures = captures_new ();
  captures_clear (found->captures);
  captures_copy_all (found->captures, captures);
}

void
log_line_put_found (LogLine *self, const char *key, const LinePieces *pieces, guint first, const Captures *captures)
{
  KeyedFound *found;

  if (self->audience == 0 || self->n_founds == MAX_FOUNDS)
    return;
  found = &self->founds[self->n_founds++];
  found->key = key;
  found->after = pieces->after;
  found->before_len = pieces->before_len;
  found->after_len = pieces->after_len;
  found->first = first;
  found->has_captures = captures != NULL && self->is_shared;
  if (found->has_captures)
    keep_captures (found, captures);
}
