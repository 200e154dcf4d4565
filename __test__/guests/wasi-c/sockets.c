// What can be done with connections that come in, the client being the test; and with no sockets.
#include "check.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[64];
static __wasi_iovec_t into[] = {{(uint8_t *)bytes, 0}, {(uint8_t *)bytes, 0}};
static __wasi_size_t length;
static __wasi_roflags_t roflags;

static __wasi_iovec_t *room(size_t first, size_t second) {
  memset(bytes, 0, sizeof bytes);
  into[0].buf_len = first;
  into[1] = (__wasi_iovec_t){(uint8_t *)bytes + first, second};
  return into;
}

#define TEXT(text) (__wasi_ciovec_t[]){{(const uint8_t *)text, strlen(text)}}, 1

void check_no_sockets(void) {
  __wasi_fd_t file = create("no-socket", "content"), fd;
  FAILS(NOTSOCK, sock_accept, file, 0, &fd);
  FAILS(BADF, sock_accept, CLOSED, 0, &fd);
  FAILS(NOTSOCK, sock_recv, file, room(8, 0), 1, 0, &length, &roflags);
  FAILS(BADF, sock_recv, CLOSED, room(8, 0), 1, 0, &length, &roflags);
  FAILS(NOTSOCK, sock_send, file, TEXT("x"), 0, &length);
  FAILS(BADF, sock_send, CLOSED, TEXT("x"), 0, &length);
  FAILS(NOTSOCK, sock_shutdown, file, __WASI_SDFLAGS_WR);
  FAILS(BADF, sock_shutdown, CLOSED, __WASI_SDFLAGS_WR);
  FAILS(NOTSOCK, sock_accept, ROOT, 0, &fd);
  HOLDS("sock_send, sock_recv: the file is as it was", contains("no-socket", "content"));
  __wasi_fd_close(file);
}

static bool received(const char *text) { return length == strlen(text) && memcmp(bytes, text, length) == 0; }

static void wait_for(__wasi_fd_t fd) {
  __wasi_subscription_t subscription = {.userdata = 5, .u = {.tag = __WASI_EVENTTYPE_FD_READ, .u.fd_read.file_descriptor = fd}};
  __wasi_event_t event = {0};
  OK(poll_oneoff, &subscription, &event, 1, &length);
  HOLDS("poll_oneoff: a socket", length == 1 && event.userdata == 5 && event.error == 0);
}

int serve(void) {
  __wasi_fd_t listener = READONLY + 1, connection = CLOSED;
  __wasi_fdstat_t status;
  __wasi_filesize_t at;
  OK(fd_fdstat_get, listener, &status);
  HOLDS("fd_fdstat_get: a socket", status.fs_filetype == __WASI_FILETYPE_SOCKET_STREAM);
  REFUSED(fd_prestat_get, listener, &(__wasi_prestat_t){0});
  OK(fd_fdstat_set_flags, listener, __WASI_FDFLAGS_NONBLOCK);
  FAILS(AGAIN, sock_accept, listener, 0, &connection);
  OK(fd_fdstat_set_flags, listener, 0);
  FAILS(NOTCONN, sock_recv, listener, room(8, 0), 1, 0, &length, &roflags);

  // From here on there is a client.
  printf("listening\n");
  wait_for(listener);
  OK(sock_accept, listener, 0, &connection);
  OK(fd_fdstat_get, connection, &status);
  HOLDS("fd_fdstat_get: a connection", status.fs_filetype == __WASI_FILETYPE_SOCKET_STREAM && status.fs_flags == 0);

  // It sends `hello`, and the halves of `wait` after `1`.
  wait_for(connection);
  OK(sock_recv, connection, room(2, 0), 1, __WASI_RIFLAGS_RECV_PEEK, &length, &roflags);
  HOLDS("sock_recv: looks", received("he"));
  OK(sock_recv, connection, room(2, 3), 2, __WASI_RIFLAGS_RECV_WAITALL, &length, &roflags);
  HOLDS("sock_recv: into all chunks", received("hello") && roflags == 0);
  OK(fd_fdstat_set_flags, connection, __WASI_FDFLAGS_NONBLOCK);
  FAILS(AGAIN, sock_recv, connection, room(8, 0), 1, 0, &length, &roflags);
  FAILS(AGAIN, fd_read, connection, room(8, 0), 1, &length);
  OK(fd_fdstat_set_flags, connection, 0);
  OK(sock_send, connection, TEXT("1"), 0, &length);
  HOLDS("sock_send: all of it", length == 1);
  OK(sock_recv, connection, room(4, 0), 1, __WASI_RIFLAGS_RECV_WAITALL, &length, &roflags);
  HOLDS("sock_recv: waits for all", received("wait"));

  // After `2` it sends `end` and no more.
  OK(fd_write, connection, TEXT("2"), &length);
  OK(fd_read, connection, room(3, 0), 1, &length);
  HOLDS("fd_read: of a connection", received("end"));
  OK(sock_recv, connection, room(8, 0), 1, 0, &length, &roflags);
  HOLDS("sock_recv: nothing at the end", length == 0);
  OK(fd_read, connection, room(8, 0), 1, &length);
  HOLDS("fd_read: nothing at the end of a connection", length == 0);
  FAILS(SPIPE, fd_seek, connection, 0, __WASI_WHENCE_SET, &at);
  FAILS(INVAL, sock_shutdown, connection, 0);
  OK(sock_shutdown, connection, __WASI_SDFLAGS_WR);
  FAILS(PIPE, sock_send, connection, TEXT("x"), 0, &length);
  FAILS(PIPE, fd_write, connection, TEXT("x"), &length);
  OK(fd_close, connection);
  FAILS(BADF, sock_recv, connection, room(8, 0), 1, 0, &length, &roflags);

  // Its second connection, by libc: it sends nothing but what comes back.
  int second = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  HOLDS("accept4", second >= 0);
  HOLDS("recv does not wait", recv(second, bytes, sizeof bytes, 0) == -1);
  HOLDS("send", send(second, "echo", 4, 0) == 4);
  wait_for(second);
  HOLDS("recv", recv(second, bytes, sizeof bytes, 0) == 4 && memcmp(bytes, "echo", 4) == 0);
  HOLDS("shutdown", shutdown(second, SHUT_RDWR) == 0);
  HOLDS("close", close(second) == 0 && close(listener) == 0);
  FAILS(BADF, sock_accept, listener, 0, &connection);
  return failures;
}
