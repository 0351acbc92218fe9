#include "parts/program_part.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/error.h"

namespace cartpilot::parts {
namespace {

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

std::string executable() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::string> folders() {
  std::vector<std::string> list;
  Dl_info here{};
  if (::dladdr(reinterpret_cast<void*>(&folder_of), &here) != 0 && here.dli_fname != nullptr) {
    const std::string_view name = here.dli_fname;
    if (name.find(".so") != std::string_view::npos) list.push_back(folder_of(std::string(name)));
  }
  if (const std::string program = executable(); !program.empty()) {
    const std::string prefix = folder_of(program) + "/../";
    list.push_back(prefix + "lib/cartpilot");
    list.push_back(prefix + CARTPILOT_LIBDIR "/cartpilot");
  }
  list.push_back(CARTPILOT_PARTS_DIR);
  return list;
}

[[noreturn]] void refuse(const std::string& message) {
  Error error(ErrorCode::kUnavailable, message + "; install cartpilot again, as a whole");
  error.reason = "part";
  throw error;
}

}  // namespace

void* open_part(const char* file, const char* symbol) {
  for (const std::string& folder : folders()) {
    const std::string path = folder + "/" + file;
    if (::access(path.c_str(), F_OK) != 0) continue;
    void* const part = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (part == nullptr) refuse(path + " cannot be loaded: " + ::dlerror());
    const auto* version = static_cast<const char*>(::dlsym(part, "cartpilot_part_version"));
    if (version == nullptr || std::string_view(version) != CARTPILOT_VERSION) {
      refuse(path + " is version " + (version == nullptr ? "unknown" : version) +
             " but this program is " CARTPILOT_VERSION);
    }
    void* const address = ::dlsym(part, symbol);
    if (address == nullptr) refuse(path + " lacks " + symbol);
    return address;
  }
  refuse(std::string(file) + ", a part of this program, is missing (looked in " +
         folders().front() + " and its usual places)");
}

}  // namespace cartpilot::parts
