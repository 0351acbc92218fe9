// Variable: an environment variable that is set for the time of one test, and what it was before
// put back at its end. Not while other threads look at the environment.
#pragma once

#include <stdlib.h>

#include <optional>
#include <string>

namespace cartpilot::net {

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace cartpilot::net
