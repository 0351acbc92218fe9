// The ways in which a request is refused, as exceptions that stay inside the sandbox.
//
// A refusal is an ordinary answer: what was done up to then is kept. Thrown by services, merchants
// and validation; turned into a Response at one place, the application.
#pragma once

#include <stdexcept>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::sandbox {

/// A business error with a code: {"error_code","message","details":[],"request_id"}.
class Refusal : public std::runtime_error {
 public:
  Refusal(int status_code, std::string error_code, const std::string& message)
      : std::runtime_error(message), status(status_code), code(std::move(error_code)) {}

  int status;
  std::string code;
};

/// What a merchant answers instead of doing what it was asked.
class MerchantRefusal : public Refusal {
 public:
  using Refusal::Refusal;

  /// The merchant's answer as it travels inside other messages.
  std::string body() const {
    return dump_json({{"error_code", code}, {"message", what()}, {"details", Json::array()}});
  }
};

/// 422: {"detail":[problem, ...]}.
class ValidationRefusal : public std::runtime_error {
 public:
  explicit ValidationRefusal(Json list)
      : std::runtime_error("request does not match the schema"), problems(std::move(list)) {}

  Json problems;
};

/// 400: a body that cannot be decoded at all.
class UnreadableBody : public std::runtime_error {
 public:
  UnreadableBody() : std::runtime_error("There was an error parsing the body") {}
};

}  // namespace cartpilot::sandbox
