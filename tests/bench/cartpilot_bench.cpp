// The benchmark driver: whole-process figures against the limit measured in the same run.
//
//   cartpilot_bench --cartpilot FILE [--json] [--runs N]
//
// Figures are medians of N runs (default 25) after one warm-up. Exits 1 when a figure is over its
// budget or a run did not do what it should.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "cartpilot/json.h"
#include "timed_process.h"

namespace cartpilot::bench {
namespace {

struct Figure {
  std::string name;
  double limit_ms;  ///< exec of an empty program
  double median_ms;
  double budget_ms;
};

constexpr const char* kThreeTurns =
    "I need wireless headphones under $100\nbuy the cheapest\nyes\n";
constexpr int kCallsOfThePurchase = 11;

int count_of(const std::string& text, const std::string& word) {
  int count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

class Bench {
 public:
  Bench(std::string program, int runs) : program_(std::move(program)), runs_(runs) {
    std::string name = (std::filesystem::temp_directory_path() / "cartpilot-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("cannot make a temporary folder");
    home_ = name;
  }
  ~Bench() {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::vector<Figure> run() {
    const double empty =
        measure({"/bin/true"}, "", [](const Timing& t) { return t.exit_code == 0; });
    const double version =
        measure({program_, "--version"}, "", [](const Timing& t) { return t.exit_code == 0; });
    const double purchase =
        measure({program_, "chat", "--demo", "--output", "jsonl", "--approve", "up-to:150:USD",
                 "--merchants", "merchant-a,merchant-b"},
                kThreeTurns, [](const Timing& t) {
                  return t.exit_code == 0 &&
                         count_of(t.out, R"("type":"tool_call")") == kCallsOfThePurchase &&
                         count_of(t.out, R"("outcome":"done")") == 1;
                });
    return {{"cartpilot --version", empty, version, 15},
            {"offline purchase, 3 turns, 11 calls", empty, purchase, 150}};
  }

 private:
  double measure(const std::vector<std::string>& words, const std::string& input,
                 const std::function<bool(const Timing&)>& good) {
    const std::vector<std::string> environment = {"HOME=" + home_, "PATH=/usr/bin:/bin",
                                                  "XDG_STATE_HOME=" + home_};
    std::vector<double> times;
    for (int i = 0; i <= runs_; ++i) {
      const Timing timing = time_process(words, input, environment);
      if (!good(timing)) {
        throw std::runtime_error(fmt::format("{} did not do its work (exit {}):\n{}", words[0],
                                             timing.exit_code, timing.out));
      }
      if (i > 0) times.push_back(timing.milliseconds);  // the first run warms caches
    }
    return median(times);
  }

  std::string program_;
  int runs_;
  std::string home_;
};

void print(const std::vector<Figure>& figures, bool json) {
  Json list = Json::array();
  if (!json) {
    fmt::print("{:<38} {:>12} {:>12} {:>8} {:>12}  {}\n", "figure", "empty exec", "median", "ratio",
               "budget", "");
  }
  for (const Figure& f : figures) {
    const bool pass = f.median_ms <= f.budget_ms;
    list.push_back({{"figure", f.name},
                    {"limit_ms", f.limit_ms},
                    {"median_ms", f.median_ms},
                    {"ratio", f.median_ms / f.limit_ms},
                    {"budget_ms", f.budget_ms},
                    {"pass", pass}});
    if (!json) {
      fmt::print("{:<38} {:>9.2f} ms {:>9.2f} ms {:>7.1f}x {:>9.0f} ms  {}\n", f.name, f.limit_ms,
                 f.median_ms, f.median_ms / f.limit_ms, f.budget_ms, pass ? "pass" : "OVER");
    }
  }
  if (json) fmt::print("{}\n", dump_json(list));
}

int main_of(const std::vector<std::string>& words) {
  std::string program;
  int runs = 25;
  bool json = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--json") {
      json = true;
    } else if (words[i] == "--cartpilot" && i + 1 < words.size()) {
      program = words[++i];
    } else if (words[i] == "--runs" && i + 1 < words.size()) {
      runs = std::max(1, std::atoi(words[++i].c_str()));
    } else {
      fmt::print(stderr, "usage: cartpilot_bench --cartpilot FILE [--json] [--runs N]\n");
      return 2;
    }
  }
  const std::vector<Figure> figures = Bench(program, runs).run();
  print(figures, json);
  for (const Figure& figure : figures) {
    if (figure.median_ms > figure.budget_ms) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace cartpilot::bench

int main(int argc, char** argv) {
  try {
    return cartpilot::bench::main_of({argv, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "cartpilot_bench: {}\n", error.what());
    return 1;
  }
}
