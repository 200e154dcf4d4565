// A program with POSIX threads that does one thing with them, by the name in its first argument.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256 };

static pthread_t threads[MOST];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static _Atomic int counter;
static int guarded;
static int rounds;
static _Thread_local int own;

static int fail(const char *what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  return 1;
}

// Starts `count` threads and collects what they return; an errno that is not 0 is how starting one failed.
static int together(int count, void *(*body)(void *), long *returned) {
  for (long i = 0; i < count; i++) {
    int error = pthread_create(&threads[i], NULL, body, (void *)(i + 1));
    if (error) return error;
  }
  *returned = 0;
  for (int i = 0; i < count; i++) {
    void *result;
    pthread_join(threads[i], &result);
    *returned += (long)result;
  }
  return 0;
}

static void *add(void *number) {
  for (int i = 0; i < rounds; i++) {
    counter++;
    own++;
    pthread_mutex_lock(&mutex);
    guarded++;
    pthread_mutex_unlock(&mutex);
  }
  return (void *)(long)(own == rounds ? (long)number : -1000000);
}

// What an atomic, a mutex and the own variables of each thread count, and the sum of the numbers of the threads.
static int sum(int count) {
  long returned;
  int error = together(count, add, &returned);
  if (error) return fail("sum", error);
  printf("%d %d %ld %d\n", counter, guarded, returned, own);
  return 0;
}

// Nobody leaves the barrier before all have come to it.
static void *meet(void *number) {
  counter++;
  pthread_barrier_wait(&barrier);
  return (void *)(long)counter;
}

static int meeting(int count) {
  long returned;
  pthread_barrier_init(&barrier, NULL, count);
  int error = together(count, meet, &returned);
  if (error) return fail("meeting", error);
  printf("%ld\n", returned);
  return 0;
}

// Each of two threads has its turn when the other had it.
static void *turn(void *number) {
  for (int i = 0; i < rounds; i++) {
    pthread_mutex_lock(&mutex);
    while (guarded % 2 != (long)number % 2) pthread_cond_wait(&changed, &mutex);
    guarded++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static int turns(void) {
  long returned;
  int error = together(2, turn, &returned);
  if (error) return fail("turns", error);
  printf("%d\n", guarded);
  return 0;
}

// Waits for what does not happen, for a while.
static int timed(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  int error;
  do error = pthread_cond_timedwait(&changed, &mutex, &until); while (!error);
  pthread_mutex_unlock(&mutex);
  puts(error == ETIMEDOUT ? "timed out" : strerror(error));
  return 0;
}

enum { LARGE = 8 << 20 };

// More than the memory begins with, so that it grows in a thread.
static void *allocate(void *number) {
  char *bytes = malloc(LARGE);
  return bytes ? memset(bytes, 'x', LARGE) : NULL;
}

static int grow(void) {
  void *bytes;
  int error = pthread_create(&threads[0], NULL, allocate, NULL);
  if (error) return fail("grow", error);
  pthread_join(threads[0], &bytes);
  if (!bytes) return fail("grow", ENOMEM);
  int count = 0;
  for (int i = 0; i < LARGE; i++) count += ((char *)bytes)[i] == 'x';
  printf("%d\n", count);
  return 0;
}

static void *print(void *number) {
  for (int i = 0; i < rounds; i++) printf("%ld %d\n", (long)number, i);
  return NULL;
}

static int lines(int count) {
  long returned;
  int error = together(count, print, &returned);
  return error ? fail("lines", error) : 0;
}

static int shared;
static const char *path;

static void *append(void *number) {
  char line[16];
  int length = snprintf(line, sizeof line, "thread %02ld\n", (long)number);
  return (void *)(long)(write(shared, line, length) != length);
}

static void *open_it(void *unused) { return (void *)(long)open(path, O_RDONLY); }

static void *close_it(void *file) { return (void *)(long)close((int)(long)file); }

static void *in_a_thread(void *(*body)(void *), long argument) {
  void *result = (void *)-1;
  if (!pthread_create(&threads[0], NULL, body, (void *)argument)) pthread_join(threads[0], &result);
  return result;
}

// All write to what one has opened; what one thread opens another reads, and what one closes is closed to all.
static int files(int count) {
  long failed;
  shared = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (shared < 0) return fail(path, errno);
  int error = together(count, append, &failed);
  if (error || failed) return fail("files", error ? error : EIO);
  if (in_a_thread(close_it, shared)) return fail("close", errno);
  printf("closed here too: %s\n", write(shared, "x", 1) < 0 && errno == EBADF ? "yes" : "no");
  int opened = (int)(long)in_a_thread(open_it, 0);
  char line[16] = {0};
  if (opened < 0 || read(opened, line, 10) != 10) return fail("read", errno);
  fputs(line, stdout);
  return 0;
}

static void *await_all(void *unused) {
  pthread_mutex_lock(&mutex);
  while (!guarded) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

// As many threads as can be had, at most `limit`; after they have ended there is room for another.
static int many(int limit) {
  int count = 0, error = 0;
  while (count < limit && !(error = pthread_create(&threads[count], NULL, await_all, NULL))) count++;
  printf("%d %s\n", count, error == EAGAIN ? "EAGAIN" : error ? strerror(error) : "none");
  pthread_mutex_lock(&mutex);
  guarded = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  if (!count) return 0;
  // The thread is over for the host a moment after it is over for who joins it.
  struct timespec moment = {0, 5000000};
  for (int tries = 0; tries < 1000; tries++) {
    error = pthread_create(&threads[0], NULL, await_all, NULL);
    if (error != EAGAIN) break;
    nanosleep(&moment, NULL);
  }
  if (error) return fail("again", error);
  pthread_join(threads[0], NULL);
  puts("again");
  return 0;
}

// Ways never to end by oneself.
static void *spin(void *unused) {
  counter++;
  for (volatile int i = 0;; i++) continue;
}

static void *wait(void *unused) {
  counter++;
  guarded = 0;
  return await_all(NULL);
}

static void *sleep_long(void *unused) {
  counter++;
  for (;;) sleep(1000);
}

static void *read_stdin(void *unused) {
  char byte;
  counter++;
  while (read(0, &byte, 1) >= 0) continue;
  return NULL;
}

static void *(*busy_as(const char *kind))(void *) {
  if (!strcmp(kind, "spin")) return spin;
  if (!strcmp(kind, "wait")) return wait;
  if (!strcmp(kind, "sleep")) return sleep_long;
  return !strcmp(kind, "stdin") ? read_stdin : NULL;
}

static void until_all_are_busy(int count) {
  struct timespec moment = {0, 20000000};
  do nanosleep(&moment, NULL); while (counter < count);
}

// Main and a thread, busy in the same way until the host ends them.
static int busy(const char *kind) {
  void *(*body)(void *) = busy_as(kind);
  if (!body) return 2;
  int error = pthread_create(&threads[0], NULL, body, NULL);
  if (error) return fail(kind, error);
  until_all_are_busy(1);
  puts("busy");
  fflush(stdout);
  body(NULL);
  return 3;
}

static int code;

static int end(const char *how) {
  if (!strcmp(how, "exit")) exit(code);
  if (!strcmp(how, "trap")) __builtin_trap();
  return code;
}

static void *end_in_a_thread(void *how) {
  until_all_are_busy(2);
  end(how);
  return NULL;
}

// Ends by `how` in `where` while two threads are busy.
static int ends(const char *where, const char *how, const char *kind) {
  void *(*body)(void *) = busy_as(kind);
  if (!body) return 2;
  for (int i = 0; i < 2; i++) {
    int error = pthread_create(&threads[i], NULL, body, NULL);
    if (error) return fail(kind, error);
  }
  if (!strcmp(where, "main")) {
    until_all_are_busy(2);
    return end(how);
  }
  int error = pthread_create(&threads[2], NULL, end_in_a_thread, (void *)how);
  if (error) return fail("ends", error);
  pthread_join(threads[0], NULL);
  return 3;
}

int main(int count, char **args) {
  const char *what = count > 1 ? args[1] : "";
  int number = count > 2 ? atoi(args[2]) : 0;
  if (number < 0 || number > MOST) return 2;
  rounds = count > 3 ? atoi(args[3]) : 0;
  if (!strcmp(what, "sum")) return sum(number);
  if (!strcmp(what, "meeting")) return meeting(number);
  if (!strcmp(what, "turns")) return turns();
  if (!strcmp(what, "timed")) return timed();
  if (!strcmp(what, "grow")) return grow();
  if (!strcmp(what, "lines")) return lines(number);
  if (!strcmp(what, "files") && count > 3) return path = args[3], files(number);
  if (!strcmp(what, "many")) return many(number);
  if (!strcmp(what, "busy") && count > 2) return busy(args[2]);
  if (!strcmp(what, "ends") && count > 5) return code = atoi(args[5]), ends(args[2], args[3], args[4]);
  return 2;
}
