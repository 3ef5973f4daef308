// A C library of one page for test programs: raw system calls, printing, and a start that runs the test in a child, so that it is never process 1.
#include <stddef.h>
#include <stdint.h>
#include <asm/unistd.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/errno.h>
#include <linux/mman.h>
#include <asm/mman.h>
#include <linux/time.h>
#include <linux/sched.h>
#include <linux/futex.h>
#include <linux/wait.h>
#include <linux/prctl.h>
#include <asm/prctl.h>
#include <linux/resource.h>

typedef long word;

static inline word sys(word n, word a, word b, word c, word d, word e, word f) {
  word result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  register word r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
#define S0(n) sys(__NR_##n, 0, 0, 0, 0, 0, 0)
#define S1(n, a) sys(__NR_##n, (word)(a), 0, 0, 0, 0, 0)
#define S2(n, a, b) sys(__NR_##n, (word)(a), (word)(b), 0, 0, 0, 0)
#define S3(n, a, b, c) sys(__NR_##n, (word)(a), (word)(b), (word)(c), 0, 0, 0)
#define S4(n, a, b, c, d) sys(__NR_##n, (word)(a), (word)(b), (word)(c), (word)(d), 0, 0)
#define S5(n, a, b, c, d, e) sys(__NR_##n, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), 0)
#define S6(n, a, b, c, d, e, f) sys(__NR_##n, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), (word)(f))

void *memset(void *to, int byte, size_t n) { char *p = to; while (n--) *p++ = byte; return to; }
void *memcpy(void *to, const void *from, size_t n) { char *p = to; const char *q = from; while (n--) *p++ = *q++; return to; }

/** printf with %d, %x, %s and %c only, all passed as words; gcc evaluates the words from left to right. */
#define say(format, ...) say_words(format, (const word[]){ 0, ##__VA_ARGS__ } + 1)
static void say_words(const char *format, const word *args) {
  char out[512];
  int n = 0;
  for (; *format; format++) {
    if (*format != '%') { out[n++] = *format; continue; }
    format++;
    if (*format == 's') for (const char *s = (const char *)*args++; *s; s++) out[n++] = *s;
    else if (*format == 'c') out[n++] = *args++;
    else {
      word value = *args++;
      unsigned word_base = *format == 'x' ? 16 : 10;
      char digits[24];
      int i = 0;
      if (*format == 'd' && value < 0) { out[n++] = '-'; value = -value; }
      unsigned long u = value;
      do digits[i++] = "0123456789abcdef"[u % word_base]; while (u /= word_base);
      while (i) out[n++] = digits[--i];
    }
  }
  S3(write, 1, out, n);
}

struct action { void (*handler)(int, siginfo_t *, void *); unsigned long flags; void (*restorer)(void); unsigned long mask; };
#define RESTORER 0x04000000
__attribute__((naked)) static void restore(void) { __asm__("mov $15, %eax\n syscall"); }
static word handle(int signal, void (*handler)(int, siginfo_t *, void *), unsigned long flags, unsigned long mask) {
  struct action a = { handler, flags | RESTORER, restore, mask };
  return S4(rt_sigaction, signal, &a, 0, 8);
}
#define IGNORE ((void (*)(int, siginfo_t *, void *))1)
#define DEFAULT ((void (*)(int, siginfo_t *, void *))0)
#define BIT(signal) (1ul << ((signal) - 1))
static word self(void) { return S0(getpid); }
static void nap(long milliseconds) { struct timespec { long s, ns; } t = { milliseconds / 1000, milliseconds % 1000 * 1000000 }; S2(nanosleep, &t, 0); }
static void quit(int code) { S1(exit_group, code); }
static word fork(void) { return S0(fork); }
static word await(word pid, int *status) { return S4(wait4, pid, status, 0, 0); }

static void test(void);
__attribute__((used)) static void begin(void) {
  word pid = fork();
  if (pid == 0) { test(); quit(0); }
  int status = 0;
  await(pid, &status);
  say("test process: status %x\n", (word)status);
  quit(status ? 1 : 0);
}
__attribute__((naked)) void _start(void) { __asm__("xor %ebp, %ebp\n and $-16, %rsp\n call begin\n hlt"); }
