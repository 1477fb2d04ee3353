// Process 1 of every pod: sleeps until told to end and reaps what a shared process namespace leaves to it.
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static void reap(int signal_number) {
  (void)signal_number;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

static int on(int signal_number, void (*action)(int), int flags) {
  struct sigaction act = {0};
  act.sa_handler = action;
  act.sa_flags = flags;
  return sigaction(signal_number, &act, 0);
}

int main(void) {
  if (on(SIGINT, end, 0) < 0 || on(SIGTERM, end, 0) < 0 || on(SIGCHLD, reap, SA_NOCLDSTOP) < 0) return 1;
  for (;;) pause();
}
