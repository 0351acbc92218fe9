// What a failed call means for the person.
#include <fmt/format.h>

#include <map>
#include <string_view>

#include "offline/replies.h"
#include "offline/words.h"

namespace cartpilot::offline::replies {

namespace {

constexpr std::string_view kHowToAllow =
    "To allow purchases, run cartpilot in a terminal and answer its question, or start it with "
    "--approve up-to:AMOUNT:CUR --merchants LIST (for example --approve up-to:150:USD --merchants "
    "merchant-a).";

/// Codes whose meaning does not depend on the words the server chose.
const std::map<std::string_view, std::string_view>& known_failures() {
  static const std::map<std::string_view, std::string_view> texts = {
      {"APPROVAL_DECLINED",
       "Nothing was bought: you did not approve it. The plan is still here: say \"yes\" to be "
       "asked "
       "again, or \"no\" to drop it."},
      {"TOO_MANY_QUESTIONS",
       "Nothing was bought: you were asked several times already. Say \"yes\" to be asked again."},
      {"CONSENT_REQUIRED",
       "Nothing was bought: the approval has lapsed. Say \"yes\" to be asked again."},
      {"NOT_OURS",
       "Nothing was bought: that plan was not made in this conversation. Pick the item again."},
      {"CHECKOUT_EXPIRED", "Nothing was bought: the plan has expired. Pick the item again."},
      {"CHECKOUT_NOT_FOUND",
       "CartPilot no longer knows that plan. Tell me again what you need, then pick the item."},
      {"OFFER_NOT_FOUND", "CartPilot no longer knows that offer. Tell me again what you need."},
      {"INTENT_NOT_FOUND", "CartPilot no longer knows that search. Tell me again what you need."},
      {"ORDER_NOT_FOUND", "CartPilot knows no such order. Say \"list my orders\" to see them."},
      {"CANCELLED", "Stopped."},
      {"UNAUTHORIZED",
       "CartPilot wants an API key: set CARTPILOT_API_KEY, or start with --demo to try it "
       "without."},
      {"INVALID_API_KEY",
       "CartPilot refused the API key: check CARTPILOT_API_KEY, or start with --demo to try it "
       "without."},
  };
  return texts;
}

bool is_unreachable(const std::string& code) {
  return is_one_of(code, {"NETWORK_ERROR", "TIMEOUT", "UNAVAILABLE", "DEADLINE", "BAD_RESPONSE"});
}

bool is_sold_out(const std::string& code, const std::string& message) {
  return code == "OUT_OF_STOCK" || message.find("OUT_OF_STOCK") != std::string::npos ||
         message.find("Insufficient stock") != std::string::npos;
}

}  // namespace

std::string failure(const Exchange& exchange) {
  const std::string code = string_or(exchange.content(), "error_code", "UNKNOWN");
  const std::string message = one_line(string_or(exchange.content(), "message"));
  if (is_unknown_outcome(exchange)) {
    return "It is not known yet whether the purchase went through. The program is checking; please "
           "do not buy it again. \"cartpilot purchases list\" shows what is known.\n" +
           (message.empty() ? "" : fmt::format("({})\n", message));
  }
  if (code == "APPROVAL_REFUSED_BY_POLICY") {
    return fmt::format("Nothing was bought: this run may not buy it.{} {}\n",
                       message.empty() || message.find("--approve") != std::string::npos
                           ? ""
                           : fmt::format(" ({})", message),
                       kHowToAllow);
  }
  if (code == "NOT_AS_AGREED" || code == "ALREADY_CONFIRMED") {
    return fmt::format(
        "Attention, something was bought, but not as agreed: {} Say \"list my orders\" to look.\n",
        message);
  }
  if (const auto known = known_failures().find(code); known != known_failures().end()) {
    return fmt::format("{}\n", known->second);
  }
  const bool money = exchange.is("approve_checkout") || exchange.is("confirm_checkout");
  const std::string_view nothing = money ? "Nothing was bought. " : "";
  if (is_unreachable(code)) {
    return fmt::format(
        "{}CartPilot cannot be reached ({}). Check that it runs (\"cartpilot doctor\" helps), then "
        "say it again.\n",
        nothing, message);
  }
  if (is_sold_out(code, message)) {
    return fmt::format(
        "{}The merchant does not have enough of it any more. Pick another one, or fewer of it.\n",
        nothing);
  }
  if (!money) return fmt::format("That did not work: {} ({})\n", message, code);
  // The gate's own words begin with it; it is said once.
  constexpr std::string_view kNothing = "nothing was bought: ";
  std::string_view why = message;
  if (why.substr(0, kNothing.size()) == kNothing) why.remove_prefix(kNothing.size());
  if (!why.empty() && why.back() == '.') why.remove_suffix(1);
  return fmt::format("Nothing was bought: {}. Change the order or pick something else.\n", why);
}

}  // namespace cartpilot::offline::replies
