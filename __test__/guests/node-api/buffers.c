// ArrayBuffers, typed arrays, DataViews and Buffers, of "Working with JavaScript values": what the guest makes, what it
// is given, and that both sides see one memory.
#include "probe.h"

PROBE(napi_create_arraybuffer, "EnOo") {
  void *data = NULL;
  napi_value result = NULL;
  size_t length = size(c, 1);
  CALL(napi_create_arraybuffer(ENV, length, POINTER(2, &data), POINTER(3, &result)));
  // As soon as it is made its bytes are zeros, and the guest's to write.
  if (data != NULL) {
    char sum = 0;
    for (size_t n = 0; n < length; n++) sum |= ((char *)data)[n];
    show_number(c, sum);
    for (size_t n = 0; n < length; n++) ((char *)data)[n] = (char)(n + 1);
  }
  show(c, result);
}

PROBE(napi_create_buffer, "EnOo") {
  void *data = NULL;
  napi_value result = NULL;
  size_t length = size(c, 1);
  CALL(napi_create_buffer(ENV, length, POINTER(2, &data), POINTER(3, &result)));
  if (data != NULL) {
    for (size_t n = 0; n < length; n++) ((char *)data)[n] = (char)(n + 1);
    show(c, result);
  }
}

PROBE(napi_create_buffer_copy, "EnsOo") {
  void *data = NULL;
  napi_value result = NULL;
  CALL(napi_create_buffer_copy(ENV, size(c, 1), TEXT(2), POINTER(3, &data), POINTER(4, &result)));
  if (data != NULL && size(c, 1) > 0) *(char *)data = '!';
  show(c, result);
}

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static char *bytes(size_t length) {
  char *data = malloc(length + 1);
  for (size_t n = 0; n < length; n++) data[n] = (char)('a' + n);
  return data;
}

PROBE(napi_create_external_arraybuffer, "EPnPPo") {
  size_t length = size(c, 2);
  char *data = bytes(length);
  napi_value result = NULL;
  CALL(napi_create_external_arraybuffer(ENV, POINTER(1, data), length, POINTER(3, release), POINTER(4, "hint"), POINTER(5, &result)));
  show(c, result);
}

PROBE(napi_create_external_buffer, "EnPPPo") {
  size_t length = size(c, 1);
  char *data = bytes(length);
  napi_value result = NULL;
  CALL(napi_create_external_buffer(ENV, length, POINTER(2, data), POINTER(3, release), POINTER(4, "hint"), POINTER(5, &result)));
  show(c, result);
}

PROBE(napi_get_arraybuffer_info, "evOO") {
  void *data = NULL;
  size_t length = 77;
  CALL(napi_get_arraybuffer_info(ENV, VALUE(1), POINTER(2, &data), POINTER(3, &length)));
  show_number(c, (double)length);
  if (data != NULL && length != 77) show_bytes(c, data, length);
}

PROBE(napi_get_buffer_info, "evOO") {
  void *data = NULL;
  size_t length = 77;
  CALL(napi_get_buffer_info(ENV, VALUE(1), POINTER(2, &data), POINTER(3, &length)));
  show_number(c, (double)length);
  if (data != NULL && length != 77) show_bytes(c, data, length);
}

PROBE(napi_create_typedarray, "Ennvno") {
  napi_value result = NULL;
  CALL(napi_create_typedarray(ENV, (napi_typedarray_type)integer(c, 1), size(c, 2), VALUE(3), size(c, 4), POINTER(5, &result)));
  show(c, result);
}

PROBE(napi_get_typedarray_info, "evOOOOO") {
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_typedarray_type type = (napi_typedarray_type)77;
  size_t length = 77, offset = 77;
  void *data = NULL;
  napi_value buffer = NULL;
  CALL(napi_get_typedarray_info(ENV, VALUE(1), POINTER(2, &type), POINTER(3, &length), POINTER(4, &data),
                                POINTER(5, &buffer), POINTER(6, &offset)));
  show_number(c, type);
  show_number(c, (double)length);
  if (data != NULL && type < 11 && length != 77) show_bytes(c, data, length * sizes[type]);
  show(c, buffer);
  show_number(c, (double)offset);
}

PROBE(napi_create_dataview, "Envno") {
  napi_value result = NULL;
  CALL(napi_create_dataview(ENV, size(c, 1), VALUE(2), size(c, 3), POINTER(4, &result)));
  show(c, result);
}

PROBE(napi_get_dataview_info, "evOOOO") {
  size_t length = 77, offset = 77;
  void *data = NULL;
  napi_value buffer = NULL;
  CALL(napi_get_dataview_info(ENV, VALUE(1), POINTER(2, &length), POINTER(3, &data), POINTER(4, &buffer), POINTER(5, &offset)));
  show_number(c, (double)length);
  if (data != NULL && length != 77) show_bytes(c, data, length);
  show(c, buffer);
  show_number(c, (double)offset);
}

PROBE(napi_detach_arraybuffer, "ev") { CALL(napi_detach_arraybuffer(ENV, VALUE(1))); }
BOOLEAN_OF_VALUE(napi_is_detached_arraybuffer, "e")

// Makes an ArrayBuffer, keeps its bytes, and lets JavaScript and the guest write by turns: argument 1 is called with it.
SCENARIO(one_memory) {
  napi_value buffer = NULL, undefined = NULL;
  unsigned char *data = NULL;
  napi_get_undefined(c->env, &undefined);
  STEP(napi_create_arraybuffer(c->env, 8, (void **)&data, &buffer));
  for (int n = 0; n < 8; n++) data[n] = (unsigned char)n;
  STEP(napi_call_function(c->env, undefined, c->argv[1], 1, &buffer, NULL));
  for (int n = 0; n < 8; n++) show_number(c, data[n]);
  data[7] = 99;
  show(c, buffer);
}

// Writes into what it was given, and calls argument 2, which sees it; what that wrote is seen here after the call.
SCENARIO(writes_into_argument) {
  unsigned char *data = NULL;
  size_t length = 0;
  napi_value undefined = NULL;
  napi_get_undefined(c->env, &undefined);
  STEP(napi_get_buffer_info(c->env, c->argv[1], (void **)&data, &length));
  if (length == 0) return;
  data[0] = 1;
  STEP(napi_call_function(c->env, undefined, c->argv[2], 0, NULL, NULL));
  show_number(c, data[0]);
  data[length - 1] = 7;
}

// Fills the bytes of any view or ArrayBuffer with a number: 1 the value, 2 the number.
SCENARIO(fill) {
  void *data = NULL;
  size_t length = 0;
  bool is = false;
  napi_value view = c->argv[1];
  if (napi_is_arraybuffer(c->env, view, &is) == napi_ok && is) {
    napi_get_arraybuffer_info(c->env, view, &data, &length);
  } else if (napi_is_dataview(c->env, view, &is) == napi_ok && is) {
    napi_get_dataview_info(c->env, view, &length, &data, NULL, NULL);
  } else {
    napi_get_buffer_info(c->env, view, &data, &length);
  }
  memset(data, (int)integer(c, 2), length);
}

// Asks twice for the bytes of one buffer: they are the same bytes.
SCENARIO(asks_twice) {
  unsigned char *first = NULL, *second = NULL;
  size_t length = 0;
  STEP(napi_get_arraybuffer_info(c->env, c->argv[1], (void **)&first, &length));
  STEP(napi_get_arraybuffer_info(c->env, c->argv[1], (void **)&second, &length));
  first[0] = 5;
  show_number(c, second[0]);
  second[1] = 6;
  show_number(c, first[1]);
}

// Grows the memory of the guest by allocating much, after which what it made before is still what it was.
SCENARIO(survives_growth) {
  napi_value arraybuffer = NULL, buffer = NULL;
  unsigned char *data = NULL, *of_buffer = NULL;
  STEP(napi_create_arraybuffer(c->env, 4, (void **)&data, &arraybuffer));
  STEP(napi_create_buffer(c->env, 4, (void **)&of_buffer, &buffer));
  memcpy(data, "\1\2\3\4", 4);
  memcpy(of_buffer, "\5\6\7\10", 4);
  char *much = malloc(8 << 20);
  show_number(c, much != NULL);
  memset(much, 1, 8 << 20);
  free(much);
  size_t length = 77;
  unsigned char *now = NULL;
  STEP(napi_get_arraybuffer_info(c->env, arraybuffer, (void **)&now, &length));
  show_number(c, (double)length);
  if (length == 4) show_bytes(c, now, length);
  STEP(napi_get_buffer_info(c->env, buffer, (void **)&now, &length));
  show_number(c, (double)length);
  if (length == 4) show_bytes(c, now, length);
  show(c, arraybuffer);
  show(c, buffer);
}

// Argument 1 is how many bytes; nothing is written there. For lengths that nobody has.
SCENARIO(absurd) {
  static char few[8];
  napi_value result = NULL;
  void *data = NULL;
  CALL(napi_create_arraybuffer(c->env, size(c, 1), &data, &result));
  CALL(napi_create_buffer(c->env, size(c, 1), &data, &result));
  CALL(napi_create_buffer_copy(c->env, size(c, 1), few, &data, &result));
  CALL(napi_create_external_buffer(c->env, size(c, 1), few, NULL, NULL, &result));
  CALL(napi_create_external_arraybuffer(c->env, few, size(c, 1), NULL, NULL, &result));
}
