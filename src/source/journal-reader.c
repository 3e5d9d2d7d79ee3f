#include "source/journal-reader.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "source/journal-entry.h"
#include "source/journal-files.h"
#include "source/journal-reader-private.h"

#define OPEN_TRIES 10 /* while files are put aside all the time */

struct JournalReader
{
  JournalOptions options;
  JournalLibrary library;
  sd_journal *journal;
  char *identity;     /* of the files that are open; NULL: sd-journal finds them by itself */
  char *cursor;       /* of the last entry before the last end; NULL: none yet */
  gboolean moved;     /* there were entries since */
  gboolean reopened;  /* the next entry may be that of cursor again */
  gboolean has_archived;
  GPtrArray *matches; /* of GStrv */
  int utc_offset_sec;
  JournalDecoder decoder;
};

/* Python's datetime of the systemd module has the offset of the moment when it was loaded. */
static int
present_utc_offset (void)
{
  time_t now = time (NULL);
  struct tm local;

  localtime_r (&now, &local);
  return (int) local.tm_gmtoff;
}

static gboolean
fail (GError **error, int result, const char *what)
{
  return source_error_set (error, -result, what);
}

/* --- opening ------------------------------------------------------------------------------------------------------------------- */

static int
open_place (const JournalLibrary *library, const JournalPlace *place, sd_journal **ret_journal)
{
  if (place->path != NULL)
    return library->open_directory (ret_journal, place->path, place->flags);
  if (place->files != NULL)
    return library->open_files (ret_journal, (const char **) place->files, place->flags);
  if (place->namespace_ == NULL)
    return library->open (ret_journal, place->flags);
  if (strcmp (place->namespace_, "*") == 0)
    return library->open_namespace (ret_journal, NULL, place->flags | SD_JOURNAL_ALL_NAMESPACES);
  if (*place->namespace_ == '+')
    return library->open_namespace (ret_journal, place->namespace_ + 1,
                                      place->flags | SD_JOURNAL_INCLUDE_DEFAULT_NAMESPACE);
  return library->open_namespace (ret_journal, place->namespace_, place->flags);
}

static void
close_journal (JournalReader *self)
{
  if (self->journal != NULL)
    self->library.close (g_steal_pointer (&self->journal));
}

typedef struct
{
  sd_journal *journal;
  char *identity;
  gboolean has_archived;
  gboolean settled; /* no file was put aside meanwhile: what has the names is what was found there */
} Opening;

static gboolean
can_be_opened (const JournalReader *self, const char *path, int flags)
{
  const char *paths[] = { path, NULL };
  sd_journal *journal = NULL;

  if (self->library.open_files (&journal, paths, flags) < 0)
    return FALSE;
  self->library.close (journal);
  return TRUE;
}

/* Of the files behind the first n. */
static void
leave_out_broken (const JournalReader *self, JournalPlace *place, guint n)
{
  guint kept = n;

  for (guint i = n; place->files != NULL && place->files[i] != NULL; i++)
    if (can_be_opened (self, place->files[i], place->flags))
      place->files[kept++] = place->files[i];
    else
      g_free (place->files[i]);
  if (place->files != NULL)
    place->files[kept] = NULL;
}

static gboolean
try_to_open (const JournalReader *self, gint64 archived_since_usec, gboolean without_broken, Opening *ret_opening, GError **error)
{
  JournalPlace place, present = { 0 };
  g_autofree char *identity = NULL;
  int result;

  *ret_opening = (Opening){ .settled = TRUE };
  if (!journal_place_find (&self->options, &place, error))
    return FALSE;
  ret_opening->identity = journal_place_dup_identity (&place);
  present.files = g_strdupv (place.files);
  if (self->identity != NULL)
    journal_place_add_renamed (&place, self->identity);
  ret_opening->has_archived = journal_place_add_archived (&place, archived_since_usec);
  if (without_broken)
    leave_out_broken (self, &place, present.files != NULL ? g_strv_length (present.files) : 0);
  result = open_place (&self->library, &place, &ret_opening->journal);
  identity = journal_place_dup_identity (&present);
  ret_opening->settled = g_strcmp0 (identity, ret_opening->identity) == 0;
  journal_place_clear (&present);
  journal_place_clear (&place);
  return result >= 0 || fail (error, result, "journal");
}

static void
opening_clear (const JournalReader *self, Opening *opening)
{
  if (opening->journal != NULL)
    self->library.close (opening->journal);
  g_clear_pointer (&opening->identity, g_free);
}

/* archived_since_usec: JOURNAL_NOTHING_ARCHIVED, or since when what was put aside is wanted.
 * Files are opened by name: one that is put aside between its being found and its being opened would be open neither under its old
 * name nor under its new one. */
static gboolean
open_journal (JournalReader *self, gint64 archived_since_usec, gboolean without_broken, GError **error)
{
  Opening opening;
  GError *problem = NULL;
  gboolean opened = try_to_open (self, archived_since_usec, without_broken, &opening, &problem);

  for (guint tries = 1; !opening.settled && tries < OPEN_TRIES; tries++)
    {
      opening_clear (self, &opening);
      g_clear_error (&problem);
      opened = try_to_open (self, archived_since_usec, without_broken, &opening, &problem);
    }
  if (!opened)
    {
      opening_clear (self, &opening);
      g_propagate_error (error, problem);
      return FALSE;
    }
  close_journal (self);
  g_free (self->identity);
  self->journal = opening.journal;
  self->identity = opening.identity;
  self->has_archived = opening.has_archived;
  return TRUE;
}

JournalReader *
journal_reader_open (const JournalOptions *options, GError **error)
{
  g_autoptr (JournalReader) self = g_new0 (JournalReader, 1);

  self->options.path = g_strdup (options->path);
  self->options.files = g_strdup (options->files);
  self->options.flags = g_strdup (options->flags);
  self->options.namespace_ = g_strdup (options->namespace_);
  self->options.rotated = options->rotated;
  self->matches = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  self->utc_offset_sec = present_utc_offset ();
  return journal_library_load (&self->library, JOURNAL_LIBRARY_NAME, error) && open_journal (self, JOURNAL_NOTHING_ARCHIVED, FALSE, error) ? g_steal_pointer (&self) : NULL;
}

void
journal_reader_free (JournalReader *self)
{
  if (self == NULL)
    return;
  close_journal (self);
  journal_options_clear (&self->options);
  g_ptr_array_unref (self->matches);
  g_free (self->identity);
  g_free (self->cursor);
  g_free (self);
}

JournalHandle
journal_reader_get_handle (const JournalReader *self)
{
  return (JournalHandle){ &self->library, self->journal };
}

gboolean
journal_reader_is_outdated (const JournalReader *self)
{
  g_autofree char *identity = NULL;
  JournalPlace place;

  if (self->identity == NULL || !journal_place_find (&self->options, &place, NULL))
    return FALSE;
  identity = journal_place_dup_identity (&place);
  journal_place_clear (&place);
  return identity != NULL && strcmp (identity, self->identity) != 0;
}

gboolean
journal_reader_has_place (const JournalReader *self)
{
  return self->cursor != NULL;
}

gboolean
journal_reader_finds_archived (const JournalReader *self, gint64 since_usec)
{
  JournalPlace place;
  gboolean found;

  if (!journal_place_find (&self->options, &place, NULL))
    return FALSE;
  found = journal_place_add_archived (&place, since_usec);
  journal_place_clear (&place);
  return found;
}

gboolean
journal_reader_has_archived (const JournalReader *self)
{
  return self->has_archived;
}

/* --- matches -------------------------------------------------------------------------------------------------------------------- */

static int
apply_match (JournalReader *self, GStrv words)
{
  int result = self->library.add_disjunction (self->journal);

  for (guint i = 0; words[i] != NULL && result >= 0; i++)
    result = self->library.add_match (self->journal, words[i], strlen (words[i]));
  return result;
}

static int
apply_matches (JournalReader *self)
{
  int result = 0;

  self->library.flush_matches (self->journal);
  for (guint i = 0; i < self->matches->len && result >= 0; i++)
    result = apply_match (self, self->matches->pdata[i]);
  return result;
}

gboolean
journal_reader_reopen (JournalReader *self, gint64 since_usec, gboolean without_broken, GError **error)
{
  int result;

  if (!open_journal (self, since_usec, without_broken, error))
    return FALSE;
  result = apply_matches (self);
  if (result >= 0 && self->cursor != NULL)
    {
      result = self->library.seek_cursor (self->journal, self->cursor);
      self->reopened = TRUE;
    }
  return result >= 0 || fail (error, result, "journal");
}

static GStrv
dup_words (const char *const *words, gsize count)
{
  GStrv copy = g_new0 (char *, count + 1);

  for (gsize i = 0; i < count; i++)
    copy[i] = g_strdup (words[i]);
  return copy;
}

gboolean
journal_reader_add_match (JournalReader *self, const char *const *words, GError **error)
{
  guint before = self->matches->len;
  const char *const *part = words;
  int result;

  for (const char *const *word = words;; word++)
    {
      if (*word != NULL && strcmp (*word, "+") != 0)
        continue;
      g_ptr_array_add (self->matches, dup_words (part, (gsize) (word - part)));
      if (*word == NULL)
        break;
      part = word + 1;
    }
  result = apply_matches (self);
  if (result >= 0)
    return TRUE;
  g_ptr_array_set_size (self->matches, (int) before);
  (void) apply_matches (self);
  return fail (error, result, "Invalid match");
}

gboolean
journal_reader_del_match (JournalReader *self, const char *const *words)
{
  for (guint i = 0; i < self->matches->len; i++)
    if (g_strv_equal (self->matches->pdata[i], words))
      {
        g_ptr_array_remove_index (self->matches, i);
        (void) apply_matches (self);
        return TRUE;
      }
  return FALSE;
}

void
journal_reader_clear_matches (JournalReader *self)
{
  g_ptr_array_set_size (self->matches, 0);
  self->library.flush_matches (self->journal);
}

guint
journal_reader_n_matches (const JournalReader *self)
{
  return self->matches->len;
}

const char *const *
journal_reader_peek_match (const JournalReader *self, guint index)
{
  g_return_val_if_fail (index < self->matches->len, NULL);

  return self->matches->pdata[index];
}

/* --- reading --------------------------------------------------------------------------------------------------------------------- */

static void
keep_cursor (JournalReader *self)
{
  char *cursor = NULL;

  if (self->library.get_cursor (self->journal, &cursor) < 0)
    return;
  g_free (self->cursor);
  self->cursor = g_strdup (cursor);
  free (cursor);
}

/* After a reopening the place may be the entry that was read last, or one behind it when that one is gone. */
static int
next_unread (JournalReader *self)
{
  int result = self->library.next (self->journal);

  if (result > 0 && self->reopened && self->library.test_cursor (self->journal, self->cursor) > 0)
    result = self->library.next (self->journal);
  self->reopened = FALSE;
  return result;
}

static JournalResult
read_error (GError **error, int result)
{
  (void) fail (error, result, "journal");
  return JOURNAL_ERROR;
}

void
journal_reader_set_decoder (JournalReader *self, JournalDecodeFunc decode, gpointer data)
{
  self->decoder = (JournalDecoder){ decode, data };
}

JournalResult
journal_reader_next (JournalReader *self, JournalEntry *ret_entry, GError **error)
{
  JournalHandle handle = journal_reader_get_handle (self);
  int result = next_unread (self);

  if (result < 0)
    return read_error (error, result);
  if (result == 0)
    {
      if (self->moved)
        keep_cursor (self); /* still at the last one */
      self->moved = FALSE;
      return JOURNAL_END;
    }
  self->moved = TRUE;
  result = journal_entry_read (&handle, self->utc_offset_sec, &self->decoder, ret_entry);
  return result < 0 ? read_error (error, result) : JOURNAL_ENTRY;
}

static void
forget_place (JournalReader *self)
{
  g_clear_pointer (&self->cursor, g_free);
  self->moved = FALSE;
  self->reopened = FALSE;
}

void
journal_reader_seek_time (JournalReader *self, gint64 time_usec)
{
  forget_place (self);
  (void) self->library.seek_realtime_usec (self->journal, (guint64) MAX (time_usec, 0));
}

void
journal_reader_seek_head (JournalReader *self)
{
  forget_place (self);
  (void) self->library.seek_head (self->journal);
}

void
journal_reader_seek_tail (JournalReader *self)
{
  forget_place (self);
  /* Without an entry to stand at, the tail is a place that new entries do not come behind: then it is the present moment. */
  if (self->library.seek_tail (self->journal) < 0 || self->library.previous (self->journal) <= 0)
    journal_reader_seek_time (self, g_get_real_time ());
}
