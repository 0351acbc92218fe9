// Lists of models, as most services write them. Pure function; any thread.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/vendor/errors.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Reads {"data":[{"id"}]}, {"models":[{"name"}]} and plain arrays of such entries, in their order.
/// Throws Error{kProtocol} for anything else.
inline std::vector<ModelInfo> read_model_list(const Json& value, const Service& service) {
  const Json* entries = value.is_array() ? &value : nullptr;
  for (const char* key : {"data", "models"}) {
    if (entries == nullptr && value.is_object() && value.contains(key) && value[key].is_array()) {
      entries = &value[key];
    }
  }
  if (entries == nullptr) {
    throw Error(ErrorCode::kProtocol, "what " + service.base +
                                          "/models answers is no list of models; check " +
                                          service.url_variable);
  }
  std::vector<ModelInfo> models;
  for (const Json& entry : *entries) {
    const std::string id = string_or(entry, "id", string_or(entry, "name"));
    if (id.empty()) continue;
    models.push_back({id, string_or(entry, "display_name", string_or(entry, "owned_by"))});
  }
  return models;
}

/// The same for a body, which may be anything.
inline std::vector<ModelInfo> read_model_list(const std::string& body, const Service& service) {
  Json value;
  try {
    value = parse_json(body);
  } catch (const Error&) {  // null, which is no list either
  }
  return read_model_list(value, service);
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
