#include "torture/mcp_run.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>

#include "torture/program_output.h"

namespace cartpilot::torture {
namespace {

constexpr std::chrono::seconds kConfirmLasts{90};  ///< its own process gives up after a minute
constexpr std::chrono::milliseconds kLook{50};
/// What may go wrong at CartPilot meanwhile. Nothing that needs clocks to be put forward.
constexpr const char* kFaults[] = {"reset_after",  "close_after",  "truncate",
                                   "garbage",      "answer_twice", "work_twice",
                                   "price_change", "status_after", "lost_merchant_answer"};

/// Shops up to the end, or as far as it gets.
void shop(McpClient& client, int confirms, bool impatient, std::string& checkout) {
  const auto intent = client.get("create_intent", {{"query", "wireless headphones"}});
  if (!intent) return;
  const auto offers = client.get("get_intent_offers", {{"intent_id", string_or(*intent, "id")}});
  if (!offers) return;
  for (const Json& offer : offers->at("items")) {
    if (!offer.contains("items") || offer.at("items").empty()) continue;
    const Json items =
        Json::array({{{"product_id", offer.at("items").at(0).at("product_id")}, {"quantity", 1}}});
    const auto made =
        client.get("create_checkout", {{"offer_id", string_or(offer, "id")}, {"items", items}});
    if (!made) return;
    checkout = string_or(*made, "id");
    const Json named = {{"checkout_id", checkout}};
    client.get("quote_checkout", {{"checkout_id", checkout}, {"items", items}});
    client.get("request_approval", named);
    const int approval = client.start("approve_checkout", named);
    if (!impatient) client.wait(approval);
    std::vector<int> sent;
    for (int i = 0; i < confirms; ++i) sent.push_back(client.start("confirm_checkout", named));
    for (const int id : sent) client.wait(id);
    if (impatient) client.wait(approval);
    client.get("list_orders", Json::object());
    return;
  }
}

bool is_under_way(const Json& attempts) {
  return std::any_of(attempts.begin(), attempts.end(), [](const Json& attempt) {
    return string_or(attempt, "state") == "confirm_sent";
  });
}

/// The list of purchases, once no confirm is under way any more.
Json settled_attempts(const Place& place) {
  const auto end = McpClient::Clock::now() + kConfirmLasts;
  for (;;) {
    Json attempts = attempts_in(RunPlan{}, place);
    if (!attempts.is_array() || !is_under_way(attempts) || McpClient::Clock::now() > end) {
      return attempts;
    }
    ::poll(nullptr, 0, static_cast<int>(kLook.count()));
  }
}

void keep(McpRun& run, const McpClient& client, const Place& place, const char* which) {
  run.questions.insert(run.questions.end(), client.questions().begin(), client.questions().end());
  const auto wrong = [&](const std::string& what) {
    ++run.verdict.misbehaved;
    run.verdict.findings.push_back(fmt::format("the {} client: {}", which, what));
  };
  if (client.stuck()) wrong("something did not end");
  for (const std::string* text : {&client.received(), &client.errors(), &client.screen()}) {
    if (text->find(place.api_key) != std::string::npos) wrong("the key was shown");
  }
  run.shown += fmt::format("--- {} client\n{}--- errors\n{}--- terminal\n{}\n", which,
                           client.received(), client.errors(), client.screen());
}

}  // namespace

McpPlan cast_mcp(std::uint64_t seed, std::int64_t whole_us) {
  std::mt19937_64 random(seed * 0x9e3779b97f4a7c15U + 0x4d4350);
  const auto dice = [&](int sides) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(sides));
  };
  McpPlan plan;
  plan.seed = seed;
  plan.modern = dice(2) == 0;
  plan.second_modern = dice(2) == 0;
  const int person = dice(20);
  if (person < 2) plan.person = Behaviour::kSaysNo;
  if (person == 2) plan.person = Behaviour::kTypesOtherTotal;
  if (person == 3) plan.person = Behaviour::kClosesTerminal;
  plan.confirms = dice(3) == 0 ? 2 + dice(3) : 1;
  plan.impatient = dice(8) == 0;
  // Half of the moments lie in the second half, where the money is; some never come.
  const int part = dice(2) == 0 ? 500 + dice(600) : dice(1100);
  plan.death_us = whole_us * part / 1000;
  plan.manner = static_cast<Death>(dice(static_cast<int>(Death::kCount)));
  plan.buys_again = dice(3) == 0;
  if (dice(5) == 0) {
    plan.fault_name = kFaults[dice(static_cast<int>(std::size(kFaults)))];
    plan.faults = faults_of(plan.fault_name, dice);
  }
  return plan;
}

std::string describe(const McpPlan& plan) {
  return fmt::format("seed m{} {} then {}, person {}, confirms {}{}, dies after {} ms by {}, {}{}",
                     plan.seed, plan.modern ? "modern" : "legacy",
                     plan.second_modern ? "modern" : "legacy", name_of(plan.person), plan.confirms,
                     plan.impatient ? " at once" : "", plan.death_us / 1000, name_of(plan.manner),
                     plan.fault_name, plan.buys_again ? ", buys again" : "");
}

McpRun play_mcp(const McpPlan& plan, const Place& place, FaultCartPilot& server) {
  McpRun run;
  server.begin(plan.faults);
  std::string checkout;
  {
    const auto start = McpClient::Clock::now();
    McpClient first(place, plan.modern, plan.person);
    first.die_at(start + std::chrono::microseconds(plan.death_us), plan.manner);
    shop(first, plan.confirms, plan.impatient, checkout);
    run.died = first.dead();
    first.finish();
    keep(run, first, place, "first");
  }
  settled_attempts(place);
  server.heal();
  {
    McpClient second(place, plan.second_modern, Behaviour::kTypesTotal);
    if (!checkout.empty()) {
      const Json named = {{"checkout_id", checkout}};
      second.wait(second.start("approve_checkout", named));
      second.wait(second.start("confirm_checkout", named));
    }
    std::string again;
    if (plan.buys_again) shop(second, 1, false, again);
    second.get("list_orders", Json::object());
    second.finish();
    keep(run, second, place, "second");
  }
  run.attempts = settled_attempts(place);
  server.settle();
  run.bookings = server.bookings();
  judge_mcp(run);
  return run;
}

std::int64_t measure_mcp(const Place& place, FaultCartPilot& server) {
  McpPlan plan;
  plan.death_us = std::int64_t{600} * 1'000'000;
  const auto begin = McpClient::Clock::now();
  server.begin({});
  McpClient client(place, true, Behaviour::kTypesTotal);
  std::string checkout;
  shop(client, 1, false, checkout);
  const auto time = McpClient::Clock::now() - begin;
  client.finish();
  if (server.bookings().size() != 1) {
    throw std::runtime_error("no purchase works here at all:\n" + client.errors());
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

void judge_mcp(McpRun& run) {
  Verdict& verdict = run.verdict;
  const auto find = [&](int& counter, const std::string& what) {
    ++counter;
    verdict.findings.push_back(what);
  };
  if (!run.attempts.is_array()) {
    find(verdict.misbehaved, "the list of purchases cannot be read");
    return;
  }
  const auto state_of = [&](const std::string& checkout) {
    std::string state;
    for (const Json& attempt : run.attempts) {
      if (string_or(attempt, "checkout_id") != checkout) continue;
      if (state.empty() || string_or(attempt, "state") == "done") {
        state = string_or(attempt, "state");
      }
    }
    return state;
  };
  std::set<std::string> booked;
  for (const Booking& booking : run.bookings) {
    if (!booking.by_program) continue;
    const bool agreed =
        std::any_of(run.questions.begin(), run.questions.end(), [&](const Question& question) {
          return question.agreed && question.total == amount_text(booking.total) &&
                 question.screen.find(booking.checkout_id) != std::string::npos;
        });
    if (!agreed) find(verdict.unapproved, "nobody agreed to checkout " + booking.checkout_id);
    if (!booked.insert(booking.checkout_id).second) {
      find(verdict.duplicate, "booked once more: checkout " + booking.checkout_id);
    }
    const std::string state = state_of(booking.checkout_id);
    if (state == "done") {
      ++verdict.bought;
    } else if (state == "void") {
      find(verdict.false_not_bought, "bought, and called void: " + booking.checkout_id);
    } else if (state != "unknown" && state != "confirm_sent") {
      find(verdict.lost,
           fmt::format("bought, and on record as \"{}\": checkout {}", state, booking.checkout_id));
    }
  }
  for (const Json& attempt : run.attempts) {
    const std::string state = string_or(attempt, "state");
    if (state == "unknown" || state == "confirm_sent") ++verdict.unknown;
    if (state == "done" && booked.count(string_or(attempt, "checkout_id")) == 0) {
      find(verdict.false_bought, "called bought: checkout " + string_or(attempt, "checkout_id"));
    }
  }
}

}  // namespace cartpilot::torture
