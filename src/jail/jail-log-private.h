/* jail-log-private.h - how a jail reads, shared by jail-log.c, jail-journal.c and jail-backend.c */
#pragma once
#include "jail/jail-private.h"
#include "source/journal-source.h"

typedef struct
{
  Jail *jail;
  char *path;
  FileWatch *watch;
  gboolean changed; /* its position is not in the database yet */
  gboolean keep;    /* during a reload: was added again */
  gboolean seek;    /* the first reading begins where findtime does */
} LogFile;

struct JailLog
{
  GPtrArray *files; /* of LogFile, in order */
  JournalSource *journal;
  LogLine *line; /* of the journal */
  gboolean journal_changed;
  gboolean reloading;
  gboolean crowded;  /* too much is pending: reading pauses */
  gboolean in_slice; /* a transaction is open */
  GSource *save;
};

/* --- jail-log.c ------------------------------------------------------------------------------------------------------ */
GPtrArray *jail_log_file_list_new (void); /* of LogFile */
/* A line, within the transaction of its slice. */
void jail_log_process_line (Jail *self, LogLine *line, gboolean in_operation);

/* --- jail-journal.c -------------------------------------------------------------------------------------------------- */
gboolean jail_journal_open (Jail *self, const PyValue *options, GError **error);
void jail_journal_start (Jail *self);
gboolean jail_journal_save_position (Jail *self, GError **error); /* in an open transaction; when it moved */
void jail_journal_clear_matches (Jail *self);                     /* a reload begins */
