// Processes and threads: fork, vfork, exec, waiting, groups and sessions, orphans, clone, futexes, robust lists.
#include "tiny.h"
#define PAGE 4096

static void waits(void) {
  int status = 0;
  say("no children: %d\n", await(-1, &status));
  word a = fork();
  if (a == 0) quit(3);
  word b = fork();
  if (b == 0) quit(300);
  say("by pid: %d", (word)(await(b, &status) == b));
  say(" status %x", (word)status);
  say(" any: %d", (word)(await(-1, &status) == a));
  say(" status %x, then %d\n", (word)status, await(-1, 0));
  a = fork();
  if (a == 0) { nap(20); quit(0); }
  say("nohang: %d, bad options %d, nobody's group %d\n", S4(wait4, a, &status, WNOHANG, 0), S4(wait4, a, 0, 0x1000, 0), S4(wait4, -99999, 0, 0, 0));
  siginfo_t info;
  memset(&info, 0, sizeof info);
  say("waitid: %d", S5(waitid, P_PID, a, &info, WEXITED | WNOWAIT, 0));
  say(" signo %d code %d pid %d status %d\n", (word)info.si_signo, (word)info.si_code, (word)(info.si_pid == a), (word)info.si_status);
  say("still there: %d gone: %d\n", (word)(await(a, 0) == a), await(a, 0));
  say("waitid nothing asked: %d\n", S5(waitid, P_ALL, 0, &info, 0, 0));
  struct { char bytes[144]; } usage;
  a = fork();
  if (a == 0) quit(0);
  say("rusage: %d\n", (word)(S4(wait4, a, &status, 0, &usage) == a));
}

static void ignored_children(void) {
  handle(SIGCHLD, IGNORE, 0, 0);
  word a = fork();
  if (a == 0) quit(1);
  say("ignored child: %d\n", await(a, 0));
  handle(SIGCHLD, DEFAULT, 0, 0);
}

static void vforks(void) {
  volatile int shared = 1;
  word pid = S2(clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
  if (pid == 0) { shared = 2; nap(10); shared = 3; S1(exit, 4); }
  int status;
  say("vfork: %d", (word)shared);
  await(pid, &status);
  say(" status %x\n", (word)status);
}

static void groups(void) {
  word me = self(), pid = fork();
  if (pid == 0) {
    say("child leaves: %d", S2(setpgid, 0, 0));
    say(" group %d", (word)(S0(getpgrp) == self()));
    say(" setsid as a leader: %d\n", S0(setsid));
    word grandchild = fork();
    if (grandchild == 0) {
      say("setsid: %d", (word)(S0(setsid) == self()));
      say(" sid %d pgid %d again %d", (word)(S1(getsid, 0) == self()), (word)(S0(getpgrp) == self()), S0(setsid));
      say(" setpgid of a leader %d\n", S2(setpgid, 0, 0));
      quit(0);
    }
    await(grandchild, 0);
    quit(0);
  }
  await(pid, 0);
  say("setpgid: nobody %d negative %d\n", S2(setpgid, 99999, 0), S2(setpgid, 0, -1));
  pid = fork();
  if (pid == 0) { for (;;) nap(1000); }
  S2(setpgid, pid, pid);
  int status;
  say("kill the group: %d", S2(kill, -pid, SIGTERM));
  say(" waited by group %d", (word)(await(-pid, &status) == pid));
  say(" status %x; same parent %d\n", (word)status, (word)(me == self()));
}

static void orphans(void) {
  int fds[2], parent = 0;
  S2(pipe2, fds, 0);
  S5(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  word pid = fork();
  if (pid == 0) {
    if (fork() == 0) { nap(30); int now = S0(getppid); S3(write, fds[1], &now, 4); quit(9); }
    quit(0);
  }
  await(pid, 0);
  S3(read, fds[0], &parent, 4);
  int status = 0;
  say("orphan's parent is the subreaper: %d", (word)(parent == self()));
  say(" reaped %d status %x\n", (word)(await(-1, &status) > 0), (word)status);
  S1(close, fds[0]); S1(close, fds[1]);
}

static volatile int got, word1, word2;
static char stacks[8][PAGE] __attribute__((aligned(16)));
static volatile int tids[8];

/** Starts a thread at `run` on stack `n`; its tid goes to tids[n], which is cleared and woken when it ends. */
__attribute__((naked, noinline)) static word start(word flags, void *stack, volatile int *parent, volatile int *child, void *tls) {
  __asm__("mov %rcx, %r10\n mov $56, %eax\n syscall\n test %rax, %rax\n jnz 1f\n xor %ebp, %ebp\n pop %rax\n pop %rdi\n call *%rax\n xor %edi, %edi\n mov $60, %eax\n syscall\n 1: ret");
}
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
static word thread(int n, void (*run)(word), word argument) {
  word *top = (word *)(stacks[n] + PAGE) - 4;
  top[0] = (word)run; top[1] = argument;
  return start(THREAD, top, &tids[n], &tids[n], &stacks[n]);
}
static void join(int n) { int tid; while ((tid = tids[n])) S6(futex, &tids[n], FUTEX_WAIT, tid, 0, 0, 0); }

static void count(word n) { for (int i = 0; i < 1000; i++) __atomic_add_fetch(&got, 1, __ATOMIC_SEQ_CST); (void)n; }
static void waiter(word bits) { while (!word1) S6(futex, &word1, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, 0, 0, bits); __atomic_add_fetch(&got, bits, __ATOMIC_SEQ_CST); }
static void plain(word n) { S6(futex, &word1, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, 0, 0); __atomic_add_fetch(&got, n, __ATOMIC_SEQ_CST); }
static void identity(word n) { unsigned long fs; S2(arch_prctl, ARCH_GET_FS, &fs); got = (S0(getpid) == n) + 2 * (S0(gettid) != n) + 4 * (fs == (unsigned long)&stacks[1]); }

static void threads(void) {
  got = 0;
  for (int i = 0; i < 4; i++) thread(i, count, i);
  for (int i = 0; i < 4; i++) join(i);
  say("counted %d\n", (word)got);
  thread(1, identity, self()); join(1);
  say("identity %d\n", (word)got);
}

static void futexes(void) {
  struct { long s, ns; } t = { 0, 5000000 };
  word1 = 5;
  say("changed: %d timeout: %d", S6(futex, &word1, FUTEX_WAIT, 4, 0, 0, 0), S6(futex, &word1, FUTEX_WAIT, 5, &t, 0, 0));
  say(" wake nobody: %d odd: %d no bits: %d unknown: %d unmapped: %d\n", S6(futex, &word1, FUTEX_WAKE, 1, 0, 0, 0), S6(futex, (char *)&word1 + 1, FUTEX_WAKE, 1, 0, 0, 0),
    S6(futex, &word1, FUTEX_WAIT_BITSET, 5, 0, 0, 0), S6(futex, &word1, 99, 5, 0, 0, 0), S6(futex, 0x38000000, FUTEX_WAIT, 5, 0, 0, 0));
  struct { long s, ns; } bad = { 0, 2000000000 };
  say("bad timeout %d", S6(futex, &word1, FUTEX_WAIT, 5, &bad, 0, 0));
  struct { long s, ns; } now;
  S2(clock_gettime, 1, &now);
  say(" absolute, past: %d\n", S6(futex, &word1, FUTEX_WAIT_BITSET, 5, &now, 0, ~0));
  word1 = got = 0;
  thread(0, waiter, 1); thread(1, waiter, 2); thread(2, waiter, 4);
  nap(20);
  word1 = 1;
  say("bitset woke %d", S6(futex, &word1, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 9, 0, 0, 6));
  nap(20);
  say(" got %d, the rest %d\n", (word)got, S6(futex, &word1, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, 0, 0, 0));
  for (int i = 0; i < 3; i++) join(i);
  word1 = got = 0; word2 = 7;
  thread(0, plain, 1); thread(1, plain, 1); thread(2, plain, 1);
  nap(20);
  say("requeue with a wrong value: %d", S6(futex, &word1, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 9, &word2, 3));
  say(" right: %d", S6(futex, &word1, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 9, &word2, 0));
  nap(10);
  say(" got %d on the first %d on the second %d\n", (word)got, S6(futex, &word1, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, 0, 0, 0), S6(futex, &word2, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, 0, 0, 0));
  for (int i = 0; i < 3; i++) join(i);
  word1 = got = 0; word2 = 7;
  thread(0, plain, 1);
  nap(10);
  say("wake_op: %d", S6(futex, &word2, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1, &word1, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)));
  join(0);
  say(" word %d got %d\n", (word)word1, (word)got);
}

static struct robust_list_head robust;
static struct { struct robust_list list; volatile int word; } owned;
static void dies(word n) {
  robust.list.next = &owned.list; robust.futex_offset = (char *)&owned.word - (char *)&owned.list; robust.list_op_pending = 0;
  owned.list.next = &robust.list;
  S2(set_robust_list, &robust, sizeof robust);
  owned.word = S0(gettid) | FUTEX_WAITERS;
  (void)n;
}
static void robustness(void) {
  say("robust list of a wrong size: %d", S2(set_robust_list, &robust, 5));
  thread(0, dies, 0);
  join(0);
  say(" owner died %x\n", (word)(owned.word & 0xc0000000u));
}

static volatile word handler_tid;
static void which(int signal, siginfo_t *info, void *context) { handler_tid = S0(gettid); (void)signal; (void)info; (void)context; }
static void sends(word n) { S2(kill, n, SIGUSR1); nap(20); }
static void signals_to_threads(void) {
  handle(SIGUSR1, which, SA_SIGINFO, 0);
  thread(0, sends, self());
  struct { long s, ns; } t = { 5, 0 };
  say("a signal to the process interrupts its first thread: %d", S2(nanosleep, &t, 0));
  say(" %d", (word)(handler_tid == self()));
  join(0);
  unsigned long set = BIT(SIGUSR1), none = 0;
  S4(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
  S4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
  say(" none pending\n");
}

static void sleeps_for_ever(word n) { for (;;) nap(1000); (void)n; }
static void ends_all(word n) { quit(n); }
static void endings(void) {
  int status;
  word pid = fork();
  if (pid == 0) { thread(0, sleeps_for_ever, 0); thread(1, ends_all, 6); for (;;) nap(1000); }
  await(pid, &status);
  say("exit_group by a thread: %x", (word)status);
  pid = fork();
  if (pid == 0) { thread(0, count, 0); S1(exit, 8); }
  await(pid, &status);
  say(" main thread left first: %x", (word)status);
  pid = fork();
  if (pid == 0) { thread(0, sleeps_for_ever, 0); S2(kill, self(), SIGTERM); for (;;) nap(1000); }
  await(pid, &status);
  say(" killed with threads: %x\n", (word)status);
}

static char *const argv[] = { "/proc/self/exe", "again", 0 };
static char *const envp[] = { "A=b", 0 };
static void execs(void) {
  say("exec nothing: %d directory: %d no pointer: %d\n", S3(execve, "/no/such", argv, envp), S3(execve, "/tmp", argv, envp), S3(execve, 0, argv, envp));
  word fd = S3(open, "/tmp/not-a-program", 01102, 0644);
  S3(write, fd, "hello", 5);
  say("not executable: %d", S3(execve, "/tmp/not-a-program", argv, envp));
  S2(chmod, "/tmp/not-a-program", 0755);
  S1(close, fd);
  say(" no format: %d\n", S3(execve, "/tmp/not-a-program", argv, envp));
  S1(unlink, "/tmp/not-a-program");
}

static void names(void) {
  char name[17] = { 0 };
  say("set name %d", S5(prctl, PR_SET_NAME, "a name that is too long", 0, 0, 0));
  S5(prctl, PR_GET_NAME, name, 0, 0, 0);
  say(" '%s' unknown %d\n", (word)name, S5(prctl, 9999, 0, 0, 0, 0));
  S5(prctl, PR_SET_NAME, "tasks", 0, 0, 0);
  say("clone without CLONE_VM: %d without SIGHAND: %d\n", S2(clone, CLONE_SIGHAND | SIGCHLD, 0), S2(clone, CLONE_VM | CLONE_THREAD | SIGCHLD, 0));
  unsigned long set[2] = { 0, 0 };
  say("affinity odd size %d\n", S3(sched_getaffinity, 0, 4, set));
  say("tid address is my id %d\n", (word)(S1(set_tid_address, tids) == self()));
}

static void test(void) { waits(); ignored_children(); vforks(); groups(); orphans(); threads(); futexes(); robustness(); signals_to_threads(); endings(); execs(); names(); }
