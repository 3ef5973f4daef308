// SIGCHLD tells the child, how it ended and its status.
#include "behaviour.h"

static pid_t pid;
static volatile int times;
static void got(int signal, siginfo_t *i, void *context) { say("code %d pid %d status %d\n", i->si_code, i->si_pid == pid, i->si_status); times++; }

void behaviour(void) {
  on_info(SIGCHLD, got, SA_RESTART);
  int go[2];
  pipe(go);
  pid = child(char c; read(go[0], &c, 1); raise(SIGSTOP); read(go[0], &c, 1); _exit(5));
  write(go[1], "x", 1);
  waitpid(pid, 0, WUNTRACED);
  kill(pid, SIGCONT);
  while (times < 2) nap(1);
  write(go[1], "x", 1);
  waitpid(pid, 0, 0);
}
