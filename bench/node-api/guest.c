// What the benchmark of Node-API measures beside the packages: a function that does nothing, and the ways of a string,
// of an object and of a buffer into the addon and back. bench/node-api.mjs builds it for the system as well.
#include <node_api.h>
#include <stdlib.h>

static void check(napi_status status) {
  if (status != napi_ok) abort();
}

static napi_value argument(napi_env env, napi_callback_info info) {
  napi_value value;
  size_t count = 1;
  check(napi_get_cb_info(env, info, &count, &value, NULL, NULL));
  return value;
}

static napi_value empty(napi_env env, napi_callback_info info) { return NULL; }

// As bindings do it: asks for the length, makes room, copies.
static napi_value string(napi_env env, napi_callback_info info) {
  napi_value value = argument(env, info), result;
  size_t length;
  check(napi_get_value_string_utf8(env, value, NULL, 0, &length));
  char *text = malloc(length + 1);
  check(napi_get_value_string_utf8(env, value, text, length + 1, &length));
  check(napi_create_string_utf8(env, text, length, &result));
  free(text);
  return result;
}

static const char *const NAMES[] = {"left", "top", "width", "height"};

static napi_value object(napi_env env, napi_callback_info info) {
  napi_value from = argument(env, info), to, property;
  double number;
  check(napi_create_object(env, &to));
  for (int i = 0; i < 4; i++) {
    check(napi_get_named_property(env, from, NAMES[i], &property));
    check(napi_get_value_double(env, property, &number));
    check(napi_create_double(env, number + 1, &property));
    check(napi_set_named_property(env, to, NAMES[i], property));
  }
  return to;
}

static napi_value buffer(napi_env env, napi_callback_info info) {
  napi_value result;
  void *data;
  size_t length;
  check(napi_get_buffer_info(env, argument(env, info), &data, &length));
  check(napi_create_buffer_copy(env, length, data, NULL, &result));
  return result;
}

static void define(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function));
  check(napi_set_named_property(env, exports, name, function));
}

NAPI_MODULE_INIT() {
  define(env, exports, "empty", empty);
  define(env, exports, "string", string);
  define(env, exports, "object", object);
  define(env, exports, "buffer", buffer);
  return exports;
}
