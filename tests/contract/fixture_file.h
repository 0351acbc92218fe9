// Reads a JSON fixture of tests/fixtures/cartpilot.
//
// Each says where it comes from in its `origin` member.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::fakes {

inline Json cartpilot_fixture(const std::string& name) {
  const std::string path = std::string(CARTPILOT_FIXTURES) + "/cartpilot/" + name + ".json";
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::kNotFound, "no fixture " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), path);
}

}  // namespace cartpilot::fakes
