/* config-tags-memory.h - what a value with tags became before, and what that came from
 *
 * All jails with the same action have the same commands but for a name, a port.  For a value that was expanded, the memory
 * holds each tag that was met on the way with what it stood for, and the text that came out, with holes where a plain value
 * of an option was put in whole: another one may be put there.
 * Must not: replace tags (config-tags-quick.c does), keep what comes once only.
 */
#pragma once
#include "compat/py-options.h"

#define CONFIG_TAGS_MEMORY_MAX_VALUES 500           /* of one file; the stock ones have 10 */
#define CONFIG_TAGS_MEMORY_MAX_BYTES  (1024 * 1024) /* held for one file, about; the stock ones need 40 KB */
#define CONFIG_TAGS_MEMORY_MAX_TEXT                                                                                    \
  (64 * 1024)                           /* bytes of one value, or of what a tag stands for; no longer ones are kept */
#define CONFIG_TAGS_MEMORY_MAX_NEEDS 60 /* tags of one value */
#define CONFIG_TAGS_MEMORY_MAX_TRIES 3  /* a value whose needs change each time is given up */

/* A tag, and what it stood for. */
typedef struct
{
  char *name;
  gsize len;
  guint hash, kind; /* the user's own */
  PyValue *value;   /* NULL for a kind without */
  gboolean fixed;   /* its value must be the same */
} ConfigTagsNeed;

typedef struct
{
  gsize at; /* where in the finished value it begins; once finished, where in the text */
  guint need;
} ConfigTagsHole;

typedef struct
{
  PyValue *before, *after; /* the value as it was, and what it became; after is set by config_tags_made_finish */
  guint tries;
  ConfigTagsNeed needs[CONFIG_TAGS_MEMORY_MAX_NEEDS];
  guint n_needs;
  GArray *holes; /* of ConfigTagsHole, in order */
  GString *text; /* without what is in the holes */
} ConfigTagsMade;

/* Begin, note needs and holes in order, finish. */
ConfigTagsMade *config_tags_made_new (PyValue *before);
void config_tags_made_free (ConfigTagsMade *self); /* NULL is fine */

/* The place among needs, added when it is new; value may be NULL.  -1: no room, or the value is too long. */
gint config_tags_made_add_need (ConfigTagsMade *self, const char *name, gsize len, guint hash, guint kind,
                                PyValue *value);
void config_tags_made_add_hole (ConfigTagsMade *self, gsize at, guint need);
/* after: with the values of the needs in the holes; shared.  FALSE: too long. */
gboolean config_tags_made_finish (ConfigTagsMade *self, PyValue *after);

typedef struct ConfigTagsMemory ConfigTagsMemory; /* opaque: the fields live in config-tags-memory.c */

ConfigTagsMemory *config_tags_memory_new (void);
void config_tags_memory_free (ConfigTagsMemory *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigTagsMemory, config_tags_memory_free)

/* What is known of a value (the very same, not an equal one); lent. */
const ConfigTagsMade *config_tags_memory_get (const ConfigTagsMemory *self, const PyValue *before);
/* Is the value worth keeping?  TRUE from its third time on, if there is room: a filter
 * is expanded twice for its one jail. */
gboolean config_tags_memory_wants (ConfigTagsMemory *self, const PyValue *before);
/* Takes made; one of the same value is replaced. */
void config_tags_memory_take (ConfigTagsMemory *self, ConfigTagsMade *made);
