// poll_oneoff: times, descriptors, and both together.
#include "check.h"

static __wasi_event_t events[4];

static __wasi_subscription_t timer(__wasi_userdata_t userdata, __wasi_clockid_t clock, __wasi_timestamp_t timeout,
                                   __wasi_subclockflags_t flags) {
  return (__wasi_subscription_t){
      .userdata = userdata,
      .u = {.tag = __WASI_EVENTTYPE_CLOCK, .u.clock = {.id = clock, .timeout = timeout, .flags = flags}},
  };
}

static __wasi_subscription_t ready(__wasi_userdata_t userdata, __wasi_eventtype_t type, __wasi_fd_t fd) {
  __wasi_subscription_t subscription = {.userdata = userdata, .u = {.tag = type}};
  if (type == __WASI_EVENTTYPE_FD_READ) {
    subscription.u.u.fd_read.file_descriptor = fd;
  } else {
    subscription.u.u.fd_write.file_descriptor = fd;
  }
  return subscription;
}

void check_poll(void) {
  const uint64_t ms = 1000000;
  const __wasi_clockid_t real = __WASI_CLOCKID_REALTIME, monotonic = __WASI_CLOCKID_MONOTONIC;
  const __wasi_subclockflags_t at = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
  __wasi_size_t count = 99;

  uint64_t began = now(monotonic);
  OK(poll_oneoff, (__wasi_subscription_t[]){timer(7, monotonic, 20 * ms, 0)}, events, 1, &count);
  HOLDS("poll_oneoff: waits", now(monotonic) - began >= 20 * ms);
  HOLDS("poll_oneoff: says what has come",
        count == 1 && events[0].userdata == 7 && events[0].type == __WASI_EVENTTYPE_CLOCK && events[0].error == 0);
  began = now(monotonic);
  OK(poll_oneoff, (__wasi_subscription_t[]){timer(8, monotonic, began + 20 * ms, at)}, events, 1, &count);
  HOLDS("poll_oneoff: until an instant", count == 1 && events[0].userdata == 8 && now(monotonic) >= began + 20 * ms);
  began = now(real);
  OK(poll_oneoff, (__wasi_subscription_t[]){timer(9, real, began + 20 * ms, at)}, events, 1, &count);
  // The system may wait by another clock than it shows.
  HOLDS("poll_oneoff: until an instant of the real time",
        count == 1 && events[0].userdata == 9 && now(real) + ms >= began + 20 * ms);
  OK(poll_oneoff, (__wasi_subscription_t[]){timer(1, real, 0, at), timer(2, monotonic, 1, 0)}, events, 2, &count);
  HOLDS("poll_oneoff: an instant that has been", count >= 1 && events[0].error == 0);
  OK(poll_oneoff, (__wasi_subscription_t[]){timer(1, real, 20 * ms, 0), timer(2, monotonic, 60000 * ms, 0)}, events, 2, &count);
  HOLDS("poll_oneoff: the shorter of two", count == 1 && events[0].userdata == 1);

  __wasi_fd_t file = create("poll", "0123456789");
  __wasi_fd_close(file);
  file = open_file("poll", 0, READ_WRITE, 0);
  began = now(monotonic);
  OK(poll_oneoff,
     (__wasi_subscription_t[]){timer(1, monotonic, 60000 * ms, 0), ready(2, __WASI_EVENTTYPE_FD_READ, file),
                               ready(3, __WASI_EVENTTYPE_FD_WRITE, STDOUT)},
     events, 3, &count);
  HOLDS("poll_oneoff: all that are ready, at once", count == 2 && now(monotonic) - began < 10000 * ms);
  HOLDS("poll_oneoff: a file to read",
        events[0].userdata == 2 && events[0].type == __WASI_EVENTTYPE_FD_READ && events[0].error == 0);
  HOLDS("poll_oneoff: how much there is", events[0].fd_readwrite.nbytes == 10);
  HOLDS("poll_oneoff: an output to write",
        events[1].userdata == 3 && events[1].type == __WASI_EVENTTYPE_FD_WRITE && events[1].error == 0);
  OK(poll_oneoff, (__wasi_subscription_t[]){ready(4, __WASI_EVENTTYPE_FD_READ, STDIN)}, events, 1, &count);
  HOLDS("poll_oneoff: an input to read", count == 1 && events[0].userdata == 4 && events[0].error == 0);

  OK(poll_oneoff,
     (__wasi_subscription_t[]){ready(5, __WASI_EVENTTYPE_FD_READ, CLOSED), timer(6, monotonic, 60000 * ms, 0)},
     events, 2, &count);
  HOLDS("poll_oneoff: badf is an event", count == 1 && events[0].userdata == 5 && events[0].error == __WASI_ERRNO_BADF);
  FAILS(INVAL, poll_oneoff, (__wasi_subscription_t[]){timer(1, monotonic, 0, 0)}, events, 0, &count);
  __wasi_subscription_t none = {.u.tag = 9};
  FAILS(INVAL, poll_oneoff, &none, events, 1, &count);
  __wasi_fd_close(file);
}
