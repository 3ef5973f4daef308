// SIGSTOP stops all threads and SIGCONT starts them again.
#include "behaviour.h"

static volatile long count;
static void *other(void *argument) { for (;;) { count++; nap(1); } }

void behaviour(void) {
  int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t pid = child(thread(other, 0); for (;;) { *shared = count; nap(1); });
  while (*shared < 2) nap(1);
  kill(pid, SIGSTOP);
  waitpid(pid, 0, WUNTRACED);
  int before = *shared;
  nap(20);
  say("stands still %d\n", *shared == before);
  kill(pid, SIGCONT);
  while (*shared <= before + 1) nap(1);
  say("goes on\n");
  kill(pid, SIGKILL);
}
