// A thread that ends clears the word of set_tid_address and wakes it.
#include "behaviour.h"

static char stack[16384] __attribute__((aligned(16)));
static int body(void *argument) { nap(20); return 0; }

void behaviour(void) {
  #define FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID)
  static int word = 1;
  clone(body, stack + sizeof stack, FLAGS, 0, 0, 0, &word);
  show(syscall(SYS_futex, &word, 0, 1, 0));
  show(word);
}
