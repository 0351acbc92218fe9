// Subjects: the programs that carry the turns, each started, asked by the same generator, and
// ended.
//
// One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "generator.h"
#include "program.h"

namespace cartpilot::load {

struct Setup {
  std::filesystem::path self;     ///< this executable
  std::filesystem::path program;  ///< cartpilot
  std::filesystem::path js;       ///< where npm installed programs of others; "" = nowhere
  std::filesystem::path home;     ///< a folder of our own, gone afterwards
  int vendor_port = 0;
};

struct Result {
  std::string name;
  Plan plan{};
  Measured measured{};
  Usage before{};   ///< started, and asked for nothing yet
  Usage open{};     ///< all conversations open, no turn yet
  Usage after{};    ///< all turns ended
  double idle = 0;  ///< share of the machine that was idle during the turns
  int exit_code = 0;

  /// Of the program, for each turn that was begun.
  double processor_ms_per_turn() const;
  /// What its memory grew by at most, for each conversation.
  double kilobytes_per_conversation() const;
};

Result run_relay(const Setup& setup, const Plan& plan);
Result run_serve(const Setup& setup, const Plan& plan);
/// nullopt when it is not installed.
std::optional<Result> run_gateway(const Setup& setup, const Plan& plan);

/// True when the machine, not the program, could not carry the rate: no processor time was left, or
/// the generator itself was late.
bool machine_is_full(const Result& result);

}  // namespace cartpilot::load
