// CartPilotIdentity: which CartPilot something belongs to, and as whom.
//
// Money, conversations and limits belong to one CartPilot. A real one is its address (scheme, host,
// port and path normalised, all names of this machine alike) and the account, told by a salted hash
// of the API key. A sandbox is the random id that lives in its database: its port changes with
// every start and its money is play money. A record from before identities were kept has none.
// Values; any thread.
#pragma once

#include <string>
#include <utility>

namespace cartpilot::commerce {

class CartPilotIdentity {
 public:
  /// Unknown.
  CartPilotIdentity() = default;

  /// `base_url` as CartPilotClient normalises it. Throws Error{kInvalidArgument} for what is none.
  static CartPilotIdentity real(const std::string& base_url, const std::string& api_key,
                                const std::string& salt);
  static CartPilotIdentity sandbox(const std::string& id);
  /// Reads text() back.
  static CartPilotIdentity from_text(std::string text);

  /// What is stored and compared; "" = unknown.
  const std::string& text() const { return text_; }
  bool known() const { return !text_.empty(); }
  bool is_sandbox() const;
  /// A real one's address; "" for others.
  std::string url() const;
  /// For people: "sandbox", the address, or "unknown".
  std::string shown() const;
  /// For people who have several: with the account or the sandbox's id.
  std::string described() const;
  friend bool operator==(const CartPilotIdentity&, const CartPilotIdentity&) = default;

 private:
  explicit CartPilotIdentity(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace cartpilot::commerce
