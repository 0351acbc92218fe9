/* A provider plugin in plain C11 that does one harmful thing, picked by the build.
 *
 * MISBEHAVIOUR says what; without it the plugin is good and answers "hello". What it does to others
 * it does on purpose: every one of these is a mistake somebody once made in a real plugin.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"

enum {
  GOOD,
  CRASHES,
  ABORTS,
  EXITS,
  EXITS_AT_ONCE,
  LOOPS,
  DAEMON,
  READS_INPUT,
  FLOODS,
  PRINTS,
  MARKS,
  INIT_LOOPS,
  INIT_CRASHES,
  CHANGES_EVERYTHING,
  IGNORES_CANCEL,
  DEADLOCKS,
  LEAVES_THREADS,
  CALLS_AT_EXIT,
  DECLINES,
  GARBAGE_POINTER,
  BAD_MAGIC,
  SIZE_ZERO,
  SIZE_HUGE,
  OTHER_MANIFEST,
  NO_TABLE,
  UNDECLARED_TABLE,
  HUGE_RESULT,
  FLOOD_OF_EVENTS,
  OTHER_EPOCH,
  SMALL_TABLE,
  INIT_FAILS,
  ASKS_IN_INIT,
  LOGS_ITS_LIFE
};

#ifndef MISBEHAVIOUR
#define MISBEHAVIOUR GOOD
#endif
#ifndef ZOO_ID
#define ZOO_ID "misbehaviour"
#endif
#ifndef ZOO_FACTORY
#define ZOO_FACTORY ZOO_ID
#endif
#ifndef ZOO_EPOCH
#define ZOO_EPOCH "1"
#endif
#ifndef ZOO_EXTRA
#define ZOO_EXTRA ""
#endif
#define PROVIDES "{\"interface\":\"cartpilot.provider/1\",\"factories\":[\"" ZOO_FACTORY "\"]}"
#ifndef ZOO_MANIFEST
#define ZOO_MANIFEST                                                                      \
  "{\"schema\":1,\"id\":\"" ZOO_ID "\",\"version\":\"1.0\",\"abi\":{\"epoch\":" ZOO_EPOCH \
  "},\"provides\":[" PROVIDES "]" ZOO_EXTRA ",\"env\":[]}"
#endif

#define TEXT(literal) \
  (cp_bytes) { (literal), sizeof(literal) - 1 }

#ifndef ZOO_NO_NOTE
CARTPILOT_NOTE(ZOO_MANIFEST);
#define MANIFEST_TEXT cartpilot_note.text
#else
static const char manifest_text[] = ZOO_MANIFEST;
#define MANIFEST_TEXT manifest_text
#endif

/* Notes that no compiler would write. */
#ifdef ZOO_NOTE_ASM
__asm__(".pushsection .note.cartpilot,\"a\",@note\n" ZOO_NOTE_ASM "\n.popsection\n");
#endif

#ifdef ZOO_ASM
__asm__(ZOO_ASM);
#endif

/* "name" into the file $CARTPILOT_TEST_ZOO_MARKER, if there is one. */
static void mark(const char* name) {
  const char* file = getenv("CARTPILOT_TEST_ZOO_MARKER");
  if (file == NULL) return;
  const int descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (descriptor < 0) return;
  if (write(descriptor, name, strlen(name)) < 0 || write(descriptor, "\n", 1) < 0) abort();
  close(descriptor);
}

static volatile int forever = 1;
static const cp_host* host_table;
static pthread_mutex_t stuck = PTHREAD_MUTEX_INITIALIZER;

static void loop(void) {
  while (forever) usleep(1000);
}

static void* idle(void* unused) {
  (void)unused;
  loop();
  return NULL;
}

static int32_t take(void* context, int32_t kind, cp_bytes payload) {
  (void)context;
  (void)kind;
  (void)payload;
  return 0;
}

static void log_line(cp_bytes line) {
  const cp_host_log_v1* log = host_table->query(host_table->ctx, CP_HOST_LOG);
  if (log != NULL) log->log(log->ctx, 1, line);
}

/* The host's HTTP service, asked for an address. */
static int32_t ask_host(const char* request) {
  const cp_host_http_v1* http = host_table->query(host_table->ctx, CP_HOST_HTTP);
  const cp_sink sink = {sizeof(cp_sink), NULL, take};
  if (http == NULL) return CP_UNSUPPORTED;
  return http->send(http->ctx, NULL, (cp_bytes){request, strlen(request)}, TEXT(""), &sink);
}

/* Asks the host for HTTP when everything is over, and writes down what it says. */
static void call_host_late(void) {
  if (host_table == NULL) return;
  log_line(TEXT("late"));
  const int32_t status = ask_host("{}");
  mark(status == CP_UNAVAILABLE ? "late call: unavailable" : "late call: something else");
}

static void start_daemon(void) {
  const char* file = getenv("CARTPILOT_TEST_ZOO_MARKER");
  if (fork() != 0) {
    while (file != NULL && access(file, F_OK) != 0) usleep(1000);
    _exit(0);
  }
  setsid();
  if (fork() != 0) _exit(0);
  prctl(PR_SET_NAME, "zoo-daemon");
  char line[32];
  snprintf(line, sizeof(line), "%d", (int)getpid());
  if (file != NULL) mark(line);
  loop();
}

static void flood(void) {
  char block[4096];
  memset(block, 'x', sizeof(block));
  for (int i = 0; i < 1024; ++i) {
    if (write(1, block, sizeof(block)) < 0 || write(2, block, sizeof(block)) < 0) return;
  }
}

static void change_everything(void) {
  setlocale(LC_ALL, "C.UTF-8");
  setenv("ZOO_WAS_HERE", "1", 1);
  umask(0);
  signal(SIGUSR1, SIG_IGN);
  if (chdir("/") != 0) abort();
  close(0);
  close(1);
}

__attribute__((constructor)) static void construct(void) {
  switch (MISBEHAVIOUR) {
    case CRASHES: *(volatile int*)8 = 1; break;
    case ABORTS: abort();
    case EXITS: exit(0);
    case EXITS_AT_ONCE: _exit(0);
    case LOOPS: loop(); break;
    case DAEMON: start_daemon(); break;
    case READS_INPUT: {
      char c;
      const ssize_t got = read(0, &c, 1);
      mark(got == 0 ? "input is empty" : "input has something");
      break;
    }
    case FLOODS: flood(); break;
    case PRINTS:
      puts("{\"a constructor\":\"prints\"}");
      fflush(stdout);
      break;
    case MARKS: mark("constructor of " ZOO_ID); break;
    case CHANGES_EVERYTHING: change_everything(); break;
    default: break;
  }
}

static void* create(cp_bytes factory, cp_bytes config, const cp_sink* err) {
  (void)factory;
  (void)config;
  (void)err;
  if (MISBEHAVIOUR == LEAVES_THREADS) {
    for (int i = 0; i < 4; ++i) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, idle, NULL) == 0) pthread_detach(thread);
    }
  }
  return malloc(1);
}

static void destroy(void* self) { free(self); }

static int32_t many_events(const cp_sink* out) {
  for (int i = 0; i < 10000000; ++i) {
    if (out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"text_delta\",\"text\":\"\"}")) != 0) {
      return CP_CANCELLED;
    }
  }
  return CP_OK;
}

static int32_t chat(void* self, const cp_call* call, cp_bytes request, const cp_sink* out) {
  (void)self;
  (void)call;
  (void)request;
  if (MISBEHAVIOUR == IGNORES_CANCEL || MISBEHAVIOUR == DEADLOCKS) {
    out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"text_delta\",\"text\":\"stuck now\"}"));
    if (MISBEHAVIOUR == IGNORES_CANCEL) loop();
    pthread_mutex_lock(&stuck);
    pthread_mutex_lock(&stuck);
  }
  if (MISBEHAVIOUR == HUGE_RESULT) {
    /* Claims 2 GB; nothing behind the first byte may be read. */
    out->emit(out->ctx, CP_EMIT_RESULT, (cp_bytes){"x", 2147483648u});
    return CP_OK;
  }
  out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"text_delta\",\"text\":\"hello\"}"));
  out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"finish\",\"reason\":\"stop\"}"));
  return CP_OK;
}

static int32_t models(void* self, const cp_call* call, const cp_sink* out) {
  (void)self;
  (void)call;
  if (MISBEHAVIOUR == FLOOD_OF_EVENTS) return many_events(out);
  out->emit(out->ctx, CP_EMIT_RESULT, TEXT("[{\"id\":\"" ZOO_ID "-1\",\"description\":\"\"}]"));
  return CP_OK;
}

static const cp_provider_v1 provider = {
    .struct_size =
        MISBEHAVIOUR == SMALL_TABLE ? offsetof(cp_provider_v1, chat) : sizeof(cp_provider_v1),
    .create = create,
    .destroy = destroy,
    .models = models,
    .chat = chat,
};

static const void* query(const char* interface_id) {
  if (MISBEHAVIOUR == NO_TABLE) return NULL;
  if (MISBEHAVIOUR == UNDECLARED_TABLE) return &provider;
  return strcmp(interface_id, CP_PROVIDER) == 0 ? &provider : NULL;
}

static int32_t init(const cp_host* host, const cp_sink* err) {
  if (MISBEHAVIOUR == INIT_FAILS) {
    err->emit(err->ctx, CP_EMIT_ERROR,
              TEXT("{\"code\":\"unavailable\",\"message\":\"no coffee\"}"));
    return CP_UNAVAILABLE;
  }
  host_table = host;
  if (MISBEHAVIOUR == INIT_LOOPS) loop();
  if (MISBEHAVIOUR == INIT_CRASHES) *(volatile int*)8 = 1;
  if (MISBEHAVIOUR == CALLS_AT_EXIT) atexit(call_host_late);
  if (MISBEHAVIOUR == ASKS_IN_INIT) ask_host("{\"url\":\"https://host/\"}");
  if (MISBEHAVIOUR == LOGS_ITS_LIFE) log_line(TEXT("init"));
  return CP_OK;
}

static void shut_down(void) {
  if (MISBEHAVIOUR == LOGS_ITS_LIFE) log_line(TEXT("shutdown"));
}

static const char kOtherManifest[] = "{\"schema\":1,\"id\":\"somebody-else\"}";

static const cp_plugin plugin = {
    .magic = MISBEHAVIOUR == BAD_MAGIC ? 0xDEADBEEFu : CP_MAGIC,
    .struct_size = MISBEHAVIOUR == SIZE_ZERO   ? 0
                   : MISBEHAVIOUR == SIZE_HUGE ? 4294967295u
                                               : sizeof(cp_plugin),
    .epoch = MISBEHAVIOUR == OTHER_EPOCH ? 2 : CP_EPOCH,
    .revision = CP_REVISION,
    .manifest = {MISBEHAVIOUR == OTHER_MANIFEST ? kOtherManifest : MANIFEST_TEXT,
                 MISBEHAVIOUR == OTHER_MANIFEST ? sizeof(kOtherManifest) - 1
                                                : sizeof(ZOO_MANIFEST) - 1},
    .init = init,
    .shutdown = shut_down,
    .query = query,
};

#ifdef ZOO_MISSING
extern int missing(int) __asm__("_ZN3zoo7missingEi");
#endif
#ifdef ZOO_DEPENDS
extern int absent_library(void);
#endif

#ifdef ZOO_AS_PROGRAM
int main(void) { return plugin.magic == 0; }
#endif

#if defined(ZOO_DATA_ENTRY)
__attribute__((visibility("default"))) const char cartpilot_plugin_entry[] = "not a function";
const void* keep_plugin(void);
__attribute__((visibility("default"))) const void* keep_plugin(void) { return &plugin; }
#elif !defined(ZOO_NO_ENTRY)
#ifdef ZOO_HIDDEN_ENTRY
#define ENTRY_VISIBILITY "hidden"
#else
#define ENTRY_VISIBILITY "default"
#endif
__attribute__((visibility(ENTRY_VISIBILITY), used)) const cp_plugin* cartpilot_plugin_entry(
    uint32_t epoch, uint32_t revision);
const cp_plugin* cartpilot_plugin_entry(uint32_t epoch, uint32_t revision) {
  (void)epoch;
  (void)revision;
#ifdef ZOO_MISSING
  if (missing(1) == 7) return NULL;
#endif
#ifdef ZOO_DEPENDS
  if (absent_library() == 7) return NULL;
#endif
  if (MISBEHAVIOUR == DECLINES) return NULL;
  if (MISBEHAVIOUR == GARBAGE_POINTER) return (const cp_plugin*)4096;
  return &plugin;
}
#else
const void* keep_plugin(void);
__attribute__((visibility("default"))) const void* keep_plugin(void) { return &plugin; }
#endif
