// Threads' memory without threads: data lies in passive segments, and the start function that wasm-ld makes copies them
// into the shared memory for whichever instance is first.
static _Atomic int counter = 40;

__attribute__((export_name("next"))) int next(void) { return ++counter; }
