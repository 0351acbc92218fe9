cartpilot_add_fuzzer(plugin_file LABEL plugin SOURCES plugin_file.cpp LINK cartpilot_plugin)
