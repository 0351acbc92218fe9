#include "commands/chat/model_settings.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "cartpilot/error.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

/// What --system adds to the program's own instructions.
std::string read_system(const std::string& file) {
  if (file.empty()) return "";
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !text) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: cannot read '{}'", file));
  }
  if (!text::is_utf8(text.str())) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: '{}' is not UTF-8", file));
  }
  return text.str();
}

}  // namespace

app::ModelSettings model_settings(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  app::ModelSettings model;
  model.provider = services.settings().provider;
  model.provider_options = arguments.provider_options;
  model.model = services.settings().model;
  model.instructions = read_system(arguments.system_file);
  model.stream = !arguments.no_stream;
  model.max_rounds = arguments.max_steps;
  model.max_output_tokens = services.settings().max_output_tokens;
  model.cost_limits = services.settings().cost_limits;
  if (!model.cost_limits.empty() && !model.max_output_tokens) {
    throw Error(ErrorCode::kInvalidArgument,
                "--limit-model-cost needs --max-output-tokens N: without it an answer has no "
                "largest cost");
  }
  if (!model.cost_limits.empty() && !arguments.record_file.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "--record and a limit of costs exclude each other: a replay does not know what "
                "else was spent");
  }
  return model;
}

}  // namespace cartpilot::host
