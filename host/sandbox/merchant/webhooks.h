// MerchantWebhooks: what one merchant tells CartPilot about its sessions and orders.
//
// Builds the events, lets chaos repeat, delay or hold them, and puts them into an outbox; sending
// is the WebhookSender's job, once the transaction is committed. Held events live in memory.
// Guarded by the application's lock.
#pragma once

#include <string>
#include <vector>

#include "sandbox/service/chaos.h"
#include "sandbox/store/records.h"

namespace cartpilot::sandbox {

struct OutgoingWebhook {
  std::string merchant_id;
  std::string event_id;
  std::string body;
  std::int64_t copies = 1;  ///< all but the first are marked as retries
  double delay_seconds = 0;
};

class MerchantWebhooks {
 public:
  /// `chaos` may be nullptr. All references must outlive this.
  MerchantWebhooks(std::string merchant_id, Chaos* chaos, const Clock& clock,
                   std::vector<OutgoingWebhook>& outbox)
      : merchant_id_(std::move(merchant_id)), chaos_(chaos), clock_(clock), outbox_(outbox) {}

  void announce_quote(const MerchantSession& session);
  void announce_sale(const MerchantSession& session);

  /// Sends what is held back, the latest first. Returns how many.
  std::size_t flush();

 private:
  void announce(const char* type, const MerchantSession& session, Json data);

  const std::string merchant_id_;
  Chaos* const chaos_;
  const Clock& clock_;
  std::vector<OutgoingWebhook>& outbox_;
  std::vector<OutgoingWebhook> held_;
};

}  // namespace cartpilot::sandbox
