#include <gmock/gmock.h>

#include "cartpilot/plugin.h"
#include "plugin/host/plugins.h"

namespace cartpilot::plugin {
namespace {

/// What the provider behind the boundary was asked, call by call.
struct Asked {
  std::vector<std::string> texts;
  std::size_t unchanged = 0;

  bool operator==(const Asked&) const = default;
};
std::vector<Asked> asked;

void PrintTo(const Asked& call, std::ostream* out) {
  *out << call.unchanged << " of " << ::testing::PrintToString(call.texts);
}

class Spy final : public LLMProvider {
 public:
  explicit Spy(const ProviderConfig&) {}
  ProviderInfo info() const override { return {"spy", "spy-1", ""}; }
  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    Asked call;
    for (const Message& message : request.messages) call.texts.push_back(text_of(message));
    call.unchanged = request.unchanged_messages;
    asked.push_back(std::move(call));
    if (request.model == "forgets" && request.outlined_messages > 0) throw history_needed();
    kept_ = request.model == "keeps" || request.model == "forgets" ? 1 : 0;
    if (request.model == "fails") throw Error(ErrorCode::kUnavailable, "no luck");
    sink.on_event(Finish{});
  }
  std::size_t kept_messages() const override { return kept_; }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 private:
  std::size_t kept_ = 0;
};

struct AnyFactory {
  static bool accepts(std::string_view) { return true; }
};
using Table = detail::ProviderTable<Spy, AnyFactory>;

std::size_t sent_bytes = 0;
cp_provider_v1 offered;

/// The same table, with a look at what crosses.
std::int32_t watched_chat(void* self, const cp_call* call, cp_bytes request, const cp_sink* out) {
  sent_bytes = request.len;
  return Table::chat(self, call, request, out);
}
std::int32_t watched_more(void* self, const cp_call* call, std::uint64_t kept, cp_bytes request,
                          const cp_sink* out) {
  sent_bytes = request.len;
  return Table::chat_more(self, call, kept, request, out);
}
std::int32_t forgetful_more(void* self, const cp_call* call, std::uint64_t, cp_bytes request,
                            const cp_sink* out) {
  return Table::chat_more(self, call, 1000, request, out);
}

const void* query(const char* interface_id) {
  return std::string_view(interface_id) == CP_PROVIDER ? &offered : nullptr;
}

struct NoTransport final : HttpTransport {
  void send(const HttpRequest&, HttpSink&, const CallContext&) override {}
};

class ChatMore : public ::testing::Test {
 protected:
  ChatMore() {
    asked.clear();
    offered = Table::kTable;
    offered.chat = &watched_chat;
    offered.chat_more = &watched_more;
  }

  std::unique_ptr<LLMProvider> provider() {
    plugin_ = *static_provider_plugin<Spy>("spy");
    plugin_.query = &query;
    SearchOptions search;
    search.standard_places = false;
    host_ = std::make_unique<PluginHost>(search, transport_);
    host_->register_static(&plugin_);
    return host_->make_provider("spy", {}, {});
  }

  static GenerateRequest request(std::uint64_t conversation, std::size_t unchanged,
                                 const std::vector<std::string>& texts) {
    GenerateRequest made;
    made.conversation = conversation;
    made.unchanged_messages = unchanged;
    for (const std::string& text : texts) made.messages.push_back(Message::user(text));
    return made;
  }

  void generate(LLMProvider& spy, const GenerateRequest& what) {
    struct : EventSink {
      void on_event(const StreamEvent&) override {}
    } sink;
    spy.generate(what, sink, CallContext());
  }

  NoTransport transport_;
  cp_plugin plugin_{};
  std::unique_ptr<PluginHost> host_;
};

TEST_F(ChatMore, sends_only_what_is_new_and_the_provider_sees_everything) {
  const auto spy = provider();
  const std::string long_text(100'000, 'a');
  generate(*spy, request(1, 0, {long_text, "two"}));
  EXPECT_GT(sent_bytes, 100'000U);
  generate(*spy, request(1, 2, {long_text, "two", "three"}));
  EXPECT_LT(sent_bytes, 200U);
  EXPECT_THAT(asked, ::testing::ElementsAre(Asked{{long_text, "two"}, 0},
                                            Asked{{long_text, "two", "three"}, 2}));
}

TEST_F(ChatMore, replaces_what_was_changed_behind_the_beginning) {
  const auto spy = provider();
  generate(*spy, request(1, 0, {"one", "two", "three"}));
  generate(*spy, request(1, 1, {"one", "zwei"}));
  EXPECT_EQ(asked.back(), (Asked{{"one", "zwei"}, 1}));
}

TEST_F(ChatMore, tells_everything_about_another_conversation) {
  const auto spy = provider();
  generate(*spy, request(1, 0, {"one", "two"}));
  generate(*spy, request(2, 2, {"uno", "due", "tre"}));
  EXPECT_EQ(asked.back(), (Asked{{"uno", "due", "tre"}, 0}));
}

TEST_F(ChatMore, tells_everything_when_nobody_names_the_conversation) {
  const auto spy = provider();
  generate(*spy, request(0, 0, {"one", "two"}));
  generate(*spy, request(0, 2, {"one", "two", "three"}));
  EXPECT_EQ(asked.back(), (Asked{{"one", "two", "three"}, 0}));
}

TEST_F(ChatMore, goes_on_after_a_failed_answer) {
  const auto spy = provider();
  GenerateRequest failing = request(1, 0, {"one"});
  failing.model = "fails";
  EXPECT_THROW(generate(*spy, failing), Error);
  generate(*spy, request(1, 1, {"one", "two"}));
  EXPECT_EQ(asked.back(), (Asked{{"one", "two"}, 1}));
}

TEST_F(ChatMore, tells_everything_to_a_plugin_that_lost_the_beginning) {
  offered.chat_more = &forgetful_more;
  const auto spy = provider();
  generate(*spy, request(1, 0, {"one"}));
  generate(*spy, request(1, 1, {"one", "two"}));
  EXPECT_THAT(asked, ::testing::ElementsAre(Asked{{"one"}, 0}, Asked{{"one", "two"}, 0}));
}

TEST_F(ChatMore, tells_everything_to_a_plugin_of_the_revision_before) {
  offered.struct_size = offsetof(cp_provider_v1, chat_more);
  const auto spy = provider();
  generate(*spy, request(1, 0, {"one"}));
  generate(*spy, request(1, 1, {"one", "two"}));
  EXPECT_EQ(asked.back(), (Asked{{"one", "two"}, 0}));
}

TEST_F(ChatMore, leaves_an_outline_of_what_the_provider_keeps) {
  const auto spy = provider();
  GenerateRequest keeping = request(1, 0, {"one", "two"});
  keeping.model = "keeps";
  generate(*spy, keeping);
  keeping = request(1, 2, {"one", "two", "three"});
  keeping.model = "keeps";
  generate(*spy, keeping);
  EXPECT_EQ(asked.back(), (Asked{{"", "two", "three"}, 2}));
}

TEST_F(ChatMore, tells_everything_when_the_outline_turns_out_to_be_too_little) {
  const auto spy = provider();
  GenerateRequest keeping = request(1, 0, {"one", "two"});
  keeping.model = "keeps";
  generate(*spy, keeping);
  keeping = request(1, 2, {"one", "two", "three"});
  keeping.model = "forgets";
  generate(*spy, keeping);
  EXPECT_THAT(asked,
              ::testing::ElementsAre(Asked{{"one", "two"}, 0}, Asked{{"", "two", "three"}, 2},
                                     Asked{{"one", "two", "three"}, 0}));
}

TEST_F(ChatMore, asks_a_host_that_holds_outlines_for_everything_the_plugin_lost) {
  const auto spy = provider();
  EXPECT_EQ(spy->kept_messages(), 0U);
  generate(*spy, request(1, 0, {"one", "two"}));
  EXPECT_EQ(spy->kept_messages(), 2U);
  GenerateRequest outlined = request(1, 2, {"", "", "three"});
  outlined.outlined_messages = 2;
  generate(*spy, outlined);
  EXPECT_EQ(asked.back(), (Asked{{"one", "two", "three"}, 2}));

  outlined.conversation = 2;
  try {
    generate(*spy, outlined);
    FAIL() << "another conversation was answered from outlines";
  } catch (const Error& error) {
    EXPECT_TRUE(is_history_needed(error)) << error.what();
  }
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_EQ(spy->kept_messages(), 0U);
}

TEST_F(ChatMore, lets_a_host_hold_nothing_back_for_a_plugin_of_the_revision_before) {
  offered.struct_size = offsetof(cp_provider_v1, chat_more);
  const auto spy = provider();
  generate(*spy, request(1, 0, {"one"}));
  EXPECT_EQ(spy->kept_messages(), 0U);
}

}  // namespace
}  // namespace cartpilot::plugin
