#include "openai/model_list.h"

namespace cartpilot::openai {

std::vector<ModelInfo> read_model_list(std::string_view body, const vendor::Service& service) {
  Json value;
  try {
    value = parse_json(body);
  } catch (const Error&) {  // null, which is no list either
  }
  const Json* entries = nullptr;
  if (value.is_array()) entries = &value;
  for (const char* key : {"data", "models"}) {
    if (entries == nullptr && value.is_object() && value.contains(key) && value[key].is_array()) {
      entries = &value[key];
    }
  }
  if (entries == nullptr) {
    throw Error(ErrorCode::kProtocol, "what " + service.base +
                                          "/models answers is no list of models; check "
                                          "OPENAI_BASE_URL");
  }
  std::vector<ModelInfo> models;
  for (const Json& entry : *entries) {
    const std::string id = string_or(entry, "id", string_or(entry, "name"));
    if (!id.empty()) models.push_back({id, string_or(entry, "owned_by")});
  }
  return models;
}

}  // namespace cartpilot::openai
