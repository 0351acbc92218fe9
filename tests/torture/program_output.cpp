#include "torture/program_output.h"

#include <fmt/format.h>

namespace cartpilot::torture {

std::vector<Said> lines_of(const std::vector<ProgramRun>& program_runs) {
  std::vector<Said> all;
  for (std::size_t i = 0; i < program_runs.size(); ++i) {
    const std::string& text = program_runs[i].said;
    bool in_turn = false;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const Json line = parse_json(text.substr(begin, end - begin), "a line the program said");
      if (string_or(line, "type") == "turn_begin") in_turn = true;
      all.push_back({line, i, begin, in_turn});
    }
  }
  return all;
}

Consent consent_of(const Said& request) {
  Consent consent;
  consent.attempt = string_or(request.line, "attempt");
  consent.checkout_id = string_or(request.line, "checkout_id");
  consent.merchant_id = string_or(request.line, "merchant_id");
  for (const Json& item : request.line.at("items")) {
    consent.lines.push_back({string_or(item, "product_id"), "", integer_or(item, "quantity", 0),
                             integer_or(item, "unit_price_cents", 0)});
  }
  consent.total = integer_or(request.line, "total", 0);
  consent.currency = string_or(request.line, "currency");
  consent.program_run = request.program_run;
  consent.said_before = request.offset;
  return consent;
}

std::string amount_text(std::int64_t cents) {
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

}  // namespace cartpilot::torture
