#include "compat/py-bigint.h"

#include <math.h>
#include <string.h>

#define MAX_LIMBS (PY_BIGINT_MAX_BITS / 32)

struct PyBigint
{
  gboolean negative; /* never with n == 0 */
  guint n;           /* limbs in use, no leading zero limb */
  guint32 *limb;     /* least significant first */
};

static PyBigint *
bigint_alloc (guint limbs)
{
  PyBigint *self = g_new0 (PyBigint, 1);

  self->n = limbs;
  self->limb = g_new0 (guint32, MAX (limbs, 1));
  return self;
}

/* Drops leading zeros; NULL (and freed) when the number is larger than allowed. */
static PyBigint *
bigint_normalize (PyBigint *self)
{
  while (self->n > 0 && self->limb[self->n - 1] == 0)
    self->n--;
  if (self->n == 0)
    self->negative = FALSE;
  if (self->n > MAX_LIMBS)
    g_clear_pointer (&self, py_bigint_free);
  return self;
}

void
py_bigint_free (PyBigint *self)
{
  if (self == NULL)
    return;
  g_free (self->limb);
  g_free (self);
}

static PyBigint *
bigint_new_unsigned (guint64 magnitude, gboolean negative)
{
  PyBigint *self = bigint_alloc (2);

  self->limb[0] = (guint32) magnitude;
  self->limb[1] = (guint32) (magnitude >> 32);
  self->negative = negative;
  return bigint_normalize (self);
}

PyBigint *
py_bigint_new_int (gint64 value)
{
  return bigint_new_unsigned (value < 0 ? -(guint64) value : (guint64) value, value < 0);
}

PyBigint *
py_bigint_new_double (double value)
{
  int exponent;

  g_return_val_if_fail (isfinite (value), NULL);
  value = trunc (value);
  double fraction = frexp (fabs (value), &exponent); /* value = fraction * 2**exponent, fraction in [0.5, 1) */
  if (exponent <= 62)
    return py_bigint_new_int ((gint64) value);
  g_autoptr (PyBigint) mantissa = py_bigint_new_int ((gint64) ldexp (fraction, 62));
  PyBigint *self = py_bigint_shift_left (mantissa, (guint) (exponent - 62));
  self->negative = value < 0;
  return self;
}

/* self = self * factor + addend; the room for one more limb is there. */
static void
bigint_multiply_small (PyBigint *self, guint32 factor, guint32 addend)
{
  guint64 carry = addend;

  for (guint i = 0; i < self->n; i++)
    {
      carry += (guint64) self->limb[i] * factor;
      self->limb[i] = (guint32) carry;
      carry >>= 32;
    }
  if (carry != 0)
    self->limb[self->n++] = (guint32) carry;
}

PyBigint *
py_bigint_new_digits (const char *digits, gsize len, guint base)
{
  if (len == 0 || len > PY_BIGINT_MAX_BITS)
    return NULL;
  PyBigint *self = bigint_alloc ((guint) (len / 8 + 2)); /* a hex digit has 4 bits: eight a limb */
  self->n = 0;
  for (gsize i = 0; i < len; i++)
    {
      int digit = g_ascii_xdigit_value (digits[i]);
      if (digit < 0 || (guint) digit >= base)
        {
          py_bigint_free (self);
          return NULL;
        }
      bigint_multiply_small (self, base, (guint32) digit);
    }
  return bigint_normalize (self);
}

PyBigint *
py_bigint_new_bytes (const guint8 *bytes, gsize len)
{
  if (len > PY_BIGINT_MAX_BITS / 8)
    return NULL;
  gboolean negative = len > 0 && (bytes[len - 1] & 0x80) != 0;
  PyBigint *self = bigint_alloc ((guint) (len + 3) / 4);
  guint32 carry = 1; /* -x is ~x + 1 */
  for (guint i = 0; i < self->n; i++)
    {
      guint32 limb = 0;
      for (guint k = 0; k < 4; k++)
        {
          gsize at = (gsize) i * 4 + k;
          guint32 byte = at < len ? bytes[at] : negative ? 0xff : 0;
          limb |= byte << (8 * k);
        }
      if (negative)
        {
          limb = ~limb + carry;
          carry &= limb == 0;
        }
      self->limb[i] = limb;
    }
  self->negative = negative;
  return bigint_normalize (self);
}

PyBigint *
py_bigint_copy (const PyBigint *self)
{
  PyBigint *copy = bigint_alloc (self->n);

  copy->negative = self->negative;
  memcpy (copy->limb, self->limb, self->n * sizeof (guint32));
  return copy;
}

int
py_bigint_sign (const PyBigint *self)
{
  return self->n == 0 ? 0 : self->negative ? -1 : 1;
}

guint
py_bigint_bit_length (const PyBigint *self)
{
  return self->n == 0 ? 0 : self->n * 32 - (guint) __builtin_clz (self->limb[self->n - 1]);
}

gboolean
py_bigint_is_odd (const PyBigint *self)
{
  return self->n > 0 && (self->limb[0] & 1) != 0;
}

gboolean
py_bigint_to_int (const PyBigint *self, gint64 *ret_value)
{
  guint64 magnitude = 0;

  if (self->n > 2)
    return FALSE;
  for (guint i = 0; i < self->n; i++)
    magnitude |= (guint64) self->limb[i] << (32 * i);
  if (magnitude > (guint64) G_MAXINT64 + (self->negative ? 1 : 0))
    return FALSE;
  *ret_value = self->negative ? (gint64) -magnitude : (gint64) magnitude;
  return TRUE;
}

/* (magnitude, "and a little more" when sticky) * 2**exponent as double, rounded once, half to even. */
static gboolean
magnitude_to_double (const PyBigint *self, gboolean sticky, gint exponent, double *ret_value)
{
  gint bits = (gint) py_bigint_bit_length (self);
  gint precision = MIN (53, bits + exponent + 1074); /* fewer bits for subnormal numbers */

  if (bits == 0 || precision < 0)
    {
      *ret_value = 0;
      return TRUE;
    }
  gint drop = bits - precision; /* low bits that do not fit */
  guint64 mantissa = 0;
  if (drop <= 0)
    {
      for (guint i = 0; i < self->n; i++)
        mantissa |= (guint64) self->limb[i] << (32 * i);
      *ret_value = ldexp ((double) mantissa, exponent);
      return isfinite (*ret_value);
    }
  for (gint i = bits - 1; i >= drop; i--)
    mantissa = mantissa << 1 | (self->limb[i / 32] >> (i % 32) & 1);
  gint half_bit = drop - 1;
  gboolean half = (self->limb[half_bit / 32] >> (half_bit % 32) & 1) != 0;
  for (gint i = 0; half && !sticky && i < half_bit; i++)
    sticky = (self->limb[i / 32] >> (i % 32) & 1) != 0;
  if (half && (sticky || (mantissa & 1) != 0))
    mantissa++;
  *ret_value = ldexp ((double) mantissa, exponent + drop);
  return isfinite (*ret_value);
}

gboolean
py_bigint_to_double (const PyBigint *self, double *ret_value)
{
  double value;

  if (!magnitude_to_double (self, FALSE, 0, &value))
    return FALSE;
  *ret_value = self->negative ? -value : value;
  return TRUE;
}

void
py_bigint_to_bytes (const PyBigint *self, GByteArray *out)
{
  if (self->n == 0)
    return;
  gsize bytes = py_bigint_bit_length (self) / 8 + 1;
  guint start = out->len;
  guint32 carry = 1;
  g_byte_array_set_size (out, (guint) (start + bytes));
  for (gsize i = 0; i < bytes; i++)
    {
      guint32 byte = i / 4 < self->n ? self->limb[i / 4] >> (8 * (i % 4)) & 0xff : 0;
      if (self->negative)
        {
          byte = (~byte & 0xff) + carry;
          carry = byte >> 8;
        }
      out->data[start + i] = (guint8) byte;
    }
  /* -128 needs one byte, not two */
  if (bytes > 1 && self->negative && out->data[start + bytes - 1] == 0xff && (out->data[start + bytes - 2] & 0x80) != 0)
    g_byte_array_set_size (out, out->len - 1);
}

/* Divides in place by a small number; gives the remainder. */
static guint32
bigint_divide_small (PyBigint *self, guint32 divisor)
{
  guint64 rest = 0;

  for (guint i = self->n; i-- > 0;)
    {
      rest = rest << 32 | self->limb[i];
      self->limb[i] = (guint32) (rest / divisor);
      rest %= divisor;
    }
  while (self->n > 0 && self->limb[self->n - 1] == 0)
    self->n--;
  return (guint32) rest;
}

char *
py_bigint_to_string (const PyBigint *self)
{
  if (self->n == 0)
    return g_strdup ("0");
  g_autoptr (PyBigint) rest = py_bigint_copy (self);
  g_autoptr (GString) text = g_string_new (NULL); /* backwards, nine digits at a time */
  while (rest->n > 0)
    {
      guint32 group = bigint_divide_small (rest, 1000000000);
      for (guint i = 0; i < 9 && (rest->n > 0 || group > 0); i++, group /= 10)
        g_string_append_c (text, (char) ('0' + group % 10));
    }
  if (self->negative)
    g_string_append_c (text, '-');
  g_strreverse (text->str);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

guint
py_bigint_hash (const PyBigint *self)
{
  guint64 rest = 0; /* the value modulo the prime 2**31 - 1, as py-value.c hashes doubles and small ints */

  for (guint i = self->n; i-- > 0;)
    rest = (rest << 32 | self->limb[i]) % 0x7fffffff;
  return self->negative ? (guint) -rest : (guint) rest;
}

static int
magnitude_compare (const PyBigint *a, const PyBigint *b)
{
  if (a->n != b->n)
    return a->n < b->n ? -1 : 1;
  for (guint i = a->n; i-- > 0;)
    if (a->limb[i] != b->limb[i])
      return a->limb[i] < b->limb[i] ? -1 : 1;
  return 0;
}

int
py_bigint_compare (const PyBigint *a, const PyBigint *b)
{
  if (a->negative != b->negative)
    return a->negative ? -1 : 1;
  return a->negative ? -magnitude_compare (a, b) : magnitude_compare (a, b);
}

int
py_bigint_compare_double (const PyBigint *a, double b)
{
  if (isinf (b))
    return b > 0 ? -1 : 1;
  double whole = trunc (b);
  g_autoptr (PyBigint) integer = py_bigint_new_double (whole);
  int order = py_bigint_compare (a, integer);
  return order != 0 || b == whole ? order : b > whole ? -1 : 1;
}

PyBigint *
py_bigint_negate (const PyBigint *a)
{
  PyBigint *result = py_bigint_copy (a);

  result->negative = a->n > 0 && !a->negative;
  return result;
}

static PyBigint *
magnitude_add (const PyBigint *a, const PyBigint *b)
{
  guint n = MAX (a->n, b->n);
  PyBigint *result = bigint_alloc (n + 1);
  guint64 carry = 0;

  for (guint i = 0; i <= n; i++)
    {
      carry += (guint64) (i < a->n ? a->limb[i] : 0) + (i < b->n ? b->limb[i] : 0);
      result->limb[i] = (guint32) carry;
      carry >>= 32;
    }
  return result;
}

/* |a| - |b| where |a| >= |b| */
static PyBigint *
magnitude_subtract (const PyBigint *a, const PyBigint *b)
{
  PyBigint *result = bigint_alloc (a->n);
  gint64 borrow = 0;

  for (guint i = 0; i < a->n; i++)
    {
      gint64 difference = (gint64) a->limb[i] - (i < b->n ? b->limb[i] : 0) + borrow;
      result->limb[i] = (guint32) difference;
      borrow = difference < 0 ? -1 : 0;
    }
  return result;
}

static PyBigint *
bigint_add_signed (const PyBigint *a, const PyBigint *b, gboolean b_negative)
{
  PyBigint *result;

  if (a->negative == b_negative)
    {
      result = magnitude_add (a, b);
      result->negative = a->negative;
    }
  else if (magnitude_compare (a, b) >= 0)
    {
      result = magnitude_subtract (a, b);
      result->negative = a->negative;
    }
  else
    {
      result = magnitude_subtract (b, a);
      result->negative = b_negative;
    }
  return bigint_normalize (result);
}

PyBigint *
py_bigint_add (const PyBigint *a, const PyBigint *b)
{
  return bigint_add_signed (a, b, b->negative);
}

PyBigint *
py_bigint_subtract (const PyBigint *a, const PyBigint *b)
{
  return bigint_add_signed (a, b, !b->negative);
}

PyBigint *
py_bigint_multiply (const PyBigint *a, const PyBigint *b)
{
  if (a->n > 0 && b->n > 0 && a->n + b->n > MAX_LIMBS + 1)
    return NULL;
  PyBigint *result = bigint_alloc (a->n + b->n);
  for (guint i = 0; i < a->n; i++)
    {
      guint64 carry = 0;
      for (guint k = 0; k < b->n; k++)
        {
          carry += (guint64) a->limb[i] * b->limb[k] + result->limb[i + k];
          result->limb[i + k] = (guint32) carry;
          carry >>= 32;
        }
      result->limb[i + b->n] = (guint32) carry;
    }
  result->negative = a->negative != b->negative;
  return bigint_normalize (result);
}

PyBigint *
py_bigint_power (const PyBigint *a, guint exponent)
{
  g_autoptr (PyBigint) square = py_bigint_copy (a);
  g_autoptr (PyBigint) result = py_bigint_new_int (1);

  for (guint left = exponent; left > 0; left >>= 1)
    {
      if ((left & 1) != 0)
        {
          PyBigint *product = py_bigint_multiply (result, square);
          py_bigint_free (result);
          result = product;
          if (result == NULL)
            return NULL;
        }
      if (left > 1)
        {
          PyBigint *next = py_bigint_multiply (square, square);
          py_bigint_free (square);
          square = next;
          if (square == NULL)
            return NULL;
        }
    }
  return g_steal_pointer (&result);
}

PyBigint *
py_bigint_shift_left (const PyBigint *a, guint bits)
{
  if (a->n == 0)
    return py_bigint_new_int (0);
  if (bits > PY_BIGINT_MAX_BITS)
    return NULL;
  guint limbs = bits / 32;
  guint rest = bits % 32;
  PyBigint *result = bigint_alloc (a->n + limbs + 1);
  for (guint i = 0; i < a->n; i++)
    {
      guint64 wide = (guint64) a->limb[i] << rest;
      result->limb[i + limbs] |= (guint32) wide;
      result->limb[i + limbs + 1] |= (guint32) (wide >> 32);
    }
  result->negative = a->negative;
  return bigint_normalize (result);
}

PyBigint *
py_bigint_shift_right (const PyBigint *a, guint bits)
{
  guint limbs = bits / 32;
  guint rest = bits % 32;
  gboolean lost = FALSE; /* a 1 was shifted out: a negative number goes one further down */

  if (limbs >= a->n)
    return py_bigint_new_int (a->negative ? -1 : 0);
  for (guint i = 0; i < limbs; i++)
    lost |= a->limb[i] != 0;
  lost |= (a->limb[limbs] & ((1u << rest) - 1)) != 0;
  PyBigint *result = bigint_alloc (a->n - limbs + 1);
  for (guint i = limbs; i < a->n; i++)
    {
      guint64 wide = (i + 1 < a->n ? (guint64) a->limb[i + 1] << 32 : 0) | a->limb[i];
      result->limb[i - limbs] = (guint32) (wide >> rest);
    }
  if (a->negative && lost)
    for (guint i = 0; i < result->n && ++result->limb[i] == 0; i++)
      ;
  result->negative = a->negative;
  return bigint_normalize (result);
}

/* Knuth's algorithm D on magnitudes; u is shifted so that v's top bit is set, and ends as the (shifted) remainder. */
static void
magnitude_divide_long (guint32 *u, guint u_n, const guint32 *v, guint v_n, guint32 *quotient)
{
  for (guint j = u_n - v_n; j-- > 0;)
    {
      guint64 top = (guint64) u[j + v_n] << 32 | u[j + v_n - 1];
      guint64 guess = top / v[v_n - 1];
      guint64 rest = top % v[v_n - 1];
      while (guess > G_MAXUINT32 || guess * v[v_n - 2] > (rest << 32 | u[j + v_n - 2]))
        {
          guess--;
          rest += v[v_n - 1];
          if (rest > G_MAXUINT32)
            break;
        }
      gint64 borrow = 0;
      guint64 carry = 0;
      for (guint i = 0; i < v_n; i++)
        {
          carry += guess * v[i];
          gint64 difference = (gint64) u[j + i] - (gint64) (carry & G_MAXUINT32) + borrow;
          u[j + i] = (guint32) difference;
          borrow = difference < 0 ? -1 : 0;
          carry >>= 32;
        }
      gint64 difference = (gint64) u[j + v_n] - (gint64) carry + borrow;
      u[j + v_n] = (guint32) difference;
      if (difference < 0) /* the guess was one too large: add v back */
        {
          guess--;
          guint64 sum = 0;
          for (guint i = 0; i < v_n; i++)
            {
              sum += (guint64) u[j + i] + v[i];
              u[j + i] = (guint32) sum;
              sum >>= 32;
            }
          u[j + v_n] += (guint32) sum;
        }
      quotient[j] = (guint32) guess;
    }
}

static void
magnitude_divide (const PyBigint *a, const PyBigint *b, PyBigint **ret_quotient, PyBigint **ret_remainder)
{
  PyBigint *quotient, *rest;

  if (magnitude_compare (a, b) < 0)
    {
      quotient = py_bigint_new_int (0);
      rest = py_bigint_copy (a);
    }
  else if (b->n == 1)
    {
      quotient = py_bigint_copy (a);
      guint32 remainder = bigint_divide_small (quotient, b->limb[0]);
      rest = bigint_new_unsigned (remainder, FALSE);
    }
  else
    {
      guint shift = (guint) __builtin_clz (b->limb[b->n - 1]);
      g_autofree guint32 *u = g_new0 (guint32, a->n + 1);
      g_autofree guint32 *v = g_new0 (guint32, b->n + 1);
      for (guint i = 0; i <= a->n; i++)
        u[i] = (guint32) ((i < a->n ? (guint64) a->limb[i] << shift : 0)
                          | (i > 0 ? (guint64) a->limb[i - 1] << shift >> 32 : 0));
      for (guint i = 0; i < b->n; i++)
        v[i] = (guint32) ((guint64) b->limb[i] << shift | (i > 0 ? (guint64) b->limb[i - 1] << shift >> 32 : 0));
      quotient = bigint_alloc (a->n + 1 - b->n);
      magnitude_divide_long (u, a->n + 1, v, b->n, quotient->limb);
      rest = bigint_alloc (b->n);
      for (guint i = 0; i < b->n; i++)
        rest->limb[i] = (guint32) (((guint64) (i + 1 <= a->n ? u[i + 1] : 0) << 32 | u[i]) >> shift);
    }
  quotient->negative = rest->negative = FALSE;
  *ret_quotient = bigint_normalize (quotient);
  *ret_remainder = bigint_normalize (rest);
}

void
py_bigint_divide (const PyBigint *a, const PyBigint *b, PyBigint **ret_quotient, PyBigint **ret_remainder)
{
  g_autoptr (PyBigint) quotient = NULL;
  g_autoptr (PyBigint) rest = NULL;

  g_return_if_fail (b->n > 0);
  magnitude_divide (a, b, &quotient, &rest);
  if (a->negative != b->negative)
    {
      if (rest->n > 0) /* towards minus infinity */
        {
          g_autoptr (PyBigint) one = py_bigint_new_int (1);
          g_autoptr (PyBigint) more = magnitude_add (quotient, one);
          g_autoptr (PyBigint) opposite = magnitude_subtract (b, rest);
          py_bigint_free (quotient);
          py_bigint_free (rest);
          quotient = g_steal_pointer (&more);
          rest = g_steal_pointer (&opposite);
        }
      quotient->negative = TRUE;
    }
  rest->negative = b->negative;
  quotient = bigint_normalize (quotient);
  rest = bigint_normalize (rest);
  if (ret_quotient != NULL)
    *ret_quotient = g_steal_pointer (&quotient);
  if (ret_remainder != NULL)
    *ret_remainder = g_steal_pointer (&rest);
}

gboolean
py_bigint_true_divide (const PyBigint *a, const PyBigint *b, double *ret_value)
{
  g_autoptr (PyBigint) quotient = NULL;
  g_autoptr (PyBigint) rest = NULL;
  gint wider = (gint) py_bigint_bit_length (a) - (gint) py_bigint_bit_length (b);
  gint shift = 66 - wider; /* 66 bits or so of quotient are enough to round */
  double value;

  g_return_val_if_fail (b->n > 0, FALSE);
  if (wider > 1100)
    return FALSE;
  if (a->n == 0 || wider < -1100)
    {
      *ret_value = a->negative != b->negative ? -0.0 : 0.0;
      return TRUE;
    }
  g_autoptr (PyBigint) dividend = shift > 0 ? py_bigint_shift_left (a, (guint) shift) : py_bigint_copy (a);
  g_autoptr (PyBigint) divisor = shift < 0 ? py_bigint_shift_left (b, (guint) -shift) : py_bigint_copy (b);
  if (dividend == NULL || divisor == NULL) /* at the very edge of PY_BIGINT_MAX_BITS */
    return FALSE;
  magnitude_divide (dividend, divisor, &quotient, &rest);
  if (!magnitude_to_double (quotient, rest->n > 0, -shift, &value))
    return FALSE;
  *ret_value = a->negative != b->negative ? -value : value;
  return TRUE;
}

/* Limb i of the infinite two's complement form; carry starts at 1 and is kept by the caller. */
static guint32
twos_complement_limb (const PyBigint *a, guint i, guint32 *carry)
{
  guint32 limb = i < a->n ? a->limb[i] : 0;

  if (!a->negative)
    return limb;
  limb = ~limb + *carry;
  *carry &= limb == 0;
  return limb;
}

PyBigint *
py_bigint_bitwise (const PyBigint *a, const PyBigint *b, char op)
{
  guint n = MAX (a->n, b->n) + 1; /* one more for the sign */
  PyBigint *result = bigint_alloc (n);
  guint32 carry_a = 1, carry_b = 1;

  for (guint i = 0; i < n; i++)
    {
      guint32 x = twos_complement_limb (a, i, &carry_a);
      guint32 y = twos_complement_limb (b, i, &carry_b);
      result->limb[i] = op == '&' ? x & y : op == '|' ? x | y : x ^ y;
    }
  result->negative = (result->limb[n - 1] & 0x80000000u) != 0;
  if (result->negative)
    {
      guint32 carry = 1;
      for (guint i = 0; i < n; i++)
        {
          result->limb[i] = ~result->limb[i] + carry;
          carry &= result->limb[i] == 0;
        }
    }
  return bigint_normalize (result);
}
