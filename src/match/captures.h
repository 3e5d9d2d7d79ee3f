/* captures.h - what the expressions captured in a match, by name and in order
 *
 * What is a dict for the reference, in a form that costs next to nothing: most matches are only counted, or their lines only
 * remembered.  It becomes a dict (captures_dup_dict) when somebody wants to see one.  As in Python's dict, a name that is
 * set again keeps its place, and one that was removed and is set again comes last.
 * Must not: know what names mean for a filter.
 *
 * Texts are either lent, and then the caller's as long as the captures are used, or copied; a copy's memory is used again.
 * What is peeked lives until the next change.
 */
#pragma once

#include "base/ticket-data.h"
#include "compat/py-value.h"
#include "match/line-list.h"

/* The names that mean something to a filter; any other has a number behind these. */
typedef enum
{
  CAPTURE_FID,
  CAPTURE_IP4,
  CAPTURE_IP6,
  CAPTURE_DNS,
  CAPTURE_CIDR,
  CAPTURE_IP,
  CAPTURE_USER,
  CAPTURE_USERS,
  CAPTURE_MLFID,
  CAPTURE_MLFFORGET,
  CAPTURE_MLFGAINED,
  CAPTURE_MLFPENDING,
  CAPTURE_NOFAIL,
  CAPTURE_NOFAIL_MATCHES,
  CAPTURE_MATCHES,
  CAPTURE_CONTENT,
  CAPTURE_FAILURES,
  N_CAPTURES_KNOWN,
} CaptureKnown;
typedef guint CaptureName;

CaptureName capture_name (const char *text);
const char *capture_name_peek_text (CaptureName name);

typedef enum
{
  CAPTURED_NONE,  /* a group that took no part */
  CAPTURED_TEXT,  /* text, len */
  CAPTURED_ONLY,  /* the set that has text alone */
  CAPTURED_ONE,   /* the number 1 */
  CAPTURED_LINES, /* of CAPTURE_MATCHES and CAPTURE_NOFAIL_MATCHES */
  CAPTURED_VALUE, /* value: what is none of these, as the tuples of <F-TUPLE_...> */
} CaptureKind;

typedef struct
{
  CaptureName name;
  CaptureKind kind;
  const char *text; /* any bytes, not terminated */
  gsize len;
  PyValue *value;

  char *buffer; /* private: where copies are kept */
  gsize size;
} Capture;

typedef struct Captures Captures;

Captures *captures_new (void);
void captures_free (Captures *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Captures, captures_free)

void captures_clear (Captures *self);

guint captures_get_length (const Captures *self);
const Capture *captures_peek_nth (const Captures *self, guint index);
const Capture *captures_peek (const Captures *self, CaptureName name);      /* NULL: absent */
const Capture *captures_peek_some (const Captures *self, CaptureName name); /* NULL also for None */
gboolean captures_truth (const Captures *self, CaptureName name);           /* Python's bool(); absent: FALSE */

void captures_set_none (Captures *self, CaptureName name);
void captures_set_one (Captures *self, CaptureName name);
void captures_lend_text (Captures *self, CaptureName name, const char *text, gsize len);
/* Sets, for the first time, a name that is not there. */
void captures_append_text (Captures *self, CaptureName name, const char *text, gsize len); /* lends */
void captures_append_none (Captures *self, CaptureName name);
void captures_copy_text (Captures *self, CaptureName name, const char *text, gsize len);
void captures_take_value (Captures *self, CaptureName name, PyValue *value);
/* other[name] under a second name */
void captures_copy (Captures *self, CaptureName name, const Capture *capture);
/* An empty list, or what it has, to be filled; name is CAPTURE_MATCHES or CAPTURE_NOFAIL_MATCHES. */
LineList *captures_get_lines (Captures *self, CaptureName name);
/* A name of lines where something else stands: its characters or items, at most max of them, the last, become elements.  FALSE: it is
 * None. */
gboolean captures_list_items (Captures *self, CaptureName name, guint max);
/* d[name] = the last of d.pop (first, []) + the last of d.get (name, []), at most max of each */
void captures_put_lines_first (Captures *self, CaptureName name, CaptureName first, guint max);
gboolean captures_remove (Captures *self, CaptureName name); /* d.pop (name, None): FALSE when it was not there */

/* Adds a member to a set, a text or a tuple; where nothing is or what is false, a set is made.  FALSE: what stands there is no set. */
gboolean captures_add_member (Captures *self, CaptureName name, const Capture *member);
/* Python's len (): the members of a set, the characters of a text; 0 for what is absent or None. */
guint captures_count_members (const Captures *self, CaptureName name);

/* d.update (other): texts are lent on or copied.  other has no lines.  update leaves out what is None. */
void captures_lend_all (Captures *self, const Captures *other);
void captures_update_lent (Captures *self, const Captures *other);
void captures_copy_all (Captures *self, const Captures *other);
void captures_update_copied (Captures *self, const Captures *other);
void captures_own (Captures *self); /* copies what is lent */

/* The same with the lines that other has; do both have the same, in the same order? */
void captures_copy_whole (Captures *self, const Captures *other);
gboolean captures_equal (const Captures *a, const Captures *b);

PyValue *capture_dup_value (const Capture *capture); /* not of CAPTURED_LINES */
/* All as Python has them, the lines as lists of tuples.  A set stays the same one: what is added later is seen. */
PyValue *captures_dup_dict (Captures *self);

/* What ticket_set_data() would keep of the dict, for who has looked at these: no CAPTURE_FAILURES, no CAPTURE_NOFAIL_MATCHES, and
 * CAPTURE_MATCHES are lines.  CAPTURE_IP is left out. */
TicketData *captures_dup_ticket_data (const Captures *self);
