// The commands of the program. Each takes the services and returns the exit code; an Error that
// leaves one is reported and mapped by run().
#pragma once

#include <functional>

#include "cartpilot/error.h"
#include "cartpilot/tool.h"
#include "commands/services.h"

namespace cartpilot::host {

int run_chat(CommandServices& services);
int run_models(CommandServices& services);
int run_tools_list(CommandServices& services);
int run_tools_declarations(CommandServices& services);
int run_tools_call(CommandServices& services);
int run_tools_handle(CommandServices& services);
/// "read", "write" or "money".
const char* effect_word(EffectClass effect);
int run_plugin_list(CommandServices& services);
int run_plugin_info(CommandServices& services);
int run_plugin_check(CommandServices& services);
int run_plugin_new(CommandServices& services);
int run_plugin_install(CommandServices& services);
int run_plugin_remove(CommandServices& services);
int run_plugin_path(CommandServices& services);
int run_plugin_doctor(CommandServices& services);
int run_approve(CommandServices& services);
int run_mcp(CommandServices& services);
int run_token_new(CommandServices& services);
int run_token_list(CommandServices& services);
int run_token_revoke(CommandServices& services);
int run_serve(CommandServices& services);
int run_pair(CommandServices& services);
int run_tools_instructions(CommandServices& services);
int run_purchases_list(CommandServices& services);
int run_purchases_show(CommandServices& services);
int run_purchases_explain(CommandServices& services);
int run_purchases_resolve(CommandServices& services);
int run_purchases_verify(CommandServices& services);
int run_sessions_list(CommandServices& services);
int run_sessions_show(CommandServices& services);
int run_sessions_rename(CommandServices& services);
int run_sessions_fork(CommandServices& services);
int run_sessions_export(CommandServices& services);
int run_sessions_delete(CommandServices& services);
int run_db_migrate(CommandServices& services);
int run_db_check(CommandServices& services);
int run_stats(CommandServices& services);
int run_sandbox(CommandServices& services);
int run_doctor(CommandServices& services);
/// What a shell may offer for the last of the words.
int run_complete(CommandServices& services);
/// Needs no services: it works also when the settings file is broken.
int run_config(const Arguments& arguments);

/// Exit code of an Error that ends a command before or outside of a conversation.
int exit_code_of(const Error& error);

/// Exit code of a run whose last purchase ended like that.
int exit_code_of(purchase::PurchaseEnd end);

/// Says on standard error what ended a command; returns its exit code.
int report_error(const Error& error);

/// The exit code of `work`, in which something may have been bought: once a purchase was attempted
/// its exit code outranks whatever fails afterwards, such as a full disk under standard output.
int exit_code_of_shopping(const app::ShoppingSession& session, const std::function<int()>& work);

/// Exit code of a conversation turn that failed because of the model vendor.
int provider_exit_code(const Error& error);

/// The error with what can be done about it on the command line.
Error advised(const Error& error);

/// Runs the command of a command line that was read; reports errors in one line. Never throws.
int run_command(const Arguments& arguments);

}  // namespace cartpilot::host
