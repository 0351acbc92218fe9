#include "mcp/capabilities.h"

namespace cartpilot::mcp {
namespace {

const Json* object_at(const Json& parent, const char* name) {
  const auto found = parent.find(name);
  return found != parent.end() && found->is_object() ? &*found : nullptr;
}

}  // namespace

bool shows_pages(const Json& capabilities) {
  const Json* const elicitation = object_at(capabilities, "elicitation");
  return elicitation != nullptr && object_at(*elicitation, "url") != nullptr;
}

bool takes_forms(const Json& capabilities) {
  const Json* const elicitation = object_at(capabilities, "elicitation");
  return elicitation != nullptr &&
         (elicitation->empty() || object_at(*elicitation, "form") != nullptr);
}

Json missing_capabilities(const Json& required, const Json& declared) {
  Json missing = Json::object();
  for (const auto& [name, wanted] : required.items()) {
    const Json* const has = object_at(declared, name.c_str());
    if (has == nullptr) {
      missing[name] = wanted;
    } else if (name == "elicitation" && wanted.contains("form") && takes_forms(declared)) {
      Json rest = wanted;
      rest.erase("form");
      if (const Json more = missing_capabilities(rest, *has); !more.empty()) missing[name] = more;
    } else if (const Json more = missing_capabilities(wanted, *has); !more.empty()) {
      missing[name] = more;
    }
  }
  return missing;
}

}  // namespace cartpilot::mcp
