#include "subjects.h"

#include <fmt/format.h>

#include <fstream>

#include "../quantile.h"

namespace cartpilot::load {
namespace {

using bench::quantile;

constexpr double kLeastIdle = 0.05;
constexpr double kMaxLateMs = 10;

Result measure(Program& program, const std::string& name, const Plan& plan, Interface interface,
               int port, const std::string& headers) {
  Result result{name, plan};
  Loop loop;
  Generator generator(loop, plan, interface, port, headers);
  result.before = program.usage();
  generator.open();
  result.open = program.usage();
  const Processors before = processors_now();
  result.measured = generator.run();
  const Processors after = processors_now();
  result.idle = (after.idle - before.idle) / std::max(1.0, after.total - before.total);
  program.check_running();
  result.after = program.usage();
  return result;
}

std::vector<std::string> environment_of(const std::filesystem::path& home,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> list = {"HOME=" + home.string(),
                                   "XDG_STATE_HOME=" + (home / "state").string(),
                                   "XDG_CONFIG_HOME=" + (home / "config").string(),
                                   "XDG_CACHE_HOME=" + (home / "cache").string(),
                                   "PATH=/usr/bin:/bin",
                                   "LANG=C.UTF-8"};
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// An empty folder for one run.
std::filesystem::path fresh_home(const Setup& setup, const std::string& name) {
  const auto home = setup.home / name;
  std::filesystem::remove_all(home);
  std::filesystem::create_directories(home);
  return home;
}

}  // namespace

double Result::processor_ms_per_turn() const {
  return (after.processor_seconds - open.processor_seconds) * 1000 / std::max(1, measured.turns);
}

double Result::kilobytes_per_conversation() const {
  return static_cast<double>(after.peak_memory - before.memory) / 1000 / plan.conversations;
}

bool machine_is_full(const Result& result) {
  return result.idle < kLeastIdle || quantile(result.measured.late, 0.99) > kMaxLateMs;
}

Result run_relay(const Setup& setup, const Plan& plan) {
  const auto home = fresh_home(setup, "relay");
  Program relay({setup.self, "--relay", std::to_string(setup.vendor_port)},
                environment_of(home, {}), home / "output");
  const int port = relay.wait_for_port("port ");
  return measure(relay, "bare relay", plan, Interface::kConversations, port, "");
}

Result run_serve(const Setup& setup, const Plan& plan) {
  constexpr const char* kSecret = "the-proxy-of-the-load-measurement";
  const auto home = fresh_home(setup, "serve");
  const auto secret = home / "secret";
  std::ofstream(secret) << kSecret << '\n';
  std::filesystem::permissions(
      secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Program serve(
      {setup.program, "serve", "--listen", "127.0.0.1:0", "--auth-header", "X-Forwarded-User",
       "--auth-secret-file", secret, "--sandbox", "--provider", "openai", "--model", "load-test"},
      environment_of(home,
                     {fmt::format("OPENAI_BASE_URL=http://127.0.0.1:{}/v1", setup.vendor_port)}),
      home / "output");
  const int port = serve.wait_for_port("names on 127.0.0.1:");
  Result result = measure(serve, "cartpilot serve", plan, Interface::kConversations, port,
                          fmt::format("X-Cartpilot-Secret: {}\r\n", kSecret));
  result.exit_code = serve.end();
  return result;
}

std::optional<Result> run_gateway(const Setup& setup, const Plan& plan) {
  const auto modules = setup.js / "node_modules";
  const auto script = modules / "@portkey-ai/gateway/build/start-server.js";
  const auto node = modules / "node/bin/node";
  if (setup.js.empty() || !std::filesystem::exists(script) || !std::filesystem::exists(node)) {
    return std::nullopt;
  }
  const auto home = fresh_home(setup, "gateway");
  const int port = free_port();
  Program gateway({node, script, fmt::format("--port={}", port), "--headless"},
                  environment_of(home, {"NODE_ENV=production"}), home / "output");
  gateway.wait_for_listener(port);
  return measure(gateway, "@portkey-ai/gateway", plan, Interface::kCompletions, port,
                 fmt::format("Authorization: Bearer none\r\nx-portkey-provider: openai\r\n"
                             "x-portkey-custom-host: http://127.0.0.1:{}/v1\r\n",
                             setup.vendor_port));
}

}  // namespace cartpilot::load
