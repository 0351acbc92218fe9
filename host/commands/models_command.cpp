#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "ui/output.h"

namespace cartpilot::host {

int run_models(Workbench& bench) {
  const auto provider = bench.make_provider(bench.provider_name());
  std::vector<ModelInfo> models;
  try {
    provider->check();
    models = provider->models(Interrupt());
  } catch (const Error& error) {
    if (error.code == ErrorCode::kUnsupported) throw;
    err_line(std::string("cartpilot: ") + error.what());
    return provider_exit_code(error);
  }
  Json list = Json::array();
  for (const ModelInfo& model : models) {
    if (bench.arguments().json) {
      list.push_back({{"id", model.id}, {"description", model.description}});
    } else {
      out_line(model.id);
    }
  }
  if (bench.arguments().json) out(dump_json(list) + "\n");
  return kOk;
}

}  // namespace cartpilot::host
