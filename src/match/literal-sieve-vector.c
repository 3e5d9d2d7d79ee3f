#include "match/literal-sieve-private.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

/* What these functions are compiled for is in front of each; nothing else in the program may use such instructions. */
#define FOR_SSSE3  __attribute__ ((target ("ssse3")))
#define FOR_AVX2   __attribute__ ((target ("avx2")))
#define FOR_AVX512 __attribute__ ((target ("avx512f,avx512bw,avx512vbmi")))

/* The halves walk in steps of that many places; the last step reaches back over what was seen already. */
#define SSSE3_STEP   16
#define AVX2_STEP    32
#define LONGEST_STEP AVX2_STEP

/* Adds bits for the places from `at` on; more may lie in the next word. */
static inline void
put (guint64 *places, gsize at, guint64 bits)
{
  guint shift = at % 64;

  places[at / 64] |= bits << shift;
  if (shift > 32 && bits >> (64 - shift) != 0)
    places[at / 64 + 1] |= bits >> (64 - shift);
}

static inline void
clear (guint64 *places, gsize n_places)
{
  for (gsize i = 0; i <= (n_places - 1) / 64; i++)
    places[i] = 0;
}

/* --- 16 places at a time ------------------------------------------------------------------------------------------- */
FOR_SSSE3 static inline guint32
step_ssse3 (const LiteralSieve *self, const char *text)
{
  const __m128i half = _mm_set1_epi8 (0x0f);
  __m128i kept = _mm_set1_epi8 (-1);

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    {
      __m128i bytes = _mm_loadu_si128 ((const void *) (text + i));
      __m128i low = _mm_loadu_si128 ((const void *) self->low[i]);
      __m128i high = _mm_loadu_si128 ((const void *) self->high[i]);

      low = _mm_shuffle_epi8 (low, _mm_and_si128 (bytes, half));
      high = _mm_shuffle_epi8 (high, _mm_and_si128 (_mm_srli_epi16 (bytes, 4), half));
      kept = _mm_and_si128 (kept, _mm_and_si128 (low, high));
    }
  return ~(guint32) _mm_movemask_epi8 (_mm_cmpeq_epi8 (kept, _mm_setzero_si128 ())) & 0xffff;
}

FOR_SSSE3 static void
run_ssse3 (const LiteralSieve *self, const char *text, gsize n_places, guint64 *places)
{
  char copy[SSSE3_STEP + LITERAL_SIEVE_BYTES] = { 0 };

  clear (places, n_places);
  if (n_places < SSSE3_STEP)
    {
      memcpy (copy, text, n_places + LITERAL_SIEVE_BYTES - 1);
      places[0] = step_ssse3 (self, copy) & (((guint32) 1 << n_places) - 1);
      return;
    }
  for (gsize at = 0; at + SSSE3_STEP < n_places; at += SSSE3_STEP)
    put (places, at, step_ssse3 (self, text + at));
  put (places, n_places - SSSE3_STEP, step_ssse3 (self, text + n_places - SSSE3_STEP));
}

/* --- 32 places at a time ------------------------------------------------------------------------------------------- */
FOR_AVX2 static inline guint32
step_avx2 (const __m256i *low, const __m256i *high, const char *text)
{
  const __m256i half = _mm256_set1_epi8 (0x0f);
  __m256i kept = _mm256_set1_epi8 (-1);

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    {
      __m256i bytes = _mm256_loadu_si256 ((const void *) (text + i));
      __m256i by_low = _mm256_shuffle_epi8 (low[i], _mm256_and_si256 (bytes, half));
      __m256i by_high = _mm256_shuffle_epi8 (high[i], _mm256_and_si256 (_mm256_srli_epi16 (bytes, 4), half));

      kept = _mm256_and_si256 (kept, _mm256_and_si256 (by_low, by_high));
    }
  return ~(guint32) _mm256_movemask_epi8 (_mm256_cmpeq_epi8 (kept, _mm256_setzero_si256 ()));
}

FOR_AVX2 static void
run_avx2 (const LiteralSieve *self, const char *text, gsize n_places, guint64 *places)
{
  char copy[AVX2_STEP + LITERAL_SIEVE_BYTES] = { 0 };
  __m256i low[LITERAL_SIEVE_BYTES], high[LITERAL_SIEVE_BYTES];

  for (guint i = 0; i < LITERAL_SIEVE_BYTES; i++)
    {
      low[i] = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const void *) self->low[i]));
      high[i] = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const void *) self->high[i]));
    }
  clear (places, n_places);
  if (n_places < AVX2_STEP)
    {
      memcpy (copy, text, n_places + LITERAL_SIEVE_BYTES - 1);
      places[0] = step_avx2 (low, high, copy) & (((guint32) 1 << n_places) - 1);
      return;
    }
  for (gsize at = 0; at + AVX2_STEP < n_places; at += AVX2_STEP)
    put (places, at, step_avx2 (low, high, text + at));
  put (places, n_places - AVX2_STEP, step_avx2 (low, high, text + n_places - AVX2_STEP));
}

/* --- 64 places at a time --------------------------------------------------------------------------------------------
 * Whole bytes are looked up, without their highest bit, and what lies beyond the text is not loaded. */
FOR_AVX512 static inline __m512i
look_up (const guint8 *set, const char *text, __mmask64 wanted)
{
  __m512i bytes = _mm512_maskz_loadu_epi8 (wanted, text);

  return _mm512_permutex2var_epi8 (_mm512_loadu_si512 (set), bytes, _mm512_loadu_si512 (set + 64));
}

FOR_AVX512 static void
run_avx512 (const LiteralSieve *self, const char *text, gsize n_places, guint64 *places)
{
  for (gsize at = 0; at < n_places; at += 64)
    {
      __mmask64 wanted = n_places - at >= 64 ? ~(guint64) 0 : ((guint64) 1 << (n_places - at)) - 1;
      __m512i kept = look_up (self->sets[0], text + at, wanted);

      for (guint i = 1; i < LITERAL_SIEVE_BYTES; i++)
        kept = _mm512_and_si512 (kept, look_up (self->sets[i], text + at + i, wanted));
      places[at / 64] = _mm512_mask_test_epi8_mask (wanted, kept, kept);
    }
}

LiteralSieveRun
literal_sieve_get_vector_run (LiteralSieveKind kind)
{
  switch (kind)
    {
    case LITERAL_SIEVE_SSSE3:
      return __builtin_cpu_supports ("ssse3") ? run_ssse3 : NULL;
    case LITERAL_SIEVE_AVX2:
      return __builtin_cpu_supports ("avx2") ? run_avx2 : NULL;
    case LITERAL_SIEVE_AVX512:
      return __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
                     && __builtin_cpu_supports ("avx512vbmi")
                 ? run_avx512
                 : NULL;
    case LITERAL_SIEVE_PLAIN:
    case LITERAL_SIEVE_N_KINDS:
    default:
      return NULL;
    }
}

#else

LiteralSieveRun
literal_sieve_get_vector_run (LiteralSieveKind kind)
{
  return NULL;
}

#endif
