// Says it belongs to a program that never existed.
extern "C" __attribute__((visibility("default"))) const char cartpilot_part_version[];
const char cartpilot_part_version[] = "0.0.0-old";

extern "C" __attribute__((visibility("default"))) int cartpilot_part_answer() { return 42; }
