// The commands of the program. Each takes the workbench and returns the exit code; an Error that
// leaves one is reported and mapped by run().
#pragma once

#include "cartpilot/error.h"
#include "commands/workbench.h"

namespace cartpilot::host {

int run_chat(Workbench& bench);
int run_models(Workbench& bench);
int run_tools_list(Workbench& bench);
int run_tools_declarations(Workbench& bench);
int run_tools_call(Workbench& bench);
int run_tools_handle(Workbench& bench);
int run_plugin_list(Workbench& bench);
int run_plugin_info(Workbench& bench);
int run_plugin_check(Workbench& bench);
int run_plugin_new(Workbench& bench);
int run_plugin_path(Workbench& bench);
int run_plugin_doctor(Workbench& bench);
int run_purchases_list(Workbench& bench);
int run_purchases_show(Workbench& bench);
int run_purchases_resolve(Workbench& bench);
int run_purchases_verify(Workbench& bench);
int run_sessions_list(Workbench& bench);
int run_sessions_show(Workbench& bench);
int run_sessions_export(Workbench& bench);
int run_sessions_delete(Workbench& bench);
int run_sandbox(Workbench& bench);
int run_doctor(Workbench& bench);

/// Exit code of an Error that ends a command before or outside of a conversation.
int exit_code_of(const Error& error);

/// Exit code of a conversation turn that failed because of the model vendor.
int provider_exit_code(const Error& error);

/// Runs the command of a command line that was read; reports errors in one line. Never throws.
int run_command(const Arguments& arguments);

}  // namespace cartpilot::host
