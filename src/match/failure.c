#include "match/failure.h"

PyValue *
failure_dup_time (const Failure *failure)
{
  if (!failure->has_time)
    return py_none_new ();
  if (failure->time_is_int)
    return py_int_new (failure->time_usec / G_USEC_PER_SEC);
  return py_float_new (failure->time_sec);
}
