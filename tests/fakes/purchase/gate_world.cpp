#include "gate_world.h"

#include <fmt/format.h>

#include <array>

#include "fakes/store/test_state.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

commerce::ClientOptions client_options() {
  commerce::ClientOptions options;
  options.base_url = "http://127.0.0.1:8000";
  options.api_key = "test-key";
  options.read_retries.max_attempts = 1;  // every request the server sees is one the gate asked for
  return options;
}

}  // namespace

GateClock FakeClock::gate_clock() {
  GateClock clock;
  clock.steady = [this] {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(passed_ms));
  };
  clock.system = [this] {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(unix_ms()));
  };
  clock.sleep = [this](std::chrono::milliseconds length) {
    passed_ms += length.count();
    slept_ms += length.count();
  };
  return clock;
}

std::optional<std::string> ScriptedPerson::unavailable() {
  if (answers.empty() || answers.front() != ConsentAnswer::kNoTerminal) return std::nullopt;
  answers.pop_front();
  return "there is no terminal to ask on";
}

ConsentAnswer ScriptedPerson::next() {
  if (answers.empty()) return ConsentAnswer::kApproved;
  const ConsentAnswer answer = answers.front();
  answers.pop_front();
  return answer;
}

void ScriptedPerson::ask(const ApprovalQuestion& question, Questions& store, const CallContext&) {
  std::vector<std::string> lines = question.warnings;
  lines.insert(lines.end(), question.notes.begin(), question.notes.end());
  const std::string total = commerce::format_money(question.total.value());
  std::string challenge = question.challenge;
  for (int round = 1; round <= question.rounds; ++round) {
    questions.push_back({string_or(question.detail, "checkout_id"), question.subject,
                         question.total.value(), question.previous_total,
                         fmt::format("{}", fmt::join(lines, "\n"))});
    if (meanwhile) meanwhile();
    if (next() != ConsentAnswer::kApproved) {
      store.answer(question.id, challenge, "no", {"terminal", "you"});
      return;
    }
    const AnswerResult result =
        store.answer(question.id, challenge, total.substr(0, total.find(' ')) + " " + challenge,
                     {"terminal", "you"});
    if (result.kind != AnswerResult::Kind::kAgain) return;
    challenge = result.challenge;
    lines.insert(lines.begin(), "AGAIN");
  }
}

void EventLog::on_approval_request(const ApprovalRequest& request) {
  lines.push_back(fmt::format("request {}", commerce::format_money(request.receipt.total())));
}

void EventLog::on_approval_decision(const ApprovalDecision& decision) {
  lines.push_back(fmt::format("decision {} by {}", decision.decision, decision.by));
}

void EventLog::on_purchase(const PurchaseReport& report) {
  lines.push_back("purchase: " + name_of(report.end));
}

GateWorld::GateWorld(PurchasePolicy given, const std::filesystem::path& state)
    : db(store::open_test_state(state)),
      journal(db, [this] { return clock.unix_ms(); }),
      questions(db, [this] { return clock.unix_ms(); }),
      client(client_options(), server),
      tools(client),
      policy(std::move(given)) {
  restart();
}

void GateWorld::restart(const std::string& session) {
  gate = std::make_unique<PurchaseGate>(client, journal, policy, questions, person, events, session,
                                        clock.gate_clock());
  gate->begin_turn();
}

namespace {

Json items_json(const std::string& product, std::int64_t quantity) {
  return Json::array({Json{{"product_id", product}, {"quantity", quantity}}});
}

}  // namespace

ToolOutcome GateWorld::write(const std::string& function, Json arguments) {
  ToolCall call{"call", function, std::move(arguments), "", nullptr};
  if (auto refusal = gate->before_write(call)) return *refusal;
  ToolOutcome outcome = tools.call(call.name, call.arguments, context);
  gate->after_write(call, outcome);
  return outcome;
}

ToolOutcome GateWorld::money(const std::string& function, Json arguments) {
  return gate->run_money({"call", function, std::move(arguments), "", nullptr}, context);
}

Json GateWorld::create(const std::string& product, std::int64_t quantity,
                       const std::string& offer) {
  return write("create_checkout",
               Json{{"offer_id", offer}, {"items", items_json(product, quantity)}})
      .content;
}

ToolOutcome GateWorld::quote(const std::string& checkout_id, const std::string& product,
                             std::int64_t quantity) {
  return write("quote_checkout",
               Json{{"checkout_id", checkout_id}, {"items", items_json(product, quantity)}});
}

ToolOutcome GateWorld::request_approval(const std::string& checkout_id) {
  return write("request_approval", Json{{"checkout_id", checkout_id}});
}

std::string GateWorld::prepare(const std::string& product, std::int64_t quantity,
                               const std::string& offer) {
  const std::string id = string_or(create(product, quantity, offer), "id");
  quote(id, product, quantity);
  request_approval(id);
  return id;
}

ToolOutcome GateWorld::approve(const std::string& checkout_id) {
  return money("approve_checkout", Json{{"checkout_id", checkout_id}});
}

void GateWorld::sent_by_another_program(const std::string& id, const std::string& checkout_id) {
  const Json& item = server.checkout(checkout_id).at("items").at(0);
  Attempt other;
  other.id = id;
  other.session = "another";
  other.checkout_id = "elsewhere";
  other.total = {8638, "USD"};
  other.cartpilot = gate->cartpilot().text();
  other.basket = basket_of("merchant-a", {{item.at("product_id").get<std::string>(), std::nullopt,
                                           item.at("quantity").get<std::int64_t>()}});
  journal.open(other);
  journal.advance(id, AttemptState::kApproved);
  journal.begin_send(id);
}

ToolOutcome GateWorld::confirm(const std::string& checkout_id) {
  return money("confirm_checkout", Json{{"checkout_id", checkout_id}});
}

std::string name_of(PurchaseEnd end) {
  static constexpr std::array<const char*, 10> kNames = {
      "bought",  "no record", "cartpilot failed", "declined",    "refused",
      "changed", "unknown",   "not as agreed",    "interrupted", "dry run"};
  return kNames.at(static_cast<std::size_t>(end));
}

std::optional<PurchaseEnd> GateWorld::end() const {
  if (!gate->last_report()) return std::nullopt;
  return gate->last_report()->end;
}

std::vector<AttemptState> GateWorld::states() const {
  std::vector<AttemptState> states;
  const auto attempts = journal.list();
  if (attempts.empty()) return states;
  for (const AttemptEvent& event : journal.events(attempts.front().id)) {
    states.push_back(event.state);
  }
  return states;
}

std::string code_of(const ToolOutcome& outcome) {
  if (outcome.ok) return "";
  return string_or(outcome.content, "error_code", string_or(outcome.content, "status"));
}

}  // namespace cartpilot::purchase
