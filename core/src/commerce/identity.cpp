#include "commerce/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "net/url_policy.h"

namespace cartpilot::commerce {
namespace {

constexpr std::string_view kReal = "real ";
constexpr std::string_view kSandbox = "sandbox ";
constexpr std::string_view kNoAccount = "-";
constexpr std::size_t kAccountDigits = 16;

/// The path without empty and dot segments and without an end slash; "" for the root.
std::string normalised_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    begin = end + 1;
  }
  std::string text;
  for (const std::string_view segment : segments) text += fmt::format("/{}", segment);
  return text;
}

}  // namespace

CartPilotIdentity CartPilotIdentity::real(const std::string& base_url, const std::string& api_key,
                                          const std::string& salt) {
  net::Target target = net::parse_target(base_url);
  if (target.loopback) target.host = "localhost";
  const std::string account =
      api_key.empty() ? std::string(kNoAccount)
                      : base::hmac_sha256_hex(salt, "account " + api_key).substr(0, kAccountDigits);
  return CartPilotIdentity(fmt::format("{}{} {}://{}{}", kReal, account,
                                       target.tls ? "https" : "http", target.authority(),
                                       normalised_path(target.resource)));
}

CartPilotIdentity CartPilotIdentity::sandbox(const std::string& id) {
  return CartPilotIdentity(fmt::format("{}{}", kSandbox, id));
}

CartPilotIdentity CartPilotIdentity::from_text(std::string text) {
  return CartPilotIdentity(std::move(text));
}

bool CartPilotIdentity::is_sandbox() const { return text_.starts_with(kSandbox); }

std::string CartPilotIdentity::url() const {
  if (!text_.starts_with(kReal)) return "";
  return text_.substr(text_.rfind(' ') + 1);
}

std::string CartPilotIdentity::shown() const {
  if (is_sandbox()) return "sandbox";
  return known() ? url() : "unknown";
}

std::string CartPilotIdentity::described() const {
  if (is_sandbox()) return fmt::format("sandbox {}", text_.substr(kSandbox.size()));
  if (url().empty()) return shown();
  const std::string account = text_.substr(kReal.size(), text_.rfind(' ') - kReal.size());
  return account == kNoAccount ? fmt::format("{}, without an API key", url())
                               : fmt::format("{}, account {}", url(), account);
}

}  // namespace cartpilot::commerce
