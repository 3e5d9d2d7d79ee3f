/* action-private.h - the inside of an Action, for the files of this room that run it
 *
 * Must not: be included by other rooms.
 */
#pragma once
#include "action/action-queue.h"
#include "action/tag-table.h"
#include "action/tags.h"

typedef struct ActionInfo ActionInfo;     /* action-info.h */
typedef struct PythonAction PythonAction; /* python-action.h */

/* What the start of an action left behind for one address family ("inet4", "inet6", "" for actions that do not care, NULL for
 * an id that is no address: 1.1.2 keeps that one apart). */
typedef enum
{
  ACTION_STARTED = 1,
  ACTION_HAS_ITEMS = 2,
} ActionState;

typedef struct
{
  char *family;
  guint state; /* of ActionState */
} ActionFamily;

struct Action
{
  guint refs;
  char *name;
  ActionQueue *queue; /* outlives it */
  GHashTable *values; /* name -> PyValue */
  TagTable *tags;     /* made from values when first needed; NULL when they changed */
  GArray *families;   /* of ActionFamily, in the order of their first start */
  guint ban_epoch;

  /* Which commands of start, stop, flush and reload were run for which family, so that one that is the same for both families runs
   * once.  "actionstart" -> GPtrArray of ActionRun. */
  GHashTable *runs;

  PythonAction *python; /* NULL: a command action; else values, tags, families and runs mean nothing */
  char *python_stamp;   /* of its file, to see at a reload whether it was edited */
  PyValue *python_options; /* with which `reload` is called at the end of a reload; NULL: it is not called */

  char owners[3];    /* their addresses are whose bans the firewall counts: those of "inet4", "inet6", any other family */
  guint in_flight;   /* native commands on their way to the kernel */
  gboolean taken_over; /* named again during a reload */
  gboolean is_new;     /* came with the reload */
  guint64 blocked_at;  /* used by the queue while it looks for what may start */
};

Action *action_new   (ActionQueue *queue, const char *name);
Action *action_ref   (Action *self);
void    action_unref (Action *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Action, action_unref)

/* Commands and timeout back to the defaults, the rest stays (reload). */
void action_clear (Action *self);

/* The text of a property; NULL when it is not there. */
char    *action_dup_text  (const Action *self, const char *name);
gboolean action_is_empty  (const Action *self, const char *name); /* not there, None or "" */
gboolean action_is_true   (const Action *self, const char *name); /* Python's truth; FALSE when it is not there */
gboolean action_mentions_tag (const Action *self, const char *tag); /* in any of its properties */
double   action_get_timeout_sec (const Action *self);
gboolean action_wants_native    (const Action *self); /* no `native = no` */

/* Does its ban live in the kernel's firewall, where somebody can flush it and where trying again does no harm?  A guess by the
 * text of actionban. */
gboolean action_is_for_firewall (Action *self);
/* Is its ban one command?  Of several the first may have worked: trying them again would add its rule a second time. */
gboolean action_ban_is_one_command (Action *self);

/* Does it start with the first ban of a family (actionstart_on_demand; by default when it has options for a family)? */
gboolean   action_starts_on_demand (const Action *self);
/* The families to start without demand: "inet4" and "inet6" when it has options for a family, else "". */
GPtrArray *action_dup_families     (const Action *self, gboolean ipv6_allowed);

guint action_get_state (const Action *self, const char *family);
gboolean action_knows_family (const Action *self, const char *family); /* was started once, maybe stopped since */
void  action_set_state (Action *self, const char *family, guint state);
/* The families with all bits of mask; array of char*, which may be NULL. */
GPtrArray *action_dup_started (const Action *self, guint mask);
void       action_forget_started (Action *self);

/* The memory of what was run.  command NULL: forget, also for families with the same command. */
void     action_set_run       (Action *self, const char *operation, const char *family, const GString *command);
gboolean action_ran_for_other (Action *self, const char *operation, const char *family, const GString *command);

/* Whose bans these are, for firewall.h. */
gconstpointer action_peek_owner   (const Action *self, const char *family);
void          action_forget_bans  (Action *self, const char *family); /* they were taken away all at once */
gboolean      action_take_loss    (Action *self);                     /* somebody else did that, with those of any family */

/* The static pass over a query ("<actionban>"), lent until a property changes. */
const GString *action_replace_static (Action *self, const char *query, const char *family, GError **error);

/* --- what a queue lends to its actions (action-queue.c) ----------------------------------------------------------------- */
const char          *action_queue_peek_jail_name (const ActionQueue *self);
const ActionContext *action_queue_peek_context   (const ActionQueue *self);
/* <br>, <sp>, <fq-hostname>, <sh-hostname>; NULL for any other. */
char                *action_queue_dup_builtin_tag (ActionQueue *self, const char *tag);
/* One up for the jail and for this action. */
void                 action_queue_bump_epoch (ActionQueue *self, Action *action);
/* For a ticket, with the jail's counts of now; for start, stop and the like the one that they share. */
ActionInfo          *action_queue_new_info    (ActionQueue *self, Ticket *ticket);
ActionInfo          *action_queue_peek_info   (ActionQueue *self);
GPtrArray           *action_queue_dup_actions (ActionQueue *self); /* of Action */
void                 action_queue_forget      (ActionQueue *self, Action *action);
void                 action_queue_tell_due    (ActionQueue *self);
void                 action_queue_tell_begin  (ActionQueue *self, Ticket *ticket);
void                 action_queue_append      (ActionQueue *self, Action *action /* taken */);
Action              *action_queue_find        (const ActionQueue *self, const char *name); /* NULL: there is none */
gboolean             action_queue_is_reloading (const ActionQueue *self);
PyValue             *action_queue_ask_jail    (ActionQueue *self, const char *question, const PyValue *args); /* NULL: no answer */
/* Questions to Python actions that are on their way (action-queue-python.c): array of what it keeps of them. */
GPtrArray           *action_queue_peek_asks   (ActionQueue *self);
void                 action_queue_end_asks    (ActionQueue *self);
/* Something ended: look soon what may start. */
void                 action_queue_wake        (ActionQueue *self);
