#include "cartpilot/kept_beginning.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <random>
#include <utility>

#include "cartpilot/http_provider.h"
#include "gemini/provider.h"
#include "openai/provider.h"

namespace cartpilot {
namespace {

/// Keeps the bytes of the last request; answers with one word.
class BodyKeeper final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    body = request.content();
    sink.on_head({status, {}});
    sink.on_event({HttpEvent::Kind::kBody, "", "{}"});
  }
  std::string body;
  int status = 500;  // the answer does not matter here
};

struct Vendor {
  const char* name;
  std::function<std::unique_ptr<LLMProvider>(HttpTransport&)> make;
  std::string model;
};

ProviderConfig config(HttpTransport& transport, std::map<std::string, std::string> options = {}) {
  ProviderConfig made;
  made.environment = {{"GEMINI_API_KEY", "k"}, {"OPENAI_API_KEY", "k"}};
  made.options = std::move(options);
  made.transport = &transport;
  return made;
}

std::vector<Vendor> vendors() {
  return {
      {"gemini",
       [](HttpTransport& transport) {
         return std::make_unique<gemini::GeminiProvider>(config(transport));
       },
       "gemini-2.5-flash"},
      {"openai-chat",
       [](HttpTransport& transport) {
         return std::make_unique<openai::OpenAiProvider>(config(transport, {{"api", "chat"}}));
       },
       "gpt-4o"},
      {"openai-responses",
       [](HttpTransport& transport) {
         return std::make_unique<openai::OpenAiProvider>(config(transport, {{"api", "responses"}}));
       },
       "gpt-5"}};
}

std::string body_of(const Vendor& vendor, LLMProvider& provider, BodyKeeper& transport,
                    GenerateRequest request) {
  struct : EventSink {
    void on_event(const StreamEvent&) override {}
  } sink;
  request.model = vendor.model;
  request.system = "Be brief.";
  transport.body.clear();
  try {
    provider.generate(request, sink, CallContext());
  } catch (const Error&) {  // the fake answer is an error; the request is what counts
  }
  return transport.body;
}

ToolCall call_named(const std::string& id) {
  ToolCall call;
  call.id = id;
  call.name = "look";
  call.arguments = {{"at", id}};
  return call;
}

ToolResult result_of(const std::string& id) {
  ToolResult result;
  result.call_id = id;
  result.name = "look";
  result.content = {{"seen", "something \"quoted\" \xC3\xA9 " + id}};
  return result;
}

Message assistant(const std::string& provider, std::vector<Part> parts) {
  Message message;
  message.role = Role::kAssistant;
  message.provider = provider;
  message.model = "some-model";
  message.parts = std::move(parts);
  return message;
}

/// A conversation with one turn behind it.
GenerateRequest three_messages() {
  GenerateRequest request;
  request.conversation = 5;
  request.messages = {Message::user("hello"), assistant("x", {TextPart{"hi", nullptr}}),
                      Message::user("more")};
  return request;
}

/// The next few messages of a conversation, as chance wants them, the odd ones included.
std::vector<Message> some_messages(std::mt19937& chance, int number) {
  const std::string id = "call_" + std::to_string(number % 7);  // ids repeat now and then
  const std::string who = number % 2 == 0 ? "gemini" : "openai";
  Message results;
  results.role = Role::kTool;
  switch (chance() % 8) {
    case 0: return {assistant(who, {TextPart{"Here you are.", nullptr}}), Message::user("thanks")};
    case 1:
      results.parts = {result_of(id)};
      return {assistant(who, {call_named(id)}), results,
              assistant(who, {TextPart{"Found it.", nullptr}}), Message::user("and then?")};
    case 2:
      results.parts = {result_of(id), result_of(id + "b")};
      return {
          assistant(who, {TextPart{"Two looks.", nullptr}, call_named(id), call_named(id + "b")}),
          results};
    case 3: return {Message::user("one more thing"), Message::user("")};
    case 4: return {assistant(who, {call_named(id)}), Message::user("never mind")};  // no result
    case 5: return {assistant(who, {TextPart{"", nullptr}}), Message::user("hello?")};
    case 6: return {assistant(who, {ReasoningPart{"hm", nullptr}}), Message::user("well?")};
    default: {
      Message raw = assistant("gemini", {TextPart{"Raw.", nullptr}});
      raw.provider_metadata = {{"backend", "generativelanguage.googleapis.com"},
                               {"model", "gemini-2.5-flash"},
                               {"parts", {{{"text", "Raw."}, {"thoughtSignature", "c2ln"}}}}};
      return {raw, Message::user("go on")};
    }
  }
}

class ContinuedConversation : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ContinuedConversation, sends_the_bytes_of_a_provider_that_encodes_everything) {
  const Vendor vendor = vendors()[GetParam()];
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 chance(seed);
    BodyKeeper transport;
    const auto continued = vendor.make(transport);
    GenerateRequest request;
    request.conversation = 5;
    request.messages = {Message::user("hello")};
    GenerateRequest alone = request;  // the same, but nothing of it is let go
    alone.conversation = 0;
    for (int step = 0; step < 12; ++step) {
      const std::string kept = body_of(vendor, *continued, transport, request);
      request.unchanged_messages = request.messages.size();
      request.outlined_messages = continued->kept_messages();
      for (std::size_t i = 0; i < request.outlined_messages; ++i) {
        reduce_to_outline(request.messages[i]);
      }
      const std::string fresh = body_of(vendor, *vendor.make(transport), transport, alone);
      ASSERT_FALSE(fresh.empty());
      ASSERT_EQ(kept, fresh) << "seed " << seed << ", step " << step;
      for (Message& message : some_messages(chance, step)) {
        alone.messages.push_back(message);
        request.messages.push_back(std::move(message));
      }
    }
  }
}

TEST_P(ContinuedConversation, asks_for_everything_when_outlines_are_too_little) {
  const Vendor vendor = vendors()[GetParam()];
  BodyKeeper transport;
  const auto provider = vendor.make(transport);
  GenerateRequest request = three_messages();
  body_of(vendor, *provider, transport, request);
  EXPECT_EQ(provider->kept_messages(), 2U);
  request.unchanged_messages = 3;
  request.outlined_messages = 2;
  for (int i = 0; i < 2; ++i) reduce_to_outline(request.messages[i]);
  EXPECT_THAT(body_of(vendor, *provider, transport, request), ::testing::HasSubstr("hello"));

  Vendor changed = vendor;
  changed.model += "-latest";
  EXPECT_EQ(body_of(changed, *provider, transport, request), "");
  EXPECT_EQ(provider->kept_messages(), 0U);
}

TEST_P(ContinuedConversation, begins_anew_when_the_beginning_was_changed) {
  const Vendor vendor = vendors()[GetParam()];
  BodyKeeper transport;
  const auto provider = vendor.make(transport);
  GenerateRequest request = three_messages();
  body_of(vendor, *provider, transport, request);
  request.messages[0] = Message::user("good day");
  request.unchanged_messages = 0;
  EXPECT_THAT(body_of(vendor, *provider, transport, request), ::testing::HasSubstr("good day"));

  request.conversation = 6;
  request.messages[0] = Message::user("good evening");
  request.unchanged_messages = 3;  // of the other conversation, as far as this provider knows
  EXPECT_THAT(body_of(vendor, *provider, transport, request), ::testing::HasSubstr("good evening"));
}

INSTANTIATE_TEST_SUITE_P(Vendors, ContinuedConversation, ::testing::Values(0, 1, 2),
                         [](const auto& vendor) {
                           std::string name = vendors()[vendor.param].name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(KeptBeginning, encodes_a_settled_turn_once) {
  KeptBeginning kept;
  using Range = std::pair<std::size_t, std::size_t>;
  std::vector<Range> encoded;
  const auto encode = [&](std::size_t begin, std::size_t end) {
    encoded.emplace_back(begin, end);
    Json list = Json::array();
    for (std::size_t i = begin; i < end; ++i) list.push_back(i);
    return list;
  };
  GenerateRequest request;
  request.conversation = 1;
  for (int turn = 0; turn < 3; ++turn) {
    request.messages.push_back(Message::user("wish"));
    EXPECT_EQ(kept.settle(request, "key", encode), 2U * turn);
    request.unchanged_messages = request.messages.size();
    request.messages.push_back(assistant("x", {TextPart{"answer", nullptr}}));
  }
  EXPECT_THAT(encoded, ::testing::ElementsAre(Range(0, 2), Range(2, 4)));
  EXPECT_EQ(kept.dump({{"a", 1}, {"list", {4}}, {"z", nullptr}}, "list"),
            R"({"a":1,"list":[0,1,2,3,4],"z":null})");
  EXPECT_EQ(kept.dump({{"list", Json::array()}}, "list"), R"({"list":[0,1,2,3]})");
}

/// Learns from a refusal, and then needs the whole conversation.
class Learner final : public HttpProvider {
 public:
  using HttpProvider::HttpProvider;
  ProviderInfo info() const override { return {"learner", "learner-1", ""}; }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 protected:
  struct Ignorer final : Decoder {
    bool decode(const HttpEvent&, EventSink&) override { return true; }
    void finish(EventSink& sink) override { sink.on_event(Finish{}); }
  };
  HttpRequest build_request(const GenerateRequest& request) override {
    if (learned_ && request.outlined_messages > 0) throw history_needed();
    return {};
  }
  std::unique_ptr<Decoder> make_decoder(const GenerateRequest&) override {
    return std::make_unique<Ignorer>();
  }
  Error classify_error(const HttpHead&, std::string_view) const override {
    return Error(ErrorCode::kInvalidArgument, "no");
  }
  std::optional<std::string> adapt(const Error&, std::string_view) override {
    if (std::exchange(learned_, true)) return std::nullopt;
    return "learned something";
  }

 private:
  bool learned_ = false;
};

TEST(HttpProvider, tells_what_it_learned_only_when_it_has_what_the_next_try_needs) {
  struct : EventSink {
    void on_event(const StreamEvent& event) override {
      const auto* warning = std::get_if<WarningEvent>(&event);
      heard.push_back(warning ? warning->message : "finish");
    }
    std::vector<std::string> heard;
  } sink;
  BodyKeeper transport;
  transport.status = 400;
  Learner learner(&transport);
  GenerateRequest request;
  request.outlined_messages = 1;
  EXPECT_THROW(learner.generate(request, sink, CallContext()), Error);
  EXPECT_THAT(sink.heard, ::testing::IsEmpty());
  transport.status = 200;
  request.outlined_messages = 0;
  learner.generate(request, sink, CallContext());
  EXPECT_THAT(sink.heard, ::testing::ElementsAre("learned something", "finish"));
}

}  // namespace
}  // namespace cartpilot
