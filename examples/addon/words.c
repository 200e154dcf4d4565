// An addon in C, as it is for any Node-API. It is compiled to wasm by build.sh, and described in docs/node-api.md.
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

// longest(text): the longest word of a string.
static napi_value longest(napi_env env, napi_callback_info info) {
  size_t count = 1, length;
  napi_value text, result;
  napi_get_cb_info(env, info, &count, &text, NULL, NULL);
  if (napi_get_value_string_utf8(env, text, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, "ERR_NO_TEXT", "longest() takes a string");
    return NULL;
  }
  char *chars = malloc(length + 1);
  napi_get_value_string_utf8(env, text, chars, length + 1, &length);
  const char *best = "";
  for (char *word = strtok(chars, " "); word; word = strtok(NULL, " "))
    if (strlen(word) > strlen(best)) best = word;
  napi_create_string_utf8(env, best, NAPI_AUTO_LENGTH, &result);
  free(chars);
  return result;
}

// reverse(buffer): turns a Buffer around, in place.
static napi_value reverse(napi_env env, napi_callback_info info) {
  size_t count = 1, length;
  napi_value buffer;
  unsigned char *bytes;
  napi_get_cb_info(env, info, &count, &buffer, NULL, NULL);
  if (napi_get_buffer_info(env, buffer, (void **)&bytes, &length) != napi_ok) {
    napi_throw_type_error(env, "ERR_NO_BUFFER", "reverse() takes a Buffer");
    return NULL;
  }
  for (size_t n = 0; n < length / 2; n++) {
    unsigned char byte = bytes[n];
    bytes[n] = bytes[length - 1 - n];
    bytes[length - 1 - n] = byte;
  }
  return buffer;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
    { .utf8name = "longest", .method = longest, .attributes = napi_enumerable },
    { .utf8name = "reverse", .method = reverse, .attributes = napi_enumerable },
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
