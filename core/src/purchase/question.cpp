#include "purchase/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/random.h"
#include "text/ascii.h"

namespace cartpilot::purchase {
namespace {

/// Without i, l and o, which are taken for other letters and digits.
constexpr std::string_view kChallengeLetters = "abcdefghjkmnpqrstuvwxyz";
constexpr std::size_t kChallengeLength = 4;
constexpr std::size_t kCurrencyLength = 3;
constexpr std::size_t kLongestShownAnswer = 40;

/// What means no, without a second chance.
constexpr std::array<std::string_view, 6> kNoWords = {"n", "no", "q", "quit", "cancel", "stop"};

std::string amount_of(const commerce::Money& money) {
  const std::string text = commerce::format_money(money);
  return text.substr(0, text.find(' '));
}

bool all_letters(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool same_word(std::string_view a, std::string_view b) {
  return text::lower_case(a) == text::lower_case(b);
}

/// "61.81USD", "USD61.81" and "61.81" as amount and currency.
std::pair<std::string, std::string> split_amount(const std::string& word) {
  const std::string_view view = word;
  if (word.size() > kCurrencyLength) {
    const std::string_view head = view.substr(0, kCurrencyLength);
    const std::string_view tail = view.substr(word.size() - kCurrencyLength);
    if (all_letters(head)) return {word.substr(kCurrencyLength), std::string(head)};
    if (all_letters(tail)) {
      return {word.substr(0, word.size() - kCurrencyLength), std::string(tail)};
    }
  }
  return {word, ""};
}

bool is_amount(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The typed line, short and printable.
std::string shown(std::string_view line) {
  std::string text;
  for (const char c : line.substr(0, kLongestShownAnswer)) {
    text += c >= 0x20 && c < 0x7F ? c : '?';
  }
  return text;
}

/// What was found in a typed line.
struct TypedParts {
  std::string amount;
  std::string currency;
  std::string code;
  bool more = false;  ///< something that is none of them, or one of them twice
};

TypedParts typed_parts_of(const std::vector<std::string>& words) {
  TypedParts parts;
  const auto put = [&](std::string& place, const std::string& value) {
    if (value.empty()) return;
    if (!place.empty()) parts.more = true;
    place = value;
  };
  for (const std::string& word : words) {
    if (is_amount(word)) {
      const auto [amount, currency] = split_amount(word);
      put(parts.amount, amount);
      put(parts.currency, currency);
    } else if (word.size() == kCurrencyLength && all_letters(word)) {
      put(parts.currency, word);
    } else if (word.size() == kChallengeLength && all_letters(word)) {
      put(parts.code, word);
    } else {
      parts.more = true;
    }
  }
  return parts;
}

std::string problem_with(const ApprovalQuestion& question, const TypedParts& parts,
                         std::string_view line) {
  const bool code_fits = same_word(parts.code, question.challenge);
  if (!question.total) {
    if (parts.code.empty()) return fmt::format("you typed {}, the code is missing", shown(line));
    return code_fits && !parts.more && parts.amount.empty() && parts.currency.empty()
               ? ""
               : fmt::format("you typed {}, that is not the code", shown(line));
  }
  std::string amount = parts.amount;
  std::replace(amount.begin(), amount.end(), ',', '.');
  const bool amount_fits = amount == amount_of(*question.total);
  const bool currency_fits =
      parts.currency.empty() || same_word(parts.currency, question.total->currency);
  if (parts.amount.empty()) return fmt::format("you typed {}, the total is missing", shown(line));
  if (!amount_fits || !currency_fits) {
    return fmt::format("you typed {}, the total is {}", shown(line),
                       commerce::format_money(*question.total));
  }
  if (parts.code.empty()) return fmt::format("you typed {}, the code is missing", shown(line));
  if (!code_fits) return fmt::format("you typed {}, the code is another one", shown(line));
  return parts.more ? fmt::format("you typed {}, that is more than total and code", shown(line))
                    : "";
}

}  // namespace

std::string reason_of_no(const ApprovalQuestion& question) {
  if (question.state == QuestionState::kExpired) return "nobody answered in time";
  return question.reason.empty() ? "the person said no" : question.reason;
}

const char* question_state_name(QuestionState state) {
  switch (state) {
    case QuestionState::kOpen: return "open";
    case QuestionState::kApproved: return "approved";
    case QuestionState::kDeclined: return "declined";
    case QuestionState::kExpired: return "expired";
    case QuestionState::kVoid: return "void";
  }
  return "void";
}

std::vector<ReceiptField> receipt_fields(const commerce::Receipt& receipt,
                                         const std::optional<commerce::Money>& previous_total) {
  const auto money = [&](std::int64_t minor) {
    return commerce::format_money({minor, receipt.frozen.currency});
  };
  const std::string cartpilot = receipt.cartpilot == "sandbox" ? kPlayMoney
                                : receipt.cartpilot.empty()    ? receipt.api_origin
                                                               : receipt.cartpilot;
  std::vector<ReceiptField> fields = {{"CartPilot", cartpilot},
                                      {"Merchant", receipt.checkout.merchant_id},
                                      {"Checkout", receipt.checkout.id},
                                      {"Pays with", receipt.payment_method}};
  for (const auto& item : receipt.frozen.items) {
    fields.push_back({"Item", fmt::format("{} x {}", item.quantity, item.title)});
    fields.push_back({"  sku", item.sku});
    fields.push_back({"  product", item.product_id});
    if (item.variant_id) fields.push_back({"  variant", *item.variant_id});
    fields.push_back({"  each", money(item.unit_price_cents)});
  }
  fields.push_back({"Items", money(receipt.frozen.subtotal_cents)});
  fields.push_back({"Tax", money(receipt.frozen.tax_cents)});
  fields.push_back({"Shipping", money(receipt.frozen.shipping_cents)});
  std::string more;
  if (previous_total && *previous_total != receipt.total()) {
    fields.push_back({"Total was", commerce::format_money(*previous_total)});
    std::int64_t difference = 0;
    if (previous_total->currency == receipt.frozen.currency &&
        !__builtin_sub_overflow(receipt.frozen.total_cents, previous_total->minor, &difference)) {
      more = fmt::format(
          " ({} {} than before)",
          amount_of({difference > 0 ? difference : -difference, receipt.frozen.currency}),
          difference > 0 ? "more" : "less");
    }
  }
  fields.push_back({"TOTAL", money(receipt.frozen.total_cents) + more});
  fields.push_back({std::string(kValidUntilLabel), receipt.checkout.expires_at});
  fields.push_back({"Receipt", fmt::format("{} {} {} {}", receipt.digest.substr(0, 4),
                                           receipt.digest.substr(4, 4), receipt.digest.substr(8, 4),
                                           receipt.digest.substr(12, 4))});
  return fields;
}

Json receipt_detail(const commerce::Receipt& receipt) {
  Json items = Json::array();
  for (const auto& item : receipt.frozen.items) {
    items.push_back({{"product_id", item.product_id},
                     {"variant_id", item.variant_id ? Json(*item.variant_id) : Json()},
                     {"sku", item.sku},
                     {"title", item.title},
                     {"quantity", item.quantity},
                     {"unit_price", item.unit_price_cents}});
  }
  return {{"checkout_id", receipt.checkout.id},
          {"merchant_id", receipt.checkout.merchant_id},
          {"payment_method", receipt.payment_method},
          {"cartpilot", receipt.cartpilot},
          {"items", items},
          {"subtotal", receipt.frozen.subtotal_cents},
          {"tax", receipt.frozen.tax_cents},
          {"shipping", receipt.frozen.shipping_cents},
          {"total", receipt.frozen.total_cents},
          {"currency", receipt.frozen.currency},
          {"expires_at", receipt.checkout.expires_at},
          {"digest", receipt.digest}};
}

std::optional<std::string> cannot_be_shown(const ApprovalQuestion& question) {
  if (question.fields.size() > kMaxQuestionFields) {
    return fmt::format("it has {} lines, more than can be shown", question.fields.size());
  }
  const auto too_long = [](std::string_view what, std::size_t bytes) {
    return fmt::format("{} has {} bytes, more than the {} that can be shown whole", what, bytes,
                       kMaxFieldBytes);
  };
  for (const ReceiptField& field : question.fields) {
    // "999 x " stands before the title of an item.
    const std::size_t extra = field.label == "Item" ? 6 : 0;
    if (field.value.size() > kMaxFieldBytes + extra) {
      return too_long(fmt::format("the field {}", field.label), field.value.size());
    }
  }
  return std::nullopt;
}

std::string draw_challenge() {
  // Random bytes above the largest multiple of the alphabet would make some letters likelier.
  constexpr unsigned kFair = 256 - 256 % kChallengeLetters.size();
  std::string code;
  while (code.size() < kChallengeLength) {
    const unsigned value = static_cast<unsigned>(std::stoul(base::random_hex(1), nullptr, 16));
    if (value < kFair) code += kChallengeLetters[value % kChallengeLetters.size()];
  }
  return code;
}

TypedAnswer judge_answer(const ApprovalQuestion& question, std::string_view line) {
  const std::vector<std::string> words = text::words_of(line, " \t\r\n");
  const bool no = words.size() == 1 &&
                  std::any_of(kNoWords.begin(), kNoWords.end(),
                              [&](std::string_view word) { return same_word(words[0], word); });
  // A code may happen to be a word that means no.
  const bool is_code =
      !question.total && words.size() == 1 && same_word(words[0], question.challenge);
  if (words.empty() || (no && !is_code)) return {TypedAnswer::Kind::kNo, ""};
  const std::string problem = problem_with(question, typed_parts_of(words), line);
  if (problem.empty()) return {TypedAnswer::Kind::kYes, ""};
  return {TypedAnswer::Kind::kWrong, problem};
}

Json question_to_json(const ApprovalQuestion& question, bool with_challenge) {
  Json fields = Json::array();
  for (const ReceiptField& field : question.fields) {
    fields.push_back({{"label", field.label}, {"value", field.value}});
  }
  const auto money = [](const std::optional<commerce::Money>& amount) {
    return amount ? Json{{"minor", amount->minor}, {"currency", amount->currency}} : Json();
  };
  Json json = {{"id", question.id},
               {"attempt", question.attempt},
               {"session", question.session},
               {"title", question.title},
               {"subject", question.subject},
               {"fields", fields},
               {"total", money(question.total)},
               {"previous_total", money(question.previous_total)},
               {"warnings", question.warnings},
               {"notes", question.notes},
               {"detail", question.detail},
               {"rounds", question.rounds},
               {"created_unix_ms", question.created_unix_ms},
               {"expires_unix_ms", question.expires_unix_ms}};
  if (with_challenge) {
    json["round"] = question.round;
    json["challenge"] = question.challenge;
  }
  return json;
}

}  // namespace cartpilot::purchase
