// Versions of the C and C++ libraries in this process: what a plugin may ask the dynamic loader
// for.
//
// Asked once; thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

namespace cartpilot::plugin {

/// File name -> versions ("GLIBC_2.34"), of libc, libm, libstdc++ and libgcc_s.
const std::map<std::string, std::set<std::string>>& system_versions();

/// The highest of the family of `wanted`, "GLIBCXX_3.4.30"; "" when there is none.
std::string highest_like(const std::set<std::string>& versions, const std::string& wanted);

}  // namespace cartpilot::plugin
