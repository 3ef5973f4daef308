// What a behaviour is written with: the system's headers, printing of results by the names of their errors, children, threads and waiting for others to sleep.
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/** The behaviour: each file defines it once; the build gives it the name of the file. */
void behaviour(void);

/** Prints, in one write. */
#define say(...) dprintf(1, __VA_ARGS__)
/** Evaluates an integer expression and prints it with its value, or with the name of errno where it is -1. */
#define show(...) ({ errno = 0; show_value(#__VA_ARGS__, (long)(__VA_ARGS__), 1); })
/** As `show` for values that differ from run to run: `ok`, or the name of errno. */
#define ok(...) ({ errno = 0; show_value(#__VA_ARGS__, (long)(__VA_ARGS__), 0); })
long show_value(const char *text, long value, int is_shown);
const char *errno_name(int error);
const char *signal_name(int signal);

/** Forks; the child runs the statements and exits with 0. */
#define child(...) ({ pid_t child_ = fork(); if (child_ == 0) { __VA_ARGS__; _exit(0); } child_; })
/** Waits for a child and prints how it ended. */
void reap(pid_t pid);
/** Sleeps, in milliseconds. */
void nap(int ms);
/** Milliseconds of CLOCK_MONOTONIC. */
long now_ms(void);
/** Returns when the task sleeps in a system call (or has stopped or ended). */
void until_asleep(pid_t task);
/** A thread, started. */
pthread_t thread(void *(*run)(void *), void *argument);
/** Installs a handler; flags as of sigaction(2). */
void on(int signal, void (*handler)(int), int flags);
/** As `on`, with siginfo. */
void on_info(int signal, void (*handler)(int, siginfo_t *, void *), int flags);
/** A handler that does nothing, and one that prints the name of its signal. */
void nothing(int signal);
void announce(int signal);
/** A set of one signal, or of those until 0. */
sigset_t set_of(int first, ...);
#define signals(...) ({ static sigset_t set_; set_ = set_of(__VA_ARGS__, 0); &set_; })
/** Creates a file with a text; opens a file anew with it, for reading and writing. */
void put(const char *path, const char *text);
int file(const char *text);
/** Prints a file, line by line as it is, with a prefix. */
void cat(const char *path);
/** The value of a `Name:\tvalue` line of a file, or the empty string; valid until the next call. */
const char *field(const char *path, const char *name);
/** Becomes an ordinary user, for good. */
void become(uid_t uid);
/** Runs this very binary as another program: `args …`, `env`, `ids`, `fds`, `dispositions`, `exit N` (see programs.c). */
void run(const char *word, ...);
#define PROGRAM "/proc/self/exe"
