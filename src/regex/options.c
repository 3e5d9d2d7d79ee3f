#include "regex/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat/py-codec.h"
#include "compat/py-fs.h"
#include "compat/py-int.h"
#include "compat/py-repr.h"
#include "regex/options-text.h"

typedef enum
{
  TEXT,
  NUMBER,
  FLAG,
  COUNT,
  SHOW_HELP,
  SHOW_VERSION,
  SHOW_SHORT_VERSION,
} OptionKind;

typedef struct
{
  char letter; /* or 0 */
  const char *names[2];
  OptionKind kind;
  gsize offset; /* in Options */
} Option;

#define AT(member) G_STRUCT_OFFSET (Options, member)
static const Option option_table[] = {
  { 0, { "--version" }, SHOW_VERSION, 0 },
  { 'h', { "--help" }, SHOW_HELP, 0 },
  { 'c', { "--config" }, TEXT, AT (config) },
  { 'd', { "--datepattern" }, TEXT, AT (datepattern) },
  { 0, { "--timezone", "--TZ" }, TEXT, AT (timezone) },
  { 'e', { "--encoding" }, TEXT, AT (encoding) },
  { 'r', { "--raw" }, FLAG, AT (raw) },
  { 0, { "--usedns" }, TEXT, AT (usedns) },
  { 'L', { "--maxlines" }, NUMBER, AT (maxlines) },
  { 'm', { "--journalmatch" }, TEXT, AT (journalmatch) },
  { 'l', { "--log-level" }, TEXT, AT (log_level) },
  { 'V', { NULL }, SHOW_SHORT_VERSION, 0 },
  { 'v', { "--verbose" }, COUNT, AT (verbose) },
  { 0, { "--verbosity" }, NUMBER, AT (verbose) },
  { 0, { "--verbose-date", "--VD" }, FLAG, AT (verbose_date) },
  { 'D', { "--debuggex" }, FLAG, AT (debuggex) },
  { 0, { "--no-check-all" }, FLAG, AT (no_check_all) },
  { 'o', { "--out" }, TEXT, AT (out) },
  { 'i', { "--invert" }, FLAG, AT (invert) },
  { 0, { "--print-no-missed" }, FLAG, AT (print_no_missed) },
  { 0, { "--print-no-ignored" }, FLAG, AT (print_no_ignored) },
  { 0, { "--print-all-matched" }, FLAG, AT (print_all_matched) },
  { 0, { "--print-all-missed" }, FLAG, AT (print_all_missed) },
  { 0, { "--print-all-ignored" }, FLAG, AT (print_all_ignored) },
  { 't', { "--log-traceback" }, FLAG, AT (log_traceback) },
  { 0, { "--full-traceback" }, FLAG, AT (full_traceback) },
};

typedef struct
{
  Options *options;
  const char *program; /* argv[0] */
  GPtrArray *words;    /* decoded; what is left begins at next */
  guint next;
  int exit_code;
} Parser;

#define EXIT_USAGE 2
#define EXIT_ERROR 255

static void
print_usage (const Parser *p, FILE *to)
{
  (void) fprintf (to, "Usage: %s [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n", p->program);
}

static const char *
program_name (const Parser *p)
{
  const char *slash = strrchr (p->program, '/');
  return slash != NULL ? slash + 1 : p->program;
}

static gboolean G_GNUC_PRINTF (2, 3) usage_error (Parser *p, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *bytes = py_fs_encode (text);
  print_usage (p, stderr);
  (void) fprintf (stderr, "\n%s: error: %s\n", program_name (p), bytes);
  p->exit_code = EXIT_USAGE;
  return FALSE;
}

/* --- values ------------------------------------------------------------------------------------------------------- */
/* Digits of a base with single underscores between them, after an optional prefix. */
static gboolean
parse_digits (const char *text, guint base, gint64 *ret_value)
{
  g_autofree char *plain = g_new0 (char, strlen (text) + 1);
  gsize n = 0;
  char *end;

  if ((base == 16 && g_ascii_strncasecmp (text, "0x", 2) == 0)
      || (base == 8 && g_ascii_strncasecmp (text, "0o", 2) == 0))
    {
      text += 2;
      if (*text == '_')
        text++;
    }
  for (; *text != '\0'; text++)
    if (*text != '_')
      plain[n++] = *text;
    else if (n == 0 || text[1] == '_' || text[1] == '\0')
      return FALSE;
  if (n == 0 || !g_ascii_isxdigit (plain[0]))
    return FALSE;
  *ret_value = g_ascii_strtoll (plain, &end, base);
  return *end == '\0';
}

/* optparse: 0x, 0b and 0 in front choose the base. */
static gboolean
parse_number (const char *text, gint64 *ret_value)
{
  if (g_ascii_strncasecmp (text, "0x", 2) == 0)
    return parse_digits (text, 16, ret_value);
  if (g_ascii_strncasecmp (text, "0b", 2) == 0)
    return parse_digits (text[2] != '\0' ? text + 2 : "0", 2, ret_value);
  if (*text == '0')
    return parse_digits (text, 8, ret_value);
  return py_int_parse_int64 (text, -1, ret_value, NULL);
}

static gboolean
takes_value (const Option *option)
{
  return option->kind == TEXT || option->kind == NUMBER;
}

static gboolean
apply (Parser *p, const Option *option, const char *shown, const char *value)
{
  gpointer place = G_STRUCT_MEMBER_P (p->options, option->offset);

  switch (option->kind)
    {
    case TEXT:
      g_free (*(char **) place);
      *(char **) place = g_strdup (value);
      return TRUE;
    case NUMBER:
      if (!parse_number (value, place))
        {
          g_autofree char *text = py_repr_str (value, -1);
          return usage_error (p, "option %s: invalid integer value: %s", shown, text);
        }
      return TRUE;
    case FLAG:
      *(gboolean *) place = TRUE;
      return TRUE;
    case COUNT:
      ++*(gint64 *) place;
      return TRUE;
    case SHOW_HELP:
      print_usage (p, stdout);
      (void) fputs (options_help, stdout);
      break;
    case SHOW_VERSION:
      (void) printf ("%s " VERSION_LONG "\n", program_name (p));
      break;
    case SHOW_SHORT_VERSION:
      (void) printf (VERSION_SHORT "\n");
      break;
    default:
      g_return_val_if_reached (FALSE);
    }
  p->exit_code = EXIT_SUCCESS;
  return FALSE;
}

/* --- words -------------------------------------------------------------------------------------------------------- */
/* With a value: value if it is not NULL, else the next word. */
static gboolean
apply_with_value (Parser *p, const Option *option, const char *shown, const char *value)
{
  if (value == NULL)
    {
      if (p->next >= p->words->len)
        return usage_error (p, "%s option requires 1 argument", shown);
      value = g_ptr_array_index (p->words, p->next++);
    }
  return apply (p, option, shown, value);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The option of a long name or of its beginning; *ret_name is the name in full. */
static const Option *
find_long (Parser *p, const char *name, const char **ret_name)
{
  g_autoptr (GPtrArray) similar = g_ptr_array_new ();
  const Option *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (option_table); i++)
    for (guint j = 0; j < 2 && option_table[i].names[j] != NULL; j++)
      {
        const char *full = option_table[i].names[j];
        if (!g_str_has_prefix (full, name))
          continue;
        found = &option_table[i];
        *ret_name = full;
        if (g_str_equal (full, name))
          return found;
        g_ptr_array_add (similar, (gpointer) full);
      }
  if (similar->len == 1)
    return found;
  if (similar->len == 0)
    {
      (void) usage_error (p, "no such option: %s", name);
      return NULL;
    }
  g_ptr_array_sort (similar, compare_names);
  g_ptr_array_add (similar, NULL);
  g_autofree char *all = g_strjoinv (", ", (char **) similar->pdata);
  (void) usage_error (p, "ambiguous option: %s (%s?)", name, all);
  return NULL;
}

static gboolean
parse_long (Parser *p, const char *word)
{
  const char *equals = strchr (word, '='), *full = NULL;
  g_autofree char *name = equals != NULL ? g_strndup (word, (gsize) (equals - word)) : g_strdup (word);
  const Option *option = find_long (p, name, &full);

  if (option == NULL)
    return FALSE;
  if (takes_value (option))
    return apply_with_value (p, option, full, equals != NULL ? equals + 1 : NULL);
  if (equals != NULL)
    return usage_error (p, "%s option does not take a value", full);
  return apply (p, option, full, NULL);
}

static const Option *
find_letter (const char *at)
{
  for (gsize i = 0; i < G_N_ELEMENTS (option_table); i++)
    if (option_table[i].letter != 0 && option_table[i].letter == *at)
      return &option_table[i];
  return NULL;
}

static gboolean
parse_letters (Parser *p, const char *word)
{
  for (const char *at = word + 1; *at != '\0'; at = g_utf8_next_char (at))
    {
      const Option *option = find_letter (at);
      g_autofree char *shown = g_strdup_printf ("-%.*s", (int) (g_utf8_next_char (at) - at), at);

      if (option == NULL)
        return usage_error (p, "no such option: %s", shown);
      if (takes_value (option))
        return apply_with_value (p, option, shown, at[1] != '\0' ? at + 1 : NULL);
      if (!apply (p, option, shown, NULL))
        return FALSE;
    }
  return TRUE;
}

static gboolean
parse_words (Parser *p)
{
  while (p->next < p->words->len)
    {
      const char *word = g_ptr_array_index (p->words, p->next++);
      gboolean ok = TRUE;

      if (g_str_equal (word, "--"))
        break;
      if (g_str_has_prefix (word, "--"))
        ok = parse_long (p, word);
      else if (word[0] == '-' && word[1] != '\0')
        ok = parse_letters (p, word);
      else
        g_ptr_array_add (p->options->args, g_strdup (word));
      if (!ok)
        return FALSE;
    }
  for (; p->next < p->words->len; p->next++)
    g_ptr_array_add (p->options->args, g_strdup (g_ptr_array_index (p->words, p->next)));
  return TRUE;
}

static gboolean
check (Parser *p)
{
  const Options *options = p->options;
  g_autoptr (GString) errors = g_string_new (NULL);

  if (options->print_no_missed && options->print_all_missed)
    g_string_append (errors, "ERROR: --print-no-missed and --print-all-missed are mutually exclusive.\n");
  if (options->print_no_ignored && options->print_all_ignored)
    g_string_append (errors, "ERROR: --print-no-ignored and --print-all-ignored are mutually exclusive.\n");
  if (options->args->len != 2 && options->args->len != 3)
    g_string_append (errors, "ERROR: provide both <LOG> and <REGEX>.\n");
  if (errors->len == 0)
    return TRUE;
  print_usage (p, stdout);
  (void) fputs (options_help, stdout);
  (void) fflush (stdout);
  (void) fprintf (stderr, "\n%s", errors->str);
  p->exit_code = EXIT_ERROR;
  return FALSE;
}

gboolean
options_parse (Options *self, int argc, char **argv, int *ret_exit_code)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  Parser p = { .options = self, .program = argc > 0 ? argv[0] : "fail2ban-regex", .words = words };

  for (int i = 1; i < argc; i++)
    g_ptr_array_add (words, py_fs_decode (argv[i]));
  *self = (Options){ .config = g_strdup ("/etc/fail2ban"),
                     .encoding = g_strdup (py_codec_preferred ()),
                     .log_level = g_strdup ("critical"),
                     .args = g_ptr_array_new_with_free_func (g_free) };
  if (parse_words (&p) && check (&p))
    return TRUE;
  *ret_exit_code = p.exit_code;
  return FALSE;
}

void
options_clear (Options *self)
{
  g_free (self->config);
  g_free (self->datepattern);
  g_free (self->timezone);
  g_free (self->encoding);
  g_free (self->usedns);
  g_free (self->journalmatch);
  g_free (self->log_level);
  g_free (self->out);
  g_clear_pointer (&self->args, g_ptr_array_unref);
}
