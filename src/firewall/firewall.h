/* firewall.h - firewall commands without a process for each of them
 *
 * Takes the text of a shell command that an action would run.  When that text is nothing but plain calls of iptables or
 * ip6tables which can be expressed exactly, they are carried out in process (legacy tables: libiptc; nf_tables: one
 * iptables-restore --noflush for all), together with everything else that is waiting, in one transaction a table.
 * Must not: guess.  What is not understood to the last word is refused, and the caller runs it in a shell.  A command that
 * fails here has changed nothing; the caller runs it in a shell too, which gives the message and the exit status.
 *
 * So there are only two outcomes: the effect is in the kernel exactly as if the command had run and returned 0, or nothing
 * happened.  Elements of one submission take effect together or not at all; of two submissions one may fail alone.
 *
 * Which variant `iptables` is gets asked anew for every batch, through PATH, as a shell would: the name has to lead to
 * xtables-legacy-multi or xtables-nft-multi (as in Debian and its kin since iptables 1.8).  A script of that name, or
 * anything else, is not ours to replace.  The xtables lock (/run/xtables.lock or $XTABLES_LOCKFILE) is held around each
 * legacy transaction, as `iptables -w` does; it is waited for in the loop, not by blocking it.
 *
 * One object for the whole server: what several jails have waiting goes into the same transaction.
 */
#pragma once
#include <glib.h>

typedef struct Firewall Firewall; /* opaque: the fields live in firewall.c */

Firewall *firewall_new  (void);
void      firewall_free (Firewall *self); /* NULL is fine; what was not done yet is dropped without a callback */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Firewall, firewall_free)

/* One or more plain firewall commands, parsed. */
typedef struct FirewallCommand FirewallCommand;

/* NULL when the text is for the shell (no error: that is the normal case).  Depends on PATH and what it leads to. */
FirewallCommand *firewall_parse (Firewall *self, const char *text, gssize len);
/* A glance at its beginning: could the text, once its tags are replaced, be such a command? */
gboolean         firewall_looks_plain (const char *text, gssize len);
void             firewall_command_free (FirewallCommand *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FirewallCommand, firewall_command_free)
/* Who will carry it out: "iptables-legacy", "iptables-nft", "nftables", "ipset". */
const char      *firewall_command_peek_driver (const FirewallCommand *self);

/* done: TRUE in force; FALSE nothing happened, ask the shell.  Called from the default main context, never before
 * firewall_submit returned.  Submissions for the same table take effect in the order they came in. */
typedef void (*FirewallDone) (gboolean done, gpointer user_data);
typedef struct FirewallJob FirewallJob; /* lives until its callback was called or it is cancelled */

typedef struct
{
  gint64 timeout_usec; /* how long to wait for the xtables lock at most; 0: for ever */
  gboolean adopts;     /* a rule that it would add and that is there already counts as added: a server that was killed left it
                          (iptables itself would add a second one) */
  gconstpointer owner; /* it is a ban or unban of that one; NULL: it is something else */
} FirewallTerms;

/* Takes the command. */
FirewallJob *firewall_submit (Firewall *self, FirewallCommand *command, const FirewallTerms *terms, FirewallDone done,
                              gpointer user_data);
/* The callback is not called any more; whether the command took effect is left open.  NULL is fine. */
void         firewall_cancel (FirewallJob *job);

/* --- what somebody else took away --------------------------------------------------------------------------------------- */

/* Bans of an owner (any pointer, never looked at) that took effect are counted, and compared with what the kernel holds. */
typedef enum
{
  FIREWALL_PLACE_LEGACY = 1,    /* chains of legacy tables */
  FIREWALL_PLACE_IPSET = 2,
  FIREWALL_PLACE_NFT_SET = 4,
  FIREWALL_PLACE_NFT_RULES = 8, /* chains of iptables' nf_tables variant */
} FirewallPlaceKind;

/* Are bans of ours in such places? */
gboolean firewall_holds     (const Firewall *self, guint kinds);
/* Something may be happening there right now: a look comes later. */
void     firewall_suspect   (Firewall *self, guint kinds);
/* Looks as soon as nothing of ours is on its way; func is called when somebody flushed. */
typedef void (*FirewallFlushed) (gpointer user_data);
void     firewall_look      (Firewall *self, guint kinds);
void     firewall_set_flushed_func (Firewall *self, FirewallFlushed func, gpointer user_data); /* NULL: nobody is told */
/* Were bans of the owner flushed?  Tells it once. */
gboolean firewall_take_loss (Firewall *self, gconstpointer owner);
/* The owner took its bans away itself, all at once, or is gone. */
void     firewall_forget    (Firewall *self, gconstpointer owner);

/* Keeps our hands off the legacy tables while somebody runs `iptables` without -w: it would fail on a busy lock, and within one server
 * nobody expects that.  ready is called from the loop, when nothing of ours is on its way there; nothing begins until release,
 * or for a second. */
typedef struct FirewallHold FirewallHold;
typedef void (*FirewallReady) (gpointer user_data);
FirewallHold *firewall_hold    (Firewall *self, FirewallReady ready, gpointer user_data);
void          firewall_release (FirewallHold *hold); /* also before ready was called; NULL is fine.  Not after firewall_free */
/* Would the text need that?  A guess on the safe side. */
gboolean      firewall_wants_hold (const char *text);
