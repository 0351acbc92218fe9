#include <sstream>

#include "cartpilot/plugin.h"

using namespace cartpilot;

class WordCount : public ToolSet {
 public:
  explicit WordCount(const ProviderConfig&) {}

  std::vector<ToolSpec> list() const override {
    ToolSpec spec;
    spec.name = "count_words";
    spec.description = "Counts the words of a text.";
    spec.parameters = Json::parse(R"({"type": "object", "required": ["text"],
                                      "properties": {"text": {"type": "string"}}})");
    spec.effect = EffectClass::kRead;
    return {spec};
  }

  ToolOutcome call(const std::string& name, const Json& arguments, const CallContext&) override {
    if (name != "count_words") return tool_error("unknown_function", "there is no " + name);
    std::istringstream text(arguments.at("text").get<std::string>());
    int words = 0;
    for (std::string word; text >> word;) ++words;
    return {true, {{"words", words}}};
  }
};

CARTPILOT_TOOLSET_PLUGIN(WordCount, "word-count", "1.0.0", "[]")
