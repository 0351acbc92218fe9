#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cartpilot/testing/plugin_check.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

using testing::CheckOutcome;
using testing::CheckResult;

Json json_of(const CheckResult& result) {
  return {{"id", result.id},
          {"outcome", testing::outcome_name(result.outcome)},
          {"message", result.message},
          {"ms", result.ms}};
}

std::string xml_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '&': safe += "&amp;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  // What is no UTF-8 has no place in XML.
  return parse_json(dump_json(safe)).get<std::string>();
}

std::string junit(const std::string& file, const std::vector<CheckResult>& results) {
  std::string cases;
  int failed = 0;
  int skipped = 0;
  for (const CheckResult& result : results) {
    std::string inside;
    const std::string message = xml_text(result.message);
    if (result.outcome == CheckOutcome::kSkip) {
      ++skipped;
      inside = fmt::format("<skipped message=\"{}\"/>", message);
    } else if (!testing::all_good({result})) {
      ++failed;
      inside = fmt::format("<failure type=\"{}\" message=\"{}\"/>",
                           testing::outcome_name(result.outcome), message);
    } else if (result.outcome == CheckOutcome::kWarn) {
      inside = fmt::format("<system-out>warning: {}</system-out>", message);
    }
    cases += fmt::format(
        "  <testcase classname=\"plugin-check\" name=\"{}\" time=\"{:.3f}\">{}"
        "</testcase>\n",
        result.id, static_cast<double>(result.ms) / 1000.0, inside);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" "
      "failures=\"{}\" skipped=\"{}\">\n{}</testsuite>\n",
      xml_text(file), results.size(), failed, skipped, cases);
}

int list_checks(bool as_json) {
  Json list = Json::array();
  for (const testing::CheckInfo& check : testing::list_checks()) {
    if (as_json) {
      list.push_back(
          {{"id", check.id}, {"sentence", check.sentence}, {"runs_code", check.runs_code}});
    } else {
      out_row(fmt::format("{:<28} A good plugin {}.", check.id, check.sentence));
    }
  }
  if (as_json) out_json(list);
  return kOk;
}

/// What this program says about the file without running it: "" or the refusal.
std::string verdict(const std::string& file, HttpTransport& transport) {
  plugin::SearchOptions search;
  search.files = {file};
  search.standard_places = false;
  plugin::PluginHost host(search, transport);
  for (const plugin::PluginRecord& record : host.list()) {
    if (record.status == plugin::PluginStatus::kRefused) {
      return fmt::format("{}: {}; {}", record.code, record.why, record.fix);
    }
  }
  return "";
}

}  // namespace

int run_plugin_check(CommandServices& services) {
  const PluginAuthorArguments& arguments = services.arguments().plugin_author;
  const bool as_json = services.arguments().json;
  if (arguments.list) return list_checks(as_json);
  if (arguments.file.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "name the plugin file: cartpilot plugin check ./cartpilot-NAME.so");
  }
  std::error_code problem;
  if (!std::filesystem::exists(arguments.file, problem)) {
    throw Error(ErrorCode::kNotFound, fmt::format("there is no file {}", arguments.file));
  }
  testing::CheckOptions options;
  options.only = arguments.only;
  options.skip = arguments.skip;
  options.seed = arguments.seed;
  options.deadline_ms = std::int64_t{arguments.deadline_s} * 1000;
  options.samples_file =
      arguments.samples.empty() ? "" : std::filesystem::absolute(arguments.samples).string();
  options.static_only = arguments.static_only;
  options.in_process = arguments.in_process;
  options.host_verdict = [&](const std::string& file) { return verdict(file, services.http()); };
  const std::vector<CheckResult> results = testing::run_checks(arguments.file, options);
  if (!arguments.junit.empty()) {  // before the output, which may find no reader
    std::ofstream stream(arguments.junit, std::ios::binary);
    stream << junit(arguments.file, results);
    stream.close();
    if (!stream) {
      throw Error(ErrorCode::kUnavailable, fmt::format("cannot write {}", arguments.junit));
    }
  }

  const std::string score = testing::score_line(results);
  if (as_json) {
    Json checks = Json::array();
    for (const CheckResult& result : results) checks.push_back(json_of(result));
    out_json({{"file", arguments.file},
              {"seed", arguments.seed},
              {"good", testing::all_good(results)},
              {"score", score},
              {"checks", checks}});
  } else {
    for (const CheckResult& result : results) {
      const bool skipped = result.outcome == CheckOutcome::kSkip;
      const bool quiet_kind = result.outcome == CheckOutcome::kPass || skipped;
      if (arguments.quiet && quiet_kind) continue;
      // What was asked for by name is answered; else a third of the lines would say nothing.
      if (skipped && arguments.only.empty()) continue;
      out_row(fmt::format("{:<8} {}{}", testing::outcome_name(result.outcome), result.id,
                          result.message.empty() ? "" : ": " + result.message));
    }
    if (!arguments.quiet) {
      out_row(score + (arguments.only.empty() ? "; --json says why something was skipped" : ""));
    }
  }
  return testing::all_good(results) ? kOk : kFailed;
}

}  // namespace cartpilot::host
