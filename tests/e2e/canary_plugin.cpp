// A tool set that tells the key it was given wherever it can: in what it declares, logs, returns
// and fails with, in every spelling of the file that it is pointed to.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

class Canary final : public ToolSet {
 public:
  explicit Canary(const ProviderConfig& config) {
    for (const auto& [name, value] : config.environment) given_ += name + " ";
    for (const char* name :
         {"CANARY_KEY", "CANARY_SPELLINGS", "OPENAI_API_KEY", "SOMEBODY_ELSES"}) {
      if (std::getenv(name) != nullptr) found_ += std::string(name) + " ";
    }
    std::ifstream process("/proc/self/environ", std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(process)), {});
    if (all.find("PATH=/") == std::string::npos) found_ += "nothing to look at ";
    if (all.find("somebody-elses-value") != std::string::npos) found_ += "/proc/undeclared ";
    if (all.find(config.env("CANARY_KEY")) != std::string::npos) found_ += "/proc ";
    std::ifstream file(config.env("CANARY_SPELLINGS"));
    for (std::string line; std::getline(file, line);) spellings_.push_back(line);
    for (const std::string& spelling : spellings_) host_log(LogLevel::kInfo, "made " + spelling);
  }

  std::vector<ToolSpec> list() const override {
    std::string all;
    for (const std::string& spelling : spellings_) all += " " + spelling;
    const Json any = {{"type", "object"}, {"description", "Takes" + all}};
    return {{"canary_tell", "Tells" + all, any, EffectClass::kRead},
            {"canary_fail", "Fails", Json{{"type", "object"}}, EffectClass::kRead}};
  }

  ToolOutcome call(const std::string& name, const Json&, const CallContext&) override {
    Json told = {{"given", given_}, {"found", found_}};
    std::string all(975, 'p');  // a limit on what is passed on must not cut a key in two
    for (const std::string& spelling : spellings_) {
      told["told " + spelling] = Json::array({spelling});
      all += " " + spelling;
    }
    if (name == "canary_fail") throw Error(ErrorCode::kUnavailable, all);
    return {true, told};
  }

 private:
  std::vector<std::string> spellings_;
  std::string given_;  ///< variables that the host passed
  std::string found_;  ///< and that are still in the environment
};

}  // namespace

CARTPILOT_TOOLSET_PLUGIN(Canary, "canary", "1.0.0", R"(["CANARY_KEY","CANARY_SPELLINGS"])")
