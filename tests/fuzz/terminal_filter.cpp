// Anything as text for a terminal. The first byte says where it is cut.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cartpilot/json.h"
#include "text/ascii.h"
#include "text/invisible.h"
#include "text/terminal_text.h"
#include "text/utf8.h"

namespace {

using namespace cartpilot;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Nothing acts on a terminal, nothing hides, nothing looks like a line of the program.
void require_harmless(std::string_view text, std::string_view allowed) {
  require(text::lower_case(text).find(text::kMark) == std::string::npos);
  for (std::string_view rest = text; !rest.empty();) {
    const text::Utf8Step step = text::read_utf8(rest);
    require(step.kind == text::Utf8Step::Kind::kPoint);
    const bool shapes = text::is_joiner(step.point) || text::is_variation_selector(step.point);
    require(!text::is_unseen(step.point) || shapes ||
            (step.point < 0x80 && allowed.find(rest.front()) != allowed.npos));
    rest.remove_prefix(step.length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string safe = text::safe_text(input);
  require_harmless(safe, "\n\t");
  require(text::safe_text(safe) == safe);

  const std::size_t cut = size == 1 ? 0 : data[0] % size;
  text::TerminalFilter filter;
  std::string pieces = filter.feed(std::string_view(input).substr(0, cut));
  pieces += filter.feed(std::string_view(input).substr(cut));
  pieces += filter.finish();
  require(pieces == safe);

  require_harmless(text::safe_line(input), "");
  require_harmless(text::field(input, data[0]), "");
  const std::string receipt = text::escape_for_receipt(input);
  require_harmless(receipt, "");
  for (const char c : receipt) require(c >= ' ' && c <= '~');

  const Json value = {{text::to_utf8(input), text::to_utf8(input)}};
  const std::string json = text::safe_json(dump_json(value));
  require_harmless(json, "");
  require(parse_json(json) == value);
  return 0;
}
