// The benchmark driver: the ten figures against their limits, measured in the same run.
//
//   cartpilot_bench [--json] [--runs N] [--only N] [--growth FOLDER]
//
// Exits 1 when a figure is over its budget or a run did not do what it should.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include "cartpilot/json.h"
#include "figure.h"

namespace cartpilot::bench {
namespace {

class Home {
 public:
  Home() {
    std::string name = (std::filesystem::temp_directory_path() / "cartpilot-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Home() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2);
  }
  return "unknown processor";
}

std::string load() {
  double averages[3] = {};
  ::getloadavg(averages, 3);
  return fmt::format("{:.2f}", averages[0]);
}

std::string value(double number, const std::string& unit) {
  const char* form = number >= 1000 ? "{:.0f} {}" : number >= 10 ? "{:.1f} {}" : "{:.2f} {}";
  return fmt::format(fmt::runtime(form), number, unit);
}

Json json_of(const Figure& f) {
  return {{"number", f.number},       {"figure", f.name},   {"unit", f.unit},
          {"limit_of", f.limit_name}, {"limit", f.limit},   {"ours", f.ours},
          {"ratio", f.ratio()},       {"budget", f.budget}, {"factor", f.factor},
          {"pass", f.pass()}};
}

void print_row(const Figure& f) {
  const std::string factor = f.factor > 0 ? fmt::format("or {:.3g} x", f.factor) : "";
  fmt::print("{} {:<52} {:>14} {:>14} {:>7.2f} {:>4}{:>13} {:<10} {:<4}  ({})\n", f.number, f.name,
             value(f.limit, f.unit), value(f.ours, f.unit), f.ratio(),
             f.more_is_better ? ">=" : "<=", value(f.budget, f.unit), factor,
             f.pass() ? "pass" : "OVER", f.limit_name);
  std::fflush(stdout);
}

int measure(const Setup& setup, bool json, int only) {
  using Measure = void (*)(const Setup&, Figures&);
  const std::map<int, Measure> all = {
      {1, measure_start}, {2, measure_first_byte}, {3, measure_events}, {4, measure_decode},
      {5, measure_tools}, {6, measure_resume},     {7, measure_memory}, {8, measure_interrupt},
      {9, measure_mcp},   {10, measure_terminal}};
  const std::string machine = fmt::format("{}, {} processors, load {}", processor(),
                                          std::thread::hardware_concurrency(), load());
  Json rows = Json::array();
  bool pass = true;
  if (!json) {
    fmt::print("{}\n\n  {:<52} {:>14} {:>14} {:>7} {:>17}\n", machine, "figure", "limit now",
               "ours", "ratio", "budget");
  }
  for (const auto& [number, measured] : all) {
    if (only != 0 && only != number) continue;
    Figures figures;
    measured(setup, figures);
    for (const Figure& figure : figures) {
      pass = pass && figure.pass();
      rows.push_back(json_of(figure));
      if (!json) print_row(figure);
    }
  }
  if (json) fmt::print("{}\n", dump_json({{"machine", machine}, {"figures", rows}}));
  return pass ? 0 : 1;
}

int usage() {
  fmt::print(stderr,
             "usage: cartpilot_bench [--json] [--runs N] [--only 1..10] [--growth FOLDER]\n");
  return 2;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[1] == "--relay") return relay_main(std::atoi(words[2].c_str()));
  const Home home;
  Setup setup;
  setup.self = std::filesystem::canonical("/proc/self/exe");
  const std::filesystem::path build = setup.self.parent_path().parent_path();
  setup.program = build / "bin" / "cartpilot";
  setup.empty = build / "bin" / "cartpilot_bench_empty";
  setup.plugins = build / "lib" / "cartpilot" / "plugins";
  setup.stuck = build / "lib" / "cartpilot" / "bench" / "stuck_lookup.so";
  setup.fixtures = CARTPILOT_FIXTURES;
  setup.home = home.path();
  bool json = false;
  int only = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool more = i + 1 < words.size();
    if (words[i] == "--json") {
      json = true;
    } else if (words[i] == "--runs" && more) {
      setup.runs = std::max(1, std::atoi(words[++i].c_str()));
    } else if (words[i] == "--only" && more) {
      only = std::atoi(words[++i].c_str());
      if (only < 1 || only > 10) return usage();
    } else if (words[i] == "--growth" && more) {
      draw_growth(setup, words[i + 1]);
      return 0;
    } else {
      return usage();
    }
  }
  return measure(setup, json, only);
}

}  // namespace
}  // namespace cartpilot::bench

int main(int argc, char** argv) {
  try {
    return cartpilot::bench::run({argv, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "cartpilot_bench: {}\n", error.what());
    return 1;
  }
}
