// The commands of the program. Each takes the services and returns the exit code; an Error that
// leaves one is reported and mapped by run().
#pragma once

#include "cartpilot/error.h"
#include "commands/app_services.h"

namespace cartpilot::host {

int run_chat(AppServices& services);
int run_models(AppServices& services);
int run_tools_list(AppServices& services);
int run_tools_declarations(AppServices& services);
int run_tools_call(AppServices& services);
int run_tools_handle(AppServices& services);
int run_plugin_list(AppServices& services);
int run_plugin_info(AppServices& services);
int run_plugin_check(AppServices& services);
int run_plugin_new(AppServices& services);
int run_plugin_path(AppServices& services);
int run_plugin_doctor(AppServices& services);
int run_approve(AppServices& services);
int run_tools_instructions(AppServices& services);
int run_purchases_list(AppServices& services);
int run_purchases_show(AppServices& services);
int run_purchases_resolve(AppServices& services);
int run_purchases_verify(AppServices& services);
int run_sessions_list(AppServices& services);
int run_sessions_show(AppServices& services);
int run_sessions_export(AppServices& services);
int run_sessions_delete(AppServices& services);
int run_sandbox(AppServices& services);
int run_doctor(AppServices& services);
/// Needs no services: it works also when the settings file is broken.
int run_config(const Arguments& arguments);

/// Exit code of an Error that ends a command before or outside of a conversation.
int exit_code_of(const Error& error);

/// Exit code of a conversation turn that failed because of the model vendor.
int provider_exit_code(const Error& error);

/// Runs the command of a command line that was read; reports errors in one line. Never throws.
int run_command(const Arguments& arguments);

}  // namespace cartpilot::host
