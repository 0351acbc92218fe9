/* Mentions every type of abi.h in exported functions, so that libabigail describes them all. */
#include "cartpilot/abi.h"

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int describe_host(const cp_host* host, const cp_host_log_v1* log,
                          const cp_host_http_v1* http);
VISIBLE int describe_provider(const cp_provider_v1* table, const cp_call* call);
VISIBLE int describe_tool_set(const cp_toolset_v1* table, const cp_sink* sink);
VISIBLE const cp_plugin* cartpilot_plugin_entry(uint32_t host_epoch, uint32_t host_revision);
VISIBLE cp_entry_fn describe_entry(cp_bytes bytes);

int describe_host(const cp_host* host, const cp_host_log_v1* log, const cp_host_http_v1* http) {
  return host != NULL && log != NULL && http != NULL;
}
int describe_provider(const cp_provider_v1* table, const cp_call* call) {
  return table != NULL && call != NULL;
}
int describe_tool_set(const cp_toolset_v1* table, const cp_sink* sink) {
  return table != NULL && sink != NULL;
}
const cp_plugin* cartpilot_plugin_entry(uint32_t host_epoch, uint32_t host_revision) {
  (void)host_epoch;
  (void)host_revision;
  return NULL;
}
cp_entry_fn describe_entry(cp_bytes bytes) {
  return bytes.len == 0 ? cartpilot_plugin_entry : NULL;
}
