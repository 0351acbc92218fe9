// Start, shutdown, threads and standard output.
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

#include "cartpilot/detail/calls.h"
#include "plugin/runtime/host_services.h"
#include "plugin/runtime/host_state.h"
#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::FakeTransport;
using ::testing::IsEmpty;
using testing::only;
using testing::only_files;
using testing::TemporaryDirectory;
using testing::zoo;

/// What plugins that log their start and end did, in order.
class LifeLog {
 public:
  HostServices::LogSink sink() {
    return [this](int, std::string_view source, std::string_view line) {
      lines.push_back(std::string(source) + ": " + std::string(line));
    };
  }
  std::vector<std::string> lines;
};

std::unique_ptr<PluginProvider> provider_of(PluginHost& host, const std::string& name) {
  return host.make_provider(name, {}, {});
}

TEST(PluginLife, shutdown_runs_newest_first_once_and_only_for_what_was_started) {
  FakeTransport transport;
  LifeLog log;
  PluginHost host(only_files({zoo("life-a"), zoo("life-b"), zoo("good")}), transport, log.sink());
  host.list();
  EXPECT_THAT(log.lines, IsEmpty()) << "looking at files starts nothing";
  for (const char* name : {"life-a", "life-b", "life-a"}) provider_of(host, name);
  EXPECT_THAT(log.lines, ElementsAre("life-a: init", "life-b: init"));
  host.shutdown();
  host.shutdown();
  EXPECT_THAT(log.lines,
              ElementsAre("life-a: init", "life-b: init", "life-b: shutdown", "life-a: shutdown"));
  EXPECT_EQ(error_of([&] { provider_of(host, "good"); })["code"], "unavailable");
}

TEST(PluginLife, a_plugin_with_a_living_object_is_not_shut_down) {
  FakeTransport transport;
  LifeLog log;
  PluginHost host(only_files({zoo("life-c")}), transport, log.sink());
  const auto alive = provider_of(host, "life-c");
  host.shutdown();
  EXPECT_THAT(log.lines,
              ElementsAre("life-c: init", "life-c: still in use at shutdown; left running"));
  EXPECT_EQ(alive->models(CallContext())[0].id, "life-c-1");
}

TEST(PluginLife, two_hosts_share_one_start_and_the_last_one_shuts_down) {
  FakeTransport transport;
  LifeLog log;
  PluginHost first(only_files({zoo("life-a")}), transport, log.sink());
  PluginHost second(only_files({zoo("life-a")}), transport, log.sink());
  provider_of(first, "life-a");
  provider_of(second, "life-a");
  first.shutdown();
  EXPECT_THAT(log.lines, ElementsAre("life-a: init"));
  second.shutdown();
  EXPECT_THAT(log.lines, ElementsAre("life-a: init", "life-a: shutdown"));
}

TEST(PluginLife, nothing_new_is_loaded_after_shutdown) {
  FakeTransport transport;
  PluginHost host(only_files({zoo("parrot")}), transport);
  host.shutdown();
  EXPECT_EQ(error_of([&] { host.make_provider("parrot", {}, {}); })["code"], "unavailable");
}

TEST(PluginLife, a_plugin_that_asks_for_itself_while_it_starts_gets_an_error) {
  PluginHost* host_to_ask = nullptr;
  Json answer;
  FakeTransport transport([&](const HttpRequest&, HttpSink&, const CallContext&) {
    answer = error_of([&] { provider_of(*host_to_ask, "asks-in-init"); });
  });
  PluginHost host(only_files({zoo("asks-in-init")}), transport);
  host_to_ask = &host;
  EXPECT_EQ(provider_of(host, "asks-in-init")->models(CallContext()).size(), 1U);
  EXPECT_EQ(answer["code"], "unsupported");
}

TEST(PluginLife, threads_that_want_plugins_at_once_all_get_them_and_each_starts_once) {
  const TemporaryDirectory directory;
  directory.place("parrot", "parrot");
  directory.place("vendor", "vendor");
  directory.place("toolbox", "toolbox");
  directory.write("cartpilot-text.so", "text");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  constexpr int kThreads = 8;
  std::latch start(kThreads);
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      const auto provider = host.make_provider(i % 2 == 0 ? "parrot" : "vendor", {}, {});
      if (i % 3 == 0) host.list();
      if (provider->info().name == (i % 2 == 0 ? "parrot" : "vendor")) ++answered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, kThreads);
  EXPECT_EQ(host.list().size(), 4U);
  host.shutdown();
}

TEST(PluginLife, one_tool_set_is_called_by_several_threads) {
  FakeTransport transport;
  PluginHost host(only_files({zoo("toolbox")}), transport);
  const auto sets = host.make_tool_sets({});
  ASSERT_EQ(sets.size(), 1U);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        const ToolOutcome outcome = sets[0].tools->call(
            "measure", {{"text", std::string(static_cast<std::size_t>(j), 'x')}}, CallContext());
        if (outcome.content["length"] == j) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

TEST(HostServices, close_cancels_a_running_request_and_waits_for_it) {
  std::latch inside(1);
  std::atomic<bool> left{false};
  FakeTransport transport([&](const HttpRequest&, HttpSink&, const CallContext& context) {
    inside.count_down();
    while (!context.cancelled()) std::this_thread::yield();
    left = true;
    throw Error(ErrorCode::kCancelled, "stopped");
  });
  const auto services = HostServices::open(transport, {});
  // A thread a plugin started itself: no call is being made on it.
  std::int32_t status = CP_OK;
  std::thread worker([&] {
    const cp_host* host = HostServices::table();
    const auto* http = static_cast<const cp_host_http_v1*>(host->query(host->ctx, CP_HOST_HTTP));
    status = http->send(http->ctx, nullptr, detail::bytes(R"({"url":"https://x/"})"), {}, nullptr);
  });
  inside.wait();
  services->close();
  EXPECT_TRUE(left);
  worker.join();
  EXPECT_EQ(status, CP_CANCELLED);
}

TEST(HostServices, the_table_knows_its_interfaces_and_no_others) {
  const cp_host* host = HostServices::table();
  EXPECT_EQ(host->epoch, CP_EPOCH);
  EXPECT_NE(host->query(host->ctx, CP_HOST_LOG), nullptr);
  EXPECT_EQ(host->query(host->ctx, "cartpilot.host.http/2"), nullptr);
  EXPECT_EQ(host->query(host->ctx, "cartpilot.host.http/1x"), nullptr);
  EXPECT_EQ(host->query(host->ctx, nullptr), nullptr);
}

TEST(HostServices, a_flood_of_log_lines_is_dropped_with_a_word_and_only_its_sources) {
  FakeTransport transport;
  std::vector<std::string> lines;
  const auto services =
      HostServices::open(transport, [&](int, std::string_view source, std::string_view line) {
        lines.push_back(std::string(source) + ": " + std::string(line));
      });
  for (int i = 0; i < 10'000; ++i) services->log(1, "chatty", "line");
  services->log(1, "quiet", "me too");
  EXPECT_LT(lines.size(), 9'000U);
  EXPECT_EQ(lines[99], "chatty: line");
  EXPECT_EQ(lines[100], "chatty: more than 100 lines a second; the rest of this second is dropped");
  EXPECT_EQ(lines.back(), "quiet: me too");
}

TEST(HostServices, a_request_that_cannot_be_read_is_an_error_status) {
  FakeTransport transport;
  const auto services = HostServices::open(transport, {});
  const cp_host* host = HostServices::table();
  const auto* http = static_cast<const cp_host_http_v1*>(host->query(host->ctx, CP_HOST_HTTP));
  EXPECT_EQ(http->send(http->ctx, nullptr, detail::bytes("{"), {}, nullptr), CP_PROTOCOL);
  EXPECT_EQ(http->send(http->ctx, nullptr, detail::bytes("{}"), {}, nullptr), CP_PROTOCOL);
  EXPECT_EQ(transport.requests().size(), 0U);
}

/// Runs `body` with descriptor 1 led into a file; returns what arrived there.
template <class Body>
std::string standard_output_of(Body&& body) {
  const TemporaryDirectory directory;
  std::fflush(stdout);
  const int saved = ::dup(STDOUT_FILENO);
  std::FILE* file = std::fopen((directory / "out").c_str(), "w");
  ::dup2(::fileno(file), STDOUT_FILENO);
  body();
  std::fflush(stdout);
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  std::fclose(file);
  std::ifstream stream(directory / "out");
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(StandardOutput, what_a_plugin_prints_while_it_loads_stays_out_of_the_programs_output) {
  FakeTransport transport;
  PluginHost host(only_files({zoo("prints")}), transport);
  EXPECT_EQ(standard_output_of([&] {
              std::printf("before ");
              provider_of(host, "prints");
              std::printf("after");
            }),
            "before after");
}

TEST(StandardOutput, overlapping_scopes_restore_it_when_the_last_one_goes) {
  EXPECT_EQ(standard_output_of([] {
              auto first = std::make_unique<HostStateScope>();
              auto second = std::make_unique<HostStateScope>();
              first.reset();
              std::printf("hidden");
              second.reset();
              std::printf("seen");
            }),
            "seen");
}

}  // namespace
}  // namespace cartpilot::plugin
