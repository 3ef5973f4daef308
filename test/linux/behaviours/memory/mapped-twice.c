// Memory that is mapped twice in a process: each mapping shows at once what was stored through the other; a ring of two mappings side by side; code through one.
#include "behaviour.h"

static void *both(int fd, long size, int prot, void **other) {
  void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  *other = mmap(0, size, prot, MAP_SHARED, fd, 0);
  return p;
}

void behaviour(void) {
  int fd = memfd_create("twice", 0);
  ftruncate(fd, 4 * 4096);
  void *mapped;
  volatile int *p = both(fd, 4 * 4096, PROT_READ | PROT_WRITE, &mapped), *q = mapped;
  p[0] = 1; show(q[0]);
  q[1] = 2; show(p[1]); show(p[0]);
  p[1024] = 3; p[2] = 4; show(q[1024]); show(q[2]);
  int wrong = 0;
  for (int i = 0; i < 2000; i++) { p[i] = i; wrong += q[i] != i; q[i] = -i; wrong += p[i] != -i; }
  show(wrong);
  reap(child(p[5] = 77; if (q[5] == 77) q[6] = 78));
  show(q[5]); show(p[6]);
  p[7] = 79; show(pread(fd, (void *)&wrong, 4, 28)); show(wrong);
  q[8] = 80; show(write(fd, "abcd", 4)); show(p[8]); show(p[0] == q[0]);
  q[9] = 81; show(memcmp((void *)p, (void *)q, 4 * 4096));
  memcpy((void *)(p + 512), (void *)(q + 100), 3000); show(memcmp((void *)(q + 512), (void *)(p + 512), 3000));
  const volatile void *from = q + 9;
  volatile void *to = p + 30;
  asm volatile("movsl" : "+S"(from), "+D"(to) : : "memory"); show(q[30]);
  asm volatile("movl %1, %%eax; xchgl %%eax, %0; movl %0, %%ecx; addl %%ecx, %1" : "+m"(p[31]), "+m"(q[9]) : : "eax", "ecx", "memory"); show(q[31]); show(p[9]);
  show(mprotect((void *)q, 4096, PROT_READ)); p[10] = 82; show(q[10]);
  show(munmap((void *)q, 4096)); p[11] = 83; show(pread(fd, (void *)&wrong, 4, 44)); show(wrong);

  int ring = memfd_create("ring", 0);
  ftruncate(ring, 8192);
  char *r = mmap(0, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mmap(r, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring, 0);
  mmap(r + 8192, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring, 0);
  memcpy(r + 8190, "around", 6); say("%.4s %.2s %.6s\n", r, r + 8190, r + 8190);
  *(volatile long *)(r + 8188) = 0x3131313132323232; say("%.4s %.4s\n", r, r + 8188);

  int small = memfd_create("small", 0);
  ftruncate(small, 4096);
  mmap(r, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, small, 0);
  mmap(r + 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, small, 0);
  for (int i = 0; i < 3; i++) { *(volatile long *)(r + 4092) = 0x6161616162626262 + i * 0x0101010101010101; say("%.4s %.4s %.4s\n", r, r + 4092, r + 8188); }
  r[1] = 'x'; say("%.4s %.4s\n", r, r + 4096);

  int code = memfd_create("code", 0);
  ftruncate(code, 4096);
  unsigned char *w = both(code, 4096, PROT_READ | PROT_EXEC, &mapped);
  int (*run)(void) = (int (*)(void))mapped;
  for (int i = 1; i < 4; i++) { memcpy(w, (unsigned char[]){ 0xb8, i, 0, 0, 0, 0xc3 }, 6); show(run()); }
}
