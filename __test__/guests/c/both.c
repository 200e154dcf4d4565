// Declares itself a command and a reactor, which the WASI ABI excludes.
static int state;

__attribute__((export_name("_start"))) void _start(void) { state += 10; }
__attribute__((export_name("_initialize"))) void _initialize(void) { state++; }
__attribute__((export_name("state"))) int get(void) { return state; }
