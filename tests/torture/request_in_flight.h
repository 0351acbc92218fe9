// The inside of FaultCartPilot that its two source files share: one request on its way through, and
// small readings of answers.
//
// Used under the server's lock.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "torture/fault_cartpilot.h"

namespace cartpilot::torture {

struct FaultCartPilot::RequestInFlight {
  sandbox::Request request;
  std::string route;
  std::string id;
  std::vector<Fault> faults;
  bool by_program = true;
  sandbox::Response response = {};

  const Fault* has(std::string_view kind) const {
    for (const Fault& fault : faults) {
      if (fault.kind == kind) return &fault;
    }
    return nullptr;
  }
};

/// An error in the service's own form.
sandbox::Response refusal(int status, const std::string& code, const std::string& message);

/// The body as JSON; null when it is none.
Json json_of(const sandbox::Response& response);

bool is_checkout(const Json& json);

/// The sandbox's names for merchants that are shown under other names.
std::string with_inner_names(std::string text);

}  // namespace cartpilot::torture
