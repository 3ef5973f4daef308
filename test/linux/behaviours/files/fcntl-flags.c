// F_SETFL changes what can change, and F_GETFL tells the rest.
#include "behaviour.h"

void behaviour(void) {
  file("");
  int fd = open("file", O_RDWR | O_TRUNC | O_CREAT, 0600);
  show((fcntl(fd, F_GETFL) & (O_ACCMODE | O_TRUNC | O_CREAT)) == O_RDWR);
  show(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY));
  show((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_RDWR | O_APPEND | O_NONBLOCK));
  show(fcntl(fd, F_SETFD, 3));
  show(fcntl(fd, F_GETFD));
  show(fcntl(fd, 999));
  show(fcntl(99, F_GETFL));
}
