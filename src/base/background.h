/* background.h - one piece of work in a thread, its end in the loop
 *
 * For what blocks in the kernel and has no other way (a commit of netfilter tables).
 * Must not: keep threads, order or limit pieces of work: whoever runs several waits for their ends.
 */
#pragma once
#include <glib.h>

typedef void (*BackgroundFunc) (gpointer data);

/* work runs in a thread of its own (where none can be had: here, at once), then done from the default main context, with its
 * default priority.  done is not called when the loop ends before. */
void background_run (BackgroundFunc work, BackgroundFunc done, gpointer data);
