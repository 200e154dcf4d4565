// Chapters "Simple asynchronous operations", "Custom asynchronous operations" and "Asynchronous thread-safe function
// calls", as far as one thread goes; those of several are in ../node-api-async.
#include "probe.h"

static napi_value string(napi_env env, const char *text) {
  napi_value value = NULL;
  napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

static napi_value int32(napi_env env, int32_t number) {
  napi_value value = NULL;
  napi_create_int32(env, number, &value);
  return value;
}

/** The argument for a parameter, or NULL where it is undefined. */
static napi_value optional(call *c, int parameter) {
  napi_valuetype type = napi_undefined;
  napi_typeof(c->env, c->argv[parameter], &type);
  return type == napi_undefined ? NULL : c->argv[parameter];
}

// Contexts

PROBE(napi_async_init, "ePpo") {
  napi_async_context context = NULL;
  napi_value resource = NULL, name = string(c->env, "probe");
  napi_create_object(c->env, &resource);
  CALL(napi_async_init(ENV, POINTER(1, resource), POINTER(2, name), POINTER(3, &context)));
  show_number(c, context != NULL);
  if (context != NULL) napi_async_destroy(c->env, context);
}

PROBE(napi_async_destroy, "ep") {
  napi_async_context context = NULL;
  napi_async_init(c->env, NULL, string(c->env, "probe"), &context);
  napi_status status = napi_async_destroy(ENV, POINTER(1, context));
  CALL(status);
  if (status != napi_ok) napi_async_destroy(c->env, context);
}

PROBE(napi_make_callback, "EPvvnpO") {
  napi_async_context context = NULL;
  napi_value arguments[4], result = NULL;
  napi_async_init(c->env, NULL, string(c->env, "probe"), &context);
  size_t count = elements(c, 4, arguments, 4);
  CALL(napi_make_callback(ENV, POINTER(1, context), VALUE(2), VALUE(3), count, POINTER(5, arguments), POINTER(6, &result)));
  show(c, result);
  napi_async_destroy(c->env, context);
}

PROBE(napi_open_callback_scope, "ePpo") {
  napi_async_context context = NULL;
  napi_callback_scope scope = NULL;
  napi_value resource = NULL;
  napi_create_object(c->env, &resource);
  napi_async_init(c->env, resource, string(c->env, "probe"), &context);
  napi_status status = napi_open_callback_scope(ENV, POINTER(1, resource), POINTER(2, context), POINTER(3, &scope));
  if (status == napi_ok) napi_close_callback_scope(c->env, scope);
  CALL(status);
  show_number(c, scope != NULL);
  napi_async_destroy(c->env, context);
}

PROBE(napi_close_callback_scope, "ep") {
  napi_async_context context = NULL;
  napi_callback_scope scope = NULL;
  napi_async_init(c->env, NULL, string(c->env, "probe"), &context);
  napi_open_callback_scope(c->env, NULL, context, &scope);
  napi_status status = napi_close_callback_scope(ENV, POINTER(1, scope));
  if (status != napi_ok) napi_close_callback_scope(c->env, scope);
  CALL(status);
  napi_async_destroy(c->env, context);
}

static napi_async_context kept_context;

// (resource or undefined, name)
SCENARIO(make_context) { STEP(napi_async_init(c->env, optional(c, 1), c->argv[2], &kept_context)); }
SCENARIO(destroy_context) { STEP(napi_async_destroy(c->env, kept_context)); }

// (receiver, function, list of arguments)
SCENARIO(call_in_context) {
  napi_value arguments[8], result = NULL;
  size_t count = elements(c, 3, arguments, 8);
  STEP(napi_make_callback(c->env, kept_context, c->argv[1], c->argv[2], count, arguments, &result));
  show(c, result);
  show_exception(c);
}

static void call_in_scope_of(call *c, napi_async_context context) {
  napi_callback_scope scope = NULL;
  napi_value result = NULL;
  STEP(napi_open_callback_scope(c->env, NULL, context, &scope));
  STEP(napi_call_function(c->env, c->argv[1], c->argv[2], 0, NULL, &result));
  show(c, result);
  show_exception(c);
  STEP(napi_close_callback_scope(c->env, scope));
}

// (receiver, function)
SCENARIO(call_in_scope) { call_in_scope_of(c, kept_context); }

SCENARIO(call_in_nested_scopes) {
  napi_handle_scope handles = NULL;
  napi_callback_scope scope = NULL;
  STEP(napi_open_handle_scope(c->env, &handles));
  STEP(napi_open_callback_scope(c->env, NULL, kept_context, &scope));
  call_in_scope_of(c, kept_context);
  STEP(napi_close_callback_scope(c->env, scope));
  STEP(napi_close_handle_scope(c->env, handles));
}

// What ends a process where addons are machine code.
SCENARIO(leave_scope_open) {
  napi_callback_scope scope = NULL;
  napi_handle_scope handles = NULL;
  napi_open_callback_scope(c->env, NULL, kept_context, &scope);
  napi_open_handle_scope(c->env, &handles);
  napi_open_callback_scope(c->env, NULL, kept_context, &scope);
}

SCENARIO(close_in_wrong_order) {
  napi_callback_scope outer = NULL, inner = NULL;
  napi_handle_scope handles = NULL;
  napi_open_callback_scope(c->env, NULL, kept_context, &outer);
  napi_open_handle_scope(c->env, &handles);
  napi_open_callback_scope(c->env, NULL, kept_context, &inner);
  napi_status statuses[] = {
      napi_close_callback_scope(c->env, outer), napi_close_handle_scope(c->env, handles),
      napi_close_handle_scope(c->env, (napi_handle_scope)inner), napi_close_callback_scope(c->env, (napi_callback_scope)handles),
      napi_close_callback_scope(c->env, inner), napi_close_callback_scope(c->env, inner),
      napi_close_handle_scope(c->env, handles), napi_close_callback_scope(c->env, outer),
  };
  for (size_t n = 0; n < sizeof statuses / sizeof *statuses; n++) show_number(c, statuses[n]);
}

// A context, a work and a thread-safe function that are gone, and some that never were.
SCENARIO(use_what_is_not_there) {
  napi_async_context context = NULL;
  napi_callback_scope scope = NULL;
  napi_value result = NULL;
  napi_async_init(c->env, NULL, string(c->env, "gone"), &context);
  napi_async_destroy(c->env, context);
  uintptr_t numbers[] = {(uintptr_t)context, (uintptr_t)context + 1, 1, 77, 0x80000000u, 0xffffffffu};
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    uintptr_t number = numbers[n];
    STEP(napi_async_destroy(c->env, (napi_async_context)number));
    STEP(napi_make_callback(c->env, (napi_async_context)number, c->argv[1], c->argv[1], 0, NULL, &result));
    STEP(napi_open_callback_scope(c->env, NULL, (napi_async_context)number, &scope));
    STEP(napi_close_callback_scope(c->env, (napi_callback_scope)number));
    STEP(napi_queue_async_work(c->env, (napi_async_work)number));
    STEP(napi_cancel_async_work(c->env, (napi_async_work)number));
    STEP(napi_delete_async_work(c->env, (napi_async_work)number));
    STEP(napi_call_threadsafe_function((napi_threadsafe_function)number, NULL, napi_tsfn_nonblocking));
    STEP(napi_acquire_threadsafe_function((napi_threadsafe_function)number));
    STEP(napi_release_threadsafe_function((napi_threadsafe_function)number, napi_tsfn_release));
    STEP(napi_ref_threadsafe_function(c->env, (napi_threadsafe_function)number));
    STEP(napi_unref_threadsafe_function(c->env, (napi_threadsafe_function)number));
    STEP(napi_get_threadsafe_function_context((napi_threadsafe_function)number, (void **)&context));
  }
}

// Works

static void no_work(napi_env env, void *data) { (void)env, (void)data; }
static void no_completion(napi_env env, napi_status status, void *data) { (void)env, (void)status, (void)data; }

PROBE(napi_create_async_work, "ePppPPo") {
  napi_async_work work = NULL;
  napi_value resource = NULL, name = string(c->env, "probe");
  napi_create_object(c->env, &resource);
  CALL(napi_create_async_work(ENV, POINTER(1, resource), POINTER(2, name), POINTER(3, no_work), POINTER(4, no_completion), POINTER(5, c),
                              POINTER(6, &work)));
  show_number(c, work != NULL);
  if (work != NULL) napi_delete_async_work(c->env, work);
}

static napi_async_work new_work(call *c) {
  napi_async_work work = NULL;
  napi_create_async_work(c->env, NULL, string(c->env, "probe"), no_work, no_completion, NULL, &work);
  return work;
}

PROBE(napi_delete_async_work, "ep") {
  napi_async_work work = new_work(c);
  napi_status status = napi_delete_async_work(ENV, POINTER(1, work));
  CALL(status);
  if (status != napi_ok) napi_delete_async_work(c->env, work);
}

// The work is not deleted: it is under way.
PROBE(napi_queue_async_work, "ep") {
  napi_async_work work = new_work(c);
  CALL(napi_queue_async_work(ENV, POINTER(1, work)));
}

// Nor is this one. On several threads it may have begun.
PROBE(napi_cancel_async_work, "ep") {
  napi_async_work work = new_work(c);
  napi_queue_async_work(c->env, work);
  CALL(napi_cancel_async_work(ENV, POINTER(1, work)));
}

typedef struct {
  napi_async_work work;
  napi_ref callback;
  int32_t input, output;
  bool keep;
} task;

static void run_task(napi_env env, void *data) {
  (void)env;
  task *t = data;
  t->output = t->input * 2;
}

static void complete_task(napi_env env, napi_status status, void *data) {
  task *t = data;
  napi_value callback = NULL, undefined = NULL;
  napi_get_reference_value(env, t->callback, &callback);
  napi_get_undefined(env, &undefined);
  napi_value arguments[] = {int32(env, status), int32(env, t->output)};
  bool keep = t->keep;
  if (!keep) {
    napi_delete_async_work(env, t->work);
    napi_delete_reference(env, t->callback);
    free(t);
  }
  napi_call_function(env, undefined, callback, 2, arguments, NULL);
}

static task *kept_task;

// (function to call with the status and twice the number, number, resource or undefined, name)
static task *new_task(call *c) {
  task *t = calloc(1, sizeof *t);
  t->input = (int32_t)integer(c, 2);
  napi_create_reference(c->env, c->argv[1], 1, &t->callback);
  STEP(napi_create_async_work(c->env, optional(c, 3), c->argv[4], run_task, complete_task, t, &t->work));
  return t;
}

SCENARIO(start_work) {
  task *t = new_task(c);
  STEP(napi_queue_async_work(c->env, t->work));
}

// Several works, of which the last is cancelled at once, and the first, which is kept, twice.
SCENARIO(start_and_cancel) {
  task *first = new_task(c), *second = new_task(c), *third = new_task(c);
  first->keep = true;
  kept_task = first;
  STEP(napi_queue_async_work(c->env, first->work));
  STEP(napi_queue_async_work(c->env, first->work));
  STEP(napi_delete_async_work(c->env, first->work));
  STEP(napi_queue_async_work(c->env, second->work));
  STEP(napi_queue_async_work(c->env, third->work));
  STEP(napi_cancel_async_work(c->env, third->work));
  STEP(napi_cancel_async_work(c->env, third->work));
}

SCENARIO(queue_again) { STEP(napi_queue_async_work(c->env, kept_task->work)); }
SCENARIO(cancel_kept) { STEP(napi_cancel_async_work(c->env, kept_task->work)); }
SCENARIO(delete_kept) { STEP(napi_delete_async_work(c->env, kept_task->work)); }

static void trapping_work(napi_env env, void *data) { (void)env, (void)data, __builtin_trap(); }
SCENARIO(start_trapping_work) {
  napi_async_work work = NULL;
  napi_create_async_work(c->env, NULL, string(c->env, "trap"), trapping_work, no_completion, NULL, &work);
  STEP(napi_queue_async_work(c->env, work));
}

// Functions of the table that there are not, which only a number can name.
SCENARIO(start_work_of_no_function) {
  napi_async_work work = NULL;
  napi_create_async_work(c->env, NULL, string(c->env, "none"), (napi_async_execute_callback)(uintptr_t)99999, no_completion, NULL,
                         &work);
  STEP(napi_queue_async_work(c->env, work));
}

// Thread-safe functions

PROBE(napi_create_threadsafe_function, "eVPpnnPPPPo") {
  napi_threadsafe_function function = NULL;
  napi_value resource = NULL, name = string(c->env, "probe");
  napi_create_object(c->env, &resource);
  CALL(napi_create_threadsafe_function(ENV, VALUE(1), POINTER(2, resource), POINTER(3, name), size(c, 4), size(c, 5), POINTER(6, c),
                                       NULL, POINTER(8, c), NULL, POINTER(10, &function)));
  show_number(c, function != NULL);
  if (function != NULL) napi_release_threadsafe_function(function, napi_tsfn_abort);
}

static void call_nothing(napi_env env, napi_value function, void *context, void *data) {
  (void)env, (void)function, (void)context, (void)data;
}

static napi_threadsafe_function new_function(call *c) {
  napi_threadsafe_function function = NULL;
  napi_create_threadsafe_function(c->env, NULL, NULL, string(c->env, "probe"), 0, 1, NULL, NULL, c, call_nothing, &function);
  return function;
}

#define OF_FUNCTION(name, signature, ...)                                      \
  PROBE(name, signature) {                                                     \
    napi_threadsafe_function function = new_function(c);                       \
    void *result = NULL;                                                       \
    CALL(name(__VA_ARGS__));                                                   \
    show_number(c, result == c);                                               \
    napi_release_threadsafe_function(function, napi_tsfn_abort);               \
  }
OF_FUNCTION(napi_get_threadsafe_function_context, "npo", POINTER(1, function), POINTER(2, &result))
OF_FUNCTION(napi_call_threadsafe_function, "npnn", POINTER(1, function), NULL, napi_tsfn_nonblocking)
OF_FUNCTION(napi_acquire_threadsafe_function, "np", POINTER(1, function))
OF_FUNCTION(napi_release_threadsafe_function, "npn", POINTER(1, function), napi_tsfn_release)
OF_FUNCTION(napi_ref_threadsafe_function, "ep", ENV, POINTER(1, function))
OF_FUNCTION(napi_unref_threadsafe_function, "ep", ENV, POINTER(1, function))

static napi_threadsafe_function kept_function;
static napi_ref kept_log;
static int32_t context_of_kept = 70;

static void log_call(napi_env env, const char *what, int32_t number, bool has_function) {
  napi_value log = NULL, push = NULL;
  napi_handle_scope scope = NULL;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, kept_log, &log);
  napi_get_named_property(env, log, "push", &push);
  napi_value arguments[] = {string(env, what), int32(env, number), int32(env, has_function)};
  napi_call_function(env, log, push, 3, arguments, NULL);
  napi_close_handle_scope(env, scope);
}

// What is given back without an environment, which cannot be told then.
static int32_t given_back;

static void call_js(napi_env env, napi_value function, void *context, void *data) {
  if (env == NULL) {
    given_back = given_back * 10 + (int32_t)(intptr_t)data + (function != NULL || context != &context_of_kept) * 1000000;
    return;
  }
  log_call(env, "call", (int32_t)(intptr_t)data + *(int32_t *)context, function != NULL);
  napi_value undefined = NULL, argument = int32(env, (int32_t)(intptr_t)data);
  napi_get_undefined(env, &undefined);
  if (function != NULL) napi_call_function(env, undefined, function, 1, &argument, NULL);
}

static void end_function(napi_env env, void *data, void *context) {
  log_call(env, "end", (int32_t)(intptr_t)data, context == &context_of_kept);
}

// (function or undefined, list that is told of each call, most calls that wait, threads, whether the guest calls it)
SCENARIO(make_function) {
  given_back = 0;
  napi_create_reference(c->env, c->argv[2], 1, &kept_log);
  STEP(napi_create_threadsafe_function(c->env, optional(c, 1), NULL, string(c->env, "kept"), size(c, 3), size(c, 4), (void *)41,
                                       end_function, &context_of_kept, boolean(c, 5) ? call_js : NULL, &kept_function));
}

// (first number, count)
SCENARIO(push) {
  for (int64_t n = 0; n < integer(c, 2); n++)
    STEP(napi_call_threadsafe_function(kept_function, (void *)(intptr_t)(integer(c, 1) + n), napi_tsfn_nonblocking));
}
SCENARIO(push_and_wait) { STEP(napi_call_threadsafe_function(kept_function, NULL, napi_tsfn_blocking)); }
SCENARIO(acquire) { STEP(napi_acquire_threadsafe_function(kept_function)); }
SCENARIO(release) { STEP(napi_release_threadsafe_function(kept_function, napi_tsfn_release)); }
SCENARIO(abort_function) { STEP(napi_release_threadsafe_function(kept_function, napi_tsfn_abort)); }
SCENARIO(refer) { STEP(napi_ref_threadsafe_function(c->env, kept_function)); }
SCENARIO(unrefer) { STEP(napi_unref_threadsafe_function(c->env, kept_function)); }
SCENARIO(context) {
  int32_t *context = NULL;
  STEP(napi_get_threadsafe_function_context(kept_function, (void **)&context));
  show_number(c, context == &context_of_kept);
}
SCENARIO(what_was_given_back) { show_number(c, given_back); }
