// ModelSpending: what a conversation's model costs, written down request by request, and the limits
// of it.
//
// Without limits a request is written down when it is over. With limits the most that it can cost
// is reserved before it is sent; a plugin's further requests of the same answer (a second try, a
// continued answer) are seen at the way out, where SpendingGate stands, and reserved one by one.
// State and prices are borrowed. Belongs to the thread of its conversation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "chat/request_meter.h"
#include "cost/ledger.h"
#include "cost/price_table.h"

namespace cartpilot::app {

class ModelSpending final : public chat::RequestMeter {
 public:
  ModelSpending(store::StateDb& state, std::string session, const cost::PriceTable& prices,
                std::vector<cost::SpendLimit> limits = {});
  ~ModelSpending() override;
  ModelSpending(const ModelSpending&) = delete;
  ModelSpending& operator=(const ModelSpending&) = delete;

  void begin_turn() override;
  /// With limits: throws Error{kPermission, reason "model_cost_limit"} when the request could cross
  /// one, when its model has no known price, and when it has no limit of its output.
  void before(const std::string& provider, const GenerateRequest& request, int attempt) override;
  void after(const chat::RequestResult& result) noexcept override;

  /// A request goes out on the way of the answer that is under way. Throws as before().
  void before_sending(const std::string& body);

  /// The one whose answer is under way on this thread; null when there is none, or no limit.
  static ModelSpending* under_way();

  /// All requests of the conversation, those of earlier runs included.
  std::vector<cost::LedgerEntry> entries() const { return ledger_.entries(session_); }

 private:
  void reserve(const GenerateRequest& request);
  const cost::Price* price_of(const std::string& model) const;
  cost::RequestOutcome outcome_of(const chat::RequestResult& result) const;

  cost::Ledger ledger_;
  const std::string session_;
  const cost::PriceTable& prices_;
  const std::vector<cost::SpendLimit> limits_;
  cost::ModelRequest request_;  ///< that runs, or ran last
  std::int64_t begun_unix_ms_ = 0;

  // Of a request under a limit.
  std::int64_t number_ = 0;
  std::int64_t max_output_tokens_ = 0;
  cost::Amount reserved_;
  cost::Amount sent_;  ///< worst case of what went out
  int sends_ = 0;
};

/// Stands between plugins and the network. Borrows the transport, which outlives it. Any thread.
class SpendingGate final : public HttpTransport {
 public:
  explicit SpendingGate(HttpTransport& transport) : transport_(transport) {}

  /// Throws Error{kPermission, reason "model_cost_limit"} without sending. Look-ups (GET) are free.
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;

 private:
  HttpTransport& transport_;
};

}  // namespace cartpilot::app
