// Plugins that break the rules in mid-call: the call ends with an error, the program goes on.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "cartpilot/detail/calls.h"
#include "plugin/runtime/provider_proxy.h"
#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using testing::error_of;
using testing::EventList;
using testing::FakeTransport;
using ::testing::HasSubstr;
using testing::zoo;

/// The C plugin, opened without a host so that limits can be small.
class Rogue : public ::testing::Test {
 protected:
  Rogue() {
    Refusal refusal;
    module_ = open_plugin_file(zoo("rogue"), services_, refusal);
    if (module_ == nullptr) throw Error(ErrorCode::kInternal, refusal.why);
  }

  std::unique_ptr<PluginProvider> make(const std::string& behaviour, CallTimeouts limits = {}) {
    ProviderConfig config;
    config.options = {{"do", behaviour}};
    return std::make_unique<PluginProvider>(module_, "rogue", config, limits);
  }

  Json chat(const std::string& behaviour, CallTimeouts limits = {}) {
    const auto provider = make(behaviour, limits);
    EventList sink;
    return error_of([&] { provider->generate({}, sink, CallContext()); });
  }

  static std::string broken(const std::string& rule) {
    return "chat of plugin rogue broke the plugin contract: " + rule +
           "; report it to the plugin's author";
  }

  FakeTransport transport_;
  std::vector<std::string> log_;
  std::shared_ptr<HostServices> services_ = HostServices::open(
      transport_, [this](int level, std::string_view source, std::string_view line) {
        log_.push_back(std::to_string(level) + " " + std::string(source) + ": " +
                       std::string(line));
      });
  std::shared_ptr<Module> module_;
};

TEST_F(Rogue, in_c_without_optional_functions_works) {
  const auto provider = make("");
  EventList sink;
  provider->generate({}, sink, CallContext());
  EXPECT_EQ(sink.events, parse_json(R"([{"type":"text_delta","text":"hello"},
                                        {"type":"finish","reason":"stop"}])"));
  EXPECT_EQ(provider->info().name, "rogue");
  EXPECT_NO_THROW(provider->check());
  EXPECT_EQ(error_of([&] { provider->models(CallContext()); })["code"], "unsupported");
  EXPECT_EQ(error_of([&] { provider->function_declarations({}); })["message"],
            "plugin rogue offers no function declarations");
}

TEST_F(Rogue, that_cannot_be_created_says_why_or_is_said_to_be_silent) {
  EXPECT_EQ(error_of([&] { make("create-fails"); }),
            parse_json(R"({"code":"unauthenticated","message":"ROGUE_KEY is not set",
                           "retryable":false})"));
  EXPECT_EQ(error_of([&] { make("create-silent"); })["message"],
            "creation of plugin rogue failed and gave no reason; report it to the plugin's author");
  EXPECT_THAT(error_of([&] { make("create-rubbish"); })["message"].dump(),
              HasSubstr("creation of plugin rogue failed with an unreadable error"));
  EXPECT_EQ(module_->instances, 0);
}

TEST_F(Rogue, that_emits_a_result_and_an_error_is_a_protocol_error) {
  const Json error = chat("both");
  EXPECT_EQ(error["code"], "protocol");
  EXPECT_EQ(error["message"], broken("it emitted both a result and an error"));
}

TEST_F(Rogue, that_reports_an_error_and_success_is_a_protocol_error) {
  EXPECT_EQ(chat("error-and-ok")["message"], broken("it reported success and an error"));
}

TEST_F(Rogue, with_an_unknown_status_is_internal_and_the_number_is_shown) {
  EXPECT_EQ(
      chat("unknown-status"),
      parse_json(
          R"json({"code":"internal","message":"come back in August (code \"on_holiday\") (unknown status 77)","retryable":false})json"));
}

TEST_F(Rogue, that_fails_without_a_word_keeps_its_status) {
  EXPECT_EQ(
      chat("silent-failure"),
      parse_json(
          R"({"code":"unavailable","message":"chat of plugin rogue failed without a message: unavailable","retryable":false})"));
}

TEST_F(Rogue, that_emits_too_much_is_stopped) {
  EXPECT_EQ(chat("two-errors")["message"], broken("it emitted two errors"));
  EXPECT_EQ(chat("huge-error")["message"], broken("its error has 9000 bytes, more than 8192"));
  EXPECT_EQ(chat("huge-delta")["message"],
            broken("one of its events has 16777217 bytes, more than 16777216"));
  EXPECT_EQ(chat("two-results")["message"], broken("it emitted two results"));
  CallTimeouts limits;
  limits.result_bytes = 1;
  EXPECT_EQ(chat("both", limits)["message"], broken("its result has 2 bytes, more than 1"));
  limits.deltas = 999;
  EXPECT_EQ(chat("many", limits)["message"], broken("it emitted more than 999 events"));
  limits.deltas = 1001;
  EXPECT_EQ(chat("many", limits), nullptr);
}

TEST_F(Rogue, whose_events_cannot_be_read_is_a_protocol_error_that_names_it) {
  const auto text = [&](const char* behaviour) {
    const Json error = chat(behaviour);
    return error["code"].get<std::string>() + " " + error["message"].get<std::string>();
  };
  const std::string start = "protocol an event of plugin rogue is unusable: ";
  EXPECT_THAT(text("not-json"), HasSubstr(start + "event is not valid JSON"));
  EXPECT_THAT(text("deep-delta"), HasSubstr(start + "event is nested deeper than 80 levels"));
  EXPECT_THAT(text("invalid-utf8"), HasSubstr(start + "event is not valid JSON"));
  EXPECT_THAT(text("unknown-event"), HasSubstr(start + "event.type must be a known stream event"));
  EXPECT_THAT(text("after-finish"), HasSubstr(start + "it came after finish"));
}

TEST_F(Rogue, that_never_finishes_its_answer_is_a_protocol_error) {
  EXPECT_EQ(chat("no-finish")["message"], "chat of plugin rogue ended without a finish event");
}

TEST_F(Rogue, that_emits_from_another_thread_is_a_protocol_error_and_nothing_is_delivered) {
  const auto provider = make("other-thread");
  EventList sink;
  EXPECT_EQ(error_of([&] { provider->generate({}, sink, CallContext()); })["message"],
            broken("it emitted from another thread"));
  EXPECT_EQ(sink.events, Json::array());
}

TEST_F(Rogue, that_speaks_through_the_sink_of_an_earlier_call_is_not_heard) {
  const auto provider = make("late");
  for (int i = 0; i < 3; ++i) {
    EventList sink;
    provider->generate({}, sink, CallContext());
    EXPECT_EQ(sink.events, parse_json(R"([{"type":"text_delta","text":"hello"},
                                          {"type":"finish","reason":"stop"}])"));
  }
}

TEST_F(Rogue, log_lines_are_one_printable_line_and_unknown_kinds_are_ignored) {
  EXPECT_EQ(chat("log"), nullptr);
  EXPECT_THAT(log_, ::testing::ElementsAre("1 rogue: one line with \\u{1b}[31mcolour"));
}

/// Functions written by hand in C++, without the macro's guards.
namespace unguarded {

void* create(cp_bytes, cp_bytes config, const cp_sink*) {
  if (detail::view(config).find("create") != std::string_view::npos) throw 42;
  static int self = 0;
  return &self;
}
void destroy(void*) { throw std::string("no"); }
int32_t chat(void*, const cp_call*, cp_bytes, const cp_sink*) { throw std::exception(); }
int32_t info(void*, const cp_sink*) { throw nullptr; }

}  // namespace unguarded

TEST_F(Rogue, whose_functions_let_exceptions_escape_is_survived) {
  module_->provider.create = unguarded::create;
  module_->provider.destroy = unguarded::destroy;
  module_->provider.chat = unguarded::chat;
  EXPECT_EQ(error_of([&] { make("create"); })["message"],
            "creation of plugin rogue failed and it let an exception escape; report it to the "
            "plugin's author");
  EXPECT_EQ(chat("x")["message"], broken("it let an exception escape"));
  EXPECT_THAT(log_,
              ::testing::ElementsAre("3 rogue: destroying an object threw an exception; ignored"));
  module_->provider.info = unguarded::info;
  EXPECT_EQ(error_of([&] { make("x"); })["code"], "protocol");
  EXPECT_EQ(module_->instances, 0);
}

TEST_F(Rogue, sees_the_wish_to_stop_from_another_thread) {
  struct Switch final : CallContext {
    bool cancelled() const noexcept override {
      ++asked;
      return stop;
    }
    std::atomic<bool> stop{false};
    mutable std::atomic<int> asked{0};
  } context;
  const auto provider = make("wait");
  Json error;
  std::thread caller([&] {
    EventList sink;
    error = error_of([&] { provider->generate({}, sink, context); });
  });
  while (context.asked == 0) std::this_thread::yield();
  context.stop = true;
  caller.join();
  EXPECT_EQ(error["code"], "cancelled");
}

}  // namespace
}  // namespace cartpilot::plugin
