/* ticket-data-writer.h - a ticket's matches and values as bytes, one after the other
 *
 * First the matches; then ticket_data_writer_begin_values() with the number of values, and for each a name and a value.  What is
 * written is never looked at: who writes another number of values, or a value too few, gets a block that cannot be read.
 * Must not: read.
 */
#pragma once
#include "base/ticket-data.h"

typedef struct
{
  guint8 *bytes; /* first, or a longer one */
  gsize len, size;
  gsize values_at;
  gsize area; /* so much of what is written may have a text in it that a value is a reference to; 0 among the matches */
  guint8 first[512];
} TicketDataWriter;

void ticket_data_writer_init (TicketDataWriter *self);
void ticket_data_writer_clear (TicketDataWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TicketDataWriter, ticket_data_writer_clear)

void ticket_data_writer_put_value (TicketDataWriter *self, const PyValue *value);
void ticket_data_writer_put_text (TicketDataWriter *self, const char *text, gsize len); /* a str */
void ticket_data_writer_begin_tuple (TicketDataWriter *self, guint count);              /* its items follow */
void ticket_data_writer_begin_set (TicketDataWriter *self, guint count);
void ticket_data_writer_put_none (TicketDataWriter *self);
void ticket_data_writer_put_int (TicketDataWriter *self, gint64 number);
/* Matches that are written down already */
void ticket_data_writer_put_bytes (TicketDataWriter *self, const void *bytes, gsize len);

void ticket_data_writer_begin_values (TicketDataWriter *self, guint count);
void ticket_data_writer_put_key (TicketDataWriter *self, const PyValue *name); /* the same, usually a str */
void ticket_data_writer_put_name (TicketDataWriter *self, const char *name, gsize len);

TicketData *ticket_data_writer_dup_data (const TicketDataWriter *self); /* of more than a gigabyte nothing is left: NULL */
