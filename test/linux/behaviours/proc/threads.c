// task has a folder for each thread.
#include "behaviour.h"
#include <dirent.h>

static void *other(void *argument) { nap(100); return 0; }

void behaviour(void) {
  pthread_t t = thread(other, 0);
  int threads = 0;
  DIR *d = opendir("/proc/self/task");
  for (struct dirent *e; (e = readdir(d));) threads += e->d_name[0] != '.';
  show(threads);
  say("%s\n", field("/proc/self/status", "Threads"));
  pthread_join(t, 0);
}
