// The provider as a whole, over a transport that plays given answers.
#include "gemini/provider.h"

#include <gtest/gtest.h>

#include <deque>

#include "answer_log.h"

namespace cartpilot::gemini::tests {
namespace {

const std::string kKey = "AQ.secret-key";

std::string refused_because(const std::string& message) {
  return dump_json(
      Json{{"error", {{"code", 400}, {"message", message}, {"status", "INVALID_ARGUMENT"}}}});
}

/// Answers with what was queued; a good answer when nothing is left.
class ScriptedTransport final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    requests.push_back(request);
    std::pair<int, std::string> answer = {200, chunk(R"([{"text":"Hi"}])", kStop)};
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    sink.on_head(HttpHead{answer.first, {}});
    sink.on_event(HttpEvent{HttpEvent::Kind::kBody, "", answer.second});
  }

  Json body(std::size_t index) const { return Json::parse(requests.at(index).body); }

  std::deque<std::pair<int, std::string>> answers;
  std::vector<HttpRequest> requests;
};

class GeminiProviderTest : public testing::Test {
 protected:
  GeminiProvider provider(const std::map<std::string, std::string>& options = {},
                          std::map<std::string, std::string> environment = {
                              {"GEMINI_API_KEY", kKey}}) {
    ProviderConfig config;
    config.environment = std::move(environment);
    config.options = options;
    config.transport = &transport_;
    return GeminiProvider(config);
  }

  static GenerateRequest question() {
    GenerateRequest request;
    request.messages = {Message::user("Hello")};
    request.tools = weather_tools();
    return request;
  }

  AnswerLog ask(GeminiProvider& gemini, const GenerateRequest& request) {
    AnswerLog log;
    try {
      gemini.generate(request, log, context_);
    } catch (const Error& error) {
      log.on_error(error);
    }
    return log;
  }

  ScriptedTransport transport_;
  CallContext context_;
};

TEST_F(GeminiProviderTest, names_itself_and_its_default_model) {
  const ProviderInfo info = provider().info();
  EXPECT_EQ(info.name, "gemini");
  EXPECT_EQ(info.default_model, "gemini-3.8-flash");
  EXPECT_EQ(info.notice, "");
}

TEST_F(GeminiProviderTest, without_a_key_nothing_is_sent) {
  GeminiProvider gemini = provider({}, {});
  const AnswerLog log = ask(gemini, question());
  EXPECT_EQ(log.lines, (Lines{"error unauthenticated  final"}));
  EXPECT_STREQ(log.error->what(),
               "no Gemini API key: set GEMINI_API_KEY (or GOOGLE_API_KEY), or try --demo, which "
               "needs none");
  EXPECT_EQ(log.error->http_status, 0);
  EXPECT_TRUE(transport_.requests.empty());
  EXPECT_EQ(gemini.function_declarations(weather_tools()).size(), 2U) << "needs no key";
}

TEST_F(GeminiProviderTest, a_local_gateway_needs_no_key) {
  GeminiProvider gemini = provider({}, {{"GEMINI_BASE_URL", "http://127.0.0.1:8080/"}});
  gemini.check();
  ask(gemini, question());
  EXPECT_EQ(transport_.requests.at(0).url.rfind("http://127.0.0.1:8080/v1beta/models/", 0), 0U);
  EXPECT_EQ(header_value(transport_.requests.at(0).headers, "x-goog-api-key"), "");
}

TEST_F(GeminiProviderTest, either_variable_holds_the_key_and_gemini_wins) {
  GeminiProvider second = provider({}, {{"GOOGLE_API_KEY", " g\n"}});
  ask(second, question());
  EXPECT_EQ(header_value(transport_.requests.at(0).headers, "x-goog-api-key"), "g");
  GeminiProvider both = provider({}, {{"GOOGLE_API_KEY", "g"}, {"GEMINI_API_KEY", "k"}});
  ask(both, question());
  EXPECT_EQ(header_value(transport_.requests.at(1).headers, "x-goog-api-key"), "k");
}

TEST_F(GeminiProviderTest, a_key_that_would_break_the_header_is_refused) {
  for (const char* key : {"a b", "a\r\nX-Evil: 1",
                          "\xE2\x80\x8B"
                          "key"}) {
    GeminiProvider gemini = provider({}, {{"GEMINI_API_KEY", key}});
    EXPECT_EQ(ask(gemini, question()).lines, (Lines{"error unauthenticated  final"}));
  }
  EXPECT_TRUE(transport_.requests.empty());
}

TEST_F(GeminiProviderTest, bad_options_and_base_urls_are_refused_when_it_is_made) {
  EXPECT_THROW(provider({{"thinkin", "low"}}), Error);
  EXPECT_THROW(provider({}, {{"GEMINI_BASE_URL", "nonsense"}}), Error);
}

TEST_F(GeminiProviderTest, a_retired_model_is_announced_once_and_still_asked) {
  GeminiProvider gemini = provider();
  GenerateRequest request = question();
  request.model = "gemini-2.0-flash";
  EXPECT_EQ(ask(gemini, request).lines,
            (Lines{"warning gemini-2.0-flash has been retired by Google; its successor is "
                   "gemini-3.8-flash",
                   "warning gemini-2.0-flash was asked, gemini-3.8-flash answered", "text Hi",
                   kFinishStop}));
  EXPECT_EQ(ask(gemini, request).lines, (Lines{"text Hi", kFinishStop}));
}

struct Adaptation {
  const char* name;
  std::map<std::string, std::string> options;
  std::string message;
  std::string notice;
  std::string pointer;  ///< what the second request lacks
};

class GeminiAdaptation : public GeminiProviderTest,
                         public testing::WithParamInterface<Adaptation> {};

TEST_P(GeminiAdaptation, drops_what_the_model_refused_and_remembers_it) {
  const Adaptation& row = GetParam();
  GeminiProvider gemini = provider(row.options);
  transport_.answers = {{400, refused_because(row.message)}};
  EXPECT_EQ(
      ask(gemini, question()).lines,
      (Lines{"warning gemini-3.8-flash does not accept " + row.notice, "text Hi", kFinishStop}));
  const Json::json_pointer pointer(row.pointer);
  ASSERT_EQ(transport_.requests.size(), 2U);
  EXPECT_TRUE(transport_.body(0).contains(pointer));
  EXPECT_FALSE(transport_.body(1).contains(pointer));
  EXPECT_EQ(ask(gemini, question()).lines, (Lines{"text Hi", kFinishStop}));
  EXPECT_FALSE(transport_.body(2).contains(pointer));
}

const std::vector<Adaptation> kAdaptations = {
    {"thinking_level",
     {{"thinking", "low"}},
     "Thinking level is not supported for this model.",
     "the thinking options; left out",
     "/generationConfig/thinkingConfig"},
    {"temperature",
     {{"temperature", "1"}},
     "temperature is not supported",
     "temperature; left out",
     "/generationConfig/temperature"},
    {"output_limit",
     {{"max-output-tokens", "9"}},
     "max_output_tokens must be at most 8",
     "max-output-tokens; left out",
     "/generationConfig/maxOutputTokens"},
    {"safety",
     {{"safety", "OFF"}},
     "Invalid value at 'safety_settings[0].threshold'",
     "the safety settings; left out",
     "/safetySettings"},
    {"store",
     {},
     "Invalid JSON payload received. Unknown name \"store\": Cannot find field.",
     "store; left out",
     "/store"},
    {"json_schema",
     {},
     "Invalid JSON payload received. Unknown name \"parametersJsonSchema\" at 'tools[0]'",
     "JSON Schema declarations; the older form is sent instead",
     "/tools/0/functionDeclarations/0/parametersJsonSchema"},
    {"tool_mode",
     {{"tool-mode", "VALIDATED"}},
     "The specified schema produces a constraint that has too many states for serving.",
     "this tool-mode; left out",
     "/toolConfig"},
};

INSTANTIATE_TEST_SUITE_P(Options, GeminiAdaptation, testing::ValuesIn(kAdaptations),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(GeminiProviderTest, refusals_nothing_can_be_learned_from_are_not_repeated) {
  GeminiProvider gemini = provider({{"temperature", "1"}});
  transport_.answers = {{400, refused_because("API key not valid. Check temperature.")}};
  EXPECT_EQ(ask(gemini, question()).lines, (Lines{"error unauthenticated api_key_invalid final"}));
  transport_.answers = {{400, refused_because("Something else.")}};
  EXPECT_EQ(ask(gemini, question()).lines, (Lines{"error invalid_argument bad_request final"}));
  transport_.answers = {{403, refused_because("temperature is not supported")}};
  EXPECT_EQ(ask(gemini, question()).lines, (Lines{"error permission permission final"}));
  EXPECT_EQ(transport_.requests.size(), 3U);
}

TEST_F(GeminiProviderTest, a_model_that_keeps_refusing_is_asked_twice) {
  GeminiProvider gemini = provider({{"temperature", "1"}});
  transport_.answers = {{400, refused_because("temperature is not supported")},
                        {400, refused_because("temperature is not supported")}};
  EXPECT_EQ(ask(gemini, question()).lines,
            (Lines{"warning gemini-3.8-flash does not accept temperature; left out",
                   "error invalid_argument bad_request final"}));
  EXPECT_EQ(transport_.requests.size(), 2U);
}

TEST_F(GeminiProviderTest, refused_signatures_are_replaced_once) {
  GeminiProvider gemini = provider();
  GenerateRequest request = question();
  Message answer =
      decode_body(chunk(list({call_part("a", "Oslo", "OLD=")}), kStop)).message("gemini-3.8-flash");
  ToolResult result;
  result.call_id = "a";
  request.messages.push_back(answer);
  request.messages.push_back(Message{Role::kTool, {result}, nullptr, "", ""});
  transport_.answers = {{400, refused_because("Corrupted thought signature.")}};
  EXPECT_EQ(
      ask(gemini, request).lines,
      (Lines{"warning Gemini did not accept the thought signatures of this conversation; they "
             "are replaced, its answers may be a little weaker",
             "warning earlier function calls carry no thought signature of this Gemini "
             "model; a placeholder is sent, its answers may be a little weaker",
             "text Hi", kFinishStop}));
  EXPECT_EQ(transport_.body(0)["contents"][1]["parts"][0]["thoughtSignature"], "OLD=");
  EXPECT_EQ(transport_.body(1)["contents"][1]["parts"][0]["thoughtSignature"],
            "skip_thought_signature_validator");

  transport_.answers = {{400, refused_because("Corrupted thought signature.")}};
  EXPECT_EQ(ask(gemini, request).lines, (Lines{"error invalid_argument signature final"}));
  EXPECT_EQ(transport_.requests.size(), 3U) << "there is nothing left to replace";
}

TEST_F(GeminiProviderTest, a_list_of_models_that_never_ends_does_end) {
  const std::string page =
      R"({"models":[{"name":"models/a"},{"name":"tunedModels/b","description":"B"}],"nextPageToken":"t&x"})";
  transport_.answers = {{200, page}, {200, page}, {200, page}, {200, page}};
  const std::vector<ModelInfo> models = provider().models(context_);
  EXPECT_EQ(transport_.requests.size(), 2U);
  EXPECT_EQ(transport_.requests[0].method, "GET");
  EXPECT_EQ(
      transport_.requests[1].url,
      "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000&pageToken=t%26x");
  ASSERT_EQ(models.size(), 4U);
  EXPECT_EQ(models[0].id, "a");
  EXPECT_EQ(models[1].id, "tunedModels/b");
  EXPECT_EQ(models[1].description, "B");
}

TEST_F(GeminiProviderTest, a_list_of_models_that_is_refused_or_unreadable_is_an_error) {
  for (const auto& [status, body] :
       std::vector<std::pair<int, std::string>>{{403, "{}"}, {200, "<html>"}, {500, ""}}) {
    transport_.answers = {{status, body}};
    EXPECT_THROW(provider().models(context_), Error) << status;
  }
}

TEST_F(GeminiProviderTest, vertex_gets_its_own_path_and_neither_ids_nor_store) {
  GeminiProvider gemini = provider(
      {}, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", "https://aiplatform.googleapis.com"}});
  GenerateRequest request = question();
  ToolCall call;
  call.id = "a";
  call.name = "get_time";
  request.messages.push_back(Message{Role::kAssistant,
                                     {call},
                                     Json::parse(R"({"backend":"aiplatform.googleapis.com",)"
                                                 R"("model":"gemini-3.8-flash","parts":[)"
                                                 R"({"functionCall":{"id":"a","name":"get_time"},)"
                                                 R"("thoughtSignature":"S="}]})"),
                                     "gemini",
                                     "gemini-3.8-flash"});
  ask(gemini, request);
  EXPECT_EQ(transport_.requests.at(0).url,
            "https://aiplatform.googleapis.com/v1beta1/publishers/google/models/"
            "gemini-3.8-flash:streamGenerateContent?alt=sse");
  EXPECT_FALSE(transport_.body(0).contains("store"));
  const Json contents = transport_.body(0)["contents"];
  EXPECT_EQ(contents[1]["parts"], Json::parse(R"([{"functionCall":{"name":"get_time"},)"
                                              R"("thoughtSignature":"S="}])"));
  EXPECT_FALSE(contents[2]["parts"][0]["functionResponse"].contains("id"));
  EXPECT_THROW(gemini.models(context_), Error);
}

}  // namespace
}  // namespace cartpilot::gemini::tests
