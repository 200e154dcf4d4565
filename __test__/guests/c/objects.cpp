// Objects with constructors and destructors, which tell a JS module of it. `total` is 0 before they are constructed.
#include <string>

__attribute__((import_module("./log.mjs"), import_name("log"))) void log(int value);

struct Logged {
  // Longer than what a string keeps in itself, so that there is something to allocate and to free.
  std::string text;
  explicit Logged(int length) : text(length, '.') { log(length); }
  ~Logged() { log(-int(text.size())); }
};

static Logged first(20);
static Logged second(300);

extern "C" __attribute__((export_name("total"))) int total() { return first.text.size() + second.text.size(); }

#ifdef LEGACY
extern "C" void __wasm_call_ctors();
extern "C" __attribute__((export_name("__wasi_unstable_reactor_start"))) void start() { __wasm_call_ctors(); }
#endif
