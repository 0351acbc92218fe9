// Anything as a plugin file: its ELF facts, then the manifest of its note.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cartpilot/error.h"
#include "plugin/file/elf_facts.h"
#include "plugin/file/manifest.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cartpilot;
  const std::string original(reinterpret_cast<const char*>(data), size);
  std::string bytes = original;
  plugin::ElfFacts facts;
  plugin::read_elf(bytes, facts);
  require(bytes == original);
  require(facts.refusal.code.empty() == facts.refusal.why.empty());
  for (const std::string& note : facts.notes) {
    require(note.size() <= size);
    try {
      const plugin::PluginManifest manifest = plugin::parse_manifest(note);
      require(!manifest.id.empty() && manifest.id.size() < 64);
    } catch (const Error& error) {
      require(error.code == ErrorCode::kProtocol);
    }
  }
  return 0;
}
