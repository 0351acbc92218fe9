// Buys the same thing again and again within one budget, as one of several processes that share it.
//
//   buy_many STATE URL WHO TIMES LIMIT_CENTS
//
// WHO is also the quantity, so that the baskets of the processes differ. Prints what was bought, in
// cents. Time is real.
#include <cstdio>
#include <cstdlib>

#include "fakes/store/test_state.h"
#include "gate_world.h"
#include "net/http_client.h"

namespace cartpilot::purchase {
namespace {

int run(const char* state, const char* url, int who, int times, std::int64_t limit) {
  net::HttpClient http{net::HttpClientOptions{}};
  commerce::ClientOptions options;
  options.base_url = url;
  options.api_key = "test-key";
  const commerce::CartPilotClient client(options, http);
  commerce::CartPilotTools tools(client);
  store::StateDb db(store::open_test_state(state));
  PurchaseJournal journal(db);
  Questions questions(db);
  ScriptedPerson person;
  EventLog events;
  PurchasePolicy policy = parse_policy("up-to:10000:USD", "merchant-a");
  policy.limits.day = {limit, "USD"};
  policy.allow_repeat = times;
  policy.limits.session = {INT64_MAX, "USD"};
  const CallContext context;
  PurchaseGate gate(client, journal, policy, questions, person, events,
                    "session-" + std::to_string(who));
  const Json items = Json::array({Json{{"product_id", "mug"}, {"quantity", who}}});
  std::int64_t bought = 0;
  for (int i = 0; i < times; ++i) {
    gate.begin_turn();
    const auto write = [&](const char* function, Json arguments) {
      ToolCall call{"1", function, std::move(arguments), "", nullptr};
      if (gate.before_write(call)) return Json();
      const ToolOutcome outcome = tools.call(call.name, call.arguments, context);
      gate.after_write(call, outcome);
      return outcome.content;
    };
    const Json checkout = write("create_checkout", Json{{"offer_id", "offer-a"}, {"items", items}});
    const Json id = {{"checkout_id", string_or(checkout, "id")}};
    Json quote = id;
    quote["items"] = items;
    write("quote_checkout", quote);
    write("request_approval", id);
    if (!gate.run_money({"2", "approve_checkout", id, "", nullptr}, context).ok) continue;
    const ToolOutcome outcome = gate.run_money({"3", "confirm_checkout", id, "", nullptr}, context);
    if (outcome.ok) bought += gate.last_report()->total.minor;
  }
  std::printf("%lld\n", static_cast<long long>(bought));
  return 0;
}

}  // namespace
}  // namespace cartpilot::purchase

int main(int count, char** arguments) {
  if (count != 6) return 2;
  try {
    return cartpilot::purchase::run(arguments[1], arguments[2], std::atoi(arguments[3]),
                                    std::atoi(arguments[4]), std::atoll(arguments[5]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
