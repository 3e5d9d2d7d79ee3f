/* memory.h - what is not needed any more goes back to the kernel
 *
 * After a start or a reload: the heap has holes where requests and half-built things were, and pages of code and constant tables
 * are mapped that only this work has touched.  Whatever of it is needed again the kernel maps again, from its page cache.
 * Must not: be called often (it costs some hundred microseconds, and the page faults afterwards).
 */
#pragma once

void memory_give_back (void);
