/* journal-library.h - libsystemd, loaded when somebody reads a journal
 *
 * With what it needs itself (compressors, gcrypt) it takes as much memory as all jails together, and most servers read files
 * only.  The functions are those of sd-journal(3) without "sd_journal_", by the prototypes of its header.
 * Internal to source/.  Must not: unload it again.
 */
#pragma once
#include <glib.h>
#include <systemd/sd-journal.h>

#define JOURNAL_LIBRARY_NAME "libsystemd.so.0"

#define JOURNAL_LIBRARY_FUNCTIONS(_)                                                                                   \
  _ (add_disjunction)                                                                                                  \
  _ (add_match)                                                                                                        \
  _ (close)                                                                                                            \
  _ (enumerate_available_data)                                                                                         \
  _ (flush_matches)                                                                                                    \
  _ (get_cursor)                                                                                                       \
  _ (get_fd)                                                                                                           \
  _ (get_monotonic_usec)                                                                                               \
  _ (get_realtime_usec)                                                                                                \
  _ (next)                                                                                                             \
  _ (open)                                                                                                             \
  _ (open_directory)                                                                                                   \
  _ (open_files)                                                                                                       \
  _ (open_namespace)                                                                                                   \
  _ (previous)                                                                                                         \
  _ (process)                                                                                                          \
  _ (restart_data)                                                                                                     \
  _ (seek_cursor)                                                                                                      \
  _ (seek_head)                                                                                                        \
  _ (seek_realtime_usec)                                                                                               \
  _ (seek_tail)                                                                                                        \
  _ (test_cursor)

typedef struct
{
#define JOURNAL_LIBRARY_MEMBER(name) __typeof__ (sd_journal_##name) *name;
  JOURNAL_LIBRARY_FUNCTIONS (JOURNAL_LIBRARY_MEMBER)
#undef JOURNAL_LIBRARY_MEMBER
} JournalLibrary;

/* name: JOURNAL_LIBRARY_NAME, but in tests.  SOURCE_ERROR with ELIBACC and the loader's message: it is not there, or too old. */
gboolean journal_library_load (JournalLibrary *ret_library, const char *name, GError **error);
