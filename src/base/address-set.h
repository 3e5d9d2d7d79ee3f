/* address-set.h - "is this address one of those?", for lists of any length
 *
 * Single addresses and ids are looked up by hash, networks by one hash look-up for each prefix length in use: an
 * ignore list
 * of 100,000 lines costs what one of ten does.
 * Must not: resolve names (a name is an entry like any other id here: it matches itself only).
 */
#pragma once
#include "base/address.h"

typedef struct AddressSet AddressSet;

AddressSet *address_set_new (void);
AddressSet *address_set_ref (AddressSet *self);
void address_set_unref (AddressSet *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AddressSet, address_set_unref)

gboolean address_set_add (AddressSet *self, const Address *address);    /* refs it; FALSE: was there */
gboolean address_set_remove (AddressSet *self, const Address *address); /* FALSE: was not there */
void address_set_clear (AddressSet *self);
gboolean address_set_contains (const AddressSet *self,
                               const Address *address); /* itself, or within one of the networks */
/* The entry that says so (peek), NULL when there is none. */
const Address *address_set_find (const AddressSet *self, const Address *address);
guint address_set_size (const AddressSet *self);
/* In order of insertion: lends, valid until the next change. */
const Address *address_set_peek (const AddressSet *self, guint index);

/* Adds the addresses, networks and names of a text: words between white space and commas, comments from '#' or ';' at
 * the
 * start of a line or after a blank to the end of the line.  A mask with holes ends it with ADDRESS_ERROR_MASK. */
gboolean address_set_add_text (AddressSet *self, const char *text, gssize len, GError **error);
