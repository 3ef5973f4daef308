// Floating point: rounding modes in code that is hot already, exception flags, signals of exceptions that are not masked, registers across signal handlers.
#include "tiny.h"

static unsigned control(void) { unsigned value; __asm__ volatile("stmxcsr %0" : "=m"(value)); return value; }
static void set_control(unsigned value) { __asm__ volatile("ldmxcsr %0" : : "m"(value) : "memory"); }
static word bits(double x) { word value; memcpy(&value, &x, 8); return value; }
static word bits_of_float(float x) { unsigned value; memcpy(&value, &x, 4); return value; }

static double terms[64];

/** In assembly, so that the compiler neither vectorises it nor computes it beforehand. */
__attribute__((noinline)) static double sum(const double *x, int n) {
  double total = 0, third = 1.0 / 3;
  for (int i = 0; i < n; i++) {
    double term = x[i];
    __asm__ volatile("mulsd %2, %1\n addsd %1, %0\n" : "+x"(total), "+x"(term) : "x"(third));
  }
  return total;
}

static const char *const modes[] = { "nearest", "down", "up", "to zero" };

static void rounding(void) {
  for (int i = 0; i < 64; i++) terms[i] = 1 + i / 7.0;
  for (int i = 0; i < 3000; i++) sum(terms, 64);
  for (int round = 0; round < 2; round++) {
    for (unsigned mode = 0; mode < 4; mode++) {
      set_control(0x1f80 | mode << 13);
      double total = sum(terms, 64), big = 1e300, root = 2;
      float single = 1;
      long integer;
      __asm__ volatile("mulsd %0, %0\n sqrtsd %1, %1\n" : "+x"(big), "+x"(root));
      __asm__ volatile("cvtsd2ss %1, %0\n" : "+x"(single) : "x"(total));
      __asm__ volatile("cvtsd2si %1, %0\n" : "=r"(integer) : "x"(total));
      unsigned flags = control() & 0x3f;
      set_control(0x1f80);
      say("%s: sum %x single %x integer %d huge %x root %x", (word)modes[mode], bits(total), bits_of_float(single), integer, bits(big), bits(root));
      if (mode) say(" flags %x", (word)flags);
      say("\n");
    }
  }
}

static void denormals(void) {
  for (unsigned mode = 0; mode < 4; mode++) {
    set_control(0x1f80 | (mode & 1 ? 0x40 : 0) | (mode & 2 ? 0x8000 : 0));
    double least = 5e-324, small = 2.3e-308, quarter = 0.25;
    __asm__ volatile("addsd %0, %0\n mulsd %2, %1\n" : "+x"(least), "+x"(small) : "x"(quarter));
    set_control(0x1f80);
    say("denormals %d: %x %x\n", (word)mode, bits(least), bits(small));
  }
}

static volatile int traps;
static unsigned seen[4];
static void caught(int signal, siginfo_t *info, void *context) {
  struct ucontext *at = context;
  unsigned *saved = (unsigned *)((char *)at->uc_mcontext.fpstate + 24);
  unsigned char *code = (unsigned char *)at->uc_mcontext.rip;
  seen[0] = info->si_code; seen[1] = *saved & 0x3f; seen[2] = control(); seen[3] = code[0] << 16 | code[1] << 8 | code[2];
  *saved |= 0x1f80;
  traps++;
  (void)signal;
}

static void exceptions(void) {
  handle(SIGFPE, caught, SA_SIGINFO, 0);
  static const struct { unsigned open; double x, y; char operation; } cases[] = {
    { 0x200, 1, 0, '/' }, { 0x80, 0, 0, '/' }, { 0x400, 1e300, 1e300, '*' }, { 0x800, 1e-300, 1e-300, '*' }, { 0x1000, 1, 3, '/' }, { 0x100, 5e-324, 1, '+' },
  };
  for (int i = 0; i < 6; i++) {
    double x = cases[i].x;
    traps = 0;
    set_control(0x1f80 & ~cases[i].open);
    if (cases[i].operation == '/') __asm__ volatile("divsd %1, %0" : "+x"(x) : "x"(cases[i].y));
    else if (cases[i].operation == '*') __asm__ volatile("mulsd %1, %0" : "+x"(x) : "x"(cases[i].y));
    else __asm__ volatile("addsd %1, %0" : "+x"(x) : "x"(cases[i].y));
    set_control(0x1f80);
    say("%x: traps %d code %d flags %x in the handler %x at %x then %x\n", (word)cases[i].open, (word)traps, (word)seen[0], (word)seen[1], (word)seen[2], (word)seen[3], bits(x));
  }
}

static volatile long lanes[2];
static void clobber(int signal, siginfo_t *info, void *context) {
  __asm__ volatile("movq %%xmm7, %0\n pcmpeqd %%xmm7, %%xmm7\n" : "=m"(lanes[0]) : : "xmm7");
  (void)signal; (void)info; (void)context;
}

static void registers(void) {
  handle(SIGUSR1, clobber, SA_SIGINFO, 0);
  long before = 0x1122334455667788, after, pid = self(), result;
  __asm__ volatile("movq %3, %%xmm7\n mov %4, %%rdi\n mov $10, %%esi\n mov $62, %%eax\n syscall\n movq %%xmm7, %0\n" : "=r"(after), "=&a"(result) : "1"(0L), "r"(before), "r"(pid) : "rdi", "rsi", "rcx", "r11", "xmm7", "memory");
  say("xmm7 in the handler %x, after it %x\n", lanes[0], after);
}

static void test(void) { rounding(); denormals(); exceptions(); registers(); }
