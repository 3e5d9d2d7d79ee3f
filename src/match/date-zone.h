/* date-zone.h - time zones as fail2ban knows them: fixed offsets
 *
 * A zone is an abbreviation, an offset, or both ("CET", "-0400", "UTC+02:00", "CET+0100"); both add up (CET+0100 is two
 * hours, as 1.1.2 computes it).  One name means one offset, summer or not, wherever it is used; of names that several
 * countries use fail2ban's choice holds (CST is America's, IST is unknown).
 * Must not: look at the system's time zones.
 */
#pragma once
#include "match/date-error.h"

typedef enum
{
  DATE_ZONE_OK,
  DATE_ZONE_MALFORMED, /* ValueError in the reference */
  DATE_ZONE_UNKNOWN,   /* KeyError: the shape of a name, but nobody's */
} DateZoneResult;

/* `*ret_name_len`: how much of the text is the name, for messages about an unknown one. */
DateZoneResult date_zone_parse (const char *text, gsize len, int *ret_minutes, gsize *ret_name_len);

/* The same for an option's value: DATE_ERROR_VALUE "Unknown or unsupported time zone: 'utc'", DATE_ERROR_KEY "'XYZ'". */
gboolean date_zone_check (const char *text, int *ret_minutes, GError **error);
