/* config-tags-quick.h - tags replaced in one pass, where that gives what the passes of config-tags.c give
 *
 * Where each value is text and whole tags, and so is what they stand for, as deep as they go, the new text can be built from
 * left to right.  A tag may be built of words (<mdre-<mode>>).  Whatever is odd is not for here: a '<' that text to come may
 * close, a tag that leads to itself or is needed very often, one that cannot be found.
 * Must not: report errors (config-tags.c, asked for the same, does).
 */
#pragma once

#include <string.h>

#include "config/config-tags.h"

/* As config_tags_expand.  FALSE: not for here, nothing has changed. */
gboolean config_tags_expand_quickly (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup,
                                     gpointer data, ConfigTagsMemory *memory);

/* g_string_append_len without the call, for the many short pieces that both ways put together. */
static inline void
config_tags_append_piece (GString *string, const char *text, gsize len)
{
  if (string->len + len >= string->allocated_len)
    {
      g_string_append_len (string, text, (gssize) len);
      return;
    }
  memcpy (string->str + string->len, text, len);
  string->len += len;
  string->str[string->len] = '\0';
}
