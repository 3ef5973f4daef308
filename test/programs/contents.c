// The content of one file under random operations against a copy in memory: writes, cuts, holes, mappings, copies within the file, closing and opening. What any of them leaves wrong is seen by the next look.
#include "tiny.h"
#include <asm/fcntl.h>
#include <linux/falloc.h>
#define NAME "/tmp/contents"
#define ROOM 300000
#define PAGE 4096
#define SEEK_DATA 3
#define SEEK_HOLE 4

static unsigned char model[ROOM + PAGE], buf[ROOM + PAGE];
static long size;
static word fd;
static unsigned long seed;
static const char *doing;

static unsigned long pick(unsigned long below) {
  seed = seed * 6364136223846793005ul + 1442695040888963407ul;
  return (seed >> 33) % below;
}
static void wrong(const char *what, long at) { say("%s: %s at %d, size %d\n", (word)doing, (word)what, at, size); quit(1); }
static void demand(word got, long wanted, const char *what) { if (got != wanted) { say("%s: %s gives %d, not %d\n", (word)doing, (word)what, got, wanted); quit(1); } }
static int same(const unsigned char *a, const unsigned char *b, long n) { for (long i = 0; i < n; i++) if (a[i] != b[i]) wrong("byte", i); return 1; }
static long least(long a, long b) { return a < b ? a : b; }
static long place(void) { return pick(3) ? pick(ROOM - 70000) : pick(56) * PAGE; }
static long length(void) { return pick(4) == 0 ? 1 + pick(60000) : pick(3) == 0 ? (1 + pick(3)) * PAGE : 1 + pick(5000); }

/** Bytes before `end` exist in the model. */
static void grow(long end) { if (end > size) { memset(model + size, 0, end - size); size = end; } }

static void put(void) {
  long at = place(), n = length();
  for (long i = 0; i < n; i++) buf[i] = pick(256);
  demand(S4(pwrite64, fd, buf, n, at), n, "pwrite");
  grow(at + n);
  memcpy(model + at, buf, n);
}
static void get(void) {
  long at = place(), n = length(), there = at < size ? least(n, size - at) : 0;
  demand(S4(pread64, fd, buf, n, at), there, "pread");
  same(buf, model + at, there);
}
static void cut(void) {
  long to = pick(5) == 0 ? place() : size - least(size, (long)pick(20000));
  demand(S2(ftruncate, fd, to), 0, "ftruncate");
  if (to > size) grow(to); else size = to;
}
static void hole(void) {
  long at = place(), n = length();
  demand(S4(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, n), 0, "punch");
  if (at < size) memset(model + at, 0, least(n, size - at));
}
static void reserve(void) {
  long at = place(), n = length(), keep = pick(2);
  demand(S4(fallocate, fd, keep ? FALLOC_FL_KEEP_SIZE : 0, at, n), 0, "fallocate");
  if (!keep) grow(at + n);
}
/** A shared mapping of some pages of the file. */
static unsigned char *map(long page, long n, int prot) {
  word at = S6(mmap, 0, n, prot, MAP_SHARED, fd, page * PAGE);
  if (at < 0 && at > -4096) { say("%s: mmap gives %d\n", (word)doing, at); quit(1); }
  return (unsigned char *)at;
}
static void map_put(void) {
  if (size < 2) return;
  long at = pick(size), n = least(1 + pick(20000), size - at), page = at / PAGE, skip = at % PAGE;
  unsigned char *p = map(page, skip + n, PROT_READ | PROT_WRITE);
  for (long i = 0; i < n; i++) p[skip + i] = model[at + i] = pick(256);
  if (pick(2)) { demand(S4(pread64, fd, buf, n, at), n, "pread of what was mapped"); same(buf, model + at, n); }
  if (pick(2)) S3(msync, p, skip + n, MS_SYNC);
  demand(S2(munmap, p, skip + n), 0, "munmap");
}
static void map_get(void) {
  if (size < 2) return;
  long at = pick(size), n = least(1 + pick(20000), size - at), page = at / PAGE, skip = at % PAGE;
  unsigned char *p = map(page, skip + n, PROT_READ);
  same(p + skip, model + at, n);
  if (pick(2)) {
    buf[0] = pick(256);
    demand(S4(pwrite64, fd, buf, 1, at), 1, "pwrite under a mapping");
    model[at] = buf[0];
    same(p + skip, model + at, n);
  }
  for (long i = size; i % PAGE && i < (page * PAGE) + skip + n; i++) if (p[i - page * PAGE]) wrong("byte beyond the end", i);
  S2(munmap, p, skip + n);
}
static void copy(void) {
  if (size < 100) return;
  long from = pick(size), n = least(1 + pick(30000), size - from), to = place();
  if (to < from + n && from < to + n) return;
  long in = from, out = to, done = 0;
  while (done < n) {
    word got = S6(copy_file_range, fd, &in, fd, &out, n - done, 0);
    if (got <= 0) { say("%s: copy_file_range gives %d\n", (word)doing, got); quit(1); }
    done += got;
  }
  grow(to + n);
  memcpy(model + to, model + from, n);
}
static void append(void) {
  long n = 1 + pick(3000);
  if (size + n > ROOM) return;
  word end = S3(open, NAME, O_WRONLY | O_APPEND, 0);
  for (long i = 0; i < n; i++) buf[i] = pick(256);
  demand(S3(write, end, buf, n), n, "append");
  S1(close, end);
  long old = size;
  grow(old + n);
  memcpy(model + old, buf, n);
}
/** What SEEK_DATA and SEEK_HOLE skip is zeros, and the answers are in order. */
static void seek(void) {
  if (size == 0) return;
  long at = pick(size);
  word data = S3(lseek, fd, at, SEEK_DATA), gap = S3(lseek, fd, at, SEEK_HOLE);
  if (data == -ENXIO) data = size;
  if (data < at || gap < at || data > size || gap > size) wrong("data or hole", at);
  for (long i = at; i < data; i++) if (model[i]) wrong("data in a hole", i);
}
static void reopen(void) {
  if (pick(2)) demand(S1(fsync, fd), 0, "fsync");
  S1(close, fd);
  if (pick(3) == 0) { demand(S2(rename, NAME, NAME "2"), 0, "rename"); demand(S2(link, NAME "2", NAME), 0, "link"); demand(S1(unlink, NAME "2"), 0, "unlink"); }
  fd = S3(open, NAME, O_RDWR, 0);
}
static void whole(void) {
  demand(S4(pread64, fd, buf, ROOM, 0), size, "pread of all");
  same(buf, model, size);
}

static const struct { const char *name; void (*run)(void); int weight; } kinds[] = {
  { "put", put, 6 }, { "get", get, 4 }, { "cut", cut, 3 }, { "hole", hole, 3 }, { "reserve", reserve, 2 }, { "map_put", map_put, 3 }, { "map_get", map_get, 3 }, { "copy", copy, 2 }, { "append", append, 1 },
  { "seek", seek, 3 }, { "reopen", reopen, 2 }, { "whole", whole, 1 },
};

static void run(unsigned long number, int operations) {
  seed = number;
  size = 0;
  S1(unlink, NAME);
  fd = S3(open, NAME, O_RDWR | O_CREAT | O_EXCL, 0600);
  for (int i = 0; i < operations; i++) {
    int left = pick(33);
    unsigned k = 0;
    while (left >= kinds[k].weight) left -= kinds[k++].weight;
    doing = kinds[k].name;
    kinds[k].run();
  }
  doing = "end";
  whole();
  unsigned sum = 0;
  for (long i = 0; i < size; i++) sum = sum * 31 + model[i];
  say("seed %d: %d operations, %d bytes, %x\n", number, operations, size, sum);
  S1(close, fd);
}

static void test(void) {
  for (int number = 1; number <= 6; number++) run(number, 400);
  S1(unlink, NAME);
}
