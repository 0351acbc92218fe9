// Visitors: who a request of a browser comes from.
//
// One person on this machine pairs a browser: it is known by a cookie and by a key that the page
// keeps for its origin, since cookies of a host go to every port of it. Many people come through a
// proxy that has found out who they are and says so in a header; it is believed because nobody else
// can reach the socket, or because it also sends a secret. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mcp/http_endpoint.h"
#include "page/pairings.h"
#include "store/state_db.h"

namespace cartpilot::host {

/// Who uses this machine, where nobody else does. No proxy can name somebody so.
constexpr const char* kOnlyPerson = "";
/// The header in which a page sends its key back.
constexpr const char* kPageKeyHeader = "X-Page-Key";

/// What a request says about its person.
struct Visitor {
  enum class Known {
    kYes,
    kNo,       ///< 401
    kRefused,  ///< `status`, `message`
  } known = Known::kNo;
  std::string person{};
  int status = 401;
  std::string message{};
};

class Visitors {
 public:
  virtual ~Visitors() = default;
  virtual Visitor visitor(const HttpHeaders& headers) = 0;
  /// Pairing a browser: the answer to POST /api/pair. nullopt where nobody pairs.
  struct Paired {
    int status = 200;
    Json body;
    HttpHeaders headers{};
  };
  virtual std::optional<Paired> pair(const std::string& code) = 0;
  /// True when visitor() has also checked the key of the page.
  virtual bool checks_page_key() const = 0;
};

/// Browsers that one person pairs with `cartpilot pair`. They stay paired for 30 days of the
/// program's state, 8 at most.
class PairedVisitors final : public Visitors {
 public:
  /// `place`: "127.0.0.1:8080".
  PairedVisitors(std::unique_ptr<store::StateDb> db, const std::string& place);
  Visitor visitor(const HttpHeaders& headers) override;
  std::optional<Paired> pair(const std::string& code) override;
  bool checks_page_key() const override { return true; }

 private:
  const std::string cookie_name_;
  std::mutex mutex_;
  const std::unique_ptr<store::StateDb> db_;
  Pairings pairings_;
};

struct ProxyOptions {
  std::string header;  ///< that names the person: "X-Forwarded-User"
  std::string secret;  ///< that the proxy sends in X-Cartpilot-Secret; "" = only it can connect
};

/// People whom a proxy has identified.
class ProxyVisitors final : public Visitors {
 public:
  explicit ProxyVisitors(ProxyOptions options) : options_(std::move(options)) {}
  Visitor visitor(const HttpHeaders& headers) override;
  std::optional<Paired> pair(const std::string&) override { return std::nullopt; }
  bool checks_page_key() const override { return false; }

 private:
  const ProxyOptions options_;
};

}  // namespace cartpilot::host
