// The program part cartpilot-sandbox.so: the embedded CartPilot.
#include <memory>
#include <optional>

#include "cartpilot/error.h"
#include "parts/program_part.h"
#include "sandbox/server.h"

CARTPILOT_PROGRAM_PART

/// Starts one into `made`, or says in `problem` why not.
extern "C" __attribute__((visibility("default"))) void cartpilot_part_start_sandbox(
    const cartpilot::sandbox::SandboxOptions& options,
    std::unique_ptr<cartpilot::sandbox::EmbeddedSandbox>& made,
    std::optional<cartpilot::Error>& problem) {
  try {
    made = std::make_unique<cartpilot::sandbox::SandboxServer>(options);
  } catch (const cartpilot::Error& error) {
    problem = error;
  } catch (const std::exception& error) {
    problem.emplace(cartpilot::ErrorCode::kInternal, error.what());
  }
}
