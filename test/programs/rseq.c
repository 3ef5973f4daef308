// Restartable sequences: registration and its errors; a section that is interrupted, by a signal or because its slice is over, goes on at its abort handler.
#include "tiny.h"
struct area { unsigned cpu_start, cpu; unsigned long section; unsigned flags, node, mm, pad; } __attribute__((aligned(32)));
static struct area area, other;
#define SIGNATURE 0x53053053

static volatile int handled;
static void on_alarm(int signo, siginfo_t *info, void *context) { handled++; }

/** Spins inside a critical section until it is interrupted; says where it came out. */
__attribute__((naked, noinline)) static word spin(struct area *where) {
  __asm__("lea section(%rip), %rax\n mov %rax, 8(%rdi)\n"
          "start: mov $-1, %rcx\n"
          "again: dec %rcx\n jnz again\n"
          "finish: mov $1, %eax\n ret\n"
          ".long 0x53053053\n"
          "aborted: mov $2, %eax\n ret\n"
          ".balign 32\n section: .long 0, 0\n .quad start, finish - start, aborted\n");
}

static void test(void) {
  say("misaligned %d, wrong size %d, flags %d, not there %d\n", S4(rseq, (char *)&area + 8, 32, 0, SIGNATURE), S4(rseq, &area, 20, 0, SIGNATURE), S4(rseq, &area, 32, 2, SIGNATURE), S4(rseq, 64, 32, 0, SIGNATURE));
  area.cpu = 99999;
  say("register %d", S4(rseq, &area, 32, 0, SIGNATURE));
  say(" processor told %d, again %d, another %d, other signature %d\n", (word)(area.cpu < 9999 && area.cpu == area.cpu_start), S4(rseq, &area, 32, 0, SIGNATURE), S4(rseq, &other, 32, 0, SIGNATURE), S4(rseq, &area, 32, 0, 1));
  handle(SIGALRM, on_alarm, 0, 0);
  struct { word interval[2], value[2]; } timer = { { 0, 0 }, { 0, 20000 } };
  S3(setitimer, 0, &timer, 0);
  say("came out at %d", spin(&area));
  say(", section forgotten %d, a handler ran or not: %d\n", (word)(area.section == 0), (word)(handled <= 1));
  while (!handled) nap(1);
  word child = fork();
  if (child == 0) {
    S3(setitimer, 0, &timer, 0);
    quit(10 * spin(&area) + (S4(rseq, &area, 32, 0, SIGNATURE) == -EBUSY));
  }
  int status = 0;
  await(child, &status);
  say("inherited by fork: %x\n", (word)status);
  say("unregister: wrong signature %d, wrong place %d, right %d", S4(rseq, &area, 32, 1, 1), S4(rseq, &other, 32, 1, SIGNATURE), S4(rseq, &area, 32, 1, SIGNATURE));
  say(" processor %x, twice %d\n", (word)area.cpu, S4(rseq, &area, 32, 1, SIGNATURE));
}
