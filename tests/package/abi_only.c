/* The binary contract alone, for plugins in C. */
#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"

int cartpilot_plugin_has_query(const cp_plugin* plugin);
int cartpilot_plugin_has_query(const cp_plugin* plugin) { return CP_HAS(cp_plugin, plugin, query); }
