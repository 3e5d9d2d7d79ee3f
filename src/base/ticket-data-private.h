/* ticket-data-private.h - the bytes of a TicketData, for who writes and who reads them */
#pragma once
#include "base/ticket-data.h"

/* A value is a byte that says what it is, and what belongs to it.  Lengths and counts are numbers of seven bits a byte, the lowest
 * first, with the eighth set in all but the last. */
enum
{
  AS_NONE,
  AS_FALSE,
  AS_TRUE,
  AS_INT,    /* number: shifted left by one, the sign below */
  AS_FLOAT,  /* 8 bytes as they are in memory */
  AS_STR,    /* length, text */
  AS_STR_AT, /* offset in this block, length: the text stands there */
  AS_BYTES,  /* length, bytes */
  AS_LIST,   /* count, values */
  AS_TUPLE,
  AS_SET,
  AS_FROZENSET,
  AS_DICT,        /* count, a key and a value each */
  AS_PICKLE,      /* length, pickle: whatever is rare */
  AS_NAME,        /* and up: the texts of ticket_data_name() */
  AS_SHORT = 0x80 /* and up: a text of n bytes */
};

#define DEPTH_MAX     100 /* of values within values: deeper ones are pickled, which has limits of its own */
#define REFERENCE_MAX 255 /* longer texts are not looked for in what is written */

/* Few bytes, since there may be a hundred thousand of them. */
struct TicketData
{
  guint64 len : 30;       /* of bytes */
  guint64 values_at : 30; /* matches, one behind the other, then a dict */
  guint64 refs : 4;
  guint8 bytes[];
};

#define LEN_MAX  ((1u << 30) - 1) /* what would be longer is not kept at all */
#define REFS_MAX 15               /* who wants one more gets a copy */

/* The same in the database, before the bytes. */
typedef struct
{
  guint32 len, values_at;
} TicketDataHead;

/* A text that nearly every ticket has; NULL: n is beyond their number. */
const char *ticket_data_name (guint n);
