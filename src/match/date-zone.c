#include "match/date-zone.h"

#include <stdlib.h>
#include <string.h>

#include "compat/py-repr.h"

typedef struct
{
  char name[6];
  short minutes; /* east of UTC */
} Zone;

/* Sorted by name.  The offsets are those that fail2ban 1.1.2 answers with; some are long out of use. */
/* clang-format off */
static const Zone zones[] = {
  { "A", 60 }, { "ACDT", 630 }, { "ACST", 570 }, { "ACT", 480 }, { "ADT", -180 }, { "AEDT", 660 }, { "AEST", 600 },
  { "AFT", 270 }, { "AKDT", -480 }, { "AKST", -540 }, { "ALMT", 360 }, { "AMST", 300 }, { "AMT", 240 },
  { "ANAST", 720 }, { "ANAT", 720 }, { "AQTT", 300 }, { "ART", -180 }, { "AST", -240 }, { "AWDT", 540 },
  { "AWST", 480 }, { "AZOT", -60 }, { "AZST", 300 }, { "AZT", 240 }, { "B", 120 }, { "BDT", 480 }, { "BIOT", 360 },
  { "BNT", 480 }, { "BOT", -240 }, { "BRST", -120 }, { "BRT", -180 }, { "BTT", 360 }, { "C", 180 }, { "CAST", 480 },
  { "CAT", 120 }, { "CCT", 390 }, { "CDT", -300 }, { "CEDT", 120 }, { "CEST", 120 }, { "CET", 60 }, { "CIST", -480 },
  { "CKT", -600 }, { "CLST", -180 }, { "CLT", -240 }, { "COST", -240 }, { "COT", -300 }, { "CST", -360 },
  { "CVT", -60 }, { "CXT", 420 }, { "D", 240 }, { "DAVT", 420 }, { "DFT", 60 }, { "E", 300 }, { "EASST", -300 },
  { "EAST", -360 }, { "EAT", 180 }, { "ECT", -300 }, { "EDT", -240 }, { "EEDT", 180 }, { "EEST", 180 },
  { "EET", 120 }, { "EGST", 0 }, { "EGT", -60 }, { "EST", -300 }, { "F", 360 }, { "FJST", 780 }, { "FJT", 720 },
  { "FKST", -180 }, { "FKT", -240 }, { "FNT", -120 }, { "G", 420 }, { "GALT", -360 }, { "GAMT", -540 },
  { "GET", 240 }, { "GFT", -180 }, { "GILT", 720 }, { "GIT", -540 }, { "GMT", 0 }, { "GST", 240 }, { "GYT", -240 },
  { "H", 480 }, { "HAA", -180 }, { "HAC", -300 }, { "HADT", -540 }, { "HAE", -240 }, { "HAP", -420 }, { "HAR", -360 },
  { "HAST", -600 }, { "HAT", -150 }, { "HAY", -480 }, { "HKT", 480 }, { "HLV", -270 }, { "HMT", 300 },
  { "HNA", -240 }, { "HNC", -360 }, { "HNE", -300 }, { "HNP", -480 }, { "HNR", -420 }, { "HNT", -210 },
  { "HNY", -540 }, { "HOVT", 420 }, { "HST", -600 }, { "I", 540 }, { "ICT", 420 }, { "IDT", 180 }, { "IOT", 360 },
  { "IRDT", 270 }, { "IRKST", 540 }, { "IRKT", 480 }, { "IRST", 210 }, { "JST", 540 }, { "K", 600 }, { "KGT", 360 },
  { "KRAST", 480 }, { "KRAT", 420 }, { "KST", 540 }, { "KUYT", 240 }, { "L", 660 }, { "LHDT", 660 }, { "LHST", 630 },
  { "M", 720 }, { "MAGST", 720 }, { "MAGT", 660 }, { "MART", -570 }, { "MAWT", 300 }, { "MDT", -360 }, { "MHT", 720 },
  { "MIT", -570 }, { "MMT", 390 }, { "MSD", 240 }, { "MSK", 180 }, { "MST", -420 }, { "MUT", 240 }, { "MVT", 300 },
  { "MYT", 480 }, { "N", -60 }, { "NCT", 660 }, { "NDT", -150 }, { "NFT", 690 }, { "NOVST", 420 }, { "NOVT", 360 },
  { "NPT", 345 }, { "NST", -210 }, { "NUT", -660 }, { "NZDT", 780 }, { "NZST", 720 }, { "O", -120 }, { "OMSST", 420 },
  { "OMST", 360 }, { "P", -180 }, { "PDT", -420 }, { "PET", -300 }, { "PETST", 720 }, { "PETT", 720 }, { "PGT", 600 },
  { "PHT", 480 }, { "PKT", 300 }, { "PMDT", -120 }, { "PMST", -180 }, { "PONT", 660 }, { "PST", -480 },
  { "PWT", 540 }, { "PYST", -180 }, { "PYT", -240 }, { "Q", -240 }, { "R", -300 }, { "RET", 240 }, { "S", -360 },
  { "SAMT", 240 }, { "SAST", 120 }, { "SBT", 660 }, { "SCT", 240 }, { "SGT", 480 }, { "SLT", 330 }, { "SRT", -180 },
  { "SST", -660 }, { "T", -420 }, { "TAHT", -600 }, { "TFT", 300 }, { "THA", 420 }, { "TJT", 300 }, { "TKT", -600 },
  { "TLT", 540 }, { "TMT", 300 }, { "TVT", 720 }, { "U", -480 }, { "ULAT", 480 }, { "UTC", 0 }, { "UYST", -120 },
  { "UYT", -180 }, { "UZT", 300 }, { "V", -540 }, { "VET", -270 }, { "VLAST", 660 }, { "VLAT", 600 }, { "VUT", 660 },
  { "W", -600 }, { "WAST", 120 }, { "WAT", 60 }, { "WDT", 540 }, { "WEDT", 60 }, { "WEST", 60 }, { "WET", 0 },
  { "WFT", 720 }, { "WGST", -120 }, { "WGT", -180 }, { "WIB", 420 }, { "WIT", 540 }, { "WITA", 480 }, { "WST", 480 },
  { "X", -660 }, { "Y", -720 }, { "YAKST", 600 }, { "YAKT", 540 }, { "YAPT", 600 }, { "YEKST", 360 }, { "YEKT", 300 },
  { "Z", 0 },
};
/* clang-format on */

static int
compare_zone (const void *name, const void *zone)
{
  return strcmp (name, ((const Zone *) zone)->name);
}

/* The decimal digit of any script at *at, which moves on; -1: there is none */
static int
take_digit (const char **at, const char *end)
{
  gunichar c = *at < end ? g_utf8_get_char_validated (*at, end - *at) : 0;

  if (c == (gunichar) -1 || c == (gunichar) -2 || g_unichar_type (c) != G_UNICODE_DECIMAL_NUMBER)
    return -1;
  *at = g_utf8_next_char (*at);
  return g_unichar_digit_value (c);
}

/* +hh, +hhmm, +hh:mm with hh below 20 */
static gboolean
parse_offset (const char *at, const char *end, int *ret_minutes)
{
  int sign = *at++ == '-' ? -1 : 1;

  if (at >= end || (*at != '0' && *at != '1'))
    return FALSE;
  int tens = *at++ - '0', ones = take_digit (&at, end), minutes = 0;
  if (ones < 0)
    return FALSE;
  if (at < end)
    {
      at += *at == ':';
      int minute_tens = take_digit (&at, end), minute_ones = take_digit (&at, end);
      if (minute_tens < 0 || minute_ones < 0 || at < end)
        return FALSE;
      minutes = minute_tens * 10 + minute_ones;
    }
  *ret_minutes = sign * ((tens * 10 + ones) * 60 + minutes);
  return TRUE;
}

DateZoneResult
date_zone_parse (const char *text, gsize len, int *ret_minutes, gsize *ret_name_len)
{
  const char *at = text, *end = text + len;
  int offset = 0, base = 0;

  if (len > 0 && end[-1] == '\n') /* one line end is let through, as by Python's $ */
    end--;
  while (at < end && g_ascii_isupper (*at) && at - text < 5)
    at++;
  gsize name_len = at - text;
  *ret_name_len = name_len;
  if (name_len == 2 || (at < end && *at != '+' && *at != '-') || (at < end && !parse_offset (at, end, &offset)))
    return DATE_ZONE_MALFORMED;

  if (name_len > 0)
    {
      char name[6] = { 0 };
      memcpy (name, text, name_len);
      const Zone *zone = bsearch (name, zones, G_N_ELEMENTS (zones), sizeof zones[0], compare_zone);
      if (zone == NULL)
        return DATE_ZONE_UNKNOWN;
      base = zone->minutes;
    }
  *ret_minutes = base + offset;
  return DATE_ZONE_OK;
}

gboolean
date_zone_check (const char *text, int *ret_minutes, GError **error)
{
  g_autofree char *repr = NULL;
  gsize name_len = 0;

  g_return_val_if_fail (text != NULL, FALSE);
  switch (date_zone_parse (text, strlen (text), ret_minutes, &name_len))
    {
    case DATE_ZONE_OK:
      return TRUE;
    case DATE_ZONE_UNKNOWN:
      repr = py_repr_str (text, name_len);
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_KEY, repr);
      return FALSE;
    case DATE_ZONE_MALFORMED:
    default:
      repr = py_repr_str (text, -1);
      g_set_error (error, DATE_ERROR, DATE_ERROR_VALUE, "Unknown or unsupported time zone: %s", repr);
      return FALSE;
    }
}
