// An addon that uses the private functions of emnapi as the C that emnapi links into a guest does. It is built twice:
// as emnapi 1 has them, with -DEMNAPI=1, and as emnapi 2, where the environment is a struct of the guest's.
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PRIVATE(name) __attribute__((import_module("env"), import_name(#name)))
#define PUBLIC(name) __attribute__((import_module("emnapi"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

typedef struct {
  double id, trigger;
} async_ids;

PRIVATE(_emnapi_async_send_js) void _emnapi_async_send_js(int turn, void (*callback)(void *), void *data);
PRIVATE(_emnapi_set_immediate) void _emnapi_set_immediate(void (*callback)(void *), void *data);
PRIVATE(_emnapi_next_tick) void _emnapi_next_tick(void (*callback)(void *), void *data);
PRIVATE(_emnapi_ctx_increase_waiting_request_counter) void _emnapi_ctx_increase_waiting_request_counter(void);
PRIVATE(_emnapi_ctx_decrease_waiting_request_counter) void _emnapi_ctx_decrease_waiting_request_counter(void);
PRIVATE(_emnapi_runtime_keepalive_push) void _emnapi_runtime_keepalive_push(void);
PRIVATE(_emnapi_runtime_keepalive_pop) void _emnapi_runtime_keepalive_pop(void);
PRIVATE(_emnapi_env_ref) void _emnapi_env_ref(napi_env env);
PRIVATE(_emnapi_env_unref) void _emnapi_env_unref(napi_env env);
PRIVATE(_emnapi_env_check_gc_access) void _emnapi_env_check_gc_access(napi_env env);
PRIVATE(_emnapi_open_handle_scope) napi_handle_scope _emnapi_open_handle_scope(void);
PRIVATE(_emnapi_close_handle_scope) void _emnapi_close_handle_scope(napi_handle_scope scope);
PRIVATE(_emnapi_callback_into_module)
void _emnapi_callback_into_module(int force, napi_env env, void (*callback)(napi_env, void *), void *args, int close);
PRIVATE(_emnapi_call_finalizer)
void _emnapi_call_finalizer(int force, napi_env env, napi_finalize finalize, void *data, void *hint);
PRIVATE(_emnapi_node_emit_async_init)
void _emnapi_node_emit_async_init(napi_value resource, napi_value name, double trigger, async_ids *result);
PRIVATE(_emnapi_node_emit_async_destroy) void _emnapi_node_emit_async_destroy(double id, double trigger);
PRIVATE(_emnapi_node_make_callback)
napi_status _emnapi_node_make_callback(napi_env env, napi_value resource, napi_value function, napi_value *argv,
                                       size_t argc, double id, double trigger, napi_value *result);
PRIVATE(_emnapi_async_init_js) napi_status _emnapi_async_init_js(napi_value resource, napi_value name, void *result);
PRIVATE(_emnapi_async_destroy_js) napi_status _emnapi_async_destroy_js(void *context);
PRIVATE(_emnapi_get_node_version) void _emnapi_get_node_version(uint32_t *, uint32_t *, uint32_t *);
PRIVATE(_emnapi_get_filename) int _emnapi_get_filename(napi_env env, char *buffer, int room);
PRIVATE(_emnapi_is_main_browser_thread) int _emnapi_is_main_browser_thread(void);
PRIVATE(_emnapi_is_main_runtime_thread) int _emnapi_is_main_runtime_thread(void);
PRIVATE(_emnapi_get_now) double _emnapi_get_now(void);
PRIVATE(_emnapi_unwind) void _emnapi_unwind(void);
PUBLIC(emnapi_is_support_weakref) int emnapi_is_support_weakref(void);
PUBLIC(emnapi_is_support_bigint) int emnapi_is_support_bigint(void);
PUBLIC(emnapi_is_node_binding_available) int emnapi_is_node_binding_available(void);
PUBLIC(emnapi_get_runtime_version) napi_status emnapi_get_runtime_version(napi_env env, uint32_t version[3]);
PUBLIC(emnapi_create_memory_view)
napi_status emnapi_create_memory_view(napi_env env, int type, void *data, size_t length, napi_finalize finalize,
                                      void *hint, napi_value *result);
PUBLIC(emnapi_sync_memory)
napi_status emnapi_sync_memory(napi_env env, bool to_wasm, napi_value *value, size_t offset, size_t length);
PUBLIC(emnapi_get_memory_address)
napi_status emnapi_get_memory_address(napi_env env, napi_value value, void **address, int *ownership, bool *allocated);

#if EMNAPI == 1

PRIVATE(napi_set_last_error)
napi_status napi_set_last_error(napi_env env, napi_status status, uint32_t engine_code, void *reserved);
PRIVATE(napi_clear_last_error) napi_status napi_clear_last_error(napi_env env);
PRIVATE(_emnapi_get_last_error_info)
void _emnapi_get_last_error_info(napi_env env, napi_status *status, uint32_t *engine_code, void **reserved);
PRIVATE(_emnapi_create_function)
napi_status _emnapi_create_function(napi_env env, const char *name, size_t length, napi_callback callback, void *data,
                                    napi_value *result);

static napi_status create_function(napi_env env, napi_callback callback, void *data, napi_value *result) {
  return _emnapi_create_function(env, "made", 4, callback, data, result);
}

static napi_status last_error(napi_env env) {
  napi_status status = -1;
  uint32_t engine_code = 1;
  void *reserved = env;
  _emnapi_get_last_error_info(env, &status, &engine_code, &reserved);
  return engine_code == 0 && reserved == NULL ? status : (napi_status)-1;
}

#else

PRIVATE(_emnapi_create_function)
napi_status _emnapi_create_function(const char *name, size_t length, napi_callback callback, void *data,
                                    napi_value *result);
PRIVATE(deleted) void deleted(int whether_it_is_the_one);

// The layout of emnapi's environment, of which `napi_env` points to the member `sentinel`.
struct environment {
  void *functions;
  uint64_t sentinel;
  void *tables[2];
  uint32_t id;
  napi_extended_error_info last_error;
};

static struct environment environment;

EXPORT(emnapi_create_env) struct environment *emnapi_create_env(void) {
  environment.sentinel = 0x4E4F44455F565401;
  return &environment;
}

EXPORT(emnapi_delete_env) void emnapi_delete_env(struct environment *old) { deleted(old == &environment); }

static napi_status create_function(napi_env env, napi_callback callback, void *data, napi_value *result) {
  (void)env;
  return _emnapi_create_function("made", 4, callback, data, result);
}

static napi_status last_error(napi_env env) {
  bool own = (void *)env == (void *)&environment.sentinel && environment.sentinel == 0x4E4F44455F565401;
  return own ? environment.last_error.error_code : (napi_status)-1;
}

static napi_status napi_set_last_error(napi_env env, napi_status status, uint32_t engine_code, void *reserved) {
  (void)env;
  environment.last_error.error_code = status;
  environment.last_error.engine_error_code = engine_code;
  environment.last_error.engine_reserved = reserved;
  return status;
}

#endif

// What a function of JavaScript is called with, later.
typedef struct {
  napi_env env;
  napi_ref function;
  napi_ref resource;
  async_ids ids;
  int32_t number;
  bool force;
} task;

static napi_env the_env;

static napi_value number(double value) {
  napi_value result = NULL;
  napi_create_double(the_env, value, &result);
  return result;
}

static int32_t to_int(napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(the_env, value, &result);
  return result;
}

static task *new_task(napi_value function, napi_value argument) {
  task *made = calloc(1, sizeof(task));
  made->env = the_env;
  napi_create_reference(the_env, function, 1, &made->function);
  made->number = to_int(argument);
  return made;
}

/** Calls the function of a task with its number. */
static void call_task(napi_env env, void *data) {
  task *t = data;
  napi_value function = NULL, receiver = NULL, argument = number(t->number);
  napi_get_reference_value(env, t->function, &function);
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, function, 1, &argument, NULL);
}

static void free_task(task *t) {
  napi_delete_reference(t->env, t->function);
  if (t->resource != NULL) napi_delete_reference(t->env, t->resource);
  free(t);
}

static void run_task(void *data) {
  task *t = data;
  _emnapi_callback_into_module(t->force, t->env, call_task, t, 1);
  free_task(t);
}

#define FUNCTION(name) static napi_value name(napi_value *argv)

static napi_value invoke(napi_env env, napi_callback_info info);

FUNCTION(sendJs) {
  _emnapi_async_send_js(1, run_task, new_task(argv[0], argv[1]));
  return NULL;
}

FUNCTION(setImmediateOf) {
  task *t = new_task(argv[0], argv[1]);
  t->force = true;
  _emnapi_set_immediate(run_task, t);
  return NULL;
}

FUNCTION(nextTick) {
  _emnapi_next_tick(run_task, new_task(argv[0], argv[1]));
  return NULL;
}

FUNCTION(wait) {
  (void)argv;
  _emnapi_env_ref(the_env);
  _emnapi_runtime_keepalive_push();
  _emnapi_ctx_increase_waiting_request_counter();
  return NULL;
}

FUNCTION(waited) {
  (void)argv;
  _emnapi_ctx_decrease_waiting_request_counter();
  _emnapi_runtime_keepalive_pop();
  _emnapi_env_unref(the_env);
  return NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  task *t = data;
  call_task(env, t);
  free_task(t);
}

FUNCTION(finalizeWith) {
  _emnapi_call_finalizer(1, the_env, finalize, new_task(argv[0], argv[1]), NULL);
  return NULL;
}

static void trap(napi_env env, void *data) {
  (void)env, (void)data;
  __builtin_trap();
}

FUNCTION(trapInModule) {
  (void)argv;
  _emnapi_callback_into_module(1, the_env, trap, NULL, 0);
  return number(1);
}

static napi_value made(napi_env env, napi_callback_info info) {
  void *data = NULL;
  size_t argc = 1;
  napi_value argument = NULL;
  napi_get_cb_info(env, info, &argc, &argument, NULL, &data);
  return number((double)(uintptr_t)data + to_int(argument));
}

FUNCTION(createFunction) {
  napi_value function = NULL;
  napi_status status = create_function(the_env, made, (void *)(uintptr_t)to_int(argv[0]), &function);
  return status == napi_ok && last_error(the_env) == napi_ok ? function : number(status);
}

/** The status of a function that fails, the last error then, and the last error after one that does not. */
FUNCTION(lastErrors) {
  double value;
  napi_status failed = napi_get_value_double(the_env, argv[0], &value);
  napi_status last = last_error(the_env);
  napi_value created = NULL;
  napi_create_double(the_env, 1, &created);
  napi_status cleared = last_error(the_env);
  napi_status set = napi_set_last_error(the_env, napi_date_expected, 0, NULL);
  return number(failed + last * 100 + cleared * 10000 + set * 1e6 + last_error(the_env) * 1e8);
}

static napi_value later(napi_env env, napi_callback_info info) {
  void *data = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  _emnapi_callback_into_module(0, env, call_task, data, 1);
  return NULL;
}

static void run_in_context(void *data) {
  task *t = data;
  napi_handle_scope scope = _emnapi_open_handle_scope();
  napi_value resource = NULL, function = NULL;
  napi_get_reference_value(t->env, t->resource, &resource);
  create_function(t->env, later, t, &function);
  _emnapi_node_make_callback(t->env, resource, function, NULL, 0, t->ids.id, t->ids.trigger, NULL);
  _emnapi_node_emit_async_destroy(t->ids.id, t->ids.trigger);
  _emnapi_close_handle_scope(scope);
  free_task(t);
}

/** Calls a function later, in the async context of now. */
FUNCTION(laterInContext) {
  task *t = new_task(argv[0], argv[1]);
  napi_value resource = NULL, name = NULL;
  napi_create_object(the_env, &resource);
  napi_create_reference(the_env, resource, 1, &t->resource);
  napi_create_string_utf8(the_env, "later", NAPI_AUTO_LENGTH, &name);
  _emnapi_node_emit_async_init(resource, name, -1, &t->ids);
  _emnapi_async_send_js(1, run_in_context, t);
  return NULL;
}

/** Calls a function by `napi_make_callback`, in a context that is the address of eight bytes here. */
FUNCTION(makeCallback) {
  napi_async_context context = malloc(8);
  napi_value name = NULL, resource = NULL, result = NULL;
  napi_create_object(the_env, &resource);
  napi_create_string_utf8(the_env, "context", NAPI_AUTO_LENGTH, &name);
  if (_emnapi_async_init_js(resource, name, context) != napi_ok) return NULL;
  napi_make_callback(the_env, context, resource, argv[0], 1, &argv[1], &result);
  napi_status first = _emnapi_async_destroy_js(context);
  napi_status second = _emnapi_async_destroy_js(context);
  free(context);
  return first == napi_ok && second == napi_invalid_arg ? result : NULL;
}

FUNCTION(closeWrongScope) {
  (void)argv;
  _emnapi_close_handle_scope((napi_handle_scope)(uintptr_t)12345);
  return NULL;
}

FUNCTION(nodeVersion) {
  (void)argv;
  uint32_t major, minor, patch;
  _emnapi_get_node_version(&major, &minor, &patch);
  return number(major * 1e6 + minor * 1e3 + patch);
}

FUNCTION(fileName) {
  char buffer[1024];
  int32_t room = to_int(argv[0]);
  int length = room < 0 ? _emnapi_get_filename(the_env, NULL, 0) : _emnapi_get_filename(the_env, buffer, room);
  if (room < 0) return number(length);
  napi_value result = NULL;
  napi_create_string_utf8(the_env, buffer, NAPI_AUTO_LENGTH, &result);
  return (int)strlen(buffer) == length ? result : NULL;
}

FUNCTION(features) {
  (void)argv;
  _emnapi_env_check_gc_access(the_env);
  return number(emnapi_is_support_weakref() + emnapi_is_support_bigint() * 10 +
                emnapi_is_node_binding_available() * 100 + _emnapi_is_main_runtime_thread() * 1000 +
                _emnapi_is_main_browser_thread() * 10000);
}

FUNCTION(now) {
  (void)argv;
  return number(_emnapi_get_now());
}

FUNCTION(unwind) {
  (void)argv;
  _emnapi_unwind();
  return NULL;
}

FUNCTION(runtimeVersion) {
  (void)argv;
  uint32_t version[3];
  if (emnapi_get_runtime_version(the_env, version) != napi_ok) return NULL;
  return number(version[0] * 1e6 + version[1] * 1e3 + version[2]);
}

static uint8_t bytes[64];
static int finalized;

static void finalize_view(napi_env env, void *data, void *hint) {
  (void)env;
  if (data == bytes && hint == &finalized) finalized++;
}

/** A view of `bytes`, of a type. */
FUNCTION(view) {
  napi_value result = NULL;
  for (size_t n = 0; n < sizeof bytes; n++) bytes[n] = (uint8_t)n;
  napi_status status = emnapi_create_memory_view(the_env, to_int(argv[0]), bytes, (size_t)to_int(argv[1]), finalize_view,
                                                 &finalized, &result);
  return status == napi_ok ? result : status == napi_pending_exception ? NULL : number(status);
}

FUNCTION(viewOutside) {
  napi_value result = NULL;
  void *last = (void *)((__builtin_wasm_memory_size(0) << 16) - 8);
  emnapi_create_memory_view(the_env, 1, last, (size_t)to_int(argv[0]), NULL, NULL, &result);
  return result;
}

FUNCTION(byteAt) { return number(bytes[to_int(argv[0])]); }

FUNCTION(grow) {
  (void)argv;
  return number((double)__builtin_wasm_memory_grow(0, 1));
}

FUNCTION(finalizedViews) {
  (void)argv;
  return number(finalized);
}

/** Where the guest has the bytes of a value, who owns them, and whether they were allocated for it. */
FUNCTION(address) {
  void *address = &address;
  int ownership = -1;
  bool allocated = false;
  napi_status status = emnapi_get_memory_address(the_env, argv[0], &address, &ownership, &allocated);
  if (status != napi_ok) return status == napi_pending_exception ? NULL : number(-(int)status);
  return number((address == NULL ? 0 : address == bytes ? 1 : 2) + ownership * 10 + allocated * 100);
}

/** Has the bytes of a typed array in memory, adds 1 to each, and says so to JavaScript in between. */
FUNCTION(sync) {
  uint8_t *data = NULL;
  size_t length = 0;
  napi_value undefined = NULL, value = argv[0], arraybuffer = NULL;
  napi_get_typedarray_info(the_env, value, NULL, &length, (void **)&data, &arraybuffer, NULL);
  napi_get_undefined(the_env, &undefined);
  napi_call_function(the_env, undefined, argv[1], 0, NULL, NULL);
  napi_status first = emnapi_sync_memory(the_env, true, &value, 0, NAPI_AUTO_LENGTH);
  for (size_t n = 0; n < length; n++) data[n]++;
  napi_status second = emnapi_sync_memory(the_env, false, &value, (size_t)to_int(argv[2]), (size_t)to_int(argv[3]));
  napi_call_function(the_env, undefined, argv[1], 0, NULL, NULL);
  return number(first * 100 + second);
}

FUNCTION(syncValue) {
  napi_value value = argv[0];
  napi_status status = emnapi_sync_memory(the_env, true, &value, 0, NAPI_AUTO_LENGTH);
  return status == napi_pending_exception ? NULL : number(status);
}

/** Calls with what the guest has made up. Returns a status if there is one. */
FUNCTION(hostile) {
  void *wild = (void *)0xFFFFFFF0;
  napi_value nobody = (napi_value)0x01ABCDEF;
  async_ids ids = {0, 0};
  switch (to_int(argv[0])) {
  case 0: _emnapi_get_node_version(wild, wild, wild); break;
  case 1: return number(_emnapi_get_filename(the_env, wild, 100));
  case 2: return number(_emnapi_get_filename(the_env, (char *)bytes, -1));
  case 3: _emnapi_node_emit_async_init(nobody, nobody, -1, &ids); break;
  case 4: _emnapi_node_emit_async_init(argv[0], argv[0], -1, wild); break;
  case 5: _emnapi_node_emit_async_destroy(1e300, -1); return number(-1);
  case 6: return number(_emnapi_node_make_callback(the_env, nobody, nobody, NULL, 0, 5, 0, NULL));
  case 7: return number(_emnapi_node_make_callback(the_env, argv[0], argv[0], wild, 0xFFFFFFFF, 5, 0, NULL));
  case 8: return number(_emnapi_async_init_js(NULL, nobody, bytes));
  case 9: return number(_emnapi_async_init_js(NULL, argv[0], wild));
  case 10: return number(_emnapi_async_destroy_js(wild));
  case 11: _emnapi_callback_into_module(1, the_env, (void (*)(napi_env, void *))wild, NULL, 1); break;
  case 12: _emnapi_callback_into_module(1, the_env, (void (*)(napi_env, void *))(uintptr_t)invoke, NULL, 1); break;
  case 13: _emnapi_call_finalizer(1, the_env, (napi_finalize)wild, wild, wild); break;
  case 14: return number(create_function(the_env, (napi_callback)wild, wild, wild));
  case 15: return number(emnapi_create_memory_view(the_env, 1, bytes, 8, NULL, NULL, wild));
  case 16: return number(emnapi_sync_memory(the_env, true, wild, 0, 0));
  case 17: return number(emnapi_sync_memory(the_env, true, &nobody, 0, 0));
  case 18: return number(emnapi_get_memory_address(the_env, nobody, wild, wild, wild));
  case 19: return number(emnapi_get_memory_address(the_env, argv[0], NULL, NULL, NULL));
  case 20: return number(emnapi_get_runtime_version(the_env, wild));
  case 21: return number(emnapi_get_runtime_version((napi_env)wild, (uint32_t *)bytes));
  case 22: return number(create_function(the_env, NULL, NULL, &nobody));
  case 23: _emnapi_set_immediate((void (*)(void *))wild, wild); return number(-1);
  }
  return NULL;
}

// What napi-rs exports, to be called before the end.
static napi_ref prepared;

FUNCTION(onPrepare) {
  napi_create_reference(the_env, argv[0], 1, &prepared);
  return NULL;
}

EXPORT(napi_prepare_wasm_env_cleanup) void napi_prepare_wasm_env_cleanup(void) {
  if (prepared == NULL) return;
  napi_handle_scope scope;
  napi_value function = NULL, undefined = NULL;
  napi_open_handle_scope(the_env, &scope);
  napi_get_reference_value(the_env, prepared, &function);
  napi_get_undefined(the_env, &undefined);
  napi_call_function(the_env, undefined, function, 0, NULL, NULL);
  napi_close_handle_scope(the_env, scope);
}

typedef struct {
  const char *name;
  napi_value (*body)(napi_value *argv);
} entry;

#define ENTRY(name) {#name, name}
static const entry entries[] = {
    ENTRY(sendJs),          ENTRY(setImmediateOf), ENTRY(nextTick),     ENTRY(wait),        ENTRY(waited),
    ENTRY(finalizeWith),    ENTRY(trapInModule),   ENTRY(createFunction), ENTRY(lastErrors), ENTRY(laterInContext),
    ENTRY(makeCallback),    ENTRY(closeWrongScope), ENTRY(nodeVersion), ENTRY(fileName),    ENTRY(features),
    ENTRY(now),             ENTRY(unwind),         ENTRY(runtimeVersion), ENTRY(view),      ENTRY(viewOutside),
    ENTRY(byteAt),          ENTRY(grow),           ENTRY(finalizedViews), ENTRY(address),   ENTRY(sync),
    ENTRY(syncValue),       ENTRY(hostile),        ENTRY(onPrepare),
};

static napi_value invoke(napi_env env, napi_callback_info info) {
  void *data = NULL;
  napi_value argv[4];
  size_t argc = 4;
  napi_get_cb_info(env, info, &argc, argv, NULL, &data);
  return ((const entry *)data)->body(argv);
}

NAPI_MODULE_INIT() {
  the_env = env;
  for (size_t n = 0; n < sizeof entries / sizeof entries[0]; n++) {
    napi_value function = NULL;
    napi_create_function(env, entries[n].name, NAPI_AUTO_LENGTH, invoke, (void *)&entries[n], &function);
    napi_set_named_property(env, exports, entries[n].name, function);
  }
  return exports;
}
