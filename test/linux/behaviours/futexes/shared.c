// A futex in shared memory works between processes.
#include "behaviour.h"
#include <linux/futex.h>

void behaviour(void) {
  int *word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t pid = child(_exit(syscall(SYS_futex, word, FUTEX_WAIT, 0, 0) == 0 ? 3 : 4));
  until_asleep(pid);
  show(syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1));
  show(syscall(SYS_futex, word, FUTEX_WAKE, 1));
  reap(pid);
}
