/* The whole binary contract between cartpilot and its plugins, in C11.
 *
 * A plugin is a shared library that exports one symbol, cartpilot_plugin_entry. What crosses this
 * boundary is size-prefixed structs, function pointers and UTF-8 text (mostly JSON); no C++ type,
 * no exception, no memory that the other side must free. Authors normally do not read this file:
 * plugin.h turns a C++ class into all of it.
 *
 * Reading a struct: use min(its struct_size, sizeof of your own view). A function is present when
 * its offset lies inside struct_size and the pointer is not null. Structs only grow at the end; ids
 * of interfaces change when they must not. Frozen for ever: the entry's name and signature, and the
 * first four fields of cp_plugin.
 *
 * Bytes are borrowed for the duration of the call; the receiver copies what it keeps.
 *
 * Threads: [init] one thread, nothing else running in this plugin; [instance-serial] any thread,
 * one call at a time per instance; [any] any thread at any time. Sinks are called on the calling
 * thread, during the call, never after it. A plugin must not call pthread_exit or be cancelled
 * inside a call, and must leave locale, working directory, umask, signal handlers and environment
 * as they are.
 */
#ifndef CARTPILOT_ABI_H
#define CARTPILOT_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CP_MAGIC 0x43504C54u /* "CPLT" */
#define CP_EPOCH 1u          /* rises when the contract breaks */
#define CP_REVISION 0u       /* rises with every addition */

/* Status of every int32_t-returning call. Numbers equal cartpilot::ErrorCode. Unknown ones mean
 * CP_INTERNAL. */
#define CP_OK 0
#define CP_CANCELLED 1
#define CP_INVALID_ARGUMENT 2
#define CP_UNAUTHENTICATED 3
#define CP_PERMISSION 4
#define CP_NOT_FOUND 5
#define CP_RATE_LIMITED 6
#define CP_UNAVAILABLE 7
#define CP_DEADLINE 8
#define CP_PROTOCOL 9
#define CP_UNSUPPORTED 10
#define CP_INTERNAL 11

/* Kinds of cp_sink.emit. */
#define CP_EMIT_RESULT 1 /* the result, JSON; at most once */
#define CP_EMIT_DELTA 2  /* one stream event, JSON, see cartpilot/detail/wire_event.h */
#define CP_EMIT_ERROR \
  3 /* {"code","message","retryable","retry_after_ms"?,"http_status"?,"request_id"?,"reason"?} */
#define CP_EMIT_LOG 4         /* one line of text */
#define CP_EMIT_HTTP_HEAD 10  /* {"status":200,"headers":[["name","value"],...]} */
#define CP_EMIT_HTTP_BODY 11  /* whole body, raw bytes */
#define CP_EMIT_SSE_NAME 12   /* event name of the next CP_EMIT_SSE_DATA; left out when empty */
#define CP_EMIT_SSE_DATA 13   /* data of one server-sent event, raw bytes */
#define CP_EMIT_HTTP_STRAY 14 /* lines in an event stream that belong to no event */

typedef struct cp_bytes {
  const char* ptr; /* UTF-8, not NUL-terminated; may be null when len is 0 */
  uint64_t len;
} cp_bytes;

typedef struct cp_sink {
  uint32_t struct_size;
  void* ctx;
  /* Nonzero return: stop emitting and return from the call soon. */
  int32_t (*emit)(void* ctx, int32_t kind, cp_bytes payload);
} cp_sink;

typedef struct cp_call {
  uint32_t struct_size;
  void* ctx;
  int32_t (*cancelled)(void* ctx); /* [any] nonzero once the caller wants to stop */
  int64_t deadline_unix_ms;        /* 0 = none */
} cp_call;

/* Services of the host. query() returns null for an id it does not know. The struct and the tables
 * it hands out stay valid for the life of the process; after shutdown they answer CP_UNAVAILABLE.
 */
typedef struct cp_host {
  uint32_t struct_size;
  uint32_t epoch;
  uint32_t revision;
  void* ctx;
  const void* (*query)(void* ctx, const char* interface_id); /* [any] */
} cp_host;

#define CP_HOST_LOG "cartpilot.host.log/1"
typedef struct cp_host_log_v1 {
  uint32_t struct_size;
  void* ctx;
  void (*log)(void* ctx, int32_t level, cp_bytes line); /* [any] level 0 debug .. 3 error */
} cp_host_log_v1;

#define CP_HOST_HTTP "cartpilot.host.http/1"
typedef struct cp_host_http_v1 {
  uint32_t struct_size;
  void* ctx;
  /* [any] request:
     {"method","url","headers":[[n,v]],"server_sent_events","fresh_connection"?,
     "connect_timeout_ms","idle_timeout_ms",
     "total_timeout_ms","max_body_bytes"}; body: raw bytes. Emits HTTP_HEAD, then BODY or SSE/STRAY
     pieces; on failure CP_EMIT_ERROR and the status. */
  int32_t (*send)(void* ctx, const cp_call* call, cp_bytes request_json, cp_bytes body,
                  const cp_sink* out);
} cp_host_http_v1;

typedef struct cp_plugin {
  uint32_t magic;
  uint32_t struct_size;
  uint32_t epoch;
  uint32_t revision;
  cp_bytes manifest;                                        /* JSON, see docs/plugin-authoring.md */
  int32_t (*init)(const cp_host* host, const cp_sink* err); /* [init] may be null */
  void (*shutdown)(void);                                   /* [init] may be null */
  const void* (*query)(const char* interface_id); /* [any] null for ids it does not offer */
} cp_plugin;

#define CP_PROVIDER "cartpilot.provider/1"
typedef struct cp_provider_v1 {
  uint32_t struct_size;
  /* [any] config: {"environment":{},"options":{}}. Null on failure, with CP_EMIT_ERROR on err. */
  void* (*create)(cp_bytes factory, cp_bytes config_json, const cp_sink* err);
  void (*destroy)(void* self);
  /* [instance-serial] RESULT: [{"id","description"}] */
  int32_t (*models)(void* self, const cp_call* call, const cp_sink* out);
  /* [instance-serial] request: GenerateRequest; DELTA events */
  int32_t (*chat)(void* self, const cp_call* call, cp_bytes request_json, const cp_sink* out);
  /* [instance-serial] RESULT: {"name","default_model","notice"} */
  int32_t (*info)(void* self, const cp_sink* out);
  /* [instance-serial] CP_OK, or the error that makes chat impossible (a missing key) */
  int32_t (*check)(void* self, const cp_sink* out);
  /* [instance-serial] tools: [ToolSpec]; RESULT: the vendor's declarations */
  int32_t (*function_declarations)(void* self, cp_bytes tools_json, const cp_sink* out);
  /* [instance-serial] message: vendor-native call or message; RESULT: [ToolCall] */
  int32_t (*parse_function_calls)(void* self, cp_bytes message_json, const cp_sink* out);
  /* [instance-serial] results: [ToolResult]; RESULT: vendor-native responses */
  int32_t (*function_responses)(void* self, cp_bytes results_json, const cp_sink* out);
} cp_provider_v1;

#define CP_TOOLSET "cartpilot.toolset/1"
typedef struct cp_toolset_v1 {
  uint32_t struct_size;
  void* (*create)(cp_bytes factory, cp_bytes config_json, const cp_sink* err); /* [any] */
  void (*destroy)(void* self);
  int32_t (*list)(void* self, const cp_sink* out); /* [instance-serial] RESULT: [ToolSpec] */
  /* [instance-serial], reads [any] when the manifest says "concurrent": true. RESULT:
   * {"ok":bool,"content":{}} */
  int32_t (*call)(void* self, const cp_call* call, cp_bytes tool, cp_bytes args_json,
                  const cp_sink* out);
} cp_toolset_v1;

#define CP_ENTRY_NAME "cartpilot_plugin_entry"
typedef const cp_plugin* (*cp_entry_fn)(uint32_t host_epoch, uint32_t host_revision);

/* True when `object` (a pointer to a `type`) carries function or pointer `field`. */
#define CP_HAS(type, object, field)                                            \
  ((object)->struct_size >= offsetof(type, field) + sizeof((object)->field) && \
   (object)->field != NULL)

#ifdef __cplusplus
}
#endif

/* The layout is the contract: a changed offset breaks every plugin in the field. */
#if UINTPTR_MAX == UINT64_MAX
#ifdef __cplusplus
#define CP_LAYOUT(type, field, offset) \
  static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define CP_SIZE(type, size) static_assert(sizeof(type) == (size), #type " changed its size")
#else
#define CP_LAYOUT(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define CP_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " changed its size")
#endif

CP_LAYOUT(cp_bytes, ptr, 0);
CP_LAYOUT(cp_bytes, len, 8);
CP_SIZE(cp_bytes, 16);

CP_LAYOUT(cp_sink, struct_size, 0);
CP_LAYOUT(cp_sink, ctx, 8);
CP_LAYOUT(cp_sink, emit, 16);
CP_SIZE(cp_sink, 24);

CP_LAYOUT(cp_call, struct_size, 0);
CP_LAYOUT(cp_call, ctx, 8);
CP_LAYOUT(cp_call, cancelled, 16);
CP_LAYOUT(cp_call, deadline_unix_ms, 24);
CP_SIZE(cp_call, 32);

CP_LAYOUT(cp_host, struct_size, 0);
CP_LAYOUT(cp_host, epoch, 4);
CP_LAYOUT(cp_host, revision, 8);
CP_LAYOUT(cp_host, ctx, 16);
CP_LAYOUT(cp_host, query, 24);
CP_SIZE(cp_host, 32);

CP_LAYOUT(cp_host_log_v1, struct_size, 0);
CP_LAYOUT(cp_host_log_v1, ctx, 8);
CP_LAYOUT(cp_host_log_v1, log, 16);
CP_SIZE(cp_host_log_v1, 24);

CP_LAYOUT(cp_host_http_v1, struct_size, 0);
CP_LAYOUT(cp_host_http_v1, ctx, 8);
CP_LAYOUT(cp_host_http_v1, send, 16);
CP_SIZE(cp_host_http_v1, 24);

CP_LAYOUT(cp_plugin, magic, 0);
CP_LAYOUT(cp_plugin, struct_size, 4);
CP_LAYOUT(cp_plugin, epoch, 8);
CP_LAYOUT(cp_plugin, revision, 12);
CP_LAYOUT(cp_plugin, manifest, 16);
CP_LAYOUT(cp_plugin, init, 32);
CP_LAYOUT(cp_plugin, shutdown, 40);
CP_LAYOUT(cp_plugin, query, 48);
CP_SIZE(cp_plugin, 56);

CP_LAYOUT(cp_provider_v1, struct_size, 0);
CP_LAYOUT(cp_provider_v1, create, 8);
CP_LAYOUT(cp_provider_v1, destroy, 16);
CP_LAYOUT(cp_provider_v1, models, 24);
CP_LAYOUT(cp_provider_v1, chat, 32);
CP_LAYOUT(cp_provider_v1, info, 40);
CP_LAYOUT(cp_provider_v1, check, 48);
CP_LAYOUT(cp_provider_v1, function_declarations, 56);
CP_LAYOUT(cp_provider_v1, parse_function_calls, 64);
CP_LAYOUT(cp_provider_v1, function_responses, 72);
CP_SIZE(cp_provider_v1, 80);

CP_LAYOUT(cp_toolset_v1, struct_size, 0);
CP_LAYOUT(cp_toolset_v1, create, 8);
CP_LAYOUT(cp_toolset_v1, destroy, 16);
CP_LAYOUT(cp_toolset_v1, list, 24);
CP_LAYOUT(cp_toolset_v1, call, 32);
CP_SIZE(cp_toolset_v1, 40);

#undef CP_LAYOUT
#undef CP_SIZE
#endif

#endif /* CARTPILOT_ABI_H */
