#include "sandbox/embedded.h"

#include "cartpilot/error.h"
#include "parts/program_part.h"

namespace cartpilot::sandbox {

std::unique_ptr<EmbeddedSandbox> open_sandbox(const SandboxOptions& options) {
  using Start =
      void (*)(const SandboxOptions&, std::unique_ptr<EmbeddedSandbox>&, std::optional<Error>&);
  void* const function = parts::open_part("cartpilot-sandbox.so", "cartpilot_part_start_sandbox");
  std::unique_ptr<EmbeddedSandbox> sandbox;
  std::optional<Error> problem;
  reinterpret_cast<Start>(function)(options, sandbox, problem);
  if (problem) throw *problem;
  return sandbox;
}

}  // namespace cartpilot::sandbox
