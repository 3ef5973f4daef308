// Runs behaviours, each in a process, session and folder of its own, with what root of a container has: `behaviours [FAMILY | FAMILY/NAME]…`.
#include "behaviour.h"
#include "programs.h"
#include <linux/capability.h>

/** The capabilities of a container's root, as Docker gives them. */
#define CONTAINER_CAPABILITIES 0xa80425fbul
/** A behaviour that takes longer is ended. */
#define LONGEST_MS 10000

static void drop_capabilities(void) {
  for (int n = 0; n < 41; n++) if (!(CONTAINER_CAPABILITIES >> n & 1)) prctl(PR_CAPBSET_DROP, n);
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct sets[2] = { { CONTAINER_CAPABILITIES, CONTAINER_CAPABILITIES, 0 }, { 0, 0, 0 } };
  syscall(SYS_capset, &header, sets);
}

/** What differs from one machine to another is made the same. */
static void become_container(void) {
  drop_capabilities();
  umask(022);
  clearenv();
  struct rlimit no_core = { 0, 0 }, descriptors = { 1024, 4096 }, stack = { 8 << 20, RLIM_INFINITY };
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_NOFILE, &descriptors);
  setrlimit(RLIMIT_STACK, &stack);
  for (int signal = 1; signal < 32; signal++) on(signal, SIG_DFL, 0);
  sigprocmask(SIG_SETMASK, signals(SIGCHLD), 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  dup2(open("/dev/null", O_RDONLY), 0);
  for (int fd = 3; fd < 64; fd++) close(fd);
}

static void run_in_folder(const struct behaviour *b) {
  char folder[] = "/tmp/behaviour.XXXXXX";
  sigprocmask(SIG_UNBLOCK, signals(SIGCHLD), 0);
  setsid();
  if (!mkdtemp(folder) || chmod(folder, 0777) || chdir(folder)) say("%s: %s\n", folder, errno_name(errno));
  b->run();
  exit(0);
}

/** Waits for the child to end, until the time is over. */
static int wait_for(pid_t pid) {
  struct timespec step = { 0, 100000000 };
  int status;
  for (long end = now_ms() + LONGEST_MS; now_ms() < end; sigtimedwait(signals(SIGCHLD), 0, &step))
    if (waitpid(pid, &status, WNOHANG) == pid) return status;
  say("takes too long\n");
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return 0;
}

static void run_one(const struct behaviour *b) {
  say("# %s\n", b->name);
  pid_t pid = child(prctl(PR_SET_CHILD_SUBREAPER, 0); run_in_folder(b));
  int status = wait_for(pid);
  if (WIFSIGNALED(status)) say("ended by %s\n", signal_name(WTERMSIG(status)));
  else if (status) say("ended with exit %d\n", WEXITSTATUS(status));
  kill(-pid, SIGKILL);
  while (waitpid(-1, &status, 0) > 0);
}

static int is_wanted(const char *name, char **wanted) {
  if (!*wanted) return 1;
  for (; *wanted; wanted++) {
    size_t length = strlen(*wanted);
    if (!strncmp(name, *wanted, length) && (name[length] == '/' || !name[length])) return 1;
  }
  return 0;
}

static void run_all(char **wanted) {
  become_container();
  for (const struct behaviour *b = behaviours; b->name; b++) if (is_wanted(b->name, wanted)) run_one(b);
}

int main(int argc, char **argv) {
  for (const struct program *p = programs; argc > 1 && p->name; p++) if (!strncmp(p->name, argv[1], strlen(p->name))) { p->main(argv + 2); return 0; }
  int status = 0;
  waitpid(child(run_all(argv + 1)), &status, 0); // never as process 1
  return status != 0;
}
