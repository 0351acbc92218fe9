#include <gmock/gmock.h>

#include "cartpilot/plugin.h"
#include "plugin_testing.h"

namespace cartpilot {
namespace {

using plugin::testing::error_of;
using plugin::testing::EventList;
using plugin::testing::FakeTransport;
using plugin::testing::only;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SecretScrub, replaces_values_by_their_names_and_leaves_addresses_readable) {
  const SecretScrub scrub({{"A_KEY", "abcdef"},
                           {"B_KEY", "abcdef-and-more"},
                           {"SHORT", "abc"},
                           {"A_URL", "https://api.example/v1"},
                           {"B_URL", "https://user:pw@host/"},
                           {"EMPTY", ""}});
  EXPECT_EQ(scrub.apply("abcdef abcdef-and-more abc"), "[A_KEY] [B_KEY] abc");
  EXPECT_EQ(scrub.apply("https://api.example/v1 https://user:pw@host/"),
            "https://api.example/v1 [B_URL]");
  EXPECT_EQ(scrub.apply(""), "");
  EXPECT_EQ(SecretScrub(std::map<std::string, std::string>{{"KEY", " abcdef\n"}}).apply("x abcdef"),
            "x [KEY]");
}

TEST(SecretScrub, a_value_that_contains_its_own_name_ends) {
  EXPECT_EQ(
      SecretScrub(std::map<std::string, std::string>{{"KEY", "[KEY]x"}}).apply("[KEY]x[KEY]x"),
      "[KEY][KEY]");
}

TEST(Boundary, cut_text_never_ends_inside_a_character) {
  EXPECT_EQ(detail::cut_text("a\xC3\xA9", 2), "a");
  EXPECT_EQ(detail::cut_text("a\xC3\xA9", 3), "a\xC3\xA9");
  EXPECT_EQ(detail::cut_text("\xF0\x9F\x98\x80", 3), "");
  EXPECT_EQ(detail::cut_text("\x80\x80\x80", 2), "");
}

TEST(Boundary, ids_versions_and_lists_are_checked_when_the_macro_compiles) {
  static_assert(detail::id_is_valid("gemini") && detail::id_is_valid("org.example.x-2"), "");
  static_assert(!detail::id_is_valid("a") && !detail::id_is_valid("Gemini"), "");
  static_assert(!detail::id_is_valid("-x") && !detail::id_is_valid("a/b"), "");
  static_assert(detail::version_is_valid("1.2.3-rc.1+b") && !detail::version_is_valid("v1"), "");
  static_assert(detail::looks_like_array("[]") && !detail::looks_like_array("A,B"), "");
}

TEST(Boundary, a_sink_or_call_that_is_absent_or_older_is_survived) {
  EXPECT_TRUE(detail::emit(nullptr, CP_EMIT_RESULT, "x"));
  const cp_sink old_sink = {offsetof(cp_sink, emit), nullptr, nullptr};
  EXPECT_TRUE(detail::emit(&old_sink, CP_EMIT_RESULT, "x"));
  cp_call old_call = {offsetof(cp_call, deadline_unix_ms), nullptr, nullptr, 99};
  EXPECT_FALSE(detail::ForeignContext(&old_call).cancelled());
  EXPECT_EQ(detail::ForeignContext(&old_call).deadline_unix_ms(), 0);
  EXPECT_EQ(detail::ForeignContext(nullptr).deadline_unix_ms(), 0);
}

class Linked final : public LLMProvider {
 public:
  explicit Linked(const ProviderConfig& config) : greeting_(config.env("GREETING")) {}
  ProviderInfo info() const override { return {"linked", "", greeting_}; }
  void generate(const GenerateRequest&, EventSink& sink, const CallContext&) override {
    sink.on_event(Finish{});
  }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return {}; }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return {}; }

 private:
  std::string greeting_;
};

class LinkedTools final : public ToolSet {
 public:
  explicit LinkedTools(const ProviderConfig&) {}
  std::vector<ToolSpec> list() const override { return {}; }
  ToolOutcome call(const std::string&, const Json&, const CallContext&) override { return {}; }
};

TEST(StaticPlugin, provider_and_tools_go_through_the_same_structs) {
  FakeTransport transport;
  plugin::PluginHost host(only({}), transport);
  host.register_static(static_provider_plugin<Linked>("linked", "1.0.0", R"(["GREETING"])"));
  host.register_static(static_tool_set_plugin<LinkedTools>("linked-tools"));
  EXPECT_THAT(host.provider_names(), ElementsAre("linked"));
  const auto provider = host.make_provider("linked", {{"GREETING", "hi"}, {"X", "y"}}, {});
  EXPECT_EQ(provider->info().notice, "hi");
  EventList sink;
  provider->generate({}, sink, CallContext());
  EXPECT_EQ(sink.events, parse_json(R"([{"type":"finish","reason":"stop"}])"));
  EXPECT_EQ(host.make_tool_sets({}).size(), 1U);
  EXPECT_EQ(host.list().size(), 2U);
}

TEST(StaticPlugin, one_class_can_be_registered_under_two_names) {
  FakeTransport transport;
  plugin::PluginHost host(only({}), transport);
  host.register_static(static_provider_plugin<Linked>("first"));
  host.register_static(static_provider_plugin<Linked>("second"));
  EXPECT_EQ(host.make_provider("first", {}, {})->info().name, "linked");
  EXPECT_EQ(host.make_provider("second", {}, {})->info().name, "linked");
}

TEST(StaticPlugin, its_id_can_be_taken_once_and_hides_files_of_that_name) {
  const plugin::testing::TemporaryDirectory directory;
  const auto file = directory.place("parrot", "parrot");
  FakeTransport transport;
  plugin::PluginHost host(only({directory.path()}), transport);
  host.register_static(static_provider_plugin<Linked>("parrot"));
  EXPECT_EQ(
      error_of([&] { host.register_static(static_provider_plugin<Linked>("parrot")); })["reason"],
      "CP-P16");
  EXPECT_EQ(host.make_provider("parrot", {}, {})->info().name, "linked");
  EXPECT_EQ(host.list()[1].why, "shadowed by the built-in plugin");
  EXPECT_FALSE(plugin::testing::is_loaded(file));
}

TEST(StaticPlugin, a_wrong_struct_throws_its_refusal) {
  FakeTransport transport;
  plugin::PluginHost host(only({}), transport);
  cp_plugin wrong = *static_provider_plugin<Linked>("wrong");
  wrong.epoch = 9;
  EXPECT_EQ(error_of([&] { host.register_static(&wrong); })["reason"], "CP-P07");
  EXPECT_EQ(error_of([&] { host.register_static(nullptr); })["reason"], "CP-P10");
}

TEST(StaticPlugin, an_unknown_factory_is_refused_by_the_table_itself) {
  const cp_plugin* made = static_provider_plugin<Linked>("known");
  const auto* table = static_cast<const cp_provider_v1*>(made->query(CP_PROVIDER));
  std::string error;
  const cp_sink sink = {sizeof(cp_sink), &error, [](void* text, int32_t, cp_bytes payload) {
                          *static_cast<std::string*>(text) = detail::view(payload);
                          return 0;
                        }};
  EXPECT_EQ(table->create(detail::bytes("stranger"), detail::bytes("{}"), &sink), nullptr);
  EXPECT_THAT(error, HasSubstr("no factory \\\"stranger\\\""));
  EXPECT_EQ(table->create(detail::bytes("known"), detail::bytes("["), &sink), nullptr);
  EXPECT_THAT(error, HasSubstr("config is not valid JSON"));
  EXPECT_EQ(made->query("cartpilot.provider/10"), nullptr);
  EXPECT_EQ(made->query(nullptr), nullptr);
}

}  // namespace
}  // namespace cartpilot
