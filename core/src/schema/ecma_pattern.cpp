#include "schema/ecma_pattern.h"

#include "cartpilot/error.h"
#include "formats/formats.h"

namespace cartpilot::schema {

namespace {

// Matching recurses on the stack, about 500 bytes a level, and may backtrack without end. These
// bounds keep one match within 3 MB and a few milliseconds.
constexpr const char* kBounds = "(*LIMIT_RECURSION=6000)(*LIMIT_MATCH=200000)";

}  // namespace

EcmaPattern::EcmaPattern(const std::string& source) : source_(source) {
  const std::string translated = kBounds + translate_ecma_pattern(source);
  try {
    expression_ = formats::compile_pattern(translated);
  } catch (const Error& error) {
    if (error.code != ErrorCode::kInvalidArgument) throw;
    throw Error(ErrorCode::kInvalidArgument,
                "pattern '" + source + "' cannot be used: " + error.what());
  }
}

EcmaPattern::~EcmaPattern() = default;
EcmaPattern::EcmaPattern(EcmaPattern&&) noexcept = default;
EcmaPattern& EcmaPattern::operator=(EcmaPattern&&) noexcept = default;

std::optional<bool> EcmaPattern::found_in(const std::string& text) const {
  const auto found = expression_->match(text);
  if (!found) return std::nullopt;
  return !found->empty();
}

}  // namespace cartpilot::schema
