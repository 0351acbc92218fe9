// IntentService: wishes, and the offers that the merchants make for them.
//
// Keeps nothing itself. Guarded by the application's lock.
#pragma once

#include <string>
#include <vector>

#include "sandbox/merchant/merchants.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

class IntentService {
 public:
  IntentService(SandboxStore& store, Merchants& merchants, const Clock& clock)
      : store_(store), merchants_(merchants), clock_(clock) {}

  // All calls return what the API shows.

  std::string create(const std::string& query, const std::optional<std::string>& session_id,
                     const Json& metadata);

  /// Throws Refusal{404 INTENT_NOT_FOUND}.
  std::string text(const std::string& id);

  /// The offers for an intent, the one made last first. The first call collects them, in a
  /// transaction of its own; every merchant that can be reached answers, if only with an empty
  /// offer. Later calls return the same offers, however old and however few. Throws Refusal{404
  /// INTENT_NOT_FOUND}.
  std::vector<std::string> offers(const std::string& intent_id);

  /// Throws Refusal{404 OFFER_NOT_FOUND}.
  std::string offer(const std::string& id);

 private:
  Intent get(const std::string& id);
  /// The one made last first.
  std::vector<std::string> collect(Intent& intent);

  SandboxStore& store_;
  Merchants& merchants_;
  const Clock& clock_;
};

}  // namespace cartpilot::sandbox
