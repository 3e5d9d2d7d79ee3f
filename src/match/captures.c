#include "match/captures-private.h"

#include <string.h>

/* Copies longer than this give their memory back when the captures are cleared. */
#define KEPT_SIZE 256

/* --- names --------------------------------------------------------------------------------------------------------- */
static const char *const known_names[N_CAPTURES_KNOWN] = {
  [CAPTURE_FID] = "fid",
  [CAPTURE_IP4] = "ip4",
  [CAPTURE_IP6] = "ip6",
  [CAPTURE_DNS] = "dns",
  [CAPTURE_CIDR] = "cidr",
  [CAPTURE_IP] = "ip",
  [CAPTURE_USER] = "user",
  [CAPTURE_USERS] = "users",
  [CAPTURE_MLFID] = "mlfid",
  [CAPTURE_MLFFORGET] = "mlfforget",
  [CAPTURE_MLFGAINED] = "mlfgained",
  [CAPTURE_MLFPENDING] = "mlfpending",
  [CAPTURE_NOFAIL] = "nofail",
  [CAPTURE_NOFAIL_MATCHES] = "nofail-matches",
  [CAPTURE_MATCHES] = "matches",
  [CAPTURE_CONTENT] = "content",
  [CAPTURE_FAILURES] = "failures",
};

CaptureName
capture_name (const char *text)
{
  for (guint i = 0; i < N_CAPTURES_KNOWN; i++)
    if (g_str_equal (known_names[i], text))
      return i;
  return N_CAPTURES_KNOWN + g_quark_from_string (text);
}

const char *
capture_name_peek_text (CaptureName name)
{
  return name < N_CAPTURES_KNOWN ? known_names[name] : g_quark_to_string (name - N_CAPTURES_KNOWN);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
Captures *
captures_new (void)
{
  return g_new0 (Captures, 1);
}

void
captures_free (Captures *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->size; i++)
    {
      if (i < self->length)
        py_value_unref (self->items[i].value);
      g_free (self->items[i].buffer);
    }
  g_free (self->items);
  line_list_free (self->matches);
  line_list_free (self->nofail_matches);
  g_free (self);
}

static void
drop_lines (LineList *lines)
{
  if (lines != NULL)
    line_list_clear (lines);
}

static void
clear_value (Capture *item)
{
  if (item->value != NULL)
    g_clear_pointer (&item->value, py_value_unref);
}

static void
lighten (Captures *self)
{
  for (guint i = 0; i < self->size; i++)
    {
      Capture *item = &self->items[i];

      clear_value (item);
      if (item->size > KEPT_SIZE)
        {
          g_clear_pointer (&item->buffer, g_free);
          item->size = 0;
        }
    }
  self->is_heavy = FALSE;
}

void
captures_clear (Captures *self)
{
  if (self->is_heavy)
    lighten (self);
  self->length = 0;
  self->known = 0;
  drop_lines (self->matches);
  drop_lines (self->nofail_matches);
}

/* --- asking -------------------------------------------------------------------------------------------------------- */
guint
captures_get_length (const Captures *self)
{
  return self->length;
}

const Capture *
captures_peek_nth (const Captures *self, guint index)
{
  return &self->items[index];
}

static Capture *
find (const Captures *self, CaptureName name)
{
  if (name < N_CAPTURES_KNOWN)
    return (self->known & (1u << name)) != 0 ? &self->items[self->places[name]] : NULL;
  for (guint i = 0; i < self->length; i++)
    if (self->items[i].name == name)
      return &self->items[i];
  return NULL;
}

const Capture *
captures_peek (const Captures *self, CaptureName name)
{
  return find (self, name);
}

const Capture *
captures_peek_some (const Captures *self, CaptureName name)
{
  const Capture *item = find (self, name);

  return item == NULL || item->kind == CAPTURED_NONE ? NULL : item;
}

static LineList **
lines_of (Captures *self, CaptureName name)
{
  return name == CAPTURE_MATCHES ? &self->matches : &self->nofail_matches;
}

const LineList *
captures_peek_lines (const Captures *self, CaptureName name)
{
  return name == CAPTURE_MATCHES ? self->matches : self->nofail_matches;
}

gboolean
captures_truth (const Captures *self, CaptureName name)
{
  const Capture *item = find (self, name);

  if (item == NULL)
    return FALSE;
  switch (item->kind)
    {
    case CAPTURED_TEXT:
      return item->len > 0;
    case CAPTURED_ONLY:
    case CAPTURED_ONE:
      return TRUE;
    case CAPTURED_LINES:
      return line_list_get_length (name == CAPTURE_MATCHES ? self->matches : self->nofail_matches) > 0;
    case CAPTURED_VALUE:
      return py_value_truth (item->value);
    case CAPTURED_NONE:
    default:
      return FALSE;
    }
}

/* --- setting ------------------------------------------------------------------------------------------------------- */
static Capture *
append (Captures *self, CaptureName name)
{
  Capture *item;

  if (self->length == self->size)
    {
      self->size = MAX (8, self->size * 2);
      self->items = g_renew (Capture, self->items, self->size);
      memset (self->items + self->length, 0, (self->size - self->length) * sizeof *self->items);
    }
  if (name < N_CAPTURES_KNOWN)
    {
      self->known |= 1u << name;
      self->places[name] = self->length;
    }
  item = &self->items[self->length++];
  item->name = name;
  return item;
}

/* The place of a name, with nothing in it */
static Capture *
place (Captures *self, CaptureName name)
{
  Capture *item = find (self, name);

  if (item == NULL)
    return append (self, name);
  clear_value (item);
  if (item->kind == CAPTURED_LINES)
    drop_lines (*lines_of (self, name));
  return item;
}

void
captures_set_none (Captures *self, CaptureName name)
{
  place (self, name)->kind = CAPTURED_NONE;
}

void
captures_set_one (Captures *self, CaptureName name)
{
  place (self, name)->kind = CAPTURED_ONE;
}

static void
lend (Capture *item, CaptureKind kind, const char *text, gsize len)
{
  item->kind = kind;
  item->text = text;
  item->len = len;
}

static void
copy (Captures *self, Capture *item, CaptureKind kind, const char *text, gsize len)
{
  if (item->size < len)
    {
      self->is_heavy |= len > KEPT_SIZE;

      char *old = item->buffer; /* text may be in it */
      item->size = MAX (len, 32);
      item->buffer = g_malloc (item->size);
      memcpy (item->buffer, text, len);
      g_free (old);
    }
  else if (len > 0)
    memmove (item->buffer, text, len);
  lend (item, kind, len > 0 ? item->buffer : "", len); /* there may be no buffer yet */
}

void
captures_lend_text (Captures *self, CaptureName name, const char *text, gsize len)
{
  lend (place (self, name), CAPTURED_TEXT, text, len);
}

void
captures_append_text (Captures *self, CaptureName name, const char *text, gsize len)
{
  lend (append (self, name), CAPTURED_TEXT, text, len);
}

void
captures_append_none (Captures *self, CaptureName name)
{
  append (self, name)->kind = CAPTURED_NONE;
}

void
captures_copy_text (Captures *self, CaptureName name, const char *text, gsize len)
{
  copy (self, place (self, name), CAPTURED_TEXT, text, len);
}

void
captures_take_value (Captures *self, CaptureName name, PyValue *value)
{
  Capture *item = place (self, name);

  item->kind = CAPTURED_VALUE;
  item->value = value;
  self->is_heavy = TRUE;
}

void
captures_copy (Captures *self, CaptureName name, const Capture *capture)
{
  const Capture from = *capture; /* it may be one of ours, and those move */
  PyValue *value = from.kind == CAPTURED_VALUE ? py_value_ref (from.value) : NULL;
  Capture *item;

  g_return_if_fail (from.kind != CAPTURED_LINES);
  item = place (self, name);
  item->kind = from.kind;
  item->value = value;
  self->is_heavy |= value != NULL;
  if (from.kind == CAPTURED_TEXT || from.kind == CAPTURED_ONLY)
    copy (self, item, from.kind, from.text, from.len);
}

LineList *
captures_get_lines (Captures *self, CaptureName name)
{
  LineList **lines = lines_of (self, name);
  Capture *item = find (self, name);

  g_return_val_if_fail (name == CAPTURE_MATCHES || name == CAPTURE_NOFAIL_MATCHES, NULL);
  if (*lines == NULL)
    *lines = line_list_new ();
  if (item == NULL || item->kind != CAPTURED_LINES)
    place (self, name)->kind = CAPTURED_LINES;
  return *lines;
}

static void
append_characters (LineList *lines, const char *text, gsize len, guint max)
{
  glong count = g_utf8_strlen (text, (gssize) len);
  const char *end = text + len;

  for (; count > (glong) max; count--)
    text = g_utf8_next_char (text);
  while (text < end)
    {
      const char *next = MIN (g_utf8_next_char (text), end);

      line_list_append_text (lines, text, (gsize) (next - text));
      text = next;
    }
}

static void
append_items (LineList *lines, const PyValue *seq, guint max)
{
  guint n = py_seq_length (seq);

  for (guint i = n > max ? n - max : 0; i < n; i++)
    {
      const PyValue *item = py_seq_peek (seq, i);
      const char *text;
      gsize len;

      if (py_value_type (item) == PY_STR)
        {
          text = py_str_peek (item, &len);
          line_list_append_text (lines, text, len);
        }
      else
        line_list_append_none (lines);
    }
}

gboolean
captures_list_items (Captures *self, CaptureName name, guint max)
{
  const Capture *item = find (self, name);
  g_autofree char *text = NULL;
  g_autoptr (PyValue) value = NULL;
  gsize len;

  if (item == NULL || item->kind == CAPTURED_LINES)
    return TRUE;
  if (item->kind == CAPTURED_NONE)
    return FALSE;
  len = item->kind == CAPTURED_TEXT ? item->len : 0;
  text = g_memdup2 (item->text, len);
  value = item->kind == CAPTURED_VALUE ? py_value_ref (item->value) : NULL;
  if (len > 0)
    append_characters (captures_get_lines (self, name), text, len, max);
  else if (value != NULL && py_value_is_seq (value))
    append_items (captures_get_lines (self, name), value, max);
  return TRUE;
}

void
captures_put_lines_first (Captures *self, CaptureName name, CaptureName first, guint max)
{
  LineList **lines = lines_of (self, name), **before = lines_of (self, first), *joined;

  line_list_keep_last (captures_get_lines (self, name), max);
  if (captures_peek (self, first) == NULL)
    return;
  line_list_keep_last (captures_get_lines (self, first), max);
  line_list_append_all (*before, *lines);
  joined = *before;
  *before = *lines;
  *lines = joined;
  (void) captures_remove (self, first);
}

gboolean
captures_remove (Captures *self, CaptureName name)
{
  Capture *item = find (self, name), gone;

  if (item == NULL)
    return FALSE;
  clear_value (item);
  if (item->kind == CAPTURED_LINES)
    drop_lines (*lines_of (self, name));
  gone = *item;
  if (name < N_CAPTURES_KNOWN)
    self->known &= ~(1u << name);
  self->length--;
  for (guint i = (guint) (item - self->items); i < self->length; i++)
    {
      self->items[i] = self->items[i + 1];
      if (self->items[i].name < N_CAPTURES_KNOWN)
        self->places[self->items[i].name] = i;
    }
  self->items[self->length] = gone; /* its buffer serves the next */
  return TRUE;
}

/* --- sets ---------------------------------------------------------------------------------------------------------- */
guint
captures_count_members (const Captures *self, CaptureName name)
{
  const Capture *item = find (self, name);

  if (item == NULL || item->kind == CAPTURED_NONE)
    return 0;
  if (item->kind == CAPTURED_TEXT)
    return (guint) g_utf8_strlen (item->text, (gssize) item->len);
  if (item->kind == CAPTURED_VALUE)
    return py_value_type (item->value) == PY_SET ? py_set_length (item->value) : py_seq_length (item->value);
  return 1;
}

void
captures_make_set (Captures *self, Capture *item)
{
  PyValue *set = py_set_new ();

  py_set_add (set, py_str_new_len (item->text, (gssize) item->len));
  item->kind = CAPTURED_VALUE;
  item->value = set;
  self->is_heavy = TRUE;
}

gboolean
captures_add_member (Captures *self, CaptureName name, const Capture *member)
{
  Capture *item = find (self, name);

  if (item != NULL && item->kind == CAPTURED_ONLY)
    {
      if (member->kind == CAPTURED_TEXT && member->len == item->len
          && memcmp (member->text, item->text, item->len) == 0)
        return TRUE;
      captures_make_set (self, item);
    }
  if (!captures_truth (self, name))
    {
      if (member->kind == CAPTURED_TEXT)
        {
          const Capture text = *member;

          copy (self, place (self, name), CAPTURED_ONLY, text.text, text.len);
          return TRUE;
        }
      captures_take_value (self, name, py_set_new ());
    }
  item = find (self, name);
  if (item->kind != CAPTURED_VALUE || py_value_type (item->value) != PY_SET)
    return FALSE;
  py_set_add (item->value, capture_dup_value (member));
  return TRUE;
}

/* --- several ------------------------------------------------------------------------------------------------------- */
static void
put_all (Captures *self, const Captures *other, gboolean with_none, gboolean lent)
{
  for (guint i = 0; i < other->length; i++)
    {
      const Capture *item = &other->items[i];

      if (item->kind == CAPTURED_TEXT && lent)
        captures_lend_text (self, item->name, item->text, item->len);
      else if (item->kind != CAPTURED_NONE || with_none)
        captures_copy (self, item->name, item);
    }
}

void
captures_lend_all (Captures *self, const Captures *other)
{
  put_all (self, other, TRUE, TRUE);
}

void
captures_update_lent (Captures *self, const Captures *other)
{
  put_all (self, other, FALSE, TRUE);
}

void
captures_copy_all (Captures *self, const Captures *other)
{
  put_all (self, other, TRUE, FALSE);
}

void
captures_update_copied (Captures *self, const Captures *other)
{
  put_all (self, other, FALSE, FALSE);
}

void
captures_own (Captures *self)
{
  for (guint i = 0; i < self->length; i++)
    {
      Capture *item = &self->items[i];

      if ((item->kind == CAPTURED_TEXT || item->kind == CAPTURED_ONLY) && item->text != item->buffer)
        copy (self, item, item->kind, item->text, item->len);
    }
}

static PyValue *
copy_set (const PyValue *set)
{
  PyValue *copied = py_set_new ();

  for (guint i = 0; i < py_set_length (set); i++)
    py_set_add (copied, py_value_ref (py_set_peek (set, i)));
  return copied;
}

void
captures_copy_whole (Captures *self, const Captures *other)
{
  captures_clear (self);
  for (guint i = 0; i < other->length; i++)
    {
      const Capture *item = &other->items[i];

      if (item->kind == CAPTURED_LINES)
        line_list_append_all (captures_get_lines (self, item->name), captures_peek_lines (other, item->name));
      else if (item->kind == CAPTURED_VALUE && py_value_type (item->value) == PY_SET)
        captures_take_value (self, item->name, copy_set (item->value)); /* the one value that changes */
      else
        captures_copy (self, item->name, item);
    }
}
