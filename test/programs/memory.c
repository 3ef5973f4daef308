// Memory: mmap in all its kinds, protection, remapping, the heap, sharing between processes, file mappings.
#include "tiny.h"
#define O_RDWR 2
#define O_CREAT 0100
#define O_TRUNC 01000
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGE 4096

static word map(void *at, word length, word prot, word flags, word fd, word offset) { return S6(mmap, at, length, prot, flags, fd, offset); }
static word bad(word address) { return address < 0 && address > -4096 ? address : 0; }
/** Whether the byte can be read: a call that reads it does not give EFAULT. */
static word readable(const void *p) { int fds[2]; S2(pipe2, fds, 0); word n = S3(write, fds[1], p, 1); S1(close, fds[0]); S1(close, fds[1]); return n; }
static word writable(void *p) { int fds[2]; S2(pipe2, fds, 0); S3(write, fds[1], "z", 1); word n = S3(read, fds[0], p, 1); S1(close, fds[0]); S1(close, fds[1]); return n; }

static void anonymous(void) {
  char *p = (char *)map(0, 3 * PAGE, RW, ANON, -1, 0);
  say("zeroed %d %d\n", (word)p[0], (word)p[3 * PAGE - 1]);
  memset(p, 7, 3 * PAGE);
  say("unmap the middle: %d; reads %d %d %d\n", S2(munmap, p + PAGE, PAGE), readable(p), readable(p + PAGE), readable(p + 2 * PAGE));
  say("fixed into the hole: %d", (word)(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == (word)(p + PAGE)));
  say(" zero again %d neighbours %d %d\n", (word)p[PAGE], (word)p[PAGE - 1], (word)p[2 * PAGE]);
  say("noreplace over it: %d\n", map(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
  say("protect none %d: reads %d writes %d\n", S3(mprotect, p + PAGE, PAGE, PROT_NONE), readable(p + PAGE), writable(p + PAGE));
  say("protect read %d: reads %d writes %d\n", S3(mprotect, p + PAGE, PAGE, PROT_READ), readable(p + PAGE), writable(p + PAGE));
  say("protect rw %d: writes %d %c\n", S3(mprotect, p, 3 * PAGE, RW), writable(p + PAGE), p[PAGE]);
  say("madvise dontneed %d: %d\n", S3(madvise, p, 3 * PAGE, MADV_DONTNEED), (word)(p[0] + p[PAGE] + p[2 * PAGE]));
  S2(munmap, p, 3 * PAGE);
  say("unmap again: %d reads %d\n", S2(munmap, p, 3 * PAGE), readable(p));
  say("protect unmapped: %d\n", S3(mprotect, p, PAGE, RW));
  say("madvise unmapped: %d\n", S3(madvise, p, PAGE, MADV_DONTNEED));
}

static void errors(void) {
  say("length 0: %d", map(0, 0, RW, ANON, -1, 0));
  say(" no type: %d", map(0, PAGE, RW, MAP_ANONYMOUS, -1, 0));
  say(" bad fd: %d", map(0, PAGE, RW, MAP_PRIVATE, 99, 0));
  say(" odd offset: %d", map(0, PAGE, RW, ANON, -1, 5));
  say(" odd fixed: %d", map((void *)0x30000001, PAGE, RW, ANON | MAP_FIXED, -1, 0));
  say(" munmap odd: %d zero: %d", S2(munmap, 0x30000001, PAGE), S2(munmap, 0x30000000, 0));
  say(" mprotect odd: %d bits: %d zero: %d\n", S3(mprotect, 1, PAGE, RW), S3(mprotect, 0x30000000, PAGE, 0x1000), S3(mprotect, 0x30000000, 0, RW));
  int fds[2];
  S2(pipe2, fds, 0);
  say("map a pipe: %d, madvise odd: %d, unknown: %d\n", map(0, PAGE, RW, MAP_PRIVATE, fds[0], 0), S3(madvise, 1, PAGE, 4), S3(madvise, 0x30000000, PAGE, 9999));
  S1(close, fds[0]); S1(close, fds[1]);
}

static void remapping(void) {
  char *p = (char *)map((void *)0x30000000, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
  for (int i = 0; i < 4; i++) p[i * PAGE] = 'a' + i;
  say("shrink: %d reads %d %d\n", (word)(S4(mremap, p, 4 * PAGE, 2 * PAGE, 0) == (word)p), readable(p + PAGE), readable(p + 2 * PAGE));
  say("grow in place: %d new page %d\n", (word)(S4(mremap, p, 2 * PAGE, 3 * PAGE, 0) == (word)p), (word)p[2 * PAGE]);
  map(p + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
  say("blocked: %d\n", S4(mremap, p, 3 * PAGE, 5 * PAGE, 0));
  char *q = (char *)S4(mremap, p, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
  say("moved: %d %c %c %d; old reads %d\n", (word)(q != p && !bad((word)q)), q[0], q[PAGE], (word)q[5 * PAGE], readable(p));
  char *r = (char *)S5(mremap, q, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0x31000000);
  say("fixed: %x %c\n", (word)r, r[PAGE]);
  say("unmapped: %d flags: %d new 0: %d\n", S4(mremap, 0x38000000, PAGE, 2 * PAGE, 1), S4(mremap, r, PAGE, PAGE, 64), S4(mremap, r, PAGE, 0, 1));
  S2(munmap, r, 6 * PAGE); S2(munmap, p, 5 * PAGE);
}

static void heap(void) {
  char *start = (char *)S1(brk, 0);
  char *end = (char *)S1(brk, start + 100000);
  say("brk grew %d", (word)(end - start));
  end[-1] = 1;
  say(" shrank %d", (word)((char *)S1(brk, start + 10) - start));
  S1(brk, start + 100000);
  say(" zero again %d", (word)end[-1]);
  say(" back %d refused %d\n", (word)((char *)S1(brk, start) == start), (word)((char *)S1(brk, 5) == start));
}

static void sharing(void) {
  volatile int *shared = (int *)map(0, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  volatile int *private = (int *)map(0, PAGE, RW, ANON, -1, 0);
  shared[0] = private[0] = 1;
  word pid = fork();
  if (pid == 0) { shared[0] += 10; private[0] += 10; shared[1024] = 5; quit(0); }
  await(pid, 0);
  say("shared %d %d private %d\n", (word)shared[0], (word)shared[1024], (word)private[0]);
  pid = fork();
  if (pid == 0) { while (!shared[1]) S0(sched_yield); shared[2] = 77; S6(futex, shared + 2, FUTEX_WAKE, 1, 0, 0, 0); quit(0); }
  shared[1] = 1;
  while (!shared[2]) S6(futex, shared + 2, FUTEX_WAIT, 0, 0, 0, 0);
  say("ping pong %d\n", (word)shared[2]);
  await(pid, 0);
}

/** A child writes through a second mapping of a file it inherited one of. */
static void twice(void) {
  word fd = S3(open, "/tmp/memory-twice", O_RDWR | O_CREAT | O_TRUNC, 0600);
  S2(ftruncate, fd, PAGE);
  volatile char *mine = (char *)map(0, PAGE, RW, MAP_SHARED, fd, 0);
  mine[0] = 7;
  word pid = fork();
  if (pid == 0) {
    volatile char *second = (char *)map(0, PAGE, RW, MAP_SHARED, fd, 0);
    second[1] = second[0] + 1;
    S2(munmap, second, PAGE);
    quit(mine[1]);
  }
  int status;
  await(pid, &status);
  say("second mapping: %d %d, status %x\n", (word)mine[0], (word)mine[1], (word)status);
  mine[2] = 9;
  volatile char *again = (char *)map(0, PAGE, RW, MAP_SHARED, fd, 0);
  say("third mapping: %d %d %d\n", (word)again[0], (word)again[1], (word)again[2]);
  S1(unlink, "/tmp/memory-twice");
}

static void files(void) {
  char text[16];
  word fd = S3(open, "/tmp/memory-test", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < 500; i++) S3(write, fd, "0123456789abcdef", 16);
  char *private = (char *)map(0, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
  char *second = (char *)map(0, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
  say("file %c %c beyond the end %d\n", private[17], second[1], (word)private[500 * 16]);
  private[0] = 'X';
  S4(pread64, fd, text, 4, 0);
  say("private store stays: %c\n", text[0]);
  char *shared = (char *)map(0, 2 * PAGE, RW, MAP_SHARED, fd, 0);
  shared[1] = 'Q';
  S4(pread64, fd, text, 4, 0);
  S4(pwrite64, fd, "R", 1, 6001);
  say("read sees the store %c, the mapping the write %c\n", text[1], shared[6001]);
  word length = 500 * 16;
  S4(pwrite64, fd, "after", 5, length);
  say("growth is seen %c\n", shared[length]);
  shared[1] = 'Y'; shared[5000] = 'Z';
  say("msync %d", S3(msync, shared, 2 * PAGE, MS_SYNC));
  S4(pread64, fd, text, 4, 0);
  say(" file has %c", text[1]);
  S4(pwrite64, fd, "W", 1, 3);
  shared[2] = 'V';
  S2(munmap, shared, 2 * PAGE);
  S4(pread64, fd, text, 5, 0);
  say(" then %c%c%c", text[1], text[2], text[3]);
  S4(pread64, fd, text, 1, 5000);
  say(" and %c\n", text[0]);
  word readonly = S3(open, "/tmp/memory-test", 0, 0);
  say("shared write of a read-only file: %d", map(0, PAGE, RW, MAP_SHARED, readonly, 0));
  word view = map(0, PAGE, PROT_READ, MAP_SHARED, readonly, 0);
  say(" protect: %d\n", S3(mprotect, view, PAGE, RW));
  S4(pwrite64, fd, "T", 1, 9);
  say("a read-only view sees writes: %c\n", ((volatile char *)view)[9]);
  S1(close, fd);
  say("mapping outlives the descriptor: %c\n", second[2]);
  S1(unlink, "/tmp/memory-test");
}

/** Code that is written, run, changed and run again. */
static void code(void) {
  unsigned char *p = (unsigned char *)map(0, PAGE, RW | PROT_EXEC, ANON, -1, 0);
  unsigned char returns[] = { 0xb8, 1, 0, 0, 0, 0xc3 };
  word sum = 0;
  for (int i = 1; i <= 50; i++) { returns[1] = i; memcpy(p, returns, sizeof returns); sum += ((int (*)(void))p)(); }
  say("self-modifying: %d\n", sum);
  memcpy(p, "\xb8\x2a\0\0\0\xc3", 6);
  S3(mprotect, p, PAGE, PROT_READ | PROT_EXEC);
  say("read and execute: %d\n", (word)((int (*)(void))p)());
  S2(munmap, p, PAGE);
  unsigned char *again = (unsigned char *)map(p, PAGE, RW | PROT_EXEC, ANON | MAP_FIXED, -1, 0);
  memcpy(again, "\xb8\x2b\0\0\0\xc3", 6);
  say("mapped anew: %d\n", (word)((int (*)(void))again)());
}

static word deep(word n) { volatile char frame[100]; frame[0] = n; return n == 0 ? 0 : deep(n - 1) + frame[0] - (char)n + 1; }
static void reserve(void) {
  char *p = (char *)map(0, 1l << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
  say("reserved 1 GiB: %d", (word)!bad((word)p));
  S3(mprotect, p + (512l << 20), PAGE, RW);
  p[512l << 20] = 3;
  say(" used a page %d unmap %d\n", (word)p[512l << 20], S2(munmap, p, 1l << 30));
  say("deep stack: %d\n", deep(40000));
}

static void test(void) { anonymous(); errors(); remapping(); heap(); sharing(); twice(); files(); code(); reserve(); }
