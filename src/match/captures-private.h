/* captures-private.h - the inside of Captures, shared by captures.c and captures-forms.c and nobody else */
#pragma once
#include "match/captures.h"

struct Captures
{
  Capture *items;
  guint length, size;                 /* items beyond the length have only a buffer */
  guint32 known;                      /* a bit for each known name that is there */
  guint places[N_CAPTURES_KNOWN];     /* and where it is */
  gboolean is_heavy;                  /* there are values, or long buffers */
  LineList *matches, *nofail_matches; /* NULL: not needed yet */
};

/* Of CAPTURE_MATCHES or CAPTURE_NOFAIL_MATCHES; NULL: there never were any. */
const LineList *captures_peek_lines (const Captures *self, CaptureName name);
/* A set of one text becomes a value like other sets. */
void captures_make_set (Captures *self, Capture *item);
