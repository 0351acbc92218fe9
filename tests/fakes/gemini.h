// FakeGemini: a strict stand-in for the Gemini service on loopback HTTP.
//
// Plays a Model in Gemini's format: it checks every request as the service would (and answers
// broken ones as the service would), issues thought signatures and expects them back on the very
// part they came on, streams with CRLF framing. Everything that is wrong with a request, also where
// the service would stay silent, is recorded in violations(). Thread-safe; owns its server.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "fakes/gemini_rules.h"
#include "fakes/loopback_server.h"
#include "fakes/shopping_model.h"

namespace cartpilot::fakes {

struct FakeGeminiOptions {
  std::string api_key = "test-key";
  std::vector<std::string> models = {"gemini-3.8-flash", "gemini-3.6-flash", "gemini-4-argon",
                                     "gemini-2.5-flash"};
  std::size_t chunk_bytes = 0;  ///< cut streams after every so many bytes; 0 = after every event
  bool call_ids = true;         ///< false: calls come without id, as from older models
  bool whole_numbers_as_doubles = false;  ///< arguments print 3 as 3.0
  bool calls_in_one_chunk = false;        ///< else every call of an answer has a chunk of its own
  bool sampling_expected = false;         ///< the person asked for a temperature (Q39)
};

/// A given answer instead of the model's.
struct GivenAnswer {
  enum class End { kComplete, kClose, kReset, kStall };
  int status = 200;
  HttpHeaders headers = {{"Content-Type", "application/json; charset=UTF-8"}};
  std::vector<std::string> chunks;  ///< body; more than one piece is sent chunked
  End end = End::kComplete;

  static GivenAnswer json(int status, const Json& body);
  /// Events, one chunk each, framed as the service frames them.
  static GivenAnswer events(const std::vector<Json>& events);
};

class FakeGemini {
 public:
  explicit FakeGemini(Model model = shopping_model, FakeGeminiOptions options = {});
  FakeGemini(const FakeGemini&) = delete;
  FakeGemini& operator=(const FakeGemini&) = delete;

  std::string url() const { return server_->url(); }

  /// Answers the next request that is not answered otherwise yet; several calls queue up. Given
  /// answers skip the checks that need a model, not those of the request.
  void play(GivenAnswer answer);

  /// `parts` are those of a given answer: they have to come back as they are.
  void issue(const Json& parts);

  /// Everything that was wrong with any request so far, "Q13 ..." each.
  std::vector<std::string> violations() const;

  std::vector<LoopbackServer::Request> requests() const { return server_->requests(); }
  /// Bodies of the generate requests so far.
  std::vector<Json> bodies() const;
  /// How many stalled answers ended because the client closed the connection (Q47).
  std::size_t closed_by_client() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// The parts of one answer as a client has to return them.
  struct Issued {
    Json parts;
    std::string generation;  ///< of the model; "" = any
  };

  void handle(const LoopbackServer::Request& request, LoopbackServer::Reply& reply);
  void check_credentials(const LoopbackServer::Request& request);
  void check_repetition(const std::string& body);
  void remember(const Json& parts, const std::string& generation);
  void check_signatures(const Json& contents, const std::string& model);
  void check_step(const Json& content, std::size_t index, bool current_turn,
                  const std::string& generation);
  void list_models(const LoopbackServer::Request& request, LoopbackServer::Reply& reply);
  void answer(const std::string& model, const Json& body, bool stream, bool events,
              LoopbackServer::Reply& reply);
  std::vector<Json> chunks_for(const ModelStep& step, const std::string& model, bool thoughts);
  void send_given(const GivenAnswer& given, LoopbackServer::Reply& reply);
  void send_events(const std::vector<Json>& chunks, LoopbackServer::Reply& reply) const;

  Model model_;
  FakeGeminiOptions options_;
  mutable std::mutex mutex_;
  gemini_rules::Violations violations_;
  std::deque<GivenAnswer> given_;
  std::vector<Json> bodies_;
  std::vector<Issued> issued_;
  std::map<std::string, std::size_t> issued_by_signature_;
  gemini_rules::Keys issued_kinds_;  ///< kinds of parts only issue() knows
  std::string refused_body_;         ///< the last request answered 400, 401, 403 or 404
  std::string failed_body_;  ///< the last request answered 429 or 5xx, and how often it came
  std::size_t attempts_ = 0;
  Clock::time_point not_before_{};  ///< end of the wait that was asked for
  std::size_t next_id_ = 1;
  std::size_t closed_by_client_ = 0;
  std::unique_ptr<LoopbackServer> server_;
};

}  // namespace cartpilot::fakes
