#include "plugin/file/system_versions.h"

#include <link.h>
#include <string.h>

#include <cctype>

namespace cartpilot::plugin {
namespace {

/// Version names that one loaded library defines.
std::set<std::string> defined_versions(const dl_phdr_info& info) {
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + info.dlpi_phdr[i].p_vaddr);
    }
  }
  std::uintptr_t definitions = 0;
  std::uintptr_t strings = 0;
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_VERDEF) definitions = dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_STRTAB) strings = dynamic->d_un.d_ptr;
  }
  std::set<std::string> names;
  if (definitions == 0 || strings == 0) return names;
  // The dynamic loader makes some of these addresses absolute, in place, and leaves others.
  if (definitions < info.dlpi_addr) definitions += info.dlpi_addr;
  if (strings < info.dlpi_addr) strings += info.dlpi_addr;
  for (const char* place = reinterpret_cast<const char*>(definitions);;) {
    const auto* definition = reinterpret_cast<const ElfW(Verdef)*>(place);
    const auto* name = reinterpret_cast<const ElfW(Verdaux)*>(place + definition->vd_aux);
    names.insert(reinterpret_cast<const char*>(strings) + name->vda_name);
    if (definition->vd_next == 0) return names;
    place += definition->vd_next;
  }
}

int add_library(dl_phdr_info* info, std::size_t, void* target) {
  const std::string path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  const std::string name = path.substr(path.rfind('/') + 1);
  for (const char* library : {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"}) {
    if (name != library) continue;
    (*static_cast<std::map<std::string, std::set<std::string>>*>(target))[name] =
        defined_versions(*info);
  }
  return 0;
}

}  // namespace

const std::map<std::string, std::set<std::string>>& system_versions() {
  static const auto versions = [] {
    std::map<std::string, std::set<std::string>> result;
    ::dl_iterate_phdr(&add_library, &result);
    return result;
  }();
  return versions;
}

std::string highest_like(const std::set<std::string>& versions, const std::string& wanted) {
  const std::string family = wanted.substr(0, wanted.find('_') + 1);
  std::string highest;
  for (const std::string& version : versions) {
    const bool numbered = version.rfind(family, 0) == 0 && version.size() > family.size() &&
                          std::isdigit(static_cast<unsigned char>(version[family.size()]));
    if (numbered && ::strverscmp(version.c_str(), highest.c_str()) > 0) highest = version;
  }
  return highest;
}

}  // namespace cartpilot::plugin
