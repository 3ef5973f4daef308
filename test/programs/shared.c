// Memory shared between processes: stores of any size and place arrive, by page and across pages, through several mappings, with files, after mremap, mprotect and truncation; large mappings stay cheap.
#include "tiny.h"
#define PAGE 4096
#define O_RDWR 2
#define O_CREAT 0100

static volatile int *turns;

static void give(int to) { *turns = to; S6(futex, turns, FUTEX_WAKE, 10, 0, 0, 0); }
static void take(int mine) { for (int now; (now = *turns) != mine;) S6(futex, turns, FUTEX_WAIT, now, 0, 0, 0); }
static char *map(word length, int prot, int flags, word fd, word offset) { return (char *)S6(mmap, 0, length, prot, flags, fd, offset); }
static unsigned sum(volatile unsigned char *p, word n) { unsigned s = 0; for (word i = 0; i < n; i++) s = s * 31 + p[i]; return s; }

/** Both write all over 16 pages in turn, each at its own places, with words that lie across page borders. */
static void across_pages(void) {
  char *m = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  give(0);
  word child = fork();
  int me = child == 0;
  for (int round = 0; round < 40; round++) {
    take(me);
    for (int p = 1; p < 16; p++) *(volatile unsigned long *)(m + p * PAGE - 1 - (round + me * 3 + p) % 7) += 0x0101010101010101ul * (round + p + me);
    volatile char *spot = m + (round * 977 + me * 13) % (16 * PAGE);
    *spot += 1;
    give(!me);
  }
  if (me) quit(0);
  take(0);
  await(child, 0);
  say("across pages %x\n", (word)sum((unsigned char *)m, 16 * PAGE));
  S2(munmap, m, 16 * PAGE);
}

static void two_mappings(void) {
  word fd = S2(memfd_create, "two", 0);
  S2(ftruncate, fd, 3 * PAGE);
  char *a = map(3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *b = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
  a[PAGE] = 'a';
  b[PAGE] = 'b';
  S3(msync, a, 3 * PAGE, 4);
  char got[2];
  say("each sees the other: %c %c", (word)b[0], (word)a[2 * PAGE]);
  S4(pread64, fd, got, 1, PAGE);
  S4(pread64, fd, got + 1, 1, 2 * PAGE);
  say(", the file %c %c", (word)got[0], (word)got[1]);
  S4(pwrite64, fd, "w", 1, PAGE + 5);
  say(", a write %c %c\n", (word)a[PAGE + 5], (word)b[5]);
  word child = fork();
  if (child == 0) {
    char *c = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    c[0] = 'c';
    a[1] = c[0] + 1;
    quit(b[5]);
  }
  int status = 0;
  await(child, &status);
  say("child: %x %c %c\n", (word)status, (word)a[0], (word)a[1]);
  S2(ftruncate, fd, PAGE);
  S2(ftruncate, fd, 3 * PAGE);
  say("after truncation: %d %d %c\n", (word)a[PAGE], (word)b[5], (word)a[0]);
  S2(munmap, b, 2 * PAGE);
  a[2 * PAGE] = 'z';
  S2(munmap, a, 3 * PAGE);
  S4(pread64, fd, got, 1, 2 * PAGE);
  say("after munmap %c\n", (word)got[0]);
  S1(close, fd);
}

static void rights(void) {
  char *m = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  m[0] = 1;
  say("protect %d", S3(mprotect, m, 2 * PAGE, PROT_READ));
  word child = fork();
  if (child == 0) {
    S3(mprotect, m, PAGE, PROT_READ | PROT_WRITE);
    m[0] += 4;
    m[3 * PAGE] = 7;
    quit(0);
  }
  await(child, 0);
  say(" then %d %d", (word)m[0], (word)m[3 * PAGE]);
  S3(mprotect, m, 2 * PAGE, PROT_READ | PROT_WRITE);
  m[1] = 9;
  char *moved = (char *)S5(mremap, m, 4 * PAGE, 8 * PAGE, 1, 0);
  moved[2] = 3;
  child = fork();
  if (child == 0) { moved[3] = moved[0] + moved[1] + moved[2]; quit(0); }
  await(child, 0);
  say(" moved %d %d\n", (word)moved[3], (word)moved[3 * PAGE]);
}

/** 64 MiB and a thousand turns: only what changes may cost. */
static void large(void) {
  word length = 64 << 20;
  volatile int *m = (int *)map(length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  give(0);
  word child = fork();
  int me = child == 0;
  for (int round = 0; round < 500; round++) {
    take(me);
    m[(round * 7919 + me) % (length / 4)] += round;
    m[0] += 1;
    give(!me);
  }
  if (me) quit(0);
  take(0);
  await(child, 0);
  word total = 0;
  for (int round = 0; round < 500; round++) total += m[round * 7919 % (length / 4)] + m[(round * 7919 + 1) % (length / 4)];
  say("large: %d turns, %d\n", (word)m[0], total);
}

static void test(void) {
  turns = (int *)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  across_pages();
  two_mappings();
  rights();
  large();
}
