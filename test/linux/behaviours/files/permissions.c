// An ordinary user is held to owner, group and others, in this order.
#include "behaviour.h"

void behaviour(void) {
  put("mine", "x"); put("ours", "x"); put("theirs", "x"); mkdir("closed", 0700); put("closed/x", ""); mkdir("sticky", 01777); put("sticky/f", "");
  chown("mine", 1000, 0); chmod("mine", 0077);
  chown("ours", 0, 1000); chmod("ours", 0707);
  chmod("theirs", 0600);
  become(1000);
  show(open("mine", O_RDONLY));
  show(open("ours", O_RDONLY));
  show(open("theirs", O_RDONLY));
  show(access("closed/x", F_OK));
  show(unlink("sticky/f"));
  show(chmod("theirs", 0666));
  show(chown("mine", 0, 0));
  show(chmod("mine", 0600));
  show(open("mine", O_RDONLY) > 0);
}
