/* memory.h - memory is taken from the kernel at once, and given back when it is not needed any more
 *
 * To take: a program that will need some megabytes soon gets them in two system calls, not by a page fault for every 4 KiB.
 * To give back: after a start or a reload: the heap has holes where requests and half-built things were, and pages of code and constant tables
 * are mapped that only this work has touched.  Whatever of it is needed again the kernel maps again, from its page cache.
 * Must not: be called often (to give back costs some hundred microseconds, and the page faults afterwards).
 */
#pragma once

#include <glib.h>

/* The next so many bytes of the heap will be used soon.  Where the kernel cannot do that (before Linux 5.14) nothing changes. */
void memory_take (gsize bytes);
void memory_give_back (void);
