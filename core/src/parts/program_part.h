// Parts of the program that are loaded when they are needed and not before: shared libraries beside
// it, in lib/cartpilot.
//
// A part belongs to one build of the program; its version is compared before anything in it is
// called. Parts stay loaded until the process ends. Thread-safe. C++ exceptions of ours must not
// leave a part (their types are private to each library); what a part exports reports problems as
// values.
#pragma once

namespace cartpilot::parts {

/// Loads `file` ("cartpilot-tls.so") once more or for the first time and returns the address of its
/// function `symbol`. Looks beside the code that asks, then where the program's own libraries lie
/// from its executable, then where it was installed. Throws Error{kUnavailable, reason "part"} when
/// it is missing, unusable or of another version.
void* open_part(const char* file, const char* symbol);

}  // namespace cartpilot::parts

/// Every part says once which program it belongs to.
#define CARTPILOT_PROGRAM_PART                                                           \
  extern "C" __attribute__((visibility("default"))) const char cartpilot_part_version[]; \
  const char cartpilot_part_version[] = CARTPILOT_VERSION;
