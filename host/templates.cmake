# The files of host/templates as C++: build/host/plugin_templates.cpp, one entry for every file, its kind being the name
# of the first folder. Files in host/templates/common belong to every kind; those in common-cpp to the kinds in C++.
file(GLOB_RECURSE template_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/templates/*)
list(SORT template_files)
set(template_entries "")
foreach(file IN LISTS template_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(RELATIVE_PATH path ${CMAKE_CURRENT_SOURCE_DIR}/templates ${file})
  string(REGEX MATCH "^[^/]+" kind ${path})
  file(RELATIVE_PATH path ${CMAKE_CURRENT_SOURCE_DIR}/templates/${kind} ${file})
  string(REGEX REPLACE "\\.in$" "" path ${path})
  file(READ ${file} text)
  set(executable false)
  if(path MATCHES "\\.sh$")
    set(executable true)
  endif()
  string(APPEND template_entries "    {\"${kind}\", \"${path}\", R\"cartpilot(${text})cartpilot\", ${executable}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/plugin_templates.cpp @ONLY CONTENT
[[// Written by templates.cmake.
#include "commands/plugin/templates.h"

namespace cartpilot::host {
namespace {

struct Entry {
  const char* kind;
  const char* path;
  const char* text;
  bool executable;
};

const Entry kEntries[] = {
@template_entries@};

}  // namespace

std::vector<PluginTemplate> plugin_templates(const std::string& kind) {
  std::vector<PluginTemplate> files;
  const bool plain_c = kind.find("-c") != std::string::npos;
  for (const Entry& entry : kEntries) {
    const std::string of = entry.kind;
    if (of == kind || of == "common" || of == (plain_c ? "common-c" : "common-cpp")) {
      files.push_back({entry.path, entry.text, entry.executable});
    }
  }
  return files;
}

}  // namespace cartpilot::host
]])
target_sources(cartpilot_host PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/plugin_templates.cpp)
