// Times calls from inside: `calls getpid N`, `calls pipe N` and `calls spawn N PROGRAM` print nanoseconds for one call, round trip, or fork, execve and wait.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }

static void ping_pong(int n) {
  int there[2], back[2];
  char c = 0;
  if (pipe(there) || pipe(back)) exit(1);
  if (fork() == 0) {
    for (int i = 0; i < n; i++) if (read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1) _exit(1);
    _exit(0);
  }
  for (int i = 0; i < n; i++) if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1) exit(1);
  wait(0);
}

static void spawn(int n, char *path) {
  char *argv[] = { path, 0 };
  for (int i = 0; i < n; i++) {
    int status;
    pid_t pid = fork();
    if (pid == 0) { execv(path, argv); _exit(127); }
    if (waitpid(pid, &status, 0) != pid || status != 0) exit(1);
  }
}

int main(int argc, char **argv) {
  int n = atoi(argv[2]);
  double start = now();
  if (!strcmp(argv[1], "getpid")) for (int i = 0; i < n; i++) syscall(SYS_getpid);
  else if (!strcmp(argv[1], "pipe")) ping_pong(n);
  else spawn(n, argv[3]);
  printf("%.1f\n", (now() - start) / n);
}
