// What the binary does when a behaviour runs it as another program.
#include "behaviour.h"
#include "programs.h"

extern char **environ;

static void args(char **argv) { for (argv--; *argv; argv++) say("[%s]\n", *argv); }
static void env(char **argv) { (void)argv; for (char **e = environ; *e; e++) say("%s\n", *e); }
static void exits(char **argv) { exit(atoi(argv[0])); }
static void fds(char **argv) { (void)argv; for (int fd = 3; fd < 20; fd++) if (fcntl(fd, F_GETFD) >= 0) say("descriptor %d is open\n", fd); }
static void ids(char **argv) {
  (void)argv;
  uid_t r, e, s; gid_t rg, eg, sg;
  getresuid(&r, &e, &s);
  getresgid(&rg, &eg, &sg);
  say("uid %d %d %d gid %d %d %d CapEff %s\n", r, e, s, rg, eg, sg, field("/proc/self/status", "CapEff"));
}
static void dispositions(char **argv) {
  (void)argv;
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  for (int n = 1; n < 32; n++) {
    struct sigaction a;
    if (sigaction(n, 0, &a)) continue;
    if (a.sa_handler == SIG_IGN) say("%s is ignored\n", signal_name(n));
    else if (a.sa_handler != SIG_DFL) say("%s has a handler\n", signal_name(n));
    if (sigismember(&mask, n)) say("%s is blocked\n", signal_name(n));
  }
}
static void sleeps(char **argv) { nap(atoi(argv[0])); }

const struct program programs[] = { { "args", args }, { "env", env }, { "exit", exits }, { "fds", fds }, { "ids", ids }, { "dispositions", dispositions }, { "sleep", sleeps }, { 0, 0 } };
