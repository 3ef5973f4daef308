/* Runs pieces of x86-64 code on the host CPU: test cases on stdin, what they did on stdout (host-cpu.ts writes and reads them).
 *
 * Every register is loaded by returning from a signal handler whose context was rewritten, and read back from the context of the next trap. So one
 * case costs one trap and one sigreturn. The code ends in int3; SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP end it too, and SIGALRM after a second. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u
#define FX_USED 416u /* what the CPU defines of an fxsave image; the kernel keeps its own fields above */

struct window { uint32_t address, pages; int prot; };

/* Everything the code can reach; what lies between is not mapped. image.ts has the same table. */
static const struct window windows[] = {
  { 0x400000, 2, PROT_READ | PROT_EXEC },
  { 0x500000, 2, PROT_READ | PROT_WRITE },
  { 0x502000, 1, PROT_READ },
  { 0x0fffe000, 2, PROT_READ | PROT_WRITE },
};
#define WINDOWS (sizeof windows / sizeof windows[0])
#define PAGES 7u
#define GS_BASE 0x500000

struct request { uint32_t code_length, code_offset, patches, id; uint64_t gpr[16], rflags; uint8_t fx[512]; };
struct answer { uint32_t id, signal, trap, error, patches, unused; uint64_t rip, fault; uint64_t gpr[16], rflags; uint8_t fx[512]; };
struct patch { uint32_t address, length; };

static uint8_t *live;                 /* a writable alias of all windows, one after the other */
static uint8_t before[PAGES * PAGE];  /* what memory held when the case began */
static uint8_t blank[PAGES * PAGE];   /* what memory holds between cases */
static int started;
static uint32_t current_id;

static const int gregs[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

static void fail(const char *what) {
  fprintf(stderr, "oracle: %s: %s\n", what, strerror(errno));
  _exit(2);
}

/* The offset in `live` of a guest range, or fails: the driver sent an address outside of the windows. */
static uint32_t offset_of(uint32_t address, uint32_t length) {
  uint32_t offset = 0;
  for (unsigned i = 0; i < WINDOWS; i++) {
    uint32_t size = windows[i].pages * PAGE;
    if (address >= windows[i].address && address - windows[i].address + length <= size) return offset + address - windows[i].address;
    offset += size;
  }
  errno = EFAULT;
  fail("a patch outside of the windows");
  return 0;
}

static uint32_t address_of(uint32_t offset) {
  unsigned i = 0;
  while (offset >= windows[i].pages * PAGE) offset -= windows[i++].pages * PAGE;
  return windows[i].address + offset;
}

/* The pattern of untouched memory: image.ts computes the same. Code pages hold int3. */
static void fill_blank(void) {
  uint32_t x = 0x9e3779b9;
  for (uint32_t i = 0; i < PAGES * PAGE; i += 4) {
    x ^= x << 13; x ^= x >> 17; x ^= x << 5;
    memcpy(blank + i, &x, 4);
  }
  memset(blank, 0xcc, 2 * PAGE);
}

static int read_exactly(void *to, size_t length) { return fread(to, 1, length, stdin) == length; }

static void apply_patch(void) {
  struct patch p;
  uint8_t bytes[PAGE];
  if (!read_exactly(&p, sizeof p) || p.length > PAGE || !read_exactly(bytes, p.length)) fail("truncated patch");
  uint32_t at = offset_of(p.address, p.length);
  memcpy(before + at, bytes, p.length);
}

/* Reads the next case and rewrites the context so that returning from the handler starts it. At the end of the input the process ends. */
static void load_case(ucontext_t *context) {
  struct request r;
  if (!read_exactly(&r, sizeof r)) { fflush(stdout); _exit(0); }
  if (r.code_length + r.code_offset >= 2 * PAGE) { errno = E2BIG; fail("code"); }
  memcpy(before, blank, sizeof before);
  if (!read_exactly(before + r.code_offset, r.code_length)) fail("truncated code");
  for (uint32_t i = 0; i < r.patches; i++) apply_patch();
  memcpy(live, before, sizeof before);
  greg_t *g = context->uc_mcontext.gregs;
  for (int i = 0; i < 16; i++) g[gregs[i]] = (greg_t)r.gpr[i];
  g[REG_EFL] = (greg_t)r.rflags;
  g[REG_RIP] = windows[0].address + r.code_offset;
  uint8_t *fp = (uint8_t *)context->uc_mcontext.fpregs;
  memcpy(fp, r.fx, FX_USED);
  uint64_t present;
  memcpy(&present, fp + 512, 8);
  present |= 3; /* x87 and SSE are taken from the image, whatever the kernel thought of them */
  memcpy(fp + 512, &present, 8);
  current_id = r.id;
  struct itimerval second = { { 0, 0 }, { 1, 0 } };
  setitimer(ITIMER_REAL, &second, 0);
}

static uint32_t count_patches(int emit) {
  uint32_t patches = 0;
  for (uint32_t i = 0; i < PAGES * PAGE;) {
    if (memcmp(live + i, before + i, 64) == 0) { i += 64; continue; }
    for (uint32_t end = i + 64; i < end; i += 8) {
      if (memcmp(live + i, before + i, 8) == 0) continue;
      patches++;
      if (!emit) continue;
      struct patch p = { address_of(i), 8 };
      fwrite(&p, sizeof p, 1, stdout);
      fwrite(live + i, 1, 8, stdout);
    }
  }
  return patches;
}

static void write_answer(int number, siginfo_t *info, ucontext_t *context) {
  struct answer a;
  memset(&a, 0, sizeof a);
  greg_t *g = context->uc_mcontext.gregs;
  a.id = current_id;
  a.signal = (uint32_t)number;
  a.trap = (uint32_t)g[REG_TRAPNO];
  a.error = (uint32_t)g[REG_ERR];
  a.patches = count_patches(0);
  a.rip = (uint64_t)g[REG_RIP];
  a.fault = number == SIGSEGV || number == SIGBUS ? (uint64_t)info->si_addr : 0;
  for (int i = 0; i < 16; i++) a.gpr[i] = (uint64_t)g[gregs[i]];
  a.rflags = (uint64_t)g[REG_EFL];
  memcpy(a.fx, context->uc_mcontext.fpregs, FX_USED);
  fwrite(&a, sizeof a, 1, stdout);
  count_patches(1);
}

static void on_signal(int number, siginfo_t *info, void *opaque) {
  ucontext_t *context = opaque;
  if (started) write_answer(number, info, context);
  started = 1;
  load_case(context);
}

static void map_windows(void) {
  int fd = memfd_create("windows", 0);
  if (fd < 0 || ftruncate(fd, PAGES * PAGE) < 0) fail("memfd");
  live = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (live == MAP_FAILED) fail("alias");
  uint32_t offset = 0;
  for (unsigned i = 0; i < WINDOWS; i++) {
    uint32_t size = windows[i].pages * PAGE;
    void *at = (void *)(uintptr_t)windows[i].address;
    if (mmap(at, size, windows[i].prot, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd, offset) != at) fail("a window");
    offset += size;
  }
}

int main(void) {
  static uint8_t stack[1 << 17];
  static char in[1 << 16], out[1 << 16];
  setvbuf(stdin, in, _IOFBF, sizeof in);
  setvbuf(stdout, out, _IOFBF, sizeof out);
  fill_blank();
  map_windows();
  if (syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)GS_BASE) != 0) fail("gs base");
  stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  if (sigaltstack(&alternate, 0) != 0) fail("signal stack");
  static const int signals[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM };
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigfillset(&action.sa_mask);
    if (sigaction(signals[i], &action, 0) != 0) fail("sigaction");
  }
  __asm__ volatile("int3"); /* from here on everything happens between handler and case */
  return 1;
}
