#include "compat/py-regex-author.h"

PyRegexAuthor *
py_regex_author_new (guint32 seed)
{
  PyRegexAuthor *self = g_new0 (PyRegexAuthor, 1);

  self->rand = g_rand_new_with_seed (seed);
  self->pattern = g_string_new (NULL);
  self->text = g_string_new (NULL);
  return self;
}

void
py_regex_author_free (PyRegexAuthor *self)
{
  if (self == NULL)
    return;
  g_rand_free (self->rand);
  g_string_free (self->pattern, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self);
}

guint
py_regex_author_count (guint usual)
{
  const char *n = g_getenv ("PY_REGEX_AUTHOR_PATTERNS");

  return n != NULL ? (guint) g_ascii_strtoull (n, NULL, 10) : usual;
}

static void write_alternatives (PyRegexAuthor *self, guint depth);

static guint
dice (PyRegexAuthor *self, guint n)
{
  return (guint) g_rand_int_range (self->rand, 0, (gint32) n);
}

static void
write_group (PyRegexAuthor *self, guint depth)
{
  static const char *const plain[] = { "(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:" };
  static const char *const odd[] = { "(?=", "(?!", "(?>" };
  gboolean captures = FALSE;

  if (self->odd && dice (self, 4) == 0)
    g_string_append (self->pattern, odd[dice (self, G_N_ELEMENTS (odd))]);
  else
    {
      guint i = dice (self, G_N_ELEMENTS (plain));

      captures = i == 0;
      g_string_append (self->pattern, plain[i]);
    }
  write_alternatives (self, depth - 1);
  g_string_append_c (self->pattern, ')');
  self->groups += captures ? 1 : 0;
}

static void
write_atom (PyRegexAuthor *self, guint depth)
{
  static const char *const atoms[]
      = { "a",   "b",    "c",    "A",      " ",      ":",       "\\n", ".",  "\\s",  "\\S",    "\\d",
          "\\w", "[ab]", "[^a]", "[^\\n]", "[a-c:]", "[^\\w ]", "1",   "ab", "ab: ", "(?:a|)", "\\W" };

  if (depth > 0 && dice (self, 3) == 0)
    write_group (self, depth);
  else if (self->odd && self->groups > 0 && dice (self, 8) == 0)
    g_string_append_printf (self->pattern, "(?:\\%u)", 1 + dice (self, self->groups));
  else
    g_string_append (self->pattern, atoms[dice (self, G_N_ELEMENTS (atoms))]);
}

static void
write_piece (PyRegexAuthor *self, guint depth)
{
  static const char *const places[] = { "^",         "$",        "\\A",     "\\Z",    "\\b",        "\\B",     "(?<=a)",
                                        "(?<![ :])", "(?=[b1])", "(?!\\n)", "(?!ab)", "(?!a[b:]a)", "(?!b\\n)" };
  static const char *const repeats[] = { "*", "+", "?", "{2}", "{1,3}", "{2,}", "{,2}", "{0}" };

  if (dice (self, 6) == 0)
    {
      g_string_append (self->pattern, places[dice (self, G_N_ELEMENTS (places) - (self->odd ? 0 : 3))]);
      return;
    }
  g_string_append (self->pattern, "(?:");
  write_atom (self, depth);
  g_string_append_c (self->pattern, ')');
  if (dice (self, 3) != 0)
    return;
  g_string_append (self->pattern, repeats[dice (self, G_N_ELEMENTS (repeats))]);
  if (dice (self, 3) == 0)
    g_string_append_c (self->pattern, self->odd && dice (self, 2) == 0 ? '+' : '?');
}

static void
write_alternatives (PyRegexAuthor *self, guint depth)
{
  guint n = dice (self, 4) == 0 ? 2 + dice (self, 2) : 1;

  for (guint i = 0; i < n; i++)
    {
      guint pieces = dice (self, 5);

      g_string_append (self->pattern, i > 0 ? "|" : "");
      for (guint j = 0; j < pieces; j++)
        write_piece (self, depth);
    }
}

void
py_regex_author_write_pattern (PyRegexAuthor *self)
{
  static const char *const starts[] = { "^", "^", "(?i)^", "(?m)^", "\\A\\s*", "", "(?i)", "(?s)" };
  static const char *const ends[] = { "$", ".+$", "(.*)$", "\\s*$", "", "", "(?=a|b:)(.+)$", "\\Z" };

  g_string_assign (self->pattern, starts[dice (self, G_N_ELEMENTS (starts))]);
  self->groups = 0;
  self->odd = dice (self, 3) == 0;
  g_string_append (self->pattern, "(?:");
  write_alternatives (self, 3);
  g_string_append_c (self->pattern, ')');
  g_string_append (self->pattern, ends[dice (self, self->odd ? G_N_ELEMENTS (ends) : 6)]);
}

static const char *
choose_text_piece (PyRegexAuthor *self)
{
  static const char *const pieces[] = { "a", "b", "c", "A", " ", ":", "\n", "1", "ab: ", "_", "aa", "B", "\t" };

  return pieces[dice (self, G_N_ELEMENTS (pieces))];
}

void
py_regex_author_write_text (PyRegexAuthor *self)
{
  guint n = dice (self, 9);

  g_string_truncate (self->text, 0);
  for (guint i = 0; i < n; i++)
    g_string_append (self->text, choose_text_piece (self));
  if (dice (self, 2) == 0)
    g_string_append_c (self->text, '\n');
}

void
py_regex_author_vary_text (PyRegexAuthor *self)
{
  GString *text = self->text;
  gssize at = dice (self, (guint) text->len + 1);

  if (dice (self, 3) == 0)
    return;
  if (dice (self, 2) == 0 && (gsize) at < text->len)
    for (guint n = 1 + dice (self, 90); n > 0; n--)
      g_string_insert_c (text, at, text->str[at]);
  else if (dice (self, 2) == 0)
    g_string_erase (text, at, MIN (3, (gssize) text->len - at));
  else
    g_string_insert (text, at, choose_text_piece (self));
}
