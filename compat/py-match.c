#include "compat/py-regex.h"

#include <string.h>

#include "compat/py-regex-callout.h"
#include "compat/py-regex-private.h"

/* What a search may cost is decided beforehand, by pattern and subject only, never by the clock.
 *
 * PCRE2's match limit counts steps, for each place where a match can begin from zero.  A step takes 1.5 ns at least, and
 * may look at more of the subject: 0.003 ns a byte on average, 0.06 where the pattern looks far, ten times that in UTF.  So
 * many steps are budgeted as 5 ms are enough for, and for long subjects always some for each byte: what takes time in
 * proportion to the length is no catastrophe.  Fewer where a match begins at one place and a step can run over many
 * characters: the first search goes by the worst that could be, and only when it does not end the subject is looked at.
 * First the whole subject is searched with as low a limit as cannot exceed an eighth of the budget; on fail2ban's own filters and their
 * sample logs each search ends there.  Otherwise it is searched again slice by slice, small steps for many places at
 * once or many for one place.  As we do not learn how many were made, what was allowed is taken for spent: allowances for
 * one place grow eightfold, so that a heavy place (^(?:x+x+)+y on twenty x: 1.6 million steps, nothing to Python) is
 * finished. */
#define BUDGET_PS          5000000000u
#define SHARE_OF_FIRST     8u
#define STEP_PS            1500u
#define WAY_PS             3u
#define FAR_FACTOR         20u
#define REACH_PS           60u
#define REACH_LEAST        512u /* what a step runs over in shorter subjects makes no great difference */
#define UTF_FACTOR         10u
#define INTERPRETER_FACTOR 10u
#define ALLOWANCES         64u
#define STEPS_LEAST        20u
#define STEPS_PER_BYTE     4u
#define HASTE_MOST         4u

/* For what PCRE2 interprets, which recurses on the heap; and the JIT's stack, of which 32 KiB are taken at first. */
#define DEPTH_LIMIT    20000u
#define HEAP_LIMIT_KIB 4096u
#define STACK_START    (32 * 1024)
#define STACK_MOST     (1024 * 1024)

/* Longer subjects are not searched: py-regex-emit counts on it. */
#define SUBJECT_MOST (1u << 28)

struct PyMatch
{
  pcre2_match_data *data;
  guint room; /* groups, with group 0 */
  pcre2_match_context *context;
  pcre2_jit_stack *stack;
  PCRE2_SIZE compare_begin; /* for py_regex_callout */
  guint groups;             /* that the last match has, with group 0; 0: there is none */
  guint haste;
};

typedef struct
{
  const char *text;
  gsize start, end;
} Subject;

PyMatch *
py_match_new (void)
{
  PyMatch *self = g_new0 (PyMatch, 1);

  self->context = pcre2_match_context_create (NULL);
  self->stack = pcre2_jit_stack_create (STACK_START, STACK_MOST, NULL);
  pcre2_jit_stack_assign (self->context, NULL, self->stack);
  pcre2_set_callout (self->context, py_regex_callout, &self->compare_begin);
  pcre2_set_depth_limit (self->context, DEPTH_LIMIT);
  pcre2_set_heap_limit (self->context, HEAP_LIMIT_KIB);
  return self;
}

void
py_match_free (PyMatch *self)
{
  if (self == NULL)
    return;
  pcre2_match_data_free (self->data);
  pcre2_match_context_free (self->context);
  pcre2_jit_stack_free (self->stack);
  g_free (self);
}

void
py_match_set_haste (PyMatch *self, guint haste)
{
  self->haste = MIN (haste, HASTE_MOST);
}

static void
make_room (PyMatch *self, guint groups)
{
  if (self->room >= groups)
    return;
  pcre2_match_data_free (self->data);
  self->data = pcre2_match_data_create (groups, NULL);
  self->room = groups;
}

static gsize
count_lines (const Subject *subject)
{
  const char *at = subject->text + subject->start, *end = subject->text + subject->end;
  gsize n = 1;

  while (at < end && (at = memchr (at, '\n', (gsize) (end - at))) != NULL)
    {
      at++;
      n++;
    }
  return n;
}

/* How many steps the search may take in all, when a step can run over `reach` bytes */
static guint64
count_budget (const PyRegex *re, const PyRegexForm *form, gboolean utf, gsize len, gsize reach, guint haste)
{
  guint64 way = (guint64) len * WAY_PS * (re->looks_far ? FAR_FACTOR : 1) * (utf ? UTF_FACTOR : 1);
  guint64 run = (guint64) reach * REACH_PS * (utf ? UTF_FACTOR : 1);
  guint64 step = ((STEP_PS + way) * form->heft + run) * (form->has_jit ? 1 : INTERPRETER_FACTOR);

  return MAX ((BUDGET_PS >> (3 * haste)) / step,
              re->looks_far ? STEPS_LEAST : STEPS_LEAST + STEPS_PER_BYTE * (guint64) (len - reach));
}

static gsize
count_places (const PyRegexForm *form, const Subject *subject)
{
  switch (form->begins)
    {
    case PY_BEGINS_ONCE:
      return 1;
    case PY_BEGINS_AT_LINES:
      return count_lines (subject);
    case PY_BEGINS_ANYWHERE:
      break;
    }
  return subject->end - subject->start + 1;
}

static int
run (PyMatch *self, const PyRegexForm *form, const Subject *subject, gsize start, guint64 steps)
{
  pcre2_set_match_limit (self->context, (guint32) CLAMP (steps, STEPS_LEAST, G_MAXUINT32));
  if (form->has_jit)
    return pcre2_jit_match (form->code, (PCRE2_SPTR) subject->text, subject->end, start, PCRE2_NO_UTF_CHECK, self->data,
                            self->context);
  return pcre2_match (form->code, (PCRE2_SPTR) subject->text, subject->end, start, PCRE2_NO_UTF_CHECK, self->data,
                      self->context);
}

/* One place, with ever more steps.  `*left` is what heavy places may still take. */
static int
run_heavy (PyMatch *self, const PyRegexForm *form, const Subject *subject, gsize place, guint64 steps, guint64 *left)
{
  int rc = PCRE2_ERROR_MATCHLIMIT;

  while (rc == PCRE2_ERROR_MATCHLIMIT && *left > 0)
    {
      steps = MIN (steps * 8, *left);
      *left -= steps;
      rc = run (self, form, subject, place, steps);
    }
  return rc;
}

/* The place behind the slice, at the beginning of a character */
static gsize
next_place (const Subject *subject, gsize place, gsize n)
{
  gsize next = place + n;

  while (next < subject->end && ((guint8) subject->text[next] & 0xc0) == 0x80)
    next++;
  return next;
}

/* Slices that double while all is well: a few for the longest subject. */
static int
run_slices (PyMatch *self, const PyRegexForm *form, const Subject *subject, guint64 budget)
{
  guint64 allowance = budget / ALLOWANCES, left = budget;
  gsize place = subject->start, n = 1;

  for (guint i = 0; place <= subject->end; i++)
    {
      gsize next = next_place (subject, place, n);

      if (i == ALLOWANCES)
        return PCRE2_ERROR_MATCHLIMIT;
      pcre2_set_offset_limit (self->context, next - 1);
      int rc = run (self, form, subject, place, allowance / n);
      if (rc == PCRE2_ERROR_MATCHLIMIT && n > 1)
        {
          n = MAX (n / 8, 1);
          continue;
        }
      if (rc == PCRE2_ERROR_MATCHLIMIT)
        rc = run_heavy (self, form, subject, place, allowance, &left);
      if (rc != PCRE2_ERROR_NOMATCH)
        return rc;
      place = next;
      n *= 2;
    }
  return PCRE2_ERROR_NOMATCH;
}

static int
run_sliced (PyMatch *self, PyRegex *re, gboolean utf, const Subject *subject, guint64 budget)
{
  const PyRegexForm *form = py_regex_prepare_form (re, utf ? PY_FORM_UTF_SLICED : PY_FORM_BYTES_SLICED);

  if (form == NULL)
    return PCRE2_ERROR_MATCHLIMIT;
  int rc = run_slices (self, form, subject, budget);
  pcre2_set_offset_limit (self->context, PCRE2_UNSET);
  return rc;
}

/* Where a match can begin at one place only, a step is reckoned by how far it can run.  Elsewhere the slices take care of heavy places,
 * and limits below STEPS_LEAST for each of many places would have no effect but more searches. */
static int
run_bounded (PyMatch *self, PyRegex *re, const PyRegexForm *form, gboolean utf, const Subject *subject)
{
  gsize len = subject->end, places = count_places (form, subject), reach = places == 1 && len > REACH_LEAST ? len : 0;
  guint64 careful = count_budget (re, form, utf, len, reach, self->haste);
  int rc = run (self, form, subject, subject->start, careful / (places > 1 ? SHARE_OF_FIRST * places : 1));

  if (rc != PCRE2_ERROR_MATCHLIMIT)
    return rc;
  if (places > 1)
    return run_sliced (self, re, utf, subject, careful);
  if (reach == 0)
    return rc;
  reach = py_regex_reach_of (py_regex_get_reach (re), subject->text, len);
  guint64 budget = count_budget (re, form, utf, len, reach, self->haste);
  return budget > careful ? run (self, form, subject, subject->start, budget) : rc;
}

/* FALSE: the subject is no text. */
static gboolean
choose_form (const char *text, gsize len, PySearchFlags flags, gboolean *ret_utf)
{
  *ret_utf = (flags & PY_SEARCH_AS_UTF) || (!(flags & PY_SEARCH_IS_ASCII) && !py_text_is_ascii (text, len));
  return !*ret_utf || (flags & PY_SEARCH_IS_UTF8) || py_text_is_wtf8 (text, len);
}

/* The form without groups is for what can match at one place only, where nothing else is gained by them. */
static const PyRegexForm *
choose_search_form (PyRegex *self, gboolean utf, PySearchFlags flags)
{
  const PyRegexForm *form = NULL;

  if ((flags & PY_SEARCH_BARE) && !utf && py_regex_get_need (self)->has_start)
    form = py_regex_prepare_form (self, PY_FORM_BYTES_BARE);
  return form != NULL ? form : py_regex_prepare_form (self, utf ? PY_FORM_UTF : PY_FORM_BYTES);
}

static gboolean
can_match (const PyRegex *self, const char *text, gsize len, PySearchFlags flags)
{
  const PyRegexNeed *need = py_regex_get_need (self);

  return flags & PY_SEARCH_GATED ? py_regex_need_has_texts (need, text, len) : py_regex_need_is_met (need, text, len);
}

PyRegexResult
py_regex_search (PyRegex *self, const char *text, gsize len, gsize pos, gsize endpos, PySearchFlags flags,
                 PyMatch *match)
{
  g_return_val_if_fail (self != NULL && match != NULL, PY_REGEX_NO_MATCH);
  g_return_val_if_fail (text != NULL || len == 0, PY_REGEX_NO_MATCH);

  Subject subject = { text != NULL ? text : "", MIN (pos, len), MIN (endpos, len) };
  gboolean utf;

  match->groups = 0;
  if (subject.start == 0 && !(flags & PY_SEARCH_UNGATED) && !can_match (self, subject.text, subject.end, flags))
    return PY_REGEX_NO_MATCH;
  if (subject.start > subject.end || !choose_form (subject.text, subject.end, flags, &utf))
    return PY_REGEX_NO_MATCH;
  if (subject.end >= SUBJECT_MOST)
    return PY_REGEX_LIMIT;
  make_room (match, py_regex_group_count (self) + 1);
  const PyRegexForm *form = choose_search_form (self, utf, flags);
  if (form == NULL)
    return PY_REGEX_LIMIT;
  int rc = run_bounded (match, self, form, utf, &subject);
  if (rc == PCRE2_ERROR_NOMATCH)
    return PY_REGEX_NO_MATCH;
  if (rc <= 0)
    return PY_REGEX_LIMIT;
  match->groups = flags & PY_SEARCH_BARE ? 0 : (guint) rc;
  return PY_REGEX_MATCH;
}

gboolean
py_match_span (const PyMatch *self, guint group, gsize *ret_start, gsize *ret_end)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (group >= self->groups)
    return FALSE;
  const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer (self->data) + 2 * group;
  if (offsets[0] == PCRE2_UNSET)
    return FALSE;
  if (ret_start != NULL)
    *ret_start = offsets[0];
  if (ret_end != NULL)
    *ret_end = offsets[1];
  return TRUE;
}

const gsize *
py_match_peek_offsets (const PyMatch *self, guint *ret_n)
{
  g_return_val_if_fail (self != NULL && ret_n != NULL, NULL);

  *ret_n = self->groups;
  return self->groups > 0 ? pcre2_get_ovector_pointer (self->data) : NULL;
}

void
py_match_set_offsets (PyMatch *self, const gsize *offsets, guint n)
{
  g_return_if_fail (self != NULL && (offsets != NULL || n == 0));

  self->groups = n;
  if (n == 0)
    return;
  make_room (self, n);
  memcpy (pcre2_get_ovector_pointer (self->data), offsets, 2 * n * sizeof offsets[0]);
}

char *
py_match_dup_group (const PyMatch *self, const char *subject, guint group)
{
  gsize start, end;

  if (!py_match_span (self, group, &start, &end))
    return NULL;
  char *text = g_malloc (end - start + 1);
  memcpy (text, subject + start, end - start);
  text[end - start] = '\0';
  return text;
}
