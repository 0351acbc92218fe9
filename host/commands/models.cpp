#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {

int run_models(CommandServices& services) {
  const auto provider = services.make_provider(services.provider_name());
  std::vector<ModelInfo> models;
  provider->check();
  try {
    models = provider->models(Interrupt());
  } catch (const Error& error) {
    if (error.code == ErrorCode::kUnsupported) throw;
    err_line(std::string("cartpilot: ") + error.what());
    return provider_exit_code(error);
  }
  Json list = Json::array();
  for (const ModelInfo& model : models) {
    if (services.arguments().json) {
      list.push_back({{"id", model.id}, {"description", model.description}});
    } else {
      out_line(model.id);
    }
  }
  if (services.arguments().json) out_json(list);
  return kOk;
}

}  // namespace cartpilot::host
