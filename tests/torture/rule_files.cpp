#include "torture/rule_files.h"

#include <fmt/format.h>

namespace cartpilot::torture {
namespace {

std::string allowing(const std::string& up_to, const std::string& merchants, int per_day,
                     const std::string& more = "") {
  return fmt::format(
      "[[purchases.rules]]\nname = 'allowed'\naction = 'allow'\nup_to = '{}:USD'\n"
      "merchants = [{}]\nper_day = {}\n{}",
      up_to, merchants, per_day, more);
}

constexpr const char* kA = "'merchant-a'";
constexpr const char* kBoth = "'merchant-a', 'merchant-b'";

RuleWord allow_if(bool allowed) { return allowed ? RuleWord::kAllow : RuleWord::kAsk; }

bool is_dollars_up_to(const Consent& receipt, std::int64_t cents) {
  return receipt.currency == "USD" && receipt.total <= cents;
}

bool is_at_both(const Consent& receipt) {
  return receipt.merchant_id == "merchant-a" || receipt.merchant_id == "merchant-b";
}

}  // namespace

const std::vector<RuleFile>& rule_files() {
  static const std::vector<RuleFile> files = {
      {"allow", allowing("500", kA, 3),
       [](const Consent& receipt) {
         return allow_if(is_dollars_up_to(receipt, 50'000) && receipt.merchant_id == "merchant-a");
       },
       3},
      {"allow-once", allowing("100", kBoth, 1),
       [](const Consent& receipt) {
         return allow_if(is_dollars_up_to(receipt, 10'000) && is_at_both(receipt));
       },
       1},
      {"deny-big",
       allowing("500", kBoth, 3) +
           "[[purchases.rules]]\nname = 'big'\naction = 'deny'\nabove = '100:USD'\n",
       [](const Consent& receipt) {
         if (receipt.currency == "USD" && receipt.total > 10'000) return RuleWord::kDeny;
         return allow_if(is_dollars_up_to(receipt, 50'000) && is_at_both(receipt));
       },
       3},
      {"deny-merchant",
       allowing("500", kBoth, 3) +
           "[[purchases.rules]]\nname = 'a'\naction = 'deny'\nmerchants = ['merchant-a']\n",
       [](const Consent& receipt) {
         if (receipt.merchant_id == "merchant-a") return RuleWord::kDeny;
         return allow_if(is_dollars_up_to(receipt, 50'000) && receipt.merchant_id == "merchant-b");
       },
       3},
      {"ask-first",
       "[[purchases.rules]]\nname = 'guard'\naction = 'ask'\nabove = '90:USD'\n" +
           allowing("500", kBoth, 3),
       [](const Consent& receipt) {
         return allow_if(is_dollars_up_to(receipt, 9'000) && is_at_both(receipt));
       },
       3},
      {"another-category", allowing("500", kBoth, 3, "categories = ['Nowhere > At all']\n"),
       [](const Consent&) { return RuleWord::kAsk; }, 3},
  };
  return files;
}

const RuleFile* rule_file(const std::string& name) {
  for (const RuleFile& file : rule_files()) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

}  // namespace cartpilot::torture
