// RequestMeter: is told of every request to the model, and may stop one.
//
// Called by the chat session on its thread. before() and after() come in pairs, once for each time
// a request is made, repeated ones included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cartpilot/error.h"
#include "cartpilot/llm_provider.h"

namespace cartpilot::chat {

/// What came of a request.
struct RequestResult {
  Usage usage;                           ///< all zero: the vendor did not say
  std::string model;                     ///< that answered; "" = the vendor did not say
  std::optional<std::int64_t> first_ms;  ///< from the request to the first piece of the answer
  const Error* error = nullptr;          ///< why there is no whole answer
};

class RequestMeter {
 public:
  virtual ~RequestMeter() = default;
  virtual void begin_turn() = 0;
  /// `attempt` counts from 1. Throws Error instead when the request must not be sent; then there is
  /// no after().
  virtual void before(const std::string& provider, const GenerateRequest& request, int attempt) = 0;
  virtual void after(const RequestResult& result) noexcept = 0;
};

}  // namespace cartpilot::chat
