// System calls have EFAULT for bad addresses, and do what they can before.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  pipe(p);
  char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  show(write(p[1], (void *)8, 4));
  show(read(open("/dev/zero", O_RDONLY), (void *)8, 4));
  show(pipe((void *)8));
  show(stat((void *)8, (void *)8));
  show(open(page + 4090, O_RDONLY));
  memset(page + 4090, 'a', 6);
  show(open(page + 4090, O_RDONLY));
  show(read(open("/dev/zero", O_RDONLY), page + 4000, 200));
}
