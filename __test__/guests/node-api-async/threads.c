// An addon whose asynchronous works and thread-safe functions meet on several threads. For wasm32-wasi-threads, and for
// this machine, where its works run on the threads of Node.
#include <node_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WORKS = 64, MOST_STATUSES = 32, PATIENCE = 30000 };

#ifdef __wasm__
// What the C of emnapi has for a host that carries out works on threads of the guest: it makes one of them, which the
// host keeps in this import until the addon ends.
__attribute__((import_module("env"), import_name("_emnapi_async_worker"))) int work_for_host(void *argument);

static void *serve(void *argument) {
  work_for_host(argument);
  return NULL;
}

__attribute__((export_name("emnapi_async_worker_create"))) pthread_t make_worker(int of_libc, void *argument) {
  pthread_t thread;
  return of_libc && !pthread_create(&thread, NULL, serve, argument) ? thread : 0;
}
#endif

static napi_value int32(napi_env env, int32_t number) {
  napi_value value = NULL;
  napi_create_int32(env, number, &value);
  return value;
}

static int32_t to_int32(napi_env env, napi_value value) {
  int32_t number = 0;
  napi_get_value_int32(env, value, &number);
  return number;
}

static napi_value string(napi_env env, const char *text) {
  napi_value value = NULL;
  napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

static void call_back(napi_env env, napi_ref reference, int32_t first, int32_t second) {
  napi_value function = NULL, undefined = NULL, arguments[] = {int32(env, first), int32(env, second)};
  napi_get_reference_value(env, reference, &function);
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, function, 2, arguments, NULL);
}

/** Waits, but not for ever, until a number is as large; returns whether it is. */
static bool reaches(_Atomic int *number, int wanted) {
  for (int n = 0; n < PATIENCE; n++, usleep(1000))
    if (*number >= wanted) return true;
  return false;
}

// Works. Each does what its kind says, and tells its callback its number and status; a work that did not meet whom it
// should has the negative of its number.
enum kind { MEET, WAIT, SPIN, TRAP, MISUSE };

typedef struct {
  napi_async_work work;
  napi_ref callback;
  enum kind kind;
  int number, group;
  bool failed;
} task;

static task *tasks[MOST_WORKS];
static _Atomic int begun, gate;
static _Atomic unsigned spins;

static void execute(napi_env env, void *data) {
  task *t = data;
  begun++;
  switch (t->kind) {
    // Works begin in order, so that a group is there at once if there are as many threads.
    case MEET: t->failed = !reaches(&begun, (t->number / t->group + 1) * t->group); break;
    case WAIT: t->failed = !reaches(&gate, 1); break;
    case SPIN: while (gate >= 0) spins++; break;
    case TRAP: __builtin_trap();
    case MISUSE: int32(env, 1);
  }
}

static void complete(napi_env env, napi_status status, void *data) {
  task *t = data;
  call_back(env, t->callback, t->failed ? -t->number - 1 : t->number, status);
  napi_delete_async_work(env, t->work);
  napi_delete_reference(env, t->callback);
  tasks[t->number] = NULL;
  free(t);
}

// (kind, count, size of a group, callback): queues as many works.
static napi_value start_works(napi_env env, napi_value *arguments) {
  begun = gate = 0;
  for (int n = 0; n < to_int32(env, arguments[1]); n++) {
    task *t = tasks[n] = calloc(1, sizeof *t);
    t->kind = to_int32(env, arguments[0]);
    t->number = n;
    t->group = to_int32(env, arguments[2]);
    napi_create_reference(env, arguments[3], 1, &t->callback);
    napi_create_async_work(env, NULL, string(env, "task"), execute, complete, t, &t->work);
    napi_queue_async_work(env, t->work);
  }
  return NULL;
}

static napi_value how_many_began(napi_env env, napi_value *arguments) {
  (void)arguments;
  return int32(env, begun);
}

static napi_value open_gate(napi_env env, napi_value *arguments) {
  (void)env, (void)arguments;
  gate = 1;
  return NULL;
}

// (number): the status of cancelling, or deleting, this work.
static napi_value cancel_work(napi_env env, napi_value *arguments) {
  return int32(env, napi_cancel_async_work(env, tasks[to_int32(env, arguments[0])]->work));
}

static napi_value delete_work(napi_env env, napi_value *arguments) {
  return int32(env, napi_delete_async_work(env, tasks[to_int32(env, arguments[0])]->work));
}

// A thread-safe function, which threads call with their number and that of the call.
static napi_threadsafe_function function;
static napi_ref on_end;
static _Atomic int statuses[MOST_STATUSES], given_back, threads_ended;
static int calls_of_thread;
static napi_threadsafe_function_call_mode mode;

static void call_js(napi_env env, napi_value js, void *context, void *data) {
  intptr_t call = (intptr_t)data;
  if (env == NULL) {
    given_back++;
    return;
  }
  napi_value undefined = NULL, arguments[] = {int32(env, call >> 24), int32(env, call & 0xffffff)};
  napi_get_undefined(env, &undefined);
  if (context == statuses) napi_call_function(env, undefined, js, 2, arguments, NULL);
}

static void end(napi_env env, void *data, void *context) {
  call_back(env, on_end, data == &given_back, context == statuses);
}

static void *call_often(void *data) {
  for (int n = 0; n < calls_of_thread; n++) {
    void *context = NULL;
    napi_get_threadsafe_function_context(function, &context);
    napi_status status = napi_call_threadsafe_function(function, (void *)((intptr_t)data << 24 | n), mode);
    statuses[status]++;
    if (status == napi_closing) goto closed;
    if (status == napi_queue_full) n--, usleep(100);
  }
  napi_release_threadsafe_function(function, napi_tsfn_release);
closed:
  threads_ended++;
  return NULL;
}

static void start(void *(*body)(void *), intptr_t data) {
  pthread_t thread;
  if (!pthread_create(&thread, NULL, body, (void *)data)) pthread_detach(thread);
}

// (callback, callback for the end, threads, calls of each, most that wait, whether they wait for room): the function is
// used by these threads and by this one.
static napi_value start_calls(napi_env env, napi_value *arguments) {
  bool waits = false;
  int threads = to_int32(env, arguments[2]);
  napi_get_value_bool(env, arguments[5], &waits);
  mode = waits ? napi_tsfn_blocking : napi_tsfn_nonblocking;
  calls_of_thread = to_int32(env, arguments[3]);
  given_back = threads_ended = 0;
  for (int n = 0; n < MOST_STATUSES; n++) statuses[n] = 0;
  napi_create_reference(env, arguments[1], 1, &on_end);
  napi_status status =
      napi_create_threadsafe_function(env, arguments[0], NULL, string(env, "calls"), (size_t)to_int32(env, arguments[4]),
                                      (size_t)threads + 1, &given_back, end, statuses, call_js, &function);
  for (int n = 0; n < threads; n++) start(call_often, n);
  return int32(env, status);
}

static napi_value call_here(napi_env env, napi_value *arguments) {
  (void)arguments;
  return int32(env, napi_call_threadsafe_function(function, NULL, napi_tsfn_blocking));
}

static napi_value abort_calls(napi_env env, napi_value *arguments) {
  (void)arguments;
  return int32(env, napi_release_threadsafe_function(function, napi_tsfn_abort));
}

static napi_value release_calls(napi_env env, napi_value *arguments) {
  (void)arguments;
  return int32(env, napi_release_threadsafe_function(function, napi_tsfn_release));
}

static napi_value unrefer(napi_env env, napi_value *arguments) {
  (void)arguments;
  return int32(env, napi_unref_threadsafe_function(env, function));
}

// How often each status was returned by calls, how many threads have ended and how many calls were given back.
static napi_value count(napi_env env, napi_value *arguments) {
  napi_value result = arguments[0];
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "ok", int32(env, statuses[napi_ok]));
  napi_set_named_property(env, result, "full", int32(env, statuses[napi_queue_full]));
  napi_set_named_property(env, result, "closing", int32(env, statuses[napi_closing]));
  napi_set_named_property(env, result, "ended", int32(env, threads_ended));
  napi_set_named_property(env, result, "givenBack", int32(env, given_back));
  return result;
}

// A thread that traps, and one that calls a function that only the JavaScript thread may call.
static void *trap(void *data) {
  (void)data;
  __builtin_trap();
}

static void *misuse(void *env) {
  int32(env, 1);
  return NULL;
}

static napi_value start_trapping(napi_env env, napi_value *arguments) {
  (void)env, (void)arguments;
  start(trap, 0);
  return NULL;
}

static napi_value start_misusing(napi_env env, napi_value *arguments) {
  (void)arguments;
  start(misuse, (intptr_t)env);
  return NULL;
}

static const struct entry {
  const char *name;
  napi_value (*body)(napi_env, napi_value *);
} entries[] = {
    {"startWorks", start_works}, {"howManyBegan", how_many_began}, {"openGate", open_gate},         {"cancelWork", cancel_work},
    {"deleteWork", delete_work}, {"startCalls", start_calls},      {"callHere", call_here},         {"abortCalls", abort_calls},
    {"releaseCalls", release_calls}, {"unrefer", unrefer},         {"count", count},                {"startTrapping", start_trapping},
    {"startMisusing", start_misusing},
};

static napi_value invoke(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  size_t argc = 6;
  void *data = NULL;
  napi_get_cb_info(env, info, &argc, arguments, NULL, &data);
  return ((const struct entry *)data)->body(env, arguments);
}

NAPI_MODULE_INIT() {
  for (size_t n = 0; n < sizeof entries / sizeof *entries; n++) {
    napi_value function = NULL;
    napi_create_function(env, entries[n].name, NAPI_AUTO_LENGTH, invoke, (void *)&entries[n], &function);
    napi_set_named_property(env, exports, entries[n].name, function);
  }
  return exports;
}
