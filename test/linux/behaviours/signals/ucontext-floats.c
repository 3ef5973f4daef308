// The registers of floating point are whole after a handler that uses them.
#include "behaviour.h"

static void got(int signal) { volatile double x = 3.25; for (int i = 0; i < 9; i++) x *= 1.5; __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm7, %%xmm7" ::: "xmm0", "xmm7"); }

void behaviour(void) {
  double value = 1.25;
  on(SIGUSR1, got, 0);
  long n = SYS_kill;
  __asm__ volatile("movsd %1, %%xmm7\n syscall\n movsd %%xmm7, %1" : "+a"(n), "+m"(value) : "D"(getpid()), "S"(SIGUSR1) : "rcx", "r11", "xmm7", "memory");
  say("%d\n", value == 1.25);
}
