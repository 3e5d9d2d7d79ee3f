/* file-generation.h - one file behind a log's name: the present one, or one that was rotated away
 *
 * Holds the open file, knows its first line's hash, and notices when the content is not the one that was read before.
 * Internal to source/.  Must not: look at the name again, know who reads.
 */
#pragma once
#include <sys/stat.h>

#include "source/line-end.h"
#include "source/source-error.h"

typedef struct FileGeneration FileGeneration;

/* SOURCE_ERROR with errno; what is no regular file: EISDIR or EINVAL. */
FileGeneration *file_generation_open (const char *path, LineEnd line_end, GError **error);
FileGeneration *file_generation_new  (int fd /* taken; of a regular file */, LineEnd line_end);
void            file_generation_free (FileGeneration *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileGeneration, file_generation_free)

int         file_generation_get_fd    (const FileGeneration *self);
const char *file_generation_peek_hash (const FileGeneration *self); /* as of the last look; "" while the first line is not complete */
gint64      file_generation_get_size  (const FileGeneration *self); /* as of the last look */
gboolean    file_generation_is_at     (const FileGeneration *self, const struct stat *info); /* the same device and inode */
const struct stat *file_generation_peek_info (const FileGeneration *self); /* as of the last look */
/* Which of two files was written first: <0, 0 (nobody knows), >0. */
int         file_generation_compare_age (const FileGeneration *a, const FileGeneration *b);
/* Can self have had the name after old?  Not when it was made before, nor when it is a copy of it. */
gboolean    file_generation_may_follow (const FileGeneration *self, const FileGeneration *old);
/* Does self begin as other does, and has it what was read last of that, as far as it goes? */
gboolean    file_generation_is_copy    (const FileGeneration *self, const FileGeneration *other);

typedef enum
{
  FILE_UNCHANGED,
  FILE_CHANGED,   /* grown, most likely */
  FILE_FILLED,    /* was empty, and may have been written to and truncated any number of times since; now it is empty or not */
  FILE_TRUNCATED, /* not the content that was read; the next look starts afresh */
} FileChange;
FileChange file_generation_look (FileGeneration *self);

/* What was read up to position (a line's end) is remembered: its last bytes show whether it is still the same content. */
void     file_generation_remember (FileGeneration *self, gint64 position);
/* Does the file begin as it did at the last look?  Asked after a read: not, then what was read may be of another content. */
gboolean file_generation_stands    (FileGeneration *self);
/* Is self the content of old, as far as that was read, in another file (an editor, sed -i)? */
gboolean file_generation_continues (const FileGeneration *self, const FileGeneration *old);

/* Is self a copy of what old held before its last look found it truncated? */
gboolean file_generation_has_lost  (const FileGeneration *self, const FileGeneration *old);

/* Reads up to size bytes at offset; -1: errno. */
gssize file_generation_read (const FileGeneration *self, gint64 offset, char *buffer, gsize size);
