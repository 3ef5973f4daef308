// Signals: actions, masks, frames, restarts, the alternate stack, faults, stopping and continuing.
#include "tiny.h"

static volatile int count, last;
static volatile word code, from_self, address;
static void note(int signal, siginfo_t *info, void *context) { count++; last = signal; code = info->si_code; from_self = info->si_pid == self(); (void)context; }

static void basic(void) {
  handle(SIGUSR1, note, SA_SIGINFO, 0);
  say("kill self: %d\n", S2(kill, self(), SIGUSR1));
  say("handled %d signal %d code %d self %d\n", (word)count, (word)last, code, from_self);
  say("tgkill: %d", S3(tgkill, self(), S0(gettid), SIGUSR1));
  say(" code %d\n", code);
  say("sigaction KILL: %d, 0: %d, 65: %d\n", handle(SIGKILL, note, 0, 0), handle(0, note, 0, 0), handle(65, note, 0, 0));
  say("kill 0 of nobody: %d, bad signal: %d\n", S2(kill, 99999, 0), S2(kill, self(), 65));
  struct action old;
  S4(rt_sigaction, SIGUSR1, 0, &old, 8);
  say("old action: flags %x mask %x ours %d\n", old.flags, old.mask, (word)(old.handler == note));
}

static void masks(void) {
  unsigned long set = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGKILL), old = 0, pending = 0;
  count = 0;
  handle(SIGUSR2, note, SA_SIGINFO, 0);
  S4(rt_sigprocmask, SIG_BLOCK, &set, &old, 8);
  S2(kill, self(), SIGUSR2); S2(kill, self(), SIGUSR1); S2(kill, self(), SIGUSR1);
  S2(rt_sigpending, &pending, 8);
  say("blocked: count %d pending %x old %x\n", (word)count, pending, old);
  S4(rt_sigprocmask, SIG_SETMASK, &old, &set, 8);
  say("unblocked: count %d last %d mask was %x\n", (word)count, (word)last, set);
  say("bad how: %d bad size %d\n", S4(rt_sigprocmask, 7, &old, 0, 8), S4(rt_sigprocmask, SIG_BLOCK, &old, 0, 16));
}

static char order[32];
static void realtime(int signal, siginfo_t *info, void *context) { order[count++] = 'a' + (signal - 34) * 4 + (int)(long)info->si_value.sival_ptr; (void)context; }
static void queued(void) {
  unsigned long set = BIT(34) | BIT(35), old;
  count = 0;
  handle(34, realtime, SA_SIGINFO, BIT(35)); handle(35, realtime, SA_SIGINFO, 0);
  S4(rt_sigprocmask, SIG_BLOCK, &set, &old, 8);
  for (int i = 0; i < 3; i++) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_code = -1; info.si_value.sival_ptr = (void *)(long)i;
    S3(rt_sigqueueinfo, self(), 35, &info); S3(rt_sigqueueinfo, self(), 34, &info);
  }
  S4(rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
  say("real-time order: %s\n", (word)order);
}

static unsigned long saved_mask;
static void looks_at_mask(int signal, siginfo_t *info, void *context) {
  struct ucontext *uc = context;
  S4(rt_sigprocmask, SIG_BLOCK, 0, &saved_mask, 8);
  uc->uc_mcontext.r15 = 0x1122334455667788;
  uc->uc_mcontext.eflags |= 1;
  (void)signal; (void)info;
}
static void contexts(void) {
  handle(SIGUSR1, looks_at_mask, SA_SIGINFO, BIT(SIGALRM));
  unsigned long r15 = 1, carry = 0, xmm[2] = { 0x0123456789abcdef, 0xfedcba9876543210 }, after[2];
  register word pid __asm__("rdi") = self();
  register word signal __asm__("rsi") = SIGUSR1;
  __asm__ volatile("mov $5, %%r15\n movdqu %2, %%xmm9\n fldpi\n clc\n mov $62, %%eax\n syscall\n setc %b1\n mov %%r15, %0\n movdqu %%xmm9, %3\n fldpi\n fucompp\n fnstsw %%ax\n"
    : "=r"(r15), "+r"(carry), "+m"(xmm), "=m"(after) : "r"(pid), "r"(signal) : "rax", "rcx", "r11", "r15", "xmm9", "memory");
  say("in handler mask %x; r15 %x carry %d xmm %x %x\n", saved_mask, r15, carry & 1, after[0], after[1]);
  handle(SIGUSR1, looks_at_mask, SA_SIGINFO | SA_NODEFER, 0);
  S2(kill, self(), SIGUSR1);
  say("nodefer mask %x\n", saved_mask);
  handle(SIGUSR1, note, SA_SIGINFO | SA_RESETHAND, 0);
  S2(kill, self(), SIGUSR1);
  struct action old;
  S4(rt_sigaction, SIGUSR1, 0, &old, 8);
  say("resethand: handler now %d\n", (word)old.handler);
}

static char alternate[16384];
static void where(int signal, siginfo_t *info, void *context) {
  stack_t now;
  S2(sigaltstack, 0, &now);
  char here;
  say("on alternate stack: %d flags %d\n", (word)(&here >= alternate && &here < alternate + sizeof alternate), (word)now.ss_flags);
  stack_t other = { alternate, 0, sizeof alternate };
  say("change in use: %d\n", S2(sigaltstack, &other, 0));
  (void)signal; (void)info; (void)context;
}
static void stacks(void) {
  stack_t s = { alternate, 0, sizeof alternate }, old;
  say("sigaltstack: %d", S2(sigaltstack, &s, &old));
  say(" old flags %d\n", (word)old.ss_flags);
  stack_t small = { alternate, 0, 100 }, odd = { alternate, 5, sizeof alternate };
  say("small: %d odd: %d\n", S2(sigaltstack, &small, 0), S2(sigaltstack, &odd, 0));
  handle(SIGUSR1, where, SA_SIGINFO | SA_ONSTACK, 0);
  S2(kill, self(), SIGUSR1);
}

static void *escape[5];
static volatile word nowhere = 8;
static void fault(int signal, siginfo_t *info, void *context) {
  struct ucontext *uc = context;
  last = signal; code = info->si_code; address = (word)info->si_addr;
  say("signal %d code %d trapno %d err %x cr2 %x\n", (word)signal, code, (word)uc->uc_mcontext.trapno, (word)uc->uc_mcontext.err, uc->uc_mcontext.trapno == 14 ? (word)uc->uc_mcontext.cr2 : 0);
  __builtin_longjmp(escape, 1);
}
static void faults(void) {
  unsigned long none = 0;
  handle(SIGSEGV, fault, SA_SIGINFO, 0); handle(SIGFPE, fault, SA_SIGINFO, 0); handle(SIGILL, fault, SA_SIGINFO, 0); handle(SIGTRAP, fault, SA_SIGINFO, 0); handle(SIGBUS, fault, SA_SIGINFO, 0);
  char *page = (char *)S6(mmap, 0x30000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  page[0] = 0xc3;
  S3(mprotect, page, 4096, PROT_READ);
  S2(munmap, page + 4096, 4096);
  if (!__builtin_setjmp(escape)) *(volatile char *)(page + 5) = 1;
  say("address %x\n", address);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) (void)*(volatile char *)(page + 4096 + 9);
  say("address %x\n", address);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) *(volatile int *)nowhere = 1;
  say("address %x\n", address);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) ((void (*)(void))page)();
  say("address %x\n", address);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) __asm__ volatile("xor %%ecx, %%ecx\n mov $1, %%eax\n cltd\n idiv %%ecx" ::: "eax", "ecx", "edx");
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) __asm__ volatile("ud2");
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) __asm__ volatile("int3");
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  if (!__builtin_setjmp(escape)) __asm__ volatile("hlt");
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  S2(munmap, page, 4096);
}

static void child_statuses(void) {
  static const int signals[] = { SIGTERM, SIGKILL, SIGSEGV, SIGABRT, SIGUSR2, SIGPIPE, SIGALRM, SIGCHLD, SIGWINCH, SIGURG };
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    word pid = fork();
    if (pid == 0) { for (int s = 1; s < 32; s++) handle(s, DEFAULT, 0, 0); S2(kill, self(), signals[i]); quit(7); }
    int status = 0;
    await(pid, &status);
    say("signal %d: status %x\n", (word)signals[i], (word)(status & ~0x80));
  }
  word pid = fork();
  if (pid == 0) { unsigned long all = ~0ul; handle(SIGSEGV, IGNORE, 0, 0); S4(rt_sigprocmask, SIG_BLOCK, &all, 0, 8); *(volatile int *)0 = 1; quit(0); }
  int status = 0;
  await(pid, &status);
  say("ignored fault: status %x\n", (word)(status & ~0x80));
}

static void stopping(void) {
  word pid = fork();
  if (pid == 0) { for (;;) nap(1000); }
  int status = 0;
  S2(kill, pid, SIGSTOP);
  say("stopped: %d", (word)(S4(wait4, pid, &status, WUNTRACED, 0) == pid));
  say(" status %x\n", (word)status);
  S2(kill, pid, SIGTERM);
  say("term while stopped, nothing yet: %d\n", S4(wait4, pid, &status, WNOHANG, 0));
  S2(kill, pid, SIGCONT);
  say("gone: %d", (word)(S4(wait4, pid, &status, 0, 0) == pid));
  say(" status %x\n", (word)status);
  pid = fork();
  if (pid == 0) { for (;;) nap(1000); }
  S2(kill, pid, SIGSTOP); S4(wait4, pid, &status, WUNTRACED, 0);
  S2(kill, pid, SIGCONT);
  say("continued: %d", (word)(S4(wait4, pid, &status, WCONTINUED, 0) == pid));
  say(" status %x\n", (word)status);
  S2(kill, pid, SIGKILL); S4(wait4, pid, &status, 0, 0);
  say("killed: status %x\n", (word)status);
}

static void waiting(void) {
  unsigned long set = BIT(SIGUSR1), none = 0;
  struct { long s, ns; } t = { 0, 20000000 };
  siginfo_t info;
  S4(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
  say("timedwait: %d\n", S4(rt_sigtimedwait, &set, &info, &t, 8));
  word pid = fork();
  if (pid == 0) { nap(20); S2(kill, S0(getppid), SIGUSR1); quit(0); }
  say("timedwait: %d", S4(rt_sigtimedwait, &set, &info, 0, 8));
  say(" from child %d\n", (word)(info.si_pid == pid));
  await(pid, 0);
  handle(SIGUSR1, note, SA_SIGINFO, 0);
  pid = fork();
  if (pid == 0) { nap(20); S2(kill, S0(getppid), SIGUSR1); quit(0); }
  count = 0;
  say("sigsuspend: %d", S2(rt_sigsuspend, &none, 8));
  unsigned long now;
  S4(rt_sigprocmask, SIG_BLOCK, 0, &now, 8);
  say(" count %d mask %x\n", (word)count, now);
  await(pid, 0);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
}

static void restarts(void) {
  int fds[2];
  char byte;
  for (int restart = 0; restart < 2; restart++) {
    handle(SIGUSR1, note, SA_SIGINFO | (restart ? SA_RESTART : 0), 0);
    S2(pipe2, fds, 0);
    word parent = self(), pid = fork();
    if (pid == 0) { nap(20); S2(kill, parent, SIGUSR1); nap(20); S3(write, fds[1], "x", 1); quit(0); }
    say("read with restart %d: %d\n", (word)restart, S3(read, fds[0], &byte, 1));
    await(pid, 0);
    S1(close, fds[0]); S1(close, fds[1]);
    pid = fork();
    if (pid == 0) { nap(20); S2(kill, parent, SIGUSR1); quit(0); }
    struct { long s, ns; } t = { 5, 0 }, left = { 9, 9 };
    say("nanosleep: %d", S2(nanosleep, &t, &left));
    say(" about 4 s left: %d\n", (word)(left.s == 4 && left.ns > 500000000));
    await(pid, 0);
  }
}

static volatile int rounds;
static void tick(int signal, siginfo_t *info, void *context) { rounds++; (void)signal; (void)info; (void)context; }
static void loops(void) {
  struct { long is, ius, vs, vus; } timer = { 0, 5000, 0, 5000 }, off = { 0, 0, 0, 0 };
  handle(SIGALRM, tick, SA_SIGINFO, 0);
  S3(setitimer, 0, &timer, 0);
  while (rounds < 5) __asm__ volatile("pause");
  S3(setitimer, 0, &off, 0);
  say("interval timer ended a loop without calls: %d\n", (word)(rounds >= 5));
  struct { long is, ius, vs, vus; } prof = { 0, 0, 0, 2000 };
  rounds = 0;
  handle(SIGPROF, tick, SA_SIGINFO, 0);
  S3(setitimer, 2, &prof, 0);
  while (rounds < 1) __asm__ volatile("pause");
  say("profiling timer fired: %d\n", (word)rounds);
}

static void test(void) {
  basic(); masks(); queued(); contexts(); stacks(); faults(); child_statuses(); stopping(); waiting(); restarts(); loops();
}
