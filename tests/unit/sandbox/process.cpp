// A sandbox as a process of its own, for tests that kill it: prints its port, then waits for ever.
#include <unistd.h>

#include <cstdio>

#include "cartpilot/error.h"
#include "sandbox/server.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    cartpilot::sandbox::SandboxServer::Options options;
    options.db_path = argv[1];
    const cartpilot::sandbox::SandboxServer server(options);
    std::printf("%d\n", server.port());
    std::fflush(stdout);
    for (;;) pause();
  } catch (const cartpilot::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
