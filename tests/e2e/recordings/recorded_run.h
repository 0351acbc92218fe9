// A run of the program that is recorded, and its replays.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "e2e/program.h"

namespace cartpilot::e2e {

/// `words` and `more` behind them.
std::vector<std::string> plus(std::vector<std::string> words, const std::vector<std::string>& more);

/// A standing permission for what kThreeLines buys.
inline const std::vector<std::string> kMayBuy = {"--approve", "up-to:150:USD", "--merchants",
                                                 "merchant-a,merchant-b"};

/// "chat --demo" and `more`.
std::vector<std::string> demo(const std::vector<std::string>& more);

/// Where a home keeps its recording.
std::string recording_of(const Home& home);

/// `words` with --record behind the command.
std::vector<std::string> recorded(const Home& home, std::vector<std::string> words);

/// Runs and records with `input` on standard input.
Result record(const Home& home, const std::vector<std::string>& words,
              const std::string& input = "", const Environment& environment = {});

/// The same at a pseudo-terminal, which `person` uses.
Result record_at_terminal(const Home& home, const std::vector<std::string>& words,
                          const Environment& environment,
                          const std::function<void(Program&)>& person);

/// Waits for the question about `total`, and answers it.
void answer_question(Program& program, const std::string& total, bool yes);

/// Replays in a home of its own, without the variables of the run: the same on standard output and
/// standard error, and the check agrees.
void expect_same(const Home& home, const Result& run);
/// The same at a pseudo-terminal: the same screen.
void expect_same_screen(const Home& home, const Result& run);

/// The lines of a file.
std::vector<std::string> lines_of(const std::string& file);

}  // namespace cartpilot::e2e
