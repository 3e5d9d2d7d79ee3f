/* iptables-values.h - the words of an iptables command line that are numbers, addresses and names
 *
 * Each takes only what can mean one thing: no names of hosts or services, no octal numbers, no shortened addresses.  text may be
 * NULL (a word that is missing): FALSE.
 * Must not: know options.
 */
#pragma once
#include "firewall/iptables-command.h"

/* Decimal without sign or leading zeros (iptables reads those as octal). */
gboolean iptables_parse_number     (const char *text, guint max, guint *ret_value);
/* "22", "1:1024", ":1024", "1024:" */
gboolean iptables_parse_port_range (const char *text, guint16 *ret_from, guint16 *ret_to, gboolean *ret_is_range);
gboolean iptables_parse_address    (const char *text, gboolean is_ipv6, IptablesAddress *ret_address);
gboolean iptables_parse_protocol   (const char *text, gboolean is_ipv6, guint8 *ret_protocol);
gboolean iptables_parse_interface  (const char *text, IptablesInterface *ret_interface);
/* Of letters that mean nothing to iptables-restore either; with its NUL it fits into size. */
gboolean iptables_is_name          (const char *text, gsize size);
