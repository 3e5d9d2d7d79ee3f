/* py-pickle-private.h - the machine that reads a pickle, for the files py-pickle-*.c only
 *
 * A stack of values, marks and known globals; each operation is a function that gives FALSE when it has set an error.
 */
#pragma once
#include "compat/py-pickle.h"

typedef enum
{
  SLOT_VALUE,
  SLOT_MARK,
  /* what a global may name */
  SLOT_SET,
  SLOT_FROZENSET,
  SLOT_BYTES,
  SLOT_BYTEARRAY,
  SLOT_CODECS_ENCODE,
  SLOT_STR,
  SLOT_EXCEPTION, /* value: the tuple (module, class) */
} SlotKind;

typedef struct
{
  SlotKind kind;
  PyValue *value; /* SLOT_VALUE and SLOT_EXCEPTION */
} Slot;

typedef struct
{
  const guint8 *start, *at, *end;
  const PyPickleLimits *limits;
  GArray *stack;         /* Slot */
  GHashTable *memo;      /* number -> Slot (owned) */
  GPtrArray *containers; /* every list, tuple, dict and set that was made: nothing is freed before the end */
  gsize key_work;
  GError **error;
} Decoder;

/* Always FALSE, which the compiler shall see. */
#define pickle_fail(d, code, ...) (pickle_set_error (d, code, __VA_ARGS__), FALSE)

/* --- py-pickle-stack.c */
/* The one place where errors are made. */
void pickle_set_error (Decoder *d, PyPickleError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean pickle_fail_truncated (Decoder *d);
gboolean pickle_read_bytes (Decoder *d, guint64 len, const char **ret_data);
/* A little-endian number of 1, 2, 4 or 8 bytes. */
gboolean pickle_read_number (Decoder *d, guint bytes, guint64 *ret_value);
/* Up to the next newline, which is taken but not part of it. */
gboolean pickle_read_line (Decoder *d, const char **ret_data, gsize *ret_len);
void pickle_slot_clear (gpointer data);
void pickle_slot_free (gpointer data);
gboolean pickle_push_slot (Decoder *d, SlotKind kind, PyValue *take_value);
/* Takes value; NULL (an error is set) passes through. */
gboolean pickle_push (Decoder *d, PyValue *value);
PyValue *pickle_track (Decoder *d, PyValue *container);
gboolean pickle_fail_underflow (Decoder *d);
/* The slot that is n below the top (0: the top), if it is no mark. */
Slot *pickle_peek_slot (Decoder *d, guint n);
/* The same where only a value will do. */
PyValue *pickle_peek_value (Decoder *d, guint n);
void pickle_pop (Decoder *d, guint n);
/* How many slots lie above the topmost mark. */
gboolean pickle_count_above_mark (Decoder *d, guint *ret_n);
gboolean pickle_add_member (Decoder *d, PyValue *set, PyValue *item);
/* The container below n values; they go into it. */
gboolean pickle_extend (Decoder *d, guint n, char op);
/* The same for all that lies above a mark. */
gboolean pickle_extend_from_mark (Decoder *d, char op);
gboolean pickle_push_tuple (Decoder *d, guint n);
gboolean pickle_push_from_mark (Decoder *d, PyType type);

/* --- py-pickle-scalars.c */
gboolean pickle_push_int_line (Decoder *d);
gboolean pickle_push_long_line (Decoder *d);
gboolean pickle_push_float_line (Decoder *d);
gboolean pickle_push_binary_float (Decoder *d);
gboolean pickle_push_long (Decoder *d, guint size_bytes);
/* Python writes lone surrogates as "surrogatepass" has them: that is our WTF-8. */
gboolean pickle_push_utf8 (Decoder *d, guint size_bytes);
gboolean pickle_push_bytes (Decoder *d, guint size_bytes);
gboolean pickle_push_old_str (Decoder *d, guint size_bytes);
/* STRING: a quoted repr of a Python-2 str. */
gboolean pickle_push_quoted (Decoder *d);
/* UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX. */
gboolean pickle_push_raw_unicode (Decoder *d);

/* --- py-pickle-globals.c */
gboolean pickle_push_global_lines (Decoder *d);
gboolean pickle_push_stack_global (Decoder *d);
/* REDUCE and NEWOBJ: class, tuple. */
gboolean pickle_reduce (Decoder *d, gboolean with_keywords);
/* OBJ and INST: mark, class, arguments. */
gboolean pickle_call_from_mark (Decoder *d);
/* INST: mark, arguments; the class follows in the text. */
gboolean pickle_instance (Decoder *d);
/* BUILD gives an exception its attributes: nothing that we show. */
gboolean pickle_build (Decoder *d);
