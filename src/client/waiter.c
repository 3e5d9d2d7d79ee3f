#include "client/waiter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct Waiter
{
  Log *log;
  int signal_fd;
  sigset_t old_mask;
};

Waiter *
waiter_new (Log *log)
{
  Waiter *self = g_new0 (Waiter, 1);
  sigset_t mask;

  self->log = log;
  sigemptyset (&mask);
  sigaddset (&mask, SIGINT);
  sigaddset (&mask, SIGTERM);
  (void) pthread_sigmask (SIG_BLOCK, &mask, &self->old_mask);
  self->signal_fd = signalfd (-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  return self;
}

void
waiter_free (Waiter *self)
{
  if (self == NULL)
    return;
  if (self->signal_fd >= 0)
    (void) close (self->signal_fd);
  (void) pthread_sigmask (SIG_SETMASK, &self->old_mask, NULL);
  g_free (self);
}

static void
exit_by_signal (Waiter *self)
{
  struct signalfd_siginfo info;

  if (read (self->signal_fd, &info, sizeof info) != sizeof info)
    return;
  puts ("");
  log_warning (self->log, "fail2ban", "Caught signal %u. Exiting", info.ssi_signo);
  exit (255);
}

gboolean
waiter_poll (Waiter *self, int fd, short events, double timeout_sec)
{
  gint64 end_usec = timeout_sec < 0 || timeout_sec > 1e9
                        ? G_MAXINT64
                        : g_get_monotonic_time () + (gint64) (timeout_sec * G_USEC_PER_SEC);

  for (;;)
    {
      struct pollfd fds[] = { { .fd = self->signal_fd, .events = POLLIN }, { .fd = fd, .events = events } };
      gint64 left = end_usec == G_MAXINT64 ? G_MAXINT : (end_usec - g_get_monotonic_time () + 999) / 1000;
      if (poll (fds, G_N_ELEMENTS (fds), end_usec == G_MAXINT64 ? -1 : (int) CLAMP (left, 0, G_MAXINT)) < 0
          && errno != EINTR)
        return FALSE;
      if (fds[0].revents != 0)
        exit_by_signal (self);
      if (fds[1].revents != 0)
        return TRUE;
      if (g_get_monotonic_time () >= end_usec)
        return FALSE;
    }
}

void
waiter_sleep (Waiter *self, double sec)
{
  (void) waiter_poll (self, -1, 0, sec);
}
