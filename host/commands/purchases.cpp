#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cartpilot/detail/characters.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "commerce/identity.h"
#include "terminal/approver.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

std::string time_text(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z",
                     fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::string cartpilot_of(const purchase::Attempt& attempt) {
  return commerce::CartPilotIdentity::from_text(attempt.cartpilot).shown();
}

/// What was agreed to; an empty object in records from before it was kept, and in altered ones: the
/// list is what a person looks through then.
Json receipt_of(const purchase::Attempt& attempt) {
  try {
    Json receipt = parse_json(attempt.receipt, "a recorded receipt");
    if (receipt.is_object()) return receipt;
  } catch (const Error&) {  // NOLINT: as above
  }
  return Json::object();
}

/// The titles of what was bought, at most as long as a line can bear.
std::string titles_of(const purchase::Attempt& attempt) {
  constexpr std::size_t kShown = 60;
  std::string titles;
  const Json receipt = receipt_of(attempt);
  for (const Json& item : receipt.value("items", Json::array())) {
    const std::int64_t quantity = integer_or(item, "quantity");
    titles += fmt::format("{}{}{}", titles.empty() ? "" : ", ",
                          quantity == 1 ? "" : fmt::format("{} x ", quantity),
                          text::field(string_or(item, "title")));
  }
  return titles.size() > kShown ? detail::cut_text(titles, kShown) + "..." : titles;
}

Json json_of(const purchase::Attempt& attempt) {
  return {{"id", attempt.id},
          {"cartpilot", cartpilot_of(attempt)},
          {"cartpilot_id", attempt.cartpilot},
          {"receipt", receipt_of(attempt)},
          {"channel", attempt.channel},
          {"approved_ms", attempt.approved_unix_ms},
          {"state", purchase::attempt_state_name(attempt.state)},
          {"session", attempt.session},
          {"checkout_id", attempt.checkout_id},
          {"merchant_id", attempt.merchant_id},
          {"total", attempt.total.minor},
          {"currency", attempt.total.currency},
          {"by", attempt.by},
          {"order_id", attempt.order_id},
          {"merchant_order_id", attempt.merchant_order_id},
          {"digest", attempt.digest},
          {"note", attempt.note},
          {"sends", attempt.sends},
          {"sent_ms", attempt.sent_unix_ms},
          {"created_ms", attempt.created_unix_ms},
          {"updated_ms", attempt.updated_unix_ms}};
}

purchase::Attempt wanted(CommandServices& services) {
  const auto found = services.journal().find(services.arguments().name);
  if (!found) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("no purchase '{}'; see 'cartpilot purchases list'", services.arguments().name));
  }
  return *found;
}

/// What the record says about money changes only by a person's own hand.
bool agreed(CommandServices& services, purchase::ApprovalQuestion question) {
  TerminalApprover approver(CommandServices::terminal_locks());
  if (const auto nobody = approver.unavailable()) {
    Error error(ErrorCode::kUnavailable, "this asks a question on a terminal, and there is none");
    throw error;
  }
  purchase::Questions questions(services.state());
  return purchase::ask_person(approver, questions, std::move(question), Interrupt()).state ==
         purchase::QuestionState::kApproved;
}

/// A restored, older record: what was spent after it is unknown until a person has looked.
int resolve_gap(CommandServices& services) {
  const auto since = services.journal().open_gap();
  if (!since) {
    out_line("there is nothing to resolve: no older copy of the record took its place");
    return kOk;
  }
  purchase::ApprovalQuestion question;
  question.attempt = fmt::format("gap-{}", *since);
  question.title = "RECORD OF PURCHASES";
  question.subject = question.attempt;
  question.fields = {{"State", services.state().name()},
                     {"Restored", time_text(*since)},
                     {"Record it as", "looked through; the limits count again"}};
  question.warnings = {
      "what was bought after the restored copy was made counts for no limit any more"};
  if (!agreed(services, std::move(question))) return kDeclined;
  services.journal().resolve_gap();
  out_row("resolved: the limits count what the record knows");
  return kOk;
}

bool agreed_to_resolve(CommandServices& services, const purchase::Attempt& attempt) {
  purchase::ApprovalQuestion question;
  question.attempt = attempt.id;
  question.title = "RECORD OF A PURCHASE";
  question.subject = attempt.digest;
  const bool sandbox = commerce::CartPilotIdentity::from_text(attempt.cartpilot).is_sandbox();
  question.fields = {{"Purchase", attempt.id},
                     {"CartPilot", sandbox ? purchase::kPlayMoney : cartpilot_of(attempt)},
                     {"Merchant", attempt.merchant_id},
                     {"Total", commerce::format_money(attempt.total)},
                     {"Record it as", services.arguments().bought ? "bought" : "not bought"}};
  if (!services.arguments().bought) {
    question.warnings = {"if it was bought after all, the same basket can be bought a second time"};
  }
  return agreed(services, std::move(question));
}

}  // namespace

int run_purchases_list(CommandServices& services) {
  Json list = Json::array();
  const std::vector<purchase::Attempt> attempts = services.journal().list();
  for (const purchase::Attempt& attempt : attempts) {
    if (services.arguments().json) {
      list.push_back(json_of(attempt));
      continue;
    }
    const bool otherwise = attempt.note.starts_with(purchase::kNotAsAgreed);
    out_row(fmt::format(
        "{}  {}  {:<12} {:>14}  {:<12} {}{}  {}  {}", attempt.id,
        time_text(attempt.created_unix_ms), purchase::attempt_state_name(attempt.state),
        commerce::format_money(attempt.total), attempt.merchant_id, attempt.merchant_order_id,
        otherwise ? "  NOT AS AGREED" : "", cartpilot_of(attempt), titles_of(attempt)));
  }
  if (services.arguments().json) out_json(list);
  if (attempts.empty() && !services.arguments().json) err_line("no purchases yet");
  return kOk;
}

int run_purchases_show(CommandServices& services) {
  const purchase::Attempt attempt = wanted(services);
  Json json = json_of(attempt);
  json["events"] = Json::array();
  for (const purchase::AttemptEvent& event : services.journal().events(attempt.id)) {
    json["events"].push_back({{"seq", event.seq},
                              {"state", purchase::attempt_state_name(event.state)},
                              {"unix_ms", event.unix_ms},
                              {"note", event.note}});
  }
  if (services.arguments().json) {
    out_json(json);
    return kOk;
  }
  out_row(fmt::format("purchase        {}", attempt.id));
  out_row(fmt::format("state           {}", purchase::attempt_state_name(attempt.state)));
  out_row(fmt::format("cartpilot       {}",
                      commerce::CartPilotIdentity::from_text(attempt.cartpilot).described()));
  const Json receipt = receipt_of(attempt);
  const auto money = [&](std::int64_t minor) {
    return commerce::format_money({minor, attempt.total.currency});
  };
  for (const Json& item : receipt.value("items", Json::array())) {
    out_row(fmt::format("item            {} x {}, {} each", integer_or(item, "quantity"),
                        text::field(string_or(item, "title")),
                        money(integer_or(item, "unit_price"))));
    const std::string variant = string_or(item, "variant_id");
    out_row(fmt::format("                product {}{}, sku {}",
                        text::field(string_or(item, "product_id")),
                        variant.empty() ? "" : " variant " + text::field(variant),
                        text::field(string_or(item, "sku"))));
  }
  if (!receipt.empty()) {
    out_row(fmt::format("tax             {}", money(integer_or(receipt, "tax"))));
    out_row(fmt::format("shipping        {}", money(integer_or(receipt, "shipping"))));
  }
  out_row(fmt::format("total           {}", commerce::format_money(attempt.total)));
  out_row(fmt::format("merchant        {}", attempt.merchant_id));
  out_row(fmt::format("merchant order  {}", attempt.merchant_order_id));
  out_row(fmt::format("order           {}", attempt.order_id));
  out_row(fmt::format("checkout        {}", attempt.checkout_id));
  out_row(fmt::format(
      "approved by     {}{}{}", attempt.by,
      attempt.channel.empty() ? "" : ", through: " + attempt.channel,
      attempt.approved_unix_ms == 0 ? "" : ", at " + time_text(attempt.approved_unix_ms)));
  out_row(fmt::format("conversation    {}", attempt.session));
  for (const purchase::AttemptEvent& event : services.journal().events(attempt.id)) {
    out_row(fmt::format("  {}  {:<12} {}", time_text(event.unix_ms),
                        purchase::attempt_state_name(event.state), event.note));
  }
  return kOk;
}

int run_purchases_resolve(CommandServices& services) {
  if (services.arguments().gap) return resolve_gap(services);
  if (services.arguments().bought == services.arguments().not_bought) {
    throw Error(ErrorCode::kInvalidArgument, "say what happened: --bought or --not-bought");
  }
  const purchase::Attempt attempt = wanted(services);
  if (!agreed_to_resolve(services, attempt)) return kDeclined;
  services.journal().resolve(attempt.id, services.arguments().bought);
  out_row(fmt::format("{} is now recorded as {}", attempt.id,
                      services.arguments().bought ? "bought" : "not bought"));
  return kOk;
}

int run_purchases_verify(CommandServices& services) {
  if (const auto broken = services.journal().verify()) {
    err_line(
        fmt::format("cartpilot: the record of purchases was altered at event {}; compare it with a "
                    "backup of {}",
                    *broken, services.state().name()));
    return kFailed;
  }
  // A record that is whole may still be an older one.
  if (const auto problem = services.journal().integrity_problem()) {
    err_line(fmt::format("cartpilot: {}", *problem));
    return kFailed;
  }
  out_line("the record of purchases is intact");
  if (const auto since = services.journal().open_gap()) {
    err_line(
        fmt::format("cartpilot: an older copy of it was restored ({}): until 'cartpilot "
                    "purchases resolve --gap' every limit counts as used up",
                    time_text(*since)));
  }
  return kOk;
}

}  // namespace cartpilot::host
