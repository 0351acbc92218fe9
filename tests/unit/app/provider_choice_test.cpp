// Who answers when nobody was named, which options are whose, and the only model of an address.
#include "app/provider_choice.h"

#include <gtest/gtest.h>

#include "app_world.h"

namespace cartpilot::app {
namespace {

using Names = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

plugin::PluginRecord plugin_of(Names providers, Names secrets, const Names& others = {}) {
  plugin::PluginRecord record;
  record.providers = std::move(providers);
  record.environment = secrets;
  record.environment.insert(record.environment.end(), others.begin(), others.end());
  record.secrets = std::move(secrets);
  return record;
}

const std::vector<plugin::PluginRecord> kPlugins = {
    plugin_of({"gemini"}, {"GEMINI_API_KEY", "GOOGLE_API_KEY"}, {"GEMINI_BASE_URL"}),
    plugin_of({"openai"}, {"OPENAI_API_KEY"}, {"OPENAI_BASE_URL", "OPENAI_TOKENIZER"}),
    plugin_of({"acme"}, {"ACME_PASS", "ACME_SERVER"}), plugin_of({}, {"TOOLS_API_KEY"}),
    plugin_of({"offline"}, {})};

std::string chosen(const Values& environment) {
  try {
    const ChosenProvider one = provider_by_key(kPlugins, environment);
    return one.name + " " + one.key;
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_EQ(error.reason, "no_provider");
    return error.what();
  }
}

TEST(ProviderChoice, the_only_key_decides) {
  EXPECT_EQ(chosen({{"OPENAI_API_KEY", "k"}}), "openai OPENAI_API_KEY");
  EXPECT_EQ(chosen({{"GOOGLE_API_KEY", "k"}}), "gemini GOOGLE_API_KEY");
  EXPECT_EQ(chosen({{"ACME_PASS", "k"}, {"OPENAI_BASE_URL", "http://localhost"}}), "acme ACME_PASS")
      << "what is declared decides, not how it is called";
  EXPECT_EQ(chosen({{"OPENAI_TOKENIZER", "k"}}), " ") << "declared as no key";
  EXPECT_EQ(chosen({{"ACME_SERVER", "http://localhost"}}), " ") << "an address is no key";
  EXPECT_EQ(chosen({{"GEMINI_API_KEY", "k"}, {"GOOGLE_API_KEY", "k"}}), "gemini GEMINI_API_KEY")
      << "two keys of one provider are one";
  EXPECT_EQ(chosen({{"OPENAI_API_KEY", "k"}, {"GEMINI_API_KEY", ""}}), "openai OPENAI_API_KEY");
  EXPECT_EQ(chosen({}), " ");
  EXPECT_EQ(chosen({{"TOOLS_API_KEY", "k"}}), " ") << "that plugin has no provider";
}

TEST(ProviderChoice, two_keys_are_named_and_decide_nothing) {
  EXPECT_EQ(
      chosen({{"OPENAI_API_KEY", "k"}, {"GOOGLE_API_KEY", "k"}}),
      "no provider was named, and GOOGLE_API_KEY and OPENAI_API_KEY are set: gemini or openai "
      "could answer");
}

TEST(ProviderChoice, options_stay_with_the_provider_they_are_meant_for) {
  const Names known = {"gemini", "openai", "offline"};
  const Values given = {{"temperature", "1"},
                        {"openai.api", "chat"},
                        {"openai.temperature", "0"},
                        {"gemini.thinking", "LOW"},
                        {"header.X", "y"}};
  EXPECT_EQ(options_of("gemini", "gemini", known, given),
            (Values{{"temperature", "1"}, {"thinking", "LOW"}, {"header.X", "y"}}));
  EXPECT_EQ(options_of("openai", "gemini", known, given),
            (Values{{"api", "chat"}, {"temperature", "0"}}))
      << "what was given for the first provider stops no move";
  EXPECT_EQ(options_of("openai", "openai", known, given),
            (Values{{"api", "chat"}, {"temperature", "0"}, {"header.X", "y"}}))
      << "what is named wins";
  EXPECT_EQ(options_of("offline", "openai", known, given), Values{});
  EXPECT_EQ(options_of("acme", "acme", known, {{"acme.x", "1"}}), (Values{{"x", "1"}}))
      << "a provider that is no plugin's";
}

/// Offers `models`, and has a default only when it is told one.
class Offering final : public LLMProvider {
 public:
  Offering(std::vector<ModelInfo> models, std::string preset, int& looks)
      : models_(std::move(models)), preset_(std::move(preset)), looks_(looks) {}

  ProviderInfo info() const override { return {"offering", preset_, ""}; }
  std::vector<ModelInfo> models(const CallContext& context) override {
    ++looks_;
    EXPECT_NE(context.deadline_unix_ms(), 0);
    if (models_.empty()) throw Error(ErrorCode::kUnavailable, "nobody answers");
    return models_;
  }
  void generate(const GenerateRequest&, EventSink& sink, const CallContext&) override {
    sink.on_event(Finish{});
  }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 private:
  const std::vector<ModelInfo> models_;
  const std::string preset_;
  int& looks_;
};

TEST(ProviderChoice, the_only_model_of_an_address_is_taken_and_said) {
  purchase::LoopbackShop shop;
  const auto model_at = [&shop](std::vector<ModelInfo> models, const std::string& preset,
                                const std::string& named, int expected_looks) {
    const purchase::TemporaryFolder folder;
    Process process(folder.path());
    SessionSettings settings = chat_at(shop, "offering");
    settings.model->model = named;
    int looks = 0;
    Talk talk(process.services, settings,
              std::make_unique<Offering>(std::move(models), preset, looks));
    EXPECT_EQ(looks, expected_looks);
    return talk.session.model() + (process.notices.empty() ? "" : ": " + process.notices.back());
  };
  EXPECT_EQ(model_at({{"qwen3", ""}}, "", "", 1),
            "qwen3: qwen3 answers, the only model at this address");
  EXPECT_EQ(model_at({{"qwen3", ""}, {"llama", ""}}, "", "", 1), "");
  EXPECT_EQ(model_at({}, "", "", 1), "") << "a server without a list";
  EXPECT_EQ(model_at({{"qwen3", ""}}, "", "other", 0), "other");
  EXPECT_EQ(model_at({{"qwen3", ""}}, "preset", "", 0), "preset");
}

}  // namespace
}  // namespace cartpilot::app
