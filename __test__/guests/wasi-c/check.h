// Checks of single calls of WASI preview 1. Each prints a line that is the same wherever it passes, so that whole outputs can
// be compared; those that fail are counted.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wasi/api.h>

// The preopens and descriptors that the host is to give.
enum { STDIN, STDOUT, STDERR, ROOT, READONLY, CLOSED = 99 };

extern int failures;
void passed(const char *name, __wasi_errno_t found);
void failed(const char *name, const char *how, __wasi_errno_t expected, __wasi_errno_t found);
void refused(const char *name, __wasi_errno_t found);
void holds(const char *what, bool found);

// The call succeeds.
#define OK(function, ...) passed(#function, __wasi_##function(__VA_ARGS__))
// It fails with just this error.
#define FAILS(errno, function, ...) failed(#function, #errno, __WASI_ERRNO_##errno, __wasi_##function(__VA_ARGS__))
// It fails; hosts differ in the error and may.
#define REFUSED(function, ...) refused(#function, __wasi_##function(__VA_ARGS__))
// Something else is as it has to be.
#define HOLDS(what, found) holds(what, found)

#define RIGHT(name) __WASI_RIGHTS_##name
// What libc asks for when a file is opened to read and write.
#define READ_WRITE                                                                                                      \
  (RIGHT(FD_DATASYNC) | RIGHT(FD_READ) | RIGHT(FD_SEEK) | RIGHT(FD_FDSTAT_SET_FLAGS) | RIGHT(FD_SYNC) | RIGHT(FD_TELL) | \
   RIGHT(FD_WRITE) | RIGHT(FD_ADVISE) | RIGHT(FD_ALLOCATE) | RIGHT(FD_FILESTAT_GET) | RIGHT(FD_FILESTAT_SET_SIZE) |      \
   RIGHT(FD_FILESTAT_SET_TIMES) | RIGHT(POLL_FD_READWRITE))
#define READ_ONLY (RIGHT(FD_READ) | RIGHT(FD_SEEK) | RIGHT(FD_TELL) | RIGHT(FD_FILESTAT_GET))

// What the checks prepare is not what they check: it ends the program if it does not succeed.
__wasi_fd_t open_file(const char *path, __wasi_oflags_t oflags, __wasi_rights_t rights, __wasi_fdflags_t flags);
__wasi_fd_t create(const char *path, const char *content);
bool contains(const char *path, const char *content);
uint64_t now(__wasi_clockid_t clock);

void check_process(int argc);
void check_descriptors(void);
void check_files(void);
void check_directories(void);
void check_paths(void);
void check_poll(void);
void check_no_sockets(void);
void check_libc(void);

// Other things to do, by the first argument.
int serve(void);
int fault(const char *function);
int show_clocks(void);
int show_cwd(void);
int seek_stdio(void);
