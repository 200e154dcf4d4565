// A command with entries besides main(): WASI's "multi-call" executable. Each call from outside is to be the only one
// of its instance, so `next` counts no further than 1.
#include <stdio.h>
#include <stdlib.h>

static int calls;
static volatile int constructed;

__attribute__((constructor)) static void construct(void) { constructed++; }

__attribute__((export_name("next"))) int next(void) { return ++calls; }
__attribute__((export_name("constructions"))) int constructions(void) { return constructed; }
__attribute__((export_name("leave"))) void leave(int code) { exit(code); }

int main(int count, char **args) {
  printf("%d arguments, constructed %d times, call %d\n", count, constructed, next());
  return count > 1 ? atoi(args[1]) : 0;
}
