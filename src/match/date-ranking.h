/* date-ranking.h - the templates of a detector in the order in which they are tried
 *
 * Each template counts its hits and moves up the list when it is used: to the first place never used, or half the way; else by
 * one.  It passes another that has less weight (hits by distance from the line's start) or was not used for five minutes.
 * The order can be seen with fail2ban-regex -v, so it is the reference's (1.1.2).
 * Must not: look at lines; own templates.
 */
#pragma once
#include "match/date-template.h"

typedef struct DateRanking DateRanking;

DateRanking *date_ranking_new (void);
void date_ranking_free (DateRanking *self); /* NULL is fine */

/* At the end.  A name twice is DATE_ERROR_VALUE, or nothing at all with ignore_twice. */
gboolean date_ranking_append (DateRanking *self, DateTemplate *template, gboolean ignore_twice, GError **error);

guint date_ranking_get_length (const DateRanking *self);
DateTemplate *date_ranking_peek (const DateRanking *self, guint i);
guint64 date_ranking_get_hits (const DateRanking *self, guint i);
double date_ranking_get_weight (const DateRanking *self, guint i);

/* Where it matched last, in characters from the line's start; far beyond any line before it did. */
gsize date_ranking_get_distance (const DateRanking *self, guint i);

/* A hit.  The template stays where it is until it is promoted. */
void date_ranking_count (DateRanking *self, guint i, gsize distance, gint64 now_usec);

/* Moves a template up if it may; gives its place. */
guint date_ranking_promote (DateRanking *self, guint i);
