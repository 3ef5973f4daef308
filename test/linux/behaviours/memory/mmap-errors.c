// mmap refuses no length, odd offsets, no kind and bad descriptors.
#include "behaviour.h"

void behaviour(void) {
  show((long)mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  show((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, -1, 0));
  show((long)mmap(0, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0));
  int fd = file("x"), out = open("file", O_WRONLY), in = open("file", O_RDONLY), folder = open(".", O_RDONLY), p[2];
  pipe(p);
  show(syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 1));
  show((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, out, 0));
  show((long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0));
  ok(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, in, 0) != MAP_FAILED);
  show((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, folder, 0));
  show((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, p[0], 0));
  show((long)mmap((void *)1, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}
