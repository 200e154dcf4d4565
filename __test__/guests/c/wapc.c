// A waPC guest: hosts call _start, then wapc_init, then __guest_call, in which the guest asks for the operation and its
// payload by addresses of its own memory.
#define WAPC(name) __attribute__((import_module("wapc"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

WAPC(__guest_request) void guest_request(char *operation, char *payload);
WAPC(__guest_response) void guest_response(const char *bytes, int length);
WAPC(__console_log) void console_log(const char *text, int length);

static int started, registered;

EXPORT(_start) void _start(void) {
  started++;
  console_log("started", 7);
}

EXPORT(wapc_init) void wapc_init(void) { registered = started; }

EXPORT(__guest_call) int guest_call(int operation_length, int payload_length) {
  static char operation[64], payload[64], response[64];
  if (registered != 1 || operation_length > 64 || payload_length > 64) return 0;
  guest_request(operation, payload);
  // The one operation: the payload backwards.
  for (int n = 0; n < payload_length; n++) response[n] = payload[payload_length - 1 - n];
  guest_response(response, payload_length);
  return 1;
}
