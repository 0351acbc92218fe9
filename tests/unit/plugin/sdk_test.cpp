#include <gmock/gmock.h>

#include "cartpilot/plugin.h"

namespace cartpilot {
namespace {

using ::testing::HasSubstr;

TEST(SecretScrub, replaces_values_by_their_names_and_leaves_addresses_readable) {
  const SecretScrub scrub({{"A_KEY", "abcdefgh"},
                           {"B_KEY", "abcdefgh-and-more"},
                           {"SHORT", "1234567"},
                           {"AN_ADDRESS", "https://api.example/v1"},
                           {"B_URL", "https://user:pw@host/"},
                           {"EMPTY", ""}});
  EXPECT_EQ(scrub.apply("abcdefgh abcdefgh-and-more 1234567"), "[A_KEY] [B_KEY] 1234567");
  EXPECT_EQ(scrub.apply("https://api.example/v1 https://user:pw@host/"),
            "https://api.example/v1 [B_URL]");
  EXPECT_EQ(scrub.apply(""), "");
  EXPECT_EQ(
      SecretScrub(std::map<std::string, std::string>{{"KEY", " abcdefgh\n"}}).apply("x abcdefgh"),
      "x [KEY]");
}

TEST(SecretScrub, a_value_that_contains_its_own_name_ends) {
  EXPECT_EQ(SecretScrub(std::map<std::string, std::string>{{"KEY", "[KEY]xyz"}})
                .apply("[KEY]xyz[KEY]xyz"),
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

class Small final : public LLMProvider {
 public:
  explicit Small(const ProviderConfig&) {}
  ProviderInfo info() const override { return {"small", "", ""}; }
  void generate(const GenerateRequest&, EventSink&, const CallContext&) override {}
  Json function_declarations(const std::vector<ToolSpec>&) const override { return {}; }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return {}; }
};

struct Names {
  static bool accepts(std::string_view factory) { return factory == "known"; }
};

TEST(Boundary, an_unknown_factory_is_refused_by_the_table_itself) {
  using Table = detail::ProviderTable<Small, Names>;
  const auto* table = static_cast<const cp_provider_v1*>(Table::query(CP_PROVIDER));
  std::string error;
  const cp_sink sink = {sizeof(cp_sink), &error, [](void* text, int32_t, cp_bytes payload) {
                          *static_cast<std::string*>(text) = detail::view(payload);
                          return 0;
                        }};
  EXPECT_EQ(table->create(detail::bytes("unknown"), detail::bytes("{}"), &sink), nullptr);
  EXPECT_THAT(error, HasSubstr("no factory \\\"unknown\\\""));
  EXPECT_EQ(table->create(detail::bytes("known"), detail::bytes("["), &sink), nullptr);
  EXPECT_THAT(error, HasSubstr("config is not valid JSON"));
  EXPECT_EQ(Table::query("cartpilot.provider/10"), nullptr);
  EXPECT_EQ(Table::query(nullptr), nullptr);
}

}  // namespace
}  // namespace cartpilot
