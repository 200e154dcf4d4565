// Chapter "Working with JavaScript values": singletons, numbers, strings, arrays, conversions, abstract operations.
#include "probe.h"

VALUE_OF_NOTHING(napi_get_undefined)
VALUE_OF_NOTHING(napi_get_null)
VALUE_OF_NOTHING(napi_get_global)
VALUE_OF_NOTHING(napi_create_object)
VALUE_OF_NOTHING(napi_create_array)

PROBE(napi_get_boolean, "eno") {
  napi_value result = NULL;
  CALL(napi_get_boolean(ENV, boolean(c, 1), POINTER(2, &result)));
  show(c, result);
}

PROBE(napi_create_array_with_length, "eno") {
  napi_value result = NULL;
  CALL(napi_create_array_with_length(ENV, size(c, 1), POINTER(2, &result)));
  show(c, result);
}

#define NUMBER_TO_VALUE(name, type, read)                                      \
  PROBE(name, "eno") {                                                         \
    napi_value result = NULL;                                                  \
    CALL(name(ENV, (type)read(c, 1), POINTER(2, &result)));                    \
    show(c, result);                                                           \
  }
NUMBER_TO_VALUE(napi_create_double, double, number)
NUMBER_TO_VALUE(napi_create_int32, int32_t, integer)
NUMBER_TO_VALUE(napi_create_uint32, uint32_t, integer)
NUMBER_TO_VALUE(napi_create_int64, int64_t, integer)

#define VALUE_TO_NUMBER(name, type, environment)                               \
  PROBE(name, environment "vo") {                                                         \
    type result = 77;                                                          \
    CALL(name(ENV, VALUE(1), POINTER(2, &result)));                            \
    show_number(c, (double)result);                                            \
  }
VALUE_TO_NUMBER(napi_get_value_double, double, "e")
VALUE_TO_NUMBER(napi_get_value_int32, int32_t, "e")
VALUE_TO_NUMBER(napi_get_value_uint32, uint32_t, "e")
VALUE_TO_NUMBER(napi_get_value_int64, int64_t, "e")
VALUE_TO_NUMBER(napi_get_value_bool, bool, "e")
VALUE_TO_NUMBER(napi_get_array_length, uint32_t, "E")

PROBE(napi_typeof, "evo") {
  napi_valuetype result = (napi_valuetype)77;
  CALL(napi_typeof(ENV, VALUE(1), POINTER(2, &result)));
  show_number(c, result);
}

#define STRING_FROM(name, read)                                                \
  PROBE(name, "esno") {                                                        \
    napi_value result = NULL;                                                  \
    CALL(name(ENV, read(1), size(c, 2), POINTER(3, &result)));                 \
    show(c, result);                                                           \
  }
STRING_FROM(napi_create_string_latin1, TEXT)
STRING_FROM(napi_create_string_utf8, TEXT)
STRING_FROM(napi_create_string_utf16, TEXT16)

// The whole buffer is shown, so that what is written past the end of the string is seen.
#define STRING_INTO(name, unit)                                                \
  PROBE(name, "evOnO") {                                                       \
    unit buffer[16];                                                           \
    memset(buffer, '~', sizeof buffer);                                        \
    size_t result = 77;                                                        \
    CALL(name(ENV, VALUE(1), POINTER(2, buffer), size(c, 3), POINTER(4, &result))); \
    show_bytes(c, buffer, sizeof buffer);                                      \
    show_number(c, (double)result);                                            \
  }
STRING_INTO(napi_get_value_string_latin1, char)
STRING_INTO(napi_get_value_string_utf8, char)
STRING_INTO(napi_get_value_string_utf16, char16_t)

VALUE_OF_VALUE(napi_coerce_to_bool, "E")
VALUE_OF_VALUE(napi_coerce_to_number, "E")
VALUE_OF_VALUE(napi_coerce_to_object, "E")
VALUE_OF_VALUE(napi_coerce_to_string, "E")

BOOLEAN_OF_VALUE(napi_is_array, "e")
BOOLEAN_OF_VALUE(napi_is_arraybuffer, "e")
BOOLEAN_OF_VALUE(napi_is_buffer, "e")
BOOLEAN_OF_VALUE(napi_is_dataview, "e")
BOOLEAN_OF_VALUE(napi_is_date, "e")
BOOLEAN_OF_VALUE(napi_is_error, "e")
BOOLEAN_OF_VALUE(napi_is_promise, "e")
BOOLEAN_OF_VALUE(napi_is_typedarray, "e")
BOOLEAN_OF_VALUE(napi_is_detached_arraybuffer, "e")

PROBE(napi_strict_equals, "Evvo") {
  bool result = false;
  CALL(napi_strict_equals(ENV, VALUE(1), VALUE(2), POINTER(3, &result)));
  show_number(c, result);
}

PROBE(napi_instanceof, "Evvo") {
  bool result = false;
  CALL(napi_instanceof(ENV, VALUE(1), VALUE(2), POINTER(3, &result)));
  show_number(c, result);
}

// Strings of as many bytes as the engine has no room for: the memory is there, the string is not.
SCENARIO(too_long) {
  size_t bytes = (size_t)1 << 30;
  char *nothing = calloc(1, bytes);
  show_number(c, nothing != NULL);
  napi_value result = NULL;
  CALL(napi_create_string_latin1(c->env, nothing, bytes, &result));
  CALL(napi_create_string_utf16(c->env, (char16_t *)nothing, bytes / 2, &result));
  CALL(napi_create_string_utf8(c->env, nothing, bytes, &result));
  show(c, result);
  free(nothing);
}
