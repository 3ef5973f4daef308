// The functions that behaviour.h declares.
#include "behaviour.h"
#include <stdarg.h>
#include <grp.h>

static const struct { int number; const char *name; } errors[] = {
#define E(name) { name, #name }
  E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL),
  E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENOMSG), E(EIDRM),
  E(ENODATA), E(ETIME), E(EPROTO), E(EBADMSG), E(EOVERFLOW), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP), E(EPFNOSUPPORT), E(EAFNOSUPPORT),
  E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETUNREACH), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ESHUTDOWN), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE),
  E(ECANCELED), E(EOWNERDEAD), E(ENOTRECOVERABLE), E(ERESTART), E(EUSERS),
#undef E
};
const char *errno_name(int error) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) if (errors[i].number == error) return errors[i].name;
  return error ? "another error" : "0";
}

static const char *const names[] = {
  "0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN",
  "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
};
const char *signal_name(int signal) {
  static char real_time[16];
  if (signal >= 0 && signal < 32) return names[signal];
  snprintf(real_time, sizeof real_time, "SIG%d", signal);
  return real_time;
}

long show_value(const char *text, long value, int is_shown) {
  int error = errno;
  if (value == -1 && error) say("%s = -1 %s\n", text, errno_name(error));
  else if (is_shown) say("%s = %ld\n", text, value);
  else say("%s: ok\n", text);
  errno = error;
  return value;
}

void reap(pid_t pid) {
  int status;
  if (waitpid(pid, &status, 0) < 0) say("no child: %s\n", errno_name(errno));
  else if (WIFEXITED(status)) say("child: exit %d\n", WEXITSTATUS(status));
  else say("child: %s\n", signal_name(WTERMSIG(status)));
}

void nap(int ms) { struct timespec t = { ms / 1000, ms % 1000 * 1000000 }; while (nanosleep(&t, &t) < 0); }
long now_ms(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }

void until_asleep(pid_t task) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", task);
  for (int slept = 0; slept < 2; nap(1)) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return;
    text[n] = 0;
    slept = strrchr(text, ')')[2] == 'R' ? 0 : slept + 1;
  }
}

pthread_t thread(void *(*run)(void *), void *argument) {
  pthread_t made;
  if (pthread_create(&made, 0, run, argument)) say("no thread\n");
  return made;
}

void on(int signal, void (*handler)(int), int flags) { struct sigaction a = { .sa_handler = handler, .sa_flags = flags }; sigaction(signal, &a, 0); }
void on_info(int signal, void (*handler)(int, siginfo_t *, void *), int flags) { struct sigaction a = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO }; sigaction(signal, &a, 0); }
void nothing(int signal) { (void)signal; }
void announce(int signal) { say("%s\n", signal_name(signal)); }

sigset_t set_of(int first, ...) {
  sigset_t set;
  sigemptyset(&set);
  va_list more;
  va_start(more, first);
  for (int signal = first; signal; signal = va_arg(more, int)) sigaddset(&set, signal);
  va_end(more);
  return set;
}

void put(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) say("%s: %s\n", path, errno_name(errno));
  close(fd);
}
int file(const char *text) {
  put("file", text);
  return open("file", O_RDWR);
}
void cat(const char *path) {
  char text[4096];
  int fd = open(path, O_RDONLY);
  if (fd < 0) { say("%s: %s\n", path, errno_name(errno)); return; }
  for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;) write(1, text, n);
  close(fd);
}
const char *field(const char *path, const char *name) {
  static char line[4096];
  FILE *from = fopen(path, "r");
  size_t length = strlen(name);
  while (from && fgets(line, sizeof line, from)) {
    if (strncmp(line, name, length) || line[length] != ':') continue;
    fclose(from);
    line[strcspn(line, "\n")] = 0;
    return line + length + 1 + strspn(line + length + 1, " \t");
  }
  if (from) fclose(from);
  return "";
}

void become(uid_t uid) {
  if (setgroups(0, 0) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)) say("cannot become %d: %s\n", uid, errno_name(errno));
}

void run(const char *word, ...) {
  char *argv[16] = { "program", (char *)word };
  va_list more;
  va_start(more, word);
  for (int n = 2; n < 16 && (argv[n] = va_arg(more, char *)); n++);
  va_end(more);
  execv(PROGRAM, argv);
  say("execv: %s\n", errno_name(errno));
}
