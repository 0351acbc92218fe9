#include "plugin/host/probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <sstream>

#include "base/clock.h"
#include "cartpilot/detail/calls.h"
#include "cartpilot/json.h"

extern char** environ;

namespace cartpilot::plugin {
namespace {

constexpr std::size_t kMaxCaptured = 64 * 1024;
constexpr std::size_t kMaxExcerpt = 300;
constexpr std::chrono::seconds kGrace{2};  // for the supervisor to tidy up

/// Both ends of a pipe, above the numbers the child needs.
class Pipe {
 public:
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_ = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 10);
    write_ = ::fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
    ::close(ends[0]);
    ::close(ends[1]);
    if (read_ >= 0) ::fcntl(read_, F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return read_ >= 0 && write_ >= 0; }
  int read_end() const { return read_; }
  int write_end() const { return write_; }
  void close_read() { close(read_); }
  void close_write() { close(write_); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  int read_ = -1;
  int write_ = -1;
};

/// Reads what is there; closes at the end of it. Keeps the first kMaxCaptured bytes.
void drain(Pipe& pipe, std::string& text) {
  char block[16384];
  for (;;) {
    const ssize_t got = ::read(pipe.read_end(), block, sizeof(block));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      pipe.close_read();
      return;
    }
    if (text.size() < kMaxCaptured) {
      text.append(block, std::min(static_cast<std::size_t>(got), kMaxCaptured - text.size()));
    }
  }
}

struct Report {
  std::string report;  ///< lines of descriptor 3
  std::string output;  ///< what the plugin printed
  int error = 0;       ///< errno when the child could not be started
};

/// Owns the attributes of one posix_spawn.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  int run(const std::vector<std::string>& words, const Pipe& output, const Pipe& report,
          pid_t& child) {
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output.write_end(), 1);
    ::posix_spawn_file_actions_adddup2(&actions_, output.write_end(), 2);
    ::posix_spawn_file_actions_adddup2(&actions_, report.write_end(), 3);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    return ::posix_spawn(&child, argv[0], &actions_, &attributes_, argv.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Report run_child(const std::filesystem::path& file, const ProbeOptions& options) {
  Report result;
  Pipe output;
  Pipe report;
  if (!output.good() || !report.good()) {
    result.error = errno;
    return result;
  }
  pid_t child = -1;
  result.error = Spawn().run({options.program.string(), kProbeCommand, file.string(),
                              std::to_string(options.limit.count())},
                             output, report, child);
  if (result.error != 0) return result;
  output.close_write();
  report.close_write();
  const auto end = base::steady_now() + options.limit + kGrace;
  while (report.read_end() >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - base::steady_now());
    if (left.count() <= 0) break;
    pollfd list[2] = {{report.read_end(), POLLIN, 0}, {output.read_end(), POLLIN, 0}};
    ::poll(list, 2, static_cast<int>(left.count()));
    if (output.read_end() >= 0) drain(output, result.output);
    drain(report, result.report);
  }
  ::kill(-child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (output.read_end() >= 0) drain(output, result.output);
  return result;
}

const char* phase_words(const std::string& phase) {
  if (phase == "open") return "while the dynamic loader opened it";
  if (phase == "constructors") return "in a static constructor";
  if (phase == "entry") return "in cartpilot_plugin_entry";
  if (phase == "query") return "in its query function";
  if (phase == "init") return "in its init function";
  return "before it was opened";
}

/// What the plugin said last, or what the C++ runtime said about an exception; one line.
std::string excerpt(const std::string& output) {
  constexpr std::string_view kThrown = "terminate called after throwing an instance of '";
  std::string text;
  if (const std::size_t at = output.find(kThrown); at != std::string::npos) {
    const std::size_t name = at + kThrown.size();
    text = output.substr(name, output.find('\'', name) - name);
    const std::size_t what = output.find("what():  ", name);
    if (what != std::string::npos) {
      text += "(" + output.substr(what + 9, output.find('\n', what) - what - 9) + ")";
    }
  } else {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of(" \t\r") != std::string::npos) text = line;
    }
  }
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) c = ' ';
  }
  return text.substr(0, kMaxExcerpt);
}

std::string with_excerpt(const std::string& output) {
  const std::string text = excerpt(output);
  return text.empty() ? "" : ": " + text;
}

const char* const kReportCrash =
    "report it to the plugin's author; cartpilot itself is not affected";

/// The child reported no end of its own accord.
Refusal failure(const std::string& ended, std::string phase, const std::string& output,
                const ProbeOptions& options) {
  std::istringstream words(ended);
  std::string kind;
  int number = 0;
  words >> kind >> number;
  // The dynamic loader itself neither ends the process nor waits for anything.
  if (kind != "signal" && phase == "open") phase = "constructors";
  if (kind == "signal" && number != SIGXCPU) {
    return {"CP-P27",
            fmt::format("it crashed {} ({}){}", phase_words(phase), ::strsignal(number),
                        with_excerpt(output)),
            kReportCrash};
  }
  if (kind == "exit") {
    return {"CP-P28",
            fmt::format("it ended the process {} (exit code {}) instead of returning{}",
                        phase_words(phase), number, with_excerpt(output)),
            kReportCrash};
  }
  return {"CP-P29",
          fmt::format("it did not come back {} within {} ms", phase_words(phase),
                      options.limit.count()),
          "report it to the plugin's author; a longer time limit may help"};
}

ProbeVerdict read_report(const Report& report, const ProbeOptions& options) {
  ProbeVerdict verdict;
  verdict.phase = "start";
  verdict.keep = true;
  std::string ended;
  std::istringstream lines(report.report);
  bool done = false;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (word == "phase") verdict.phase = rest;
    if (word == "ended") ended = rest;
    // The plugin may have written into our pipe; no complete report is a failure.
    if (word == "done") done = verdict_from_text(rest, verdict);
  }
  if (!done) verdict.refusal = failure(ended, verdict.phase, report.output, options);
  return verdict;
}

}  // namespace

ProbeVerdict probe(const std::filesystem::path& file, const ProbeOptions& options) {
  const Report report = run_child(file, options);
  ProbeVerdict verdict;
  if (report.error != 0) {
    verdict.refusal = {
        "CP-P30",
        fmt::format("the test load could not be started: {}", std::strerror(report.error)),
        "free some memory or processes and start again, or go without the test load"};
  } else {
    verdict = read_report(report, options);
  }
  verdict.unix_time = base::unix_ms_now() / 1000;
  return verdict;
}

std::string verdict_to_text(const ProbeVerdict& verdict) {
  return dump_json(Json{{"phase", verdict.phase},
                        {"code", verdict.refusal.code},
                        {"why", verdict.refusal.why},
                        {"fix", verdict.refusal.fix},
                        {"warnings", verdict.warnings},
                        {"keep", verdict.keep},
                        {"time", verdict.unix_time}});
}

bool verdict_from_text(const std::string& text, ProbeVerdict& verdict) {
  try {
    const Json json = parse_json(text, "verdict");
    ProbeVerdict read;
    read.phase = json.at("phase").get<std::string>();
    read.refusal = {json.at("code").get<std::string>(), json.at("why").get<std::string>(),
                    json.at("fix").get<std::string>()};
    read.warnings = json.at("warnings").get<std::vector<std::string>>();
    read.keep = json.at("keep").get<bool>();
    read.unix_time = integer_or(json, "time");
    verdict = std::move(read);
    return true;
  } catch (const Error&) {
    return false;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace cartpilot::plugin
