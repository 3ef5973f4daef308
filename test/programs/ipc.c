// Interprocess communication: System V semaphores, message queues and shared memory, POSIX message queues; across processes, with waiting, removal, permission and limits.
#include "tiny.h"
#define IPC_CREAT 01000
#define IPC_EXCL 02000
#define IPC_NOWAIT 04000
#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2
#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL 16
#define SETALL 17
#define SEM_UNDO 0x1000
#define KEY 0x57e44e77

struct sembuf { unsigned short num; short op; short flg; };
struct time { long s, ns; };
struct msg { long type; char text[16]; };
struct ds { int key; unsigned uid, gid, cuid, cgid, mode; unsigned short seq, pad; unsigned long unused[2]; long words[9]; };

static word op1(word id, int num, int op, int flags) {
  struct sembuf b = { num, op, flags };
  return S3(semop, id, &b, 1);
}

static void semaphores(void) {
  S3(semctl, S3(semget, KEY, 0, 0), 0, IPC_RMID);
  say("semget: none %d, zero %d, many %d\n", S3(semget, KEY, 1, 0), S3(semget, KEY, 0, IPC_CREAT | 0600), S3(semget, KEY, 32001, IPC_CREAT));
  word id = S3(semget, KEY, 3, IPC_CREAT | IPC_EXCL | 0640);
  say("made %d again %d exclusive %d larger %d\n", (word)(id >= 0), (word)(S3(semget, KEY, 2, 0) == id), S3(semget, KEY, 3, IPC_CREAT | IPC_EXCL), S3(semget, KEY, 4, 0));
  struct ds ds;
  say("stat %d", S4(semctl, id, 0, IPC_STAT, &ds));
  say(" key %d mode %x nsems %d otime %d\n", (word)(ds.key == KEY), (word)ds.mode, (word)ds.words[4], (word)ds.words[0]);
  unsigned short all[3] = { 4, 5, 6 };
  say("setall %d", S4(semctl, id, 0, SETALL, all));
  all[0] = all[1] = all[2] = 0;
  say(" getall %d: %d %d %d\n", S4(semctl, id, 0, GETALL, all), (word)all[0], (word)all[1], (word)all[2]);
  say("setval %d, bad %d %d, bad number %d, getval %d\n", S4(semctl, id, 1, SETVAL, 1), S4(semctl, id, 1, SETVAL, 32768), S4(semctl, id, 1, SETVAL, -1), S4(semctl, id, 3, GETVAL, 0), S4(semctl, id, 1, GETVAL, 0));
  struct sembuf two[2] = { { 0, -1, 0 }, { 1, -2, IPC_NOWAIT } };
  say("all or nothing: %d, %d %d\n", S3(semop, id, two, 2), S4(semctl, id, 0, GETVAL, 0), S4(semctl, id, 1, GETVAL, 0));
  say("none %d, too many %d, bad number %d, over %d, wait for zero %d\n", S3(semop, id, two, 0), S3(semop, id, two, 501), op1(id, 3, 1, 0), op1(id, 0, 32767, 0), op1(id, 0, 0, IPC_NOWAIT));
  struct time soon = { 0, 5000000 };
  struct sembuf take = { 1, -2, 0 };
  say("timed: %d\n", S4(semtimedop, id, &take, 1, &soon));
  word child = fork();
  if (child == 0) quit(op1(id, 1, -2, SEM_UNDO) == 0 ? 7 : 8);
  while (S4(semctl, id, 1, GETNCNT, 0) == 0) nap(1);
  say("waiting for more %d, for zero %d\n", S4(semctl, id, 1, GETNCNT, 0), S4(semctl, id, 1, GETZCNT, 0));
  op1(id, 1, 1, 0);
  int status = 0;
  await(child, &status);
  say("child took %x, undone at its end: %d, last by the child %d\n", (word)status, S4(semctl, id, 1, GETVAL, 0), (word)(S4(semctl, id, 1, GETPID, 0) == child));
  child = fork();
  if (child == 0) quit(-op1(id, 0, 0, 0) & 0xff);
  while (S4(semctl, id, 0, GETZCNT, 0) == 0) nap(1);
  say("removed: %d", S3(semctl, id, 0, IPC_RMID));
  await(child, &status);
  say(" the waiting one %x, later %d\n", (word)status, S4(semctl, id, 0, GETVAL, 0));
}

static void messages(void) {
  S3(msgctl, S2(msgget, KEY, 0), IPC_RMID, 0);
  say("msgget: none %d\n", S2(msgget, KEY, 0));
  word id = S2(msgget, KEY, IPC_CREAT | 0600);
  struct msg m = { 3, "three" };
  say("send %d %d %d, bad type %d %d, too long %d\n", S4(msgsnd, id, &m, 6, 0), (m.type = 1, S4(msgsnd, id, &m, 1, 0)), (m.type = 2, S4(msgsnd, id, &m, 2, 0)), (m.type = 0, S4(msgsnd, id, &m, 2, 0)), (m.type = -1, S4(msgsnd, id, &m, 2, 0)),
      (m.type = 1, S4(msgsnd, id, &m, 8193, 0)));
  struct ds ds;
  say("stat %d", S3(msgctl, id, IPC_STAT, &ds));
  say(" bytes %d messages %d most %d sender %d\n", ds.words[3], ds.words[4], ds.words[5], (word)((int)ds.words[6] == S0(getpid)));
  say("receive: too small %d, cut %d", S5(msgrcv, id, &m, 2, 3, 0), S5(msgrcv, id, &m, 2, 3, 010000));
  say(" type %d, lowest up to 2: %d", m.type, S5(msgrcv, id, &m, 16, -2, 0));
  say(" type %d, other than 9: %d", m.type, S5(msgrcv, id, &m, 16, 9, 020000));
  say(" type %d, none left %d\n", m.type, S5(msgrcv, id, &m, 16, 0, IPC_NOWAIT));
  word child = fork();
  if (child == 0) {
    word n = S5(msgrcv, id, &m, 16, 5, 0);
    m.type = 6;
    S4(msgsnd, id, &m, n, 0);
    quit(n);
  }
  m.type = 4;
  S4(msgsnd, id, &m, 1, 0);
  m.type = 5;
  m.text[0] = 'x';
  S4(msgsnd, id, &m, 9, 0);
  m.text[0] = 0;
  word n = S5(msgrcv, id, &m, 16, 6, 0);
  int status = 0;
  await(child, &status);
  say("answer %d %c, child %x\n", n, (word)m.text[0], (word)status);
  int sent = 0;
  static struct { long type; char text[8192]; } big;
  big.type = 1;
  while (S4(msgsnd, id, &big, 1000, IPC_NOWAIT) == 0) sent++;
  say("full after %d: %d\n", (word)sent, S4(msgsnd, id, &big, 1000, IPC_NOWAIT));
  child = fork();
  if (child == 0) quit(-S4(msgsnd, id, &big, 1000, 0) & 0xff);
  nap(20);
  say("removed %d", S3(msgctl, id, IPC_RMID, 0));
  await(child, &status);
  say(" the waiting one %x\n", (word)status);
}

static void segments(void) {
  say("shmget: none %d, empty %d\n", S3(shmget, KEY, 100, 0), S3(shmget, KEY, 0, IPC_CREAT | 0600));
  word id = S3(shmget, KEY, 10000, IPC_CREAT | 0600);
  say("made %d, larger %d\n", (word)(id >= 0), S3(shmget, KEY, 10001, 0));
  volatile char *at = (char *)S3(shmat, id, 0, 0);
  volatile char *again = (char *)S3(shmat, id, 0, 010000);
  at[0] = 'a';
  at[9999] = 'z';
  word child = fork();
  if (child == 0) {
    at[1] = at[0] + 1;
    word seen = S3(shmat, id, 0, 0);
    ((char *)seen)[2] = 'c';
    quit(at[9999]);
  }
  int status = 0;
  await(child, &status);
  say("child saw %x, wrote %c%c\n", (word)status, (word)at[1], (word)at[2]);
  S0(getpid);
  say("through the other mapping %c\n", (word)again[1]);
  struct ds ds;
  S3(shmctl, id, IPC_STAT, &ds);
  say("size %d attached %d creator %d last %d\n", ds.words[0], ds.words[5], (word)((int)ds.words[4] == S0(getpid)), (word)((int)(ds.words[4] >> 32) == child));
  say("detach nothing %d, wrong address %d, second %d\n", S1(shmdt, 0x1000), S1(shmdt, at + 4096), S1(shmdt, again));
  say("misaligned %d, on something %d\n", S3(shmat, id, 1, 0), S3(shmat, id, at, 0));
  say("remove %d", S3(shmctl, id, IPC_RMID, 0));
  S3(shmctl, id, IPC_STAT, &ds);
  say(" mode %x attached %d, by key %d\n", (word)ds.mode, ds.words[5], S3(shmget, KEY, 0, 0));
  at[5] = 'k';
  say("still there %c, last detach %d, gone %d\n", (word)at[5], S1(shmdt, at), S3(shmctl, id, IPC_STAT, &ds));
}

struct attr { long flags, maxmsg, msgsize, curmsgs, reserved[4]; };

static volatile int notified;
static void on_notify(int signo, siginfo_t *info, void *context) { notified = info->si_value.sival_int * 100 + (info->si_code == SI_MESGQ); }

static void queues(void) {
  static const char name[] = "wherry-test";
  S1(mq_unlink, name);
  struct attr a = { 0, 3, 16, 0 };
  struct attr bad = { 0, 0, 16, 0 };
  say("open: none %d, slash %d, empty %d, bad %d\n", S4(mq_open, name, 2, 0, 0), S4(mq_open, "/x", 0102, 0600, &a), S4(mq_open, "", 0102, 0600, &a), S4(mq_open, name, 0102, 0600, &bad));
  word q = S4(mq_open, name, 0102, 0600, &a);
  word reader = S4(mq_open, name, 04000, 0, 0);
  say("exclusive %d\n", S4(mq_open, name, 0302, 0600, &a));
  char text[32] = "low";
  say("send %d", S5(mq_timedsend, q, text, 4, 1, 0));
  text[0] = 'H';
  say(" %d", S5(mq_timedsend, q, text, 4, 9, 0));
  text[0] = 'M';
  say(" %d, long %d, priority %d, through a reader %d\n", S5(mq_timedsend, q, text, 4, 5, 0), S5(mq_timedsend, q, text, 17, 1, 0), S5(mq_timedsend, q, text, 4, 32768, 0), S5(mq_timedsend, reader, text, 4, 1, 0));
  struct time past = { 1, 0 }, wrong = { 0, -1 };
  say("full: timed %d, bad time %d\n", S5(mq_timedsend, q, text, 4, 1, &past), S5(mq_timedsend, q, text, 4, 1, &wrong));
  unsigned priority = 0;
  say("small buffer %d, receive %d", S5(mq_timedreceive, q, text, 15, &priority, 0), S5(mq_timedreceive, q, text, 32, &priority, 0));
  say(" %c %d,", (word)text[0], (word)priority);
  S5(mq_timedreceive, q, text, 32, &priority, 0);
  say(" %c %d,", (word)text[0], (word)priority);
  S5(mq_timedreceive, reader, text, 32, &priority, 0);
  say(" %c %d, none left %d\n", (word)text[0], (word)priority, S5(mq_timedreceive, reader, text, 32, &priority, 0));
  struct attr now, nonblock = { 04000, 0, 0, 0 }, wrongFlags = { 1, 0, 0, 0 };
  say("attr %d", S3(mq_getsetattr, q, &nonblock, &now));
  say(" flags %d most %d size %d now %d, bad %d, then %d\n", now.flags, now.maxmsg, now.msgsize, now.curmsgs, S3(mq_getsetattr, q, &wrongFlags, 0), S5(mq_timedreceive, q, text, 32, 0, 0));
  now.flags = 0;
  S3(mq_getsetattr, q, &now, 0);
  struct { word value; int signo, notify; char rest[48]; } event = { 42, SIGUSR1, 0 };
  handle(SIGUSR1, on_notify, 4, 0);
  say("notify %d, twice %d", S2(mq_notify, q, &event), S2(mq_notify, q, &event));
  S5(mq_timedsend, q, text, 4, 1, 0);
  nap(1);
  say(", told %d, again %d\n", (word)notified, S2(mq_notify, q, &event));
  S2(mq_notify, q, 0);
  S5(mq_timedreceive, q, text, 32, 0, 0);
  word child = fork();
  if (child == 0) quit(S5(mq_timedreceive, q, text, 32, 0, 0));
  nap(5);
  S5(mq_timedsend, q, text, 7, 1, 0);
  int status = 0;
  await(child, &status);
  say("child got %x\n", (word)status);
  say("unlink %d, again %d, still open %d, wrong descriptor %d\n", S1(mq_unlink, name), S1(mq_unlink, name), S5(mq_timedsend, q, text, 1, 1, 0), S5(mq_timedsend, 1, text, 1, 1, 0));
}

static void test(void) {
  semaphores();
  messages();
  segments();
  queues();
}
