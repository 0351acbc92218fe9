// Pairings: which approval pages are open, and the code that pairs a browser with one of them, in
// the state database.
//
// `cartpilot pair` draws the code and shows it on its terminal; a page redeems what a browser
// sends. There is one code at a time. It is good for one browser, for 5 minutes, for 5 tries, and
// only while the program that drew it runs. The database holds a digest of it. Judging and writing
// are one transaction. The StateDb is borrowed; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/state_db.h"

namespace cartpilot::host {

constexpr std::int64_t kPairingLifetimeMs = 5 * 60 * 1000;
constexpr int kPairingTries = 5;

/// What became of a pairing code.
enum class PairingState {
  kOpen,
  kUsed,  ///< a browser is paired
  kOver   ///< its time or its tries are over, or another code was drawn
};

class Pairings {
 public:
  using UnixClock = std::function<std::int64_t()>;

  explicit Pairings(store::StateDb& db, UnixClock now_unix_ms = {});

  /// This program shows the page `url`.
  void announce(const std::string& url);
  void withdraw(const std::string& url);
  /// Pages whose program runs.
  std::vector<std::string> pages();

  struct Code {
    std::string id;
    std::string text;  ///< "kfmq-xwzt"
  };
  /// A new code; earlier ones are over.
  Code draw();
  PairingState state_of(const std::string& id);
  void revoke(const std::string& id);

  enum class Redeemed {
    kPaired,
    kWrong,  ///< a try is spent
    kNoCode  ///< no code is open
  };
  /// Judges what was typed; case, blanks and hyphens do not matter.
  Redeemed redeem(std::string_view typed);

 private:
  store::StateDb& db_;
  UnixClock now_;
};

}  // namespace cartpilot::host
