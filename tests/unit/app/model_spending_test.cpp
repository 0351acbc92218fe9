#include "app/model_spending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cost/totals.h"
#include "fakes/store/test_state.h"
#include "unit/app/app_world.h"

namespace cartpilot::app {
namespace {

using testing::HasSubstr;

/// Output costs a thousandth of a dollar a token, input nothing.
cost::PriceTable price_of_output(const std::string& model = "scripted-1") {
  cost::PriceTable prices;
  prices.set("scripted/" + model, "input=0 output=1000 currency=USD");
  return prices;
}

GenerateRequest request_for(std::optional<std::int64_t> max_output_tokens = 100) {
  GenerateRequest request;
  request.model = "scripted-1";
  request.messages = {Message::user("Hello")};
  request.max_output_tokens = max_output_tokens;
  return request;
}

chat::RequestResult answer_of(std::int64_t output_tokens) {
  chat::RequestResult result;
  result.usage.output_tokens = output_tokens;
  result.first_ms = 1;
  return result;
}

class CountingWire final : public HttpTransport {
 public:
  void send(const HttpRequest&, HttpSink&, const CallContext&) override { ++sent; }
  int sent = 0;
};

class NoAnswer final : public HttpSink {
 public:
  void on_head(const HttpHead&) override {}
  bool on_event(const HttpEvent&) override { return true; }
};

class ModelSpendingTest : public testing::Test {
 protected:
  ModelSpending limited_to(const std::string& limit) {
    return ModelSpending(state_, "s", prices_, {cost::parse_limit(limit)});
  }
  std::string refusal(ModelSpending& spending, const GenerateRequest& request) {
    try {
      spending.before("scripted", request, 1);
    } catch (const Error& error) {
      EXPECT_EQ(error.reason, cost::kCostLimitReason);
      return error.what();
    }
    return "";
  }
  void post(const std::string& body) {
    HttpRequest request;
    request.body = body;
    gate_.send(request, sink_, CallContext());
  }

  store::StateDb state_{store::open_test_state()};
  cost::PriceTable prices_ = price_of_output();
  CountingWire wire_;
  SpendingGate gate_{wire_};
  NoAnswer sink_;
};

TEST_F(ModelSpendingTest, refuses_a_model_without_a_price) {
  prices_ = price_of_output("another");
  ModelSpending spending = limited_to("100:USD/day");
  EXPECT_THAT(refusal(spending, request_for()), HasSubstr("no price of scripted/scripted-1"));
}

TEST_F(ModelSpendingTest, refuses_a_request_without_a_limit_of_its_output) {
  ModelSpending spending = limited_to("100:USD/day");
  EXPECT_THAT(refusal(spending, request_for(std::nullopt)),
              HasSubstr("needs a limit of the output"));
}

TEST_F(ModelSpendingTest, gives_back_what_the_answer_did_not_cost) {
  ModelSpending spending = limited_to("0.15:USD/conversation");
  EXPECT_EQ(refusal(spending, request_for()), "");
  spending.after(answer_of(60));
  EXPECT_THAT(refusal(spending, request_for()), HasSubstr("0.06 USD of 0.15 USD per conversation"));
  EXPECT_EQ(refusal(spending, request_for(90)), "");
}

TEST_F(ModelSpendingTest, keeps_a_reservation_when_the_answer_was_cut) {
  ModelSpending spending = limited_to("0.15:USD/conversation");
  EXPECT_EQ(refusal(spending, request_for()), "");
  const Error cut(ErrorCode::kUnavailable, "the answer ended before it was complete");
  chat::RequestResult result = answer_of(1);
  result.error = &cut;
  spending.after(result);
  EXPECT_THAT(refusal(spending, request_for()), HasSubstr("0.10 USD of 0.15 USD"));
}

TEST_F(ModelSpendingTest, gives_all_back_when_the_vendor_refused_or_was_never_reached) {
  ModelSpending spending = limited_to("0.15:USD/conversation");
  Error refused(ErrorCode::kRateLimited, "too many requests");
  refused.http_status = 429;
  Error unreachable(ErrorCode::kUnavailable, "no route");
  unreachable.reason = "connect";
  for (const Error* error : {&refused, &unreachable}) {
    EXPECT_EQ(refusal(spending, request_for()), "");
    post("{\"max_tokens\":100}");
    chat::RequestResult result;
    result.error = error;
    spending.after(result);
  }
  EXPECT_EQ(refusal(spending, request_for()), "");
}

TEST_F(ModelSpendingTest, reserves_every_further_request_of_the_same_answer) {
  ModelSpending spending = limited_to("0.25:USD/conversation");
  EXPECT_EQ(refusal(spending, request_for()), "");
  post("{\"max_tokens\":100}");
  post("{\"max_tokens\":100,\"continued\":true}");
  EXPECT_THROW(post("{\"max_tokens\":100}"), Error);
  EXPECT_EQ(wire_.sent, 2);
  // Nothing of it comes back: what was sent may have been charged.
  Error stopped(ErrorCode::kPermission, "stopped");
  stopped.reason = cost::kCostLimitReason;
  chat::RequestResult result;
  result.error = &stopped;
  spending.after(result);
  EXPECT_THAT(refusal(spending, request_for()), HasSubstr("0.20 USD of 0.25 USD"));
}

TEST_F(ModelSpendingTest, stops_a_request_that_lost_the_limit_of_its_output) {
  ModelSpending spending = limited_to("100:USD/day");
  EXPECT_EQ(refusal(spending, request_for()), "");
  EXPECT_THROW(post("{\"messages\":[]}"), Error);
  EXPECT_EQ(wire_.sent, 0);
}

TEST_F(ModelSpendingTest, lets_everything_else_pass_the_gate) {
  post("{}");
  ModelSpending unlimited(state_, "s", prices_);
  unlimited.before("scripted", request_for(std::nullopt), 1);
  post("{}");
  ModelSpending spending = limited_to("0.10:USD/day");
  unlimited.after(answer_of(0));
  EXPECT_EQ(refusal(spending, request_for()), "");
  spending.after(answer_of(1));
  post("{}");
  EXPECT_EQ(wire_.sent, 3);
}

TEST(ModelSpending, of_a_conversation_stops_it_before_the_request_that_could_cross_the_limit) {
  const purchase::TemporaryFolder folder;
  purchase::LoopbackShop shop;
  AppSettings settings;
  settings.state_directory = folder.path();
  settings.plugins.enabled = false;
  settings.prices = price_of_output();
  AppServices services(settings);
  const auto answers = [](const std::string& text) {
    return [text](const GenerateRequest& request, EventSink& sink) {
      EXPECT_EQ(request.max_output_tokens, 100);
      sink.on_event(TextDelta{text});
      sink.on_event(UsageEvent{{10, 80, 0, 0}});
      sink.on_event(Finish{});
    };
  };
  SessionSettings session = chat_at(shop);
  session.model->max_output_tokens = 100;
  session.model->cost_limits = {cost::parse_limit("0.20:USD/conversation")};
  Talk talk(services, session, scripted({answers("one"), answers("two")}));
  EXPECT_EQ(talk.say("first").result.text, "one");
  EXPECT_EQ(talk.say("second").result.text, "two");
  const TurnReport third = talk.say("third");
  EXPECT_EQ(third.end, TurnEnd::kModelFailed);
  EXPECT_THAT(third.error->what(), HasSubstr("0.16 USD of 0.20 USD per conversation"));
  EXPECT_EQ(cost::cost_text(
                cost::totals_by_model(talk.session.spending().entries()).at("scripted/scripted-1")),
            "0.16 USD");
}

}  // namespace
}  // namespace cartpilot::app
