#include "compat/py-unicode-names.h"

#include <string.h>

#define CODE_BITS    21
#define LONGEST_NAME 256

/* Hangul syllables: initial, medial and final, each by its name */
#define SYLLABLE_FIRST 0xac00
#define N_MEDIALS      21
#define N_FINALS       28

static guint64
hash_name (const char *name)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (; *name != '\0'; name++)
    hash = (hash ^ (guint8) g_ascii_toupper (*name)) * G_GUINT64_CONSTANT (0x100000001b3);
  return hash >> CODE_BITS;
}

/* The longest of the sounds that the text begins with; the empty one always does. */
static guint
take_sound (const char **text, const char *const *sounds, guint n)
{
  guint best = n;

  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix (*text, sounds[i]) && (best == n || strlen (sounds[i]) > strlen (sounds[best])))
      best = i;
  if (best < n)
    *text += strlen (sounds[best]);
  return best;
}

static gboolean
lookup_syllable (const char *text, gunichar *ret_c)
{
  static const char *const initials[]
      = { "G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H" };
  static const char *const medials[N_MEDIALS] = { "A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
                                                  "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I" };
  static const char *const finals[N_FINALS]
      = { "",   "G",  "GG", "GS", "N",  "NJ", "NH", "D",  "L", "LG", "LM", "LB", "LS", "LT",
          "LP", "LH", "M",  "B",  "BS", "S",  "SS", "NG", "J", "C",  "K",  "T",  "P",  "H" };
  guint initial = take_sound (&text, initials, G_N_ELEMENTS (initials));
  guint medial = take_sound (&text, medials, N_MEDIALS);
  guint final = take_sound (&text, finals, N_FINALS);

  if (medial == N_MEDIALS || *text != '\0')
    return FALSE;
  *ret_c = SYLLABLE_FIRST + (initial * N_MEDIALS + medial) * N_FINALS + final;
  return TRUE;
}

static gboolean
lookup_ideograph (const char *text, gunichar *ret_c)
{
  gsize len = strlen (text);
  gunichar c;

  if ((len != 4 && len != 5) || strspn (text, "0123456789ABCDEF") != len)
    return FALSE;
  c = (gunichar) g_ascii_strtoull (text, NULL, 16);
  *ret_c = c;
  return (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x2a6df)
         || (c >= 0x2a700 && c <= 0x2b738) || (c >= 0x2b740 && c <= 0x2b81d) || (c >= 0x2b820 && c <= 0x2cea1)
         || (c >= 0x2ceb0 && c <= 0x2ebe0) || (c >= 0x30000 && c <= 0x3134a);
}

gboolean
py_unicode_name_lookup (const char *name, gunichar *ret_c)
{
  static const char syllable[] = "HANGUL SYLLABLE ", ideograph[] = "CJK UNIFIED IDEOGRAPH-";
  guint low = 0, high = py_unicode_names_len;

  if (strlen (name) > LONGEST_NAME)
    return FALSE;
  if (g_str_has_prefix (name, syllable))
    return lookup_syllable (name + strlen (syllable), ret_c);
  if (g_str_has_prefix (name, ideograph))
    return lookup_ideograph (name + strlen (ideograph), ret_c);
  guint64 hash = hash_name (name);
  while (low < high)
    {
      guint mid = (low + high) / 2;

      if (py_unicode_names[mid] >> CODE_BITS < hash)
        low = mid + 1;
      else
        high = mid;
    }
  if (low == py_unicode_names_len || py_unicode_names[low] >> CODE_BITS != hash)
    return FALSE;
  *ret_c = (gunichar) (py_unicode_names[low] & ((1 << CODE_BITS) - 1));
  return TRUE;
}
