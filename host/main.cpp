#include "commands/commands.h"

int main(int argc, char** argv) { return cartpilot::host::run(argc, argv); }
