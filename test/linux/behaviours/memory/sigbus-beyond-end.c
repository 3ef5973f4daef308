// Touching a page beyond the end of a file is SIGBUS.
#include "behaviour.h"
#include <setjmp.h>

static sigjmp_buf back;
static void got(int signal, siginfo_t *i, void *context) { say("%s code %d\n", signal_name(signal), i->si_code); siglongjmp(back, 1); }

void behaviour(void) {
  int fd = file("text");
  volatile char *p = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
  on_info(SIGBUS, got, 0);
  say("%d\n", p[100]);
  if (!sigsetjmp(back, 1)) say("%d\n", p[4096]);
  ftruncate(fd, 0);
  if (!sigsetjmp(back, 1)) say("%d\n", p[0]);
}
