// A process that unmaps all it has dies of SIGSEGV, though it blocks it.
#include "behaviour.h"

static void unmap(unsigned long length) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, 0);
  munmap(0, length);
  _exit(3);
}

void behaviour(void) {
  show(munmap(0, 1ul << 63));
  show(munmap(0, (1ul << 47) + 4096));
  reap(child(unmap((1ul << 46) - 4096)));
  reap(child(unmap((1ul << 32) - 4096)));
  reap(child(for (unsigned long length = 1ul << 63; length > 4096; length >>= 1) munmap(0, length - 4096)));
}
