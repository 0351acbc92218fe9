#include "cartpilot/testing/vendor_fake.h"

#include <map>
#include <memory>

#include "cartpilot/detail/wire.h"
#include "testing/check_subject.h"
#include "testing/shop_conversation.h"

namespace cartpilot::testing {
namespace {

/// A plugin in a pretend host. Neither is ever given back: a plugin may keep both for ever.
struct LoadedPlugin {
  explicit LoadedPlugin(const std::string& file) : plugin(file) {
    const CallOutcome started = plugin.init(host);
    expect(started.ok(), "it did not start: " + started.description());
  }
  FakeHost host;
  PluginUnderTest plugin;
};

LoadedPlugin& load(const std::string& file) {
  static auto* loaded = new std::map<std::string, std::unique_ptr<LoadedPlugin>>;
  std::unique_ptr<LoadedPlugin>& plugin = (*loaded)[file];
  if (!plugin) plugin = std::make_unique<LoadedPlugin>(file);
  return *plugin;
}

/// A fault in an answer on its way; look-ups are left alone.
using Fault = std::function<void(FakeReply&)>;

/// A pretend vendor and a provider that talks to it.
class Stage {
 public:
  Stage(const std::string& file, const VendorFakeMaker& make_fake, Model model)
      : loaded_(load(file)),
        fake_(make_fake()),
        model_(std::move(model)),
        instance_(
            loaded_.plugin.make(Interface::kProvider, dump_json(config_to_json(fake_->config())))) {
    enter();
  }
  ~Stage() {
    instance_.destroy();
    loaded_.host.http().script([](const HttpRequest&) -> FakeReply {
      throw Error(ErrorCode::kInternal, "a request after the end of its conversation");
    });
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// The plugin's requests come here from now on.
  void enter() {
    loaded_.host.http().script([this](const HttpRequest& request) {
      if (request.method == "GET") return fake_->answer(request, model_);
      if (refusal_ != 0) return fake_->refusal(refusal_);
      FakeReply reply = fake_->answer(request, model_);
      // A refusal that the plugin learns from arrives whole.
      if (fault_ && reply.status < 300) fault_(reply);
      return reply;
    });
  }
  void fault(Fault fault) { fault_ = std::move(fault); }
  /// The vendor refuses everything with this status; 0 = no longer.
  void refuse(int status) { refusal_ = status; }

  ShopConversation conversation(bool stream) {
    return ShopConversation(instance_, fake_->model(), stream);
  }
  ShopConversation go_on(const ShopConversation& from) {
    return ShopConversation(instance_, fake_->model(), from);
  }
  ProviderConfig config() const { return fake_->config(); }

  void expect_no_violation() const {
    for (const std::string& violation : fake_->violations()) {
      fail_check("the vendor found: " + violation);
    }
  }

 private:
  LoadedPlugin& loaded_;
  std::unique_ptr<VendorFake> fake_;
  const Model model_;
  Instance instance_;
  Fault fault_;
  int refusal_ = 0;
};

void expect_answer(const std::optional<Error>& error, const std::string& after) {
  if (error) fail_check("no answer to '" + after + "': " + error->what());
}

void expect_one_order(const ShopConversation& conversation) {
  const std::vector<std::string>& orders = conversation.shop().orders();
  expect(orders.size() == 1, std::to_string(orders.size()) +
                                 " orders were placed instead of one; " +
                                 "the model's last words: " + conversation.last_text());
  expect(
      conversation.last_text() == "Done: order " + orders.front(),
      "the model does not know the order it placed; its last words: " + conversation.last_text());
}

void three_turn_purchase(const std::string& file, const VendorFakeMaker& make_fake) {
  for (const bool stream : {true, false}) {
    Stage stage(file, make_fake, buying_model);
    ShopConversation conversation = stage.conversation(stream);
    for (const std::string& words : kPurchaseWords) expect_answer(conversation.say(words), words);
    expect_one_order(conversation);
    stage.expect_no_violation();
  }
}

void parallel_reads(const std::string& file, const VendorFakeMaker& make_fake) {
  static const std::vector<std::string> wanted = {"offer-b", "offer-a", "offer-gone"};
  for (const bool stream : {true, false}) {
    std::vector<ModelView> seen;
    const Model reader = [&](const ModelView& view) {
      seen.push_back(view);
      if (view.last_is_result) return ModelStep{"Compared.", {}};
      ModelStep step{"Let me compare.", {}};
      for (const std::string& offer : wanted) {
        step.calls.push_back({"get_offer_details", {{"offer_id", offer}}});
      }
      return step;
    };
    Stage stage(file, make_fake, reader);
    ShopConversation conversation = stage.conversation(stream);
    // Twice: a vendor may give the calls of each answer the same ids.
    for (const char* words : {"compare them", "compare them again"}) {
      expect_answer(conversation.say(words), words);
    }
    expect(conversation.calls().size() == 2 * wanted.size(),
           "the vendor sent 6 calls, the plugin reports " +
               std::to_string(conversation.calls().size()));
    for (std::size_t i = 0; i < conversation.calls().size(); ++i) {
      const std::string offer = string_or(conversation.calls()[i].arguments, "offer_id");
      expect(offer == wanted[i % wanted.size()], "call " + std::to_string(i + 1) + " is about '" +
                                                     offer + "', not '" +
                                                     wanted[i % wanted.size()] + "'");
    }
    const auto& results = seen.back().results;
    expect(results.size() == 2 * wanted.size(),
           "the model sees " + std::to_string(results.size()) + " results instead of 6");
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::string& offer = wanted[i % wanted.size()];
      expect(results[i].first == "get_offer_details" &&
                 dump_json(results[i].second).find(offer) != std::string::npos,
             "result " + std::to_string(i + 1) + " should be that of '" + offer +
                 "', the model sees " + results[i].first + " " + dump_json(results[i].second));
    }
    stage.expect_no_violation();
  }
}

/// What an answer of the model is, whole.
struct WholeAnswer {
  std::string text;
  std::vector<std::pair<std::string, std::string>> calls;
};

WholeAnswer whole_of(const Message& message) {
  WholeAnswer whole{text_of(message), {}};
  for (const ToolCall& call : tool_calls_of(message)) {
    whole.calls.emplace_back(call.name, dump_json(call.arguments));
  }
  return whole;
}

/// The first `events` events of an answer, then the end of the stream or a broken connection.
Fault cut_after(std::size_t events, bool broken) {
  return [events, broken](FakeReply& reply) {
    if (reply.events.size() > events) reply.events.resize(events);
    if (reply.events.empty()) reply.body.clear();
    if (!broken) return;
    Error reset(ErrorCode::kUnavailable, "the connection was reset");
    reset.retryable = true;
    reset.reason = "reset";
    reply.failure = reset;
  };
}

void cut_at_every_event(const std::string& file, const VendorFakeMaker& make_fake,
                        const ModelStep& step) {
  const auto ask = [&](const Fault& fault) {
    Stage stage(file, make_fake, [&](const ModelView&) { return step; });
    stage.fault(fault);
    ShopConversation conversation = stage.conversation(true);
    conversation.hear("compare them");
    return conversation.ask();
  };
  std::size_t events = 0;
  const HeldAnswer uncut = ask([&](FakeReply& reply) { events = reply.events.size(); });
  expect_answer(uncut.error, "compare them");
  expect(events > 0, "the pretend vendor answers a request for a stream without events");
  const WholeAnswer whole = whole_of(uncut.message);
  for (std::size_t kept = 0; kept < events; ++kept) {
    for (const bool broken : {true, false}) {
      const std::string where = "an answer of " + std::to_string(events) + " events that " +
                                (broken ? "broke off" : "ended") + " after " + std::to_string(kept);
      const HeldAnswer cut = ask(cut_after(kept, broken));
      if (cut.error) {
        expect(cut.error->retryable,
               where + " is an error that may not be tried again: " + cut.error->what());
        continue;
      }
      expect(kept > 0, where + " counts as an answer");
      const WholeAnswer heard = whole_of(cut.message);
      expect(heard.text == whole.text && heard.calls == whole.calls,
             where + " counts as whole, but is not");
    }
  }
}

void cut_streams(const std::string& file, const VendorFakeMaker& make_fake) {
  cut_at_every_event(file, make_fake, {"Two of them fit: na\xc3\xafve ones \xf0\x9f\x8e\xa7.", {}});
  cut_at_every_event(file, make_fake,
                     {"Let me compare.",
                      {{"get_offer_details", {{"offer_id", "offer-a"}}},
                       {"get_offer_details", {{"offer_id", "offer-b"}}}}});

  // The conversation goes on after a cut, and buys.
  Stage stage(file, make_fake, buying_model);
  ShopConversation conversation = stage.conversation(true);
  expect_answer(conversation.say(kPurchaseWords[0]), kPurchaseWords[0]);
  stage.fault(cut_after(1, true));
  if (!conversation.say(kPurchaseWords[1])) fail_check("an answer of one event counts as whole");
  stage.fault(nullptr);
  for (std::size_t i = 1; i < kPurchaseWords.size(); ++i) {
    expect_answer(conversation.say(kPurchaseWords[i]), kPurchaseWords[i]);
  }
  expect_one_order(conversation);
}

void expect_refusal(const Error& error, int status, const ProviderConfig& config) {
  const std::string what = "HTTP " + std::to_string(status) + " is told as '" +
                           std::string(error_code_name(error.code)) + "', ";
  switch (status) {
    case 401:
      expect(error.code == ErrorCode::kUnauthenticated, what + "not as unauthenticated");
      expect(!error.retryable, "HTTP 401 may be tried again");
      break;
    case 429:
      expect(error.code == ErrorCode::kRateLimited, what + "not as rate_limited");
      expect(error.retryable, "HTTP 429 may not be tried again");
      expect(error.retry_after_ms.value_or(0) == 7000, "the wait of 7 seconds is not passed on");
      break;
    default:
      expect(error.code == ErrorCode::kUnavailable, what + "not as unavailable");
      expect(error.retryable, "HTTP 503 may not be tried again");
  }
  expect(error.http_status == status,
         what + "with the status " + std::to_string(error.http_status));
  for (const auto& [name, value] : config.environment) {
    const bool secret = name.find("KEY") != std::string::npos;
    expect(!secret || value.empty() || std::string(error.what()).find(value) == std::string::npos,
           "the error shows " + name);
  }
}

void refusals(const std::string& file, const VendorFakeMaker& make_fake) {
  for (const int status : {401, 429, 503}) {
    Stage stage(file, make_fake, buying_model);
    ShopConversation conversation = stage.conversation(true);
    expect_answer(conversation.say(kPurchaseWords[0]), kPurchaseWords[0]);
    stage.refuse(status);
    const auto error = conversation.say(kPurchaseWords[1]);
    if (!error) fail_check("HTTP " + std::to_string(status) + " counts as an answer");
    expect_refusal(*error, status, stage.config());
    stage.refuse(0);
    for (std::size_t i = 1; i < kPurchaseWords.size(); ++i) {
      expect_answer(conversation.say(kPurchaseWords[i]), kPurchaseWords[i]);
    }
    expect_one_order(conversation);
  }
}

void moved_conversations(const std::string& file, const VendorFakeMaker& make_fake) {
  for (const bool stream : {true, false}) {
    for (std::size_t moved_after = 1; moved_after < kPurchaseWords.size(); ++moved_after) {
      Stage before(file, make_fake, buying_model);
      ShopConversation conversation = before.conversation(stream);
      for (std::size_t i = 0; i < moved_after; ++i) {
        expect_answer(conversation.say(kPurchaseWords[i]), kPurchaseWords[i]);
      }
      conversation.pretend_it_was_elsewhere();
      Stage after(file, make_fake, buying_model);
      ShopConversation moved = after.go_on(conversation);
      for (std::size_t i = moved_after; i < kPurchaseWords.size(); ++i) {
        expect_answer(moved.say(kPurchaseWords[i]), kPurchaseWords[i]);
      }
      expect_one_order(moved);
      after.expect_no_violation();
    }
  }
}

struct ProviderConversation {
  CheckInfo info;
  void (*hold)(const std::string& file, const VendorFakeMaker& make_fake);
};

const std::vector<ProviderConversation>& conversations() {
  static const std::vector<ProviderConversation> all = {
      {{"three-turn-purchase", "buys in three turns, streamed and whole"}, three_turn_purchase},
      {{"parallel-reads", "keeps calls and results of one answer apart and in order"},
       parallel_reads},
      {{"cut-streams", "takes no cut answer for a whole one, and goes on"}, cut_streams},
      {{"refusals", "says why the vendor refuses, and goes on afterwards"}, refusals},
      {{"moved-conversations", "goes on with what another vendor began"}, moved_conversations}};
  return all;
}

}  // namespace

std::vector<CheckInfo> list_provider_conversations() {
  std::vector<CheckInfo> list;
  for (const ProviderConversation& conversation : conversations())
    list.push_back(conversation.info);
  return list;
}

CheckResult hold_provider_conversation(const std::string& id, const std::string& plugin_file,
                                       const VendorFakeMaker& make_fake) {
  for (const ProviderConversation& conversation : conversations()) {
    if (conversation.info.id != id) continue;
    CheckResult result;
    result.id = id;
    try {
      conversation.hold(plugin_file, make_fake);
    } catch (const CheckEnd& end) {
      result.outcome = end.outcome;
      result.message = end.message;
    } catch (const std::exception& error) {
      result.outcome = CheckOutcome::kFail;
      result.message = error.what();
    }
    return result;
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no conversation '" + id + "'");
}

}  // namespace cartpilot::testing
