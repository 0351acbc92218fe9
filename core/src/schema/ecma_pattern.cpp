#include "schema/ecma_pattern.h"

#include <Poco/Exception.h>
#include <Poco/RegularExpression.h>

#include "cartpilot/error.h"

namespace cartpilot::schema {

namespace {

using Poco::RegularExpression;

// Matching recurses on the stack, about 500 bytes a level, and may backtrack without end. These
// bounds keep one match within 3 MB and a few milliseconds.
constexpr const char* kBounds = "(*LIMIT_RECURSION=6000)(*LIMIT_MATCH=200000)";

}  // namespace

EcmaPattern::EcmaPattern(const std::string& source) : source_(source) {
  const std::string translated = kBounds + translate_ecma_pattern(source);
  try {
    expression_ = std::make_unique<RegularExpression>(
        translated, RegularExpression::RE_UTF8 | RegularExpression::RE_DOLLAR_ENDONLY);
  } catch (const Poco::Exception& error) {
    throw Error(ErrorCode::kInvalidArgument,
                "pattern '" + source + "' cannot be used: " + error.message());
  }
}

EcmaPattern::~EcmaPattern() = default;
EcmaPattern::EcmaPattern(EcmaPattern&&) noexcept = default;
EcmaPattern& EcmaPattern::operator=(EcmaPattern&&) noexcept = default;

std::optional<bool> EcmaPattern::found_in(const std::string& text) const {
  try {
    RegularExpression::Match found;
    return expression_->match(text, 0, found) > 0;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

}  // namespace cartpilot::schema
