#include "jail/ban-time.h"

#include "base/duration.h"
#include "compat/py-expr.h"
#include "compat/py-int.h"
#include "jail/jail-error.h"

/* man jail.conf: the formula when none is given; the shift is limited so that no ban exceeds a million times the first. */
#define DEFAULT_FORMULA "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"

typedef struct
{
  PyExpr *formula;        /* used when there are no multipliers */
  GPtrArray *multipliers; /* PyValue ints */
  PyValue *factor;
  PyValue *max_time; /* NULL: none */
  PyValue *rnd_time;
} Rule;

struct BanTime
{
  GHashTable *options;    /* name -> PyValue, as set */
  gboolean is_increasing; /* what "increment" says: asked at each failure */
  GPtrArray *multipliers; /* PyValue ints: the last ones that could be read */
  Rule *rule;             /* NULL until the first option is set */
};

static void
rule_free (Rule *self)
{
  if (self == NULL)
    return;
  py_expr_free (self->formula);
  g_clear_pointer (&self->multipliers, g_ptr_array_unref);
  py_value_unref (self->factor);
  py_value_unref (self->max_time);
  py_value_unref (self->rnd_time);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rule, rule_free)

BanTime *
ban_time_new (void)
{
  BanTime *self = g_new0 (BanTime, 1);

  self->options = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) py_value_unref);
  self->multipliers = g_ptr_array_new_with_free_func ((GDestroyNotify) py_value_unref);
  return self;
}

void
ban_time_free (BanTime *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->options);
  g_ptr_array_unref (self->multipliers);
  rule_free (self->rule);
  g_free (self);
}

gboolean
ban_time_value_is_yes (const PyValue *value)
{
  static const char *const yes[] = { "1", "on", "true", "yes", NULL };
  g_autofree char *lower = NULL;

  if (value == NULL)
    return FALSE;
  if (py_value_type (value) != PY_STR)
    return py_value_truth (value);
  lower = g_ascii_strdown (py_str_peek (value, NULL), -1);
  return g_strv_contains (yes, lower);
}

PyValue *
ban_time_peek (const BanTime *self, const char *option)
{
  return g_hash_table_lookup (self->options, option);
}

gboolean
ban_time_is_increasing (const BanTime *self)
{
  return self->is_increasing;
}

/* Unlike "increment" this one is not turned into a bool when it is set, so the text 'false' counts as yes (as 1.1.2). */
gboolean
ban_time_is_over_all_jails (const BanTime *self)
{
  PyValue *value = ban_time_peek (self, "overalljails");

  return value != NULL && py_value_truth (value);
}

gboolean
ban_time_get_max (const BanTime *self, double *ret_sec)
{
  PyValue *value = ban_time_peek (self, "maxtime");

  return value != NULL && py_value_to_double (value, ret_sec);
}

/* Text is evaluated, numbers are taken as they are. */
static PyValue *
value_to_seconds (PyValue *value, GError **error)
{
  gsize len;
  const char *text;

  if (py_value_type (value) != PY_STR)
    return py_value_ref (value);
  text = py_str_peek (value, &len);
  return duration_parse (text, (gssize) len, error);
}

static gboolean
set_multipliers (BanTime *self, PyValue *value, GError **error)
{
  g_autoptr (GPtrArray) multipliers = g_ptr_array_new_with_free_func ((GDestroyNotify) py_value_unref);
  g_auto (GStrv) words = NULL;

  if (value != NULL && py_value_type (value) != PY_STR)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_ATTRIBUTE, "'%s' object has no attribute 'split'",
                   py_value_type_name (value));
      return FALSE;
    }
  if (value != NULL)
    words = g_strsplit (py_str_peek (value, NULL), " ", -1);
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    {
      PyValue *number = py_int_parse (words[i], -1, error);

      if (number == NULL)
        return FALSE;
      g_ptr_array_add (multipliers, number);
    }
  g_ptr_array_unref (self->multipliers);
  self->multipliers = g_steal_pointer (&multipliers);
  return TRUE;
}

static gboolean
rule_set_factor (Rule *rule, PyValue *value, GError **error)
{
  if (value == NULL)
    rule->factor = py_int_new (1);
  else if (py_value_type (value) == PY_STR)
    rule->factor = py_expr_eval_text (py_str_peek (value, NULL), -1, error);
  else
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE, "eval() arg 1 must be a string, bytes or code object");
  return rule->factor != NULL;
}

static gboolean
rule_set_formula (Rule *rule, PyValue *value, GError **error)
{
  if (value != NULL && py_value_type (value) != PY_STR)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE, "compile() arg 1 must be a string, bytes or AST object");
      return FALSE;
    }
  rule->formula = py_expr_new_named (value != NULL ? py_str_peek (value, NULL) : DEFAULT_FORMULA, -1,
                                     "~inline-conf-expr~", error);
  return rule->formula != NULL;
}

static PyValue *
dup_seconds (const BanTime *self, const char *option)
{
  PyValue *value = ban_time_peek (self, option);

  return value != NULL && py_value_type (value) != PY_STR ? py_value_ref (value) : NULL;
}

static gboolean
rebuild (BanTime *self, GError **error)
{
  g_autoptr (Rule) rule = g_new0 (Rule, 1);

  rule->multipliers = g_ptr_array_ref (self->multipliers);
  if (!rule_set_factor (rule, ban_time_peek (self, "factor"), error))
    return FALSE;
  if (rule->multipliers->len == 0 && !rule_set_formula (rule, ban_time_peek (self, "formula"), error))
    return FALSE;
  rule->max_time = dup_seconds (self, "maxtime");
  rule->rnd_time = dup_seconds (self, "rndtime");

  rule_free (self->rule);
  self->rule = g_steal_pointer (&rule);
  return TRUE;
}

gboolean
ban_time_set (BanTime *self, const char *option, PyValue *value, GError **error)
{
  static const char *const rule_options[] = { "formula", "factor", "maxtime", "rndtime", "multipliers", NULL };
  g_return_val_if_fail (self != NULL && option != NULL, FALSE);

  if (value != NULL && (py_value_type (value) == PY_NONE || py_str_equals (value, "")))
    value = NULL;
  if (g_str_equal (option, "increment"))
    {
      self->is_increasing = ban_time_value_is_yes (value);
      g_hash_table_replace (self->options, g_strdup (option), py_bool_new (self->is_increasing));
    }
  else if (value == NULL)
    g_hash_table_remove (self->options, option);
  else if (g_str_equal (option, "maxtime") || g_str_equal (option, "rndtime"))
    {
      PyValue *seconds = value_to_seconds (value, error);

      /* What cannot be read is shown afterwards all the same (1.1.2), but means nothing. */
      g_hash_table_replace (self->options, g_strdup (option), seconds != NULL ? seconds : py_value_ref (value));
      if (seconds == NULL)
        return FALSE;
    }
  else
    g_hash_table_replace (self->options, g_strdup (option), py_value_ref (value));

  if (g_str_equal (option, "multipliers") && !set_multipliers (self, value, error))
    return FALSE;
  if (self->rule == NULL || g_strv_contains (rule_options, option))
    return rebuild (self, error);
  return TRUE;
}

typedef struct
{
  PyValue *ban_time;
  gint64 count;
  PyValue *factor;
  PyValue *multiplier;
  double random;
  PyValue *rnd_time;
  PyValue *time;
} Names;

static PyValue *
lookup (const char *name, gpointer user_data)
{
  const Names *names = user_data;

  if (g_str_equal (name, "ban.Time"))
    return py_value_ref (names->ban_time);
  if (g_str_equal (name, "ban.Count"))
    return py_int_new (names->count);
  if (g_str_equal (name, "banFactor"))
    return py_value_ref (names->factor);
  if (g_str_equal (name, "multiplier") && names->multiplier != NULL)
    return py_value_ref (names->multiplier);
  if (g_str_equal (name, "rndtime") && names->rnd_time != NULL)
    return py_value_ref (names->rnd_time);
  if (g_str_equal (name, "random") && names->rnd_time != NULL)
    return py_float_new (names->random);
  if (g_str_equal (name, "time") && names->time != NULL)
    return py_value_ref (names->time);
  return NULL;
}

/* Our own expressions, so that ints stay ints and overflow is Python's. */
static PyValue *
evaluate (const char *text, Names *names, GError **error)
{
  g_autoptr (PyExpr) expr = py_expr_new (text, -1, error);

  return expr != NULL ? py_expr_eval (expr, lookup, names, error) : NULL;
}

static gboolean
number_of (const PyValue *value, double *ret_number, GError **error)
{
  if (py_value_to_double (value, ret_number))
    return TRUE;
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "'>' not supported between instances of '%s' and 'int'",
               py_value_type_name (value));
  return FALSE;
}

/* The formula never shortens a ban; multipliers may. */
static PyValue *
apply_rule (const Rule *rule, Names *names, GError **error)
{
  g_autoptr (PyValue) result = NULL;
  double number, ban_time = 0;

  if (rule->multipliers->len > 0)
    {
      guint last = rule->multipliers->len - 1;
      guint index = names->count >= 0 && names->count < last ? (guint) names->count : last;

      names->multiplier = g_ptr_array_index (rule->multipliers, index);
      return evaluate ("ban.Time * banFactor * multiplier", names, error);
    }
  result = py_expr_eval (rule->formula, lookup, names, error);
  if (result == NULL || !number_of (result, &number, error))
    return NULL;
  (void) py_value_to_double (names->ban_time, &ban_time);
  if (number <= ban_time)
    return py_value_ref (names->ban_time);
  return g_steal_pointer (&result);
}

PyValue *
ban_time_calculate (const BanTime *self, gint64 ban_time_sec, gint64 ban_count, double random, GError **error)
{
  g_autoptr (PyValue) ban_time = py_int_new (ban_time_sec);

  return ban_time_calculate_value (self, ban_time, ban_count, random, error);
}

PyValue *
ban_time_calculate_value (const BanTime *self, PyValue *ban_time, gint64 ban_count, double random, GError **error)
{
  g_autoptr (PyValue) time = NULL;
  double number, max;

  if (self->rule == NULL)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_KEY, "'evformula'");
      return NULL;
    }
  Names names = { .ban_time = ban_time, .count = ban_count, .factor = self->rule->factor, .random = random };

  time = apply_rule (self->rule, &names, error);
  if (time == NULL || !number_of (time, &number, error))
    return NULL;
  if (self->rule->max_time != NULL && py_value_to_double (self->rule->max_time, &max) && max < number)
    {
      py_value_unref (time);
      time = py_value_ref (self->rule->max_time);
    }
  if (self->rule->rnd_time == NULL)
    return g_steal_pointer (&time);
  names.rnd_time = self->rule->rnd_time;
  names.time = time;
  return evaluate ("time + random * rndtime", &names, error);
}
