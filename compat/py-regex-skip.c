#include "compat/py-regex-skip.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* What these functions are compiled for is in front of each; nothing else in the program may use such instructions. */
#define FOR_SSSE3 __attribute__ ((target ("ssse3")))
#define FOR_AVX2  __attribute__ ((target ("avx2")))

#define SSSE3_STEP 16
#define AVX2_STEP  32

/* A byte that is not ASCII finds 0 in the table of its lower half: such is the instruction. */
FOR_SSSE3 static const guint8 *
skip_ssse3 (const PySkipSet *set, const guint8 *at, const guint8 *stop)
{
  const __m128i half = _mm_set1_epi8 (0x0f), low = _mm_loadu_si128 ((const void *) set->low);
  const __m128i bits = _mm_setr_epi8 (1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);

  for (; stop - at >= SSSE3_STEP; at += SSSE3_STEP)
    {
      __m128i bytes = _mm_loadu_si128 ((const void *) at);
      __m128i upper = _mm_and_si128 (_mm_srli_epi16 (bytes, 4), half);
      __m128i in = _mm_and_si128 (_mm_shuffle_epi8 (low, bytes), _mm_shuffle_epi8 (bits, upper));
      guint out = (guint) _mm_movemask_epi8 (_mm_cmpeq_epi8 (in, _mm_setzero_si128 ()));

      if (out != 0)
        return at + __builtin_ctz (out);
    }
  return at;
}

FOR_AVX2 static const guint8 *
skip_avx2 (const PySkipSet *set, const guint8 *at, const guint8 *stop)
{
  const __m256i half = _mm256_set1_epi8 (0x0f);
  const __m256i low = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const void *) set->low));
  const __m256i bits
      = _mm256_broadcastsi128_si256 (_mm_setr_epi8 (1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));

  for (; stop - at >= AVX2_STEP; at += AVX2_STEP)
    {
      __m256i bytes = _mm256_loadu_si256 ((const void *) at);
      __m256i upper = _mm256_and_si256 (_mm256_srli_epi16 (bytes, 4), half);
      __m256i in = _mm256_and_si256 (_mm256_shuffle_epi8 (low, bytes), _mm256_shuffle_epi8 (bits, upper));
      guint32 out = (guint32) _mm256_movemask_epi8 (_mm256_cmpeq_epi8 (in, _mm256_setzero_si256 ()));

      if (out != 0)
        return at + __builtin_ctz (out);
    }
  return at;
}

PySkipFunc
py_skip_get (PySkipKind kind)
{
  switch (kind)
    {
    case PY_SKIP_SSSE3:
      return __builtin_cpu_supports ("ssse3") ? skip_ssse3 : NULL;
    case PY_SKIP_AVX2:
      return __builtin_cpu_supports ("avx2") ? skip_avx2 : NULL;
    case PY_SKIP_N_KINDS:
    default:
      return NULL;
    }
}

#else

PySkipFunc
py_skip_get (PySkipKind kind)
{
  (void) kind;
  return NULL;
}

#endif

PySkipFunc
py_skip_get_best (void)
{
  PySkipFunc best = py_skip_get (PY_SKIP_AVX2);

  return best != NULL ? best : py_skip_get (PY_SKIP_SSSE3);
}
