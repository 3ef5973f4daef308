// Attributes of user. are set, replaced, listed and removed.
#include "behaviour.h"

void behaviour(void) {
  char value[9] = "", list[99];
  put("f", "");
  show(setxattr("f", "user.a", "1234", 4, XATTR_REPLACE));
  show(setxattr("f", "user.a", "1234", 4, XATTR_CREATE));
  show(setxattr("f", "user.a", "12", 2, XATTR_CREATE));
  show(getxattr("f", "user.a", 0, 0));
  show(getxattr("f", "user.a", value, 2));
  show(getxattr("f", "user.a", value, 8));
  show(listxattr("f", list, 99) > 0);
  show(getxattr("f", "user.b", value, 8));
  show(removexattr("f", "user.a"));
  show(removexattr("f", "user.a"));
  show(setxattr("f", "user.", "x", 1, 0));
  show(setxattr("f", "strange.a", "x", 1, 0));
}
