#include "match/date-directives.h"

#include <string.h>

#include "compat/py-strptime.h"

#define ANY         "\\d"
#define NOT_ZERO    "[1-9]"
#define TO(n)       "[0-" #n "]"
#define OR          "|"
#define DAY_TENS    "[1-2]" ANY
#define DAY_END     "3" TO (1)
#define LEAP_SECOND "6" TO (1)
#define MONTH_END   "1" TO (2)
#define HOUR_END    "2" TO (3)
#define OFFSET      "[+-][01]" ANY "(?::?" ANY "{2})?"
#define ZONE_NAME   "[A-Z](?:[A-Z]{2,4})?"

typedef struct
{
  const char *key, *label; /* NULL: "%" and the key */
  const char *lead;        /* before the group */
  char group;
  const char *body; /* of the group; NULL: as Python has it */
} Directive;

/* First Python's in Python's order, then fail2ban's: the order shows in the message of an error in a pattern with "%s" */
static const Directive directives[] = {
  { "d", "Day", "", 'd', DAY_TENS OR "[0 ]?" NOT_ZERO OR DAY_END },
  { "f", "Microseconds", "", 'f', NULL },
  { "H", "24hour", "", 'H', TO (1) "?" ANY OR HOUR_END },
  { "I", "12hour", "", 'I', NULL },
  { "G", NULL, "", 'G', NULL },
  { "j", "Yearday", "", 'j', NULL },
  { "m", "Month", "", 'm', "0?" NOT_ZERO OR MONTH_END },
  { "M", "Minute", "", 'M', TO (5) "?" ANY },
  { "S", "Second", "", 'S', TO (5) "?" ANY OR LEAP_SECOND },
  { "U", "Yearweek", "", 'U', NULL },
  { "w", "Weekday", "", 'w', NULL },
  { "u", NULL, "", 'u', NULL },
  { "V", NULL, "", 'V', NULL },
  { "y", "Year2", "", 'y', NULL },
  { "Y", "Year", "", 'Y', ANY "{4}" },
  { "z", "Zone offset", "", 'z', "Z|UTC|GMT" OR OFFSET },
  { "A", "DAYNAME", "", 'A', NULL },
  { "a", "DAY", "", 'a', NULL },
  { "B", "MONTH", "", 'B', NULL },
  { "b", "MON", "", 'b', NULL },
  { "p", "AMPM", "", 'p', NULL },
  { "Z", "Zone name", "", 'Z', "Z|[A-Z]{3,5}" },
  { "%", "%", "", '%', NULL },
  { "W", "Yearweek", "", 'W', NULL },
  { "c", NULL, "", 'c', NULL },
  { "x", NULL, "", 'x', NULL },
  { "X", NULL, "", 'X', NULL },
  { "k", NULL, " ?", 'H', "[0-2]?" ANY },
  { "l", NULL, " ?", 'I', "1?" ANY },
  { "ExZ", "ExZone name", "", 'Z', ZONE_NAME },
  { "Exz", "ExZone offset", "", 'z', "(?:" ZONE_NAME ")?" OFFSET OR ZONE_NAME },
  { "Exd", "ExDay", "", 'd', DAY_TENS OR "0" NOT_ZERO OR DAY_END },
  { "Exm", "ExMonth", "", 'm', "0" NOT_ZERO OR MONTH_END },
  { "ExH", "Ex24hour", "", 'H', TO (1) ANY OR HOUR_END },
  { "Exk", NULL, " ?", 'H', TO (1) "?" ANY OR HOUR_END },
  { "Exl", NULL, " ?", 'I', MONTH_END OR ANY },
  { "ExM", "ExMinute", "", 'M', TO (5) ANY },
  { "ExS", "ExSecond", "", 'S', TO (5) ANY OR LEAP_SECOND },
  { "ExY", "ExYear", "", 'Y', "" /* of this clock */ },
  { "Exy", "ExYear2", "", 'y', ANY "{2}" },
};

struct DateDirectives
{
  guint decades;
  char *expressions[G_N_ELEMENTS (directives)];
  char *labels[G_N_ELEMENTS (directives)];
};

/* --- the decades of %ExY ------------------------------------------------------------------------------------------- */

#define FIRST_DECADE 200  /* of those that date-shape.h knows */
#define FIRST_YEAR   2001 /* years in steps of three from the one before it on are among those accepted */

/* Writes sorted decades (200, 201, 203) as an expression, common digits in front: 20[013], 2(?:09|10), (?:199|200) */
static void
append_decades (GString *out, GArray *decades)
{
  int first = g_array_index (decades, int, 0), last = g_array_index (decades, int, decades->len - 1);
  int unit; /* what is common lies above it */

  if (decades->len == 1)
    unit = 1;
  else if (first / 10 == last / 10)
    unit = 10;
  else
    unit = first / 100 == last / 100 ? 100 : 1000;

  if (unit < 1000)
    g_string_append_printf (out, "%d", first / unit);
  if (unit == 1)
    return;
  g_string_append (out, unit == 10 ? "[" : "(?:");
  for (guint i = 0; i < decades->len; i++)
    {
      int rest = g_array_index (decades, int, i) % unit;
      g_string_append_printf (out, unit == 10 ? "%d" : unit == 100 ? "%02d" : "%03d", rest);
      if (unit > 10 && i + 1 < decades->len)
        g_string_append (out, OR);
    }
  g_string_append (out, unit == 10 ? "]" : ")");
}

static GArray *
list_decades (int year)
{
  GArray *decades = g_array_new (FALSE, FALSE, sizeof (int));

  for (int decade = MIN (year - 1, FIRST_YEAR - 1) / 10; decade <= (year + 3) / 10; decade++)
    {
      gboolean seen = decade == (year - 1) / 10 || decade == (year + 3) / 10;
      for (int y = FIRST_YEAR - 1; y <= year && !seen; y += 3)
        seen = y / 10 == decade;
      if (seen)
        g_array_append_val (decades, decade);
    }
  return decades;
}

/* --- the table of one clock ---------------------------------------------------------------------------------------- */

static char *
make_expression (const Directive *directive, GArray *decades)
{
  g_autoptr (GString) out = g_string_new (directive->lead);

  if (directive->body == NULL)
    py_strptime_append_expression (out, directive->group);
  else
    {
      g_string_append_printf (out, "(?P<%c>%s", directive->group, directive->body);
      if (strcmp (directive->key, "ExY") == 0)
        {
          append_decades (out, decades);
          g_string_append (out, ANY);
        }
      g_string_append_c (out, ')');
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

DateDirectives *
date_directives_new (int year)
{
  DateDirectives *self = g_new0 (DateDirectives, 1);
  g_autoptr (GArray) decades = list_decades (CLAMP (year, 1000, 9990));

  for (guint i = 0; i < G_N_ELEMENTS (directives); i++)
    {
      self->expressions[i] = make_expression (&directives[i], decades);
      self->labels[i]
          = directives[i].label != NULL ? g_strdup (directives[i].label) : g_strconcat ("%", directives[i].key, NULL);
    }
  for (guint i = 0; i < decades->len; i++)
    {
      int decade = g_array_index (decades, int, i);
      if (decade < FIRST_DECADE || decade >= FIRST_DECADE + 10)
        {
          self->decades = 0;
          break;
        }
      self->decades |= 1u << (decade - FIRST_DECADE);
    }
  return self;
}

guint
date_directives_get_decades (const DateDirectives *self)
{
  return self->decades;
}

void
date_directives_free (DateDirectives *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (directives); i++)
    {
      g_free (self->expressions[i]);
      g_free (self->labels[i]);
    }
  g_free (self);
}

guint
date_directives_count (const DateDirectives *self)
{
  return G_N_ELEMENTS (directives);
}

const char *
date_directives_peek_key (const DateDirectives *self, guint i)
{
  return directives[i].key;
}

const char *
date_directives_peek_expression (const DateDirectives *self, guint i)
{
  return self->expressions[i];
}

const char *
date_directives_peek_label (const DateDirectives *self, guint i)
{
  return self->labels[i];
}

int
date_directives_find (const DateDirectives *self, const char *key, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (directives); i++)
    if (strlen (directives[i].key) == len && memcmp (directives[i].key, key, len) == 0)
      return i;
  return -1;
}

gsize
date_directives_prefix (const DateDirectives *self, const char *text, gsize len)
{
  if (len >= 3 && date_directives_find (self, text, 3) >= 0)
    return 3;
  return len >= 1 && date_directives_find (self, text, 1) >= 0 ? 1 : 0;
}
