// A reactor whose top-level code is in main, as Swift's is and as proxy-wasm's SDKs have it: after _initialize somebody has
// to call it, with no arguments to give.
static volatile int constructed;
static int ran;

__attribute__((constructor)) static void construct(void) { constructed++; }

__attribute__((export_name("__main_argc_argv"))) int main(int count, char **args) {
  ran += constructed == 1 && count == 0 && args == 0;
  return 0;
}

__attribute__((export_name("ran"))) int get(void) { return ran; }
