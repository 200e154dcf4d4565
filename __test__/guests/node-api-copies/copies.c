// An addon that reads and writes buffers of JavaScript's: at once, while JavaScript has its turn, and later.
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS(count)                                                       \
  size_t argc = count;                                                         \
  napi_value argv[count];                                                      \
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL)

static napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

static int32_t integer(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

static unsigned char *bytes(napi_env env, napi_value view, size_t *length) {
  void *data = NULL;
  *length = 0;
  napi_get_buffer_info(env, view, &data, length);
  return data;
}

// The first and the last byte of a view.
static napi_value ends(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  size_t length;
  unsigned char *data = bytes(env, argv[0], &length);
  return data == NULL ? NULL : number(env, data[0] * 1000 + data[length - 1]);
}

// set(view, index, byte) returns what was there before.
static napi_value set(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  size_t length;
  unsigned char *data = bytes(env, argv[0], &length);
  unsigned char *byte = &data[integer(env, argv[1])];
  unsigned char before = *byte;
  *byte = (unsigned char)integer(env, argv[2]);
  return number(env, before);
}

static napi_value after(napi_env env, unsigned char *data) {
  napi_value result = number(env, data[0] * 1000 + data[1]);
  data[2] = 3;
  return result;
}

// Writes the first byte, calls a function, and returns what the first two are then. Writes the third.
static napi_value around(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  size_t length;
  unsigned char *data = bytes(env, argv[0], &length);
  data[0] = 1;
  napi_value undefined = NULL;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined, argv[1], 0, NULL, NULL) != napi_ok) return NULL;
  return after(env, data);
}

// The same with reading a property in place of a call.
static napi_value around_getter(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  size_t length;
  unsigned char *data = bytes(env, argv[0], &length);
  data[0] = 1;
  napi_value value = NULL;
  napi_get_named_property(env, argv[1], "property", &value);
  return after(env, data);
}

static unsigned char *kept;
static napi_ref reference;

// Keeps a view and where its bytes are; `kept_byte` looks there.
static napi_value keep(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  size_t length;
  kept = bytes(env, argv[0], &length);
  napi_create_reference(env, argv[0], 1, &reference);
  return NULL;
}

static napi_value kept_byte(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  return number(env, kept[integer(env, argv[0])]);
}

static napi_value address(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  size_t length;
  return number(env, (uintptr_t)bytes(env, argv[0], &length));
}

static napi_value pages(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, __builtin_wasm_memory_size(0));
}

static int finalized;

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  finalized++;
  free(data);
}

static napi_value external(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  size_t length = (size_t)integer(env, argv[0]);
  void *data = memset(malloc(length), 7, length);
  napi_value result = NULL;
  napi_create_external_buffer(env, length, data, release, NULL, &result);
  return result;
}

static napi_value finalizations(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, finalized);
}

typedef struct {
  napi_async_work work;
  napi_deferred deferred;
  napi_ref view;
  unsigned char *data;
  size_t length;
} Later;

static void fill(napi_env env, void *data) {
  (void)env;
  Later *later = data;
  for (size_t n = 0; n < later->length; n++) later->data[n] = (unsigned char)n;
}

static void filled(napi_env env, napi_status status, void *data) {
  (void)status;
  Later *later = data;
  napi_value view = NULL;
  napi_get_reference_value(env, later->view, &view);
  napi_resolve_deferred(env, later->deferred, view);
  napi_delete_reference(env, later->view);
  napi_delete_async_work(env, later->work);
  free(later);
}

// Asynchronous work that fills a view, and resolves with it.
static napi_value fill_later(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  Later *later = malloc(sizeof *later);
  napi_value promise = NULL, name = NULL;
  napi_create_promise(env, &later->deferred, &promise);
  napi_create_string_utf8(env, "fill", NAPI_AUTO_LENGTH, &name);
  later->data = bytes(env, argv[0], &later->length);
  napi_create_reference(env, argv[0], 1, &later->view);
  napi_create_async_work(env, NULL, name, fill, filled, later, &later->work);
  napi_queue_async_work(env, later->work);
  return promise;
}

napi_value napi_register_wasm_v1(napi_env env, napi_value exports) {
#define FUNCTION(name) {#name, NULL, name, NULL, NULL, NULL, napi_enumerable, NULL}
  const napi_property_descriptor functions[] = {
      FUNCTION(ends),    FUNCTION(set),   FUNCTION(around),   FUNCTION(around_getter), FUNCTION(keep),      FUNCTION(kept_byte),
      FUNCTION(address), FUNCTION(pages), FUNCTION(external), FUNCTION(finalizations), FUNCTION(fill_later),
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
