// Cases 51 to 61 of docs/plugin-errors.md: plugins that misbehave when they are called.
#include <gmock/gmock.h>
#include <signal.h>

#include "plugin/host/plugins.h"
#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// "parrot" throws what it is told to, "rogue" breaks the rules it is told to.
class HostileCall {
 public:
  HostileCall() {
    for (const char* name : {"parrot", "rogue"}) dir.put(name);
  }

  e2e::Result parrot(const std::string& where, const std::string& what) const {
    return dir.chat("parrot",
                    {"--provider-option", "where=" + where, "--provider-option", "throw=" + what},
                    {{"PARROT_KEY", "key-of-parrot"}});
  }
  e2e::Result rogue(const std::string& behaviour) const {
    return dir.chat("rogue", {"--provider-option", "do=" + behaviour});
  }

  PrivateDir dir;
};

/// The "error" object of a jsonl conversation.
Json error_in(const e2e::Result& result) {
  const auto errors = e2e::of_type(e2e::json_lines(result.out), "error");
  return errors.empty() ? Json() : errors.back();
}

const char* const kThrown[] = {"error",    "runtime_error", "bad_alloc", "json",      "wordless",
                               "nameless", "nested",        "int",       "chatterbox"};

TEST(HostilePlugin, case_51_a_provider_that_cannot_be_made_says_why_whatever_it_throws) {
  const HostileCall call;
  for (const char* what : kThrown) {
    const e2e::Result result = call.parrot("create", what);
    EXPECT_GT(result.exit_code, 0) << what;
    EXPECT_LT(result.exit_code, 128) << what << " must not end the program";
    EXPECT_NE(string_or(error_in(result), "message"), "") << what << result.err;
  }
  EXPECT_THAT(string_or(error_in(call.parrot("create", "runtime_error")), "message"),
              HasSubstr("parrot fell off"));
  EXPECT_EQ(string_or(error_in(call.parrot("create", "int")), "message"), "unknown exception");
  EXPECT_EQ(string_or(error_in(call.parrot("create", "int")), "code"), "internal");
  call.dir.expect_neighbour_works();
}

TEST(HostilePlugin, case_52_an_answer_that_throws_anything_is_an_error_of_that_answer) {
  const HostileCall call;
  for (const char* what : kThrown) {
    const e2e::Result result = call.parrot("chat", what);
    EXPECT_EQ(result.exit_code, 4) << what << result.err;
    EXPECT_NE(string_or(error_in(result), "message"), "") << what;
  }
  EXPECT_EQ(string_or(error_in(call.parrot("chat", "bad_alloc")), "message"), "out of memory");
  EXPECT_THAT(call.parrot("chat", "secret").out, Not(HasSubstr("key-of-parrot")));
}

TEST(HostilePlugin, case_53_a_destructor_that_throws_is_swallowed) {
  PrivateDir dir;
  dir.put("destroy-throws");
  const e2e::Result result = dir.chat("destroy-throws");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"finish\":\"stop\""));
}

TEST(HostilePlugin, case_54_an_exception_of_a_type_of_the_plugins_own_leaves_only_its_text_behind) {
  const HostileCall call;
  const e2e::Result result = call.parrot("chat", "nameless");
  EXPECT_EQ(result.exit_code, 4) << "the error outlives the plugin's shutdown: " << result.err;
  EXPECT_EQ(string_or(error_in(result), "message"), "unknown exception");
}

TEST(HostilePlugin,
     case_55_both_result_and_error_nothing_late_or_from_another_thread_are_violations) {
  const HostileCall call;
  const auto message = [&](const char* behaviour) {
    return string_or(error_in(call.rogue(behaviour)), "message");
  };
  const std::string broken = "chat of plugin rogue broke the plugin contract: ";
  EXPECT_THAT(message("both"), HasSubstr(broken + "it emitted both a result and an error"));
  EXPECT_THAT(message("other-thread"), HasSubstr(broken + "it emitted from another thread"));
  EXPECT_THAT(message("no-finish"), HasSubstr("plugin rogue ended without a finish event"));
  const e2e::Result late = call.dir.run(
      {"chat", "--provider", "rogue", "--provider-option", "do=late"}, {}, "one\ntwo\nthree\n");
  EXPECT_EQ(late.exit_code, 0) << late.err;
  EXPECT_THAT(late.out, Not(HasSubstr("hellohello"))) << "what comes late is dropped";
}

TEST(HostilePlugin, case_56_unreadable_endless_and_gigantic_answers_are_cut_off_at_the_limits) {
  const HostileCall call;
  const auto message = [&](const char* behaviour) {
    const e2e::Result result = call.rogue(behaviour);
    EXPECT_EQ(result.exit_code, 4) << behaviour << result.err;
    return string_or(error_in(result), "message");
  };
  EXPECT_THAT(message("invalid-utf8"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("not-json"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("deep-delta"), HasSubstr("nested deeper than 80 levels"));
  EXPECT_THAT(message("huge-delta"), HasSubstr("more than 16777216"));
  PrivateDir dir;
  dir.put("huge-result");
  dir.put("flood-of-events");
  EXPECT_THAT(string_or(error_in(dir.chat("huge-result")), "message"),
              HasSubstr("its result has 2147483648 bytes, more than 67108864"));
  const e2e::Result flood = dir.run({"models", "--provider", "flood-of-events"});
  EXPECT_EQ(flood.exit_code, 4);
  EXPECT_THAT(flood.err, HasSubstr("it emitted more than 1000000 events"));
}

TEST(HostilePlugin, case_57_a_plugin_that_never_returns_is_left_at_the_second_ctrl_c_and_named) {
  for (const char* name : {"ignores-cancel", "deadlocks"}) {
    PrivateDir dir;
    dir.put(name);
    e2e::Program program(dir.house(), {"chat", "--provider", name, "--output", "jsonl",
                                       "--plugin-path", dir.plugins().string(), "hello"});
    program.close_input();
    program.wait_for("stuck now");
    program.signal_and_wait(SIGINT);
    program.signal(SIGINT);
    const e2e::Result result = program.finish();
    EXPECT_EQ(result.exit_code, 130) << name << result.err;
    EXPECT_THAT(result.err,
                HasSubstr("plugin " + std::string(name) + " does not respond to Ctrl-C"));
  }
}

TEST(HostilePlugin, case_58_threads_that_are_left_running_do_not_disturb_the_end) {
  PrivateDir dir;
  dir.put("leaves-threads");
  const e2e::Result result = dir.chat("leaves-threads");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"text\":\"hello\""));
}

TEST(HostilePlugin, case_59_calls_after_the_end_are_told_that_the_program_shuts_down) {
  PrivateDir dir;
  dir.put("calls-at-exit");
  const fs::path marker = dir.home() / "marker";
  const e2e::Result result = dir.chat("calls-at-exit", {"--probe", "off"},
                                      {{"CARTPILOT_TEST_ZOO_MARKER", marker.string()}});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(read_file(marker), "late call: unavailable\n");
}

TEST(HostilePlugin, case_60_what_a_plugin_changes_in_the_process_is_put_back_with_a_warning) {
  PrivateDir dir;
  dir.put("changes-everything");
  const fs::path before = fs::current_path();
  fs::current_path(dir.home());
  const e2e::Result result = dir.run({"models", "--provider", "changes-everything"});
  fs::current_path(before);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "changes-everything-1\n") << "standard output leads where it led";
  for (const char* what : {"standard input", "the working directory", "the umask", "the locale",
                           "signal handlers", "the environment"}) {
    EXPECT_THAT(result.err, HasSubstr(what));
  }
  EXPECT_THAT(result.err, HasSubstr("plugin changes-everything: it changed"));
}

/// What the plugin asks of the host leads back to the plugin.
class AskingTransport final : public HttpTransport {
 public:
  void send(const HttpRequest&, HttpSink&, const CallContext&) override {
    try {
      host->make_provider("asks-in-init", {}, {});
      answer = "made";
    } catch (const Error& error) {
      answer = error_code_name(error.code);
    }
  }
  plugin::PluginHost* host = nullptr;
  std::string answer;
};

TEST(HostilePlugin,
     case_61_loading_itself_is_unsupported_and_reentry_only_works_on_another_instance) {
  AskingTransport transport;
  plugin::SearchOptions search;
  search.standard_places = false;
  search.files = {std::string(CARTPILOT_HOSTILE_PLUGINS) + "/cartpilot-asks-in-init.so"};
  plugin::PluginHost host(search, transport);
  transport.host = &host;
  const auto provider = host.make_provider("asks-in-init", {}, {});
  EXPECT_EQ(transport.answer, "unsupported");

  struct Reentrant final : EventSink {
    void on_event(const StreamEvent& event) override {
      if (!std::holds_alternative<TextDelta>(event)) return;
      struct Deaf final : EventSink {
        void on_event(const StreamEvent&) override {}
      } deaf;
      try {
        again->generate({}, deaf, CallContext());
        outcomes.push_back("answered");
      } catch (const Error& error) {
        outcomes.push_back(error.what());
      }
    }
    LLMProvider* again = nullptr;
    std::vector<std::string> outcomes;
  } sink;
  sink.again = provider.get();
  provider->generate({}, sink, CallContext());
  const auto second = host.make_provider("asks-in-init", {}, {});
  sink.again = second.get();
  provider->generate({}, sink, CallContext());
  EXPECT_THAT(sink.outcomes, ::testing::ElementsAre(
                                 HasSubstr("called from inside one of its own calls"), "answered"));
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
