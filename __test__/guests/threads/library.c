// A reactor whose exports start threads, which go on after the export has returned.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { MOST = 64 };

static pthread_t threads[MOST];
static int started;
static int rounds;
static _Atomic int counter;
static _Atomic int ended;

static void *add(void *unused) {
  for (int i = 0; i < rounds; i++) counter++;
  ended++;
  return NULL;
}

static void *spin(void *unused) {
  for (;;) counter++;
}

static void *tick(void *unused) {
  for (;; usleep(1000)) counter++;
}

static void *trap(void *unused) { __builtin_trap(); }

static void *leave(void *code) { _exit((int)(long)code); }

static int start(int count, void *(*body)(void *), long argument) {
  while (count-- && started < MOST && !pthread_create(&threads[started], NULL, body, (void *)argument)) started++;
  return started;
}

// Each returns how many threads were started by now.
int EXPORT(start_adding)(int count, int times) { return rounds = times, start(count, add, 0); }
int EXPORT(start_spinning)(int count) { return start(count, spin, 0); }
int EXPORT(start_ticking)(int count) { return start(count, tick, 0); }
int EXPORT(start_trapping)(void) { return start(1, trap, 0); }
int EXPORT(start_leaving)(int code) { return start(1, leave, code); }

int EXPORT(count)(void) { return counter; }
int EXPORT(how_many_ended)(void) { return ended; }
_Atomic int *EXPORT(where_count_is)(void) { return &counter; }

// Waits for all threads that were started.
int EXPORT(join)(void) {
  for (; started; started--) pthread_join(threads[started - 1], NULL);
  return counter;
}
