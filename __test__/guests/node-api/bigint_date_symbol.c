// BigInts, dates and symbols, of "Working with JavaScript values".
#include "probe.h"

PROBE(napi_create_bigint_int64, "eno") {
  napi_value result = NULL;
  CALL(napi_create_bigint_int64(ENV, strtoll(text(c, 1), NULL, 0), POINTER(2, &result)));
  show(c, result);
}

PROBE(napi_create_bigint_uint64, "eno") {
  napi_value result = NULL;
  CALL(napi_create_bigint_uint64(ENV, strtoull(text(c, 1), NULL, 0), POINTER(2, &result)));
  show(c, result);
}

static const uint64_t words[] = {0x0123456789abcdef, 0xfedcba9876543210, 0, 1, UINT64_MAX, 0, 0, 0};

PROBE(napi_create_bigint_words, "Ennpo") {
  napi_value result = NULL;
  CALL(napi_create_bigint_words(ENV, (int)integer(c, 1), size(c, 2), POINTER(3, words), POINTER(4, &result)));
  show(c, result);
}

static void show_word(call *c, uint64_t word) {
  napi_value value = NULL;
  napi_create_bigint_uint64(c->env, word, &value);
  show(c, value);
}

PROBE(napi_get_value_bigint_int64, "evoo") {
  int64_t result = 77;
  bool lossless = false;
  CALL(napi_get_value_bigint_int64(ENV, VALUE(1), POINTER(2, &result), POINTER(3, &lossless)));
  show_word(c, (uint64_t)result);
  show_number(c, lossless);
}

PROBE(napi_get_value_bigint_uint64, "evoo") {
  uint64_t result = 77;
  bool lossless = false;
  CALL(napi_get_value_bigint_uint64(ENV, VALUE(1), POINTER(2, &result), POINTER(3, &lossless)));
  show_word(c, result);
  show_number(c, lossless);
}

PROBE(napi_get_value_bigint_words, "evOoOn") {
  int sign = 77;
  uint64_t found[6] = {77, 77, 77, 77, 77, 77};
  size_t count = size(c, 5);
  CALL(napi_get_value_bigint_words(ENV, VALUE(1), POINTER(2, &sign), POINTER(3, &count), POINTER(4, found)));
  show_number(c, sign);
  show_number(c, (double)count);
  for (int n = 0; n < 6; n++) show_word(c, found[n]);
}

PROBE(napi_create_date, "Eno") {
  napi_value result = NULL;
  CALL(napi_create_date(ENV, number(c, 1), POINTER(2, &result)));
  show(c, result);
}

PROBE(napi_get_date_value, "Evo") {
  double result = 77;
  CALL(napi_get_date_value(ENV, VALUE(1), POINTER(2, &result)));
  show_number(c, result);
}

PROBE(napi_create_symbol, "eVo") {
  napi_value result = NULL;
  CALL(napi_create_symbol(ENV, VALUE(1), POINTER(2, &result)));
  show(c, result);
}

PROBE(node_api_symbol_for, "esno") {
  napi_value result = NULL;
  CALL(node_api_symbol_for(ENV, TEXT(1), size(c, 2), POINTER(3, &result)));
  show(c, result);
}
