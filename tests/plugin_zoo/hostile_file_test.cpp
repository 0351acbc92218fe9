// Cases 1 to 12 of docs/plugin-errors.md: files that are no plugins, or not whole.
#include <elf.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// The good plugin with its ELF header changed.
std::string with_header(const std::function<void(Elf64_Ehdr&)>& edit) {
  std::string bytes = PrivateDir::bytes("good");
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  edit(header);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

/// The good plugin with one program header changed.
std::string with_segment(std::uint32_t type, const std::function<void(Elf64_Phdr&)>& edit) {
  std::string bytes = PrivateDir::bytes("good");
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::size_t place = header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + place, sizeof(segment));
    if (segment.p_type != type) continue;
    edit(segment);
    std::memcpy(bytes.data() + place, &segment, sizeof(segment));
    return bytes;
  }
  ADD_FAILURE() << "no such segment";
  return bytes;
}

TEST(HostilePlugin, case_01_empty_files_texts_and_scripts_are_no_libraries) {
  PrivateDir dir;
  dir.write("empty", "");
  dir.write("text", "I am a text.\n");
  dir.write("script", "#!/bin/sh\necho hello\n");
  dir.expect_refused_unseen("empty", "CP-P03", "not an ELF shared library (0 bytes)");
  EXPECT_THAT(string_or(dir.listed("text"), "why"), HasSubstr("(13 bytes)"));
  EXPECT_EQ(string_or(dir.listed("script"), "code"), "CP-P03");
}

TEST(HostilePlugin, case_02_directories_fifos_sockets_and_devices_are_named_and_never_waited_for) {
  PrivateDir dir;
  fs::create_directory(dir.path("folder"));
  ASSERT_EQ(::mkfifo(dir.path("fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, dir.path("socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  fs::create_symlink("/dev/zero", dir.path("device"));
  dir.expect_refused_unseen("fifo", "CP-P02", "not a regular file but a FIFO");
  EXPECT_EQ(string_or(dir.listed("folder"), "why"), "not a regular file but a directory");
  EXPECT_EQ(string_or(dir.listed("socket"), "why"), "not a regular file but a socket");
  EXPECT_EQ(string_or(dir.listed("device"), "why"), "not a regular file but a character device");
  ::close(socket);
}

TEST(HostilePlugin, case_03_what_cannot_be_opened_is_said_with_the_systems_words) {
  PrivateDir dir;
  // Root may read everything, so what fails for everybody stands for both: a name too long to open.
  const std::string name = "/" + std::string(300, 'x') + "/cartpilot-far.so";
  const e2e::Result listed = dir.run({"plugin", "list", "--json", "--plugin", name});
  EXPECT_EQ(listed.exit_code, 0);
  const Json far = parse_json(listed.out, "list").at(0);
  EXPECT_EQ(string_or(far, "code"), "CP-P01");
  EXPECT_THAT(string_or(far, "why"), HasSubstr("it cannot be opened: File name too long"));
  const e2e::Result folder = dir.run({"plugin", "list", "--plugin-path", name});
  EXPECT_EQ(folder.exit_code, 0) << "listing goes on";
  EXPECT_THAT(folder.err, HasSubstr("is skipped: File name too long"));
  EXPECT_THAT(folder.out, HasSubstr("good"));
  if (::geteuid() != 0) {
    dir.put("exports-all", "unreadable");
    fs::permissions(dir.path("unreadable"), fs::perms::none);
    dir.expect_refused_unseen("unreadable", "CP-P01", "Permission denied");
  }
  dir.expect_neighbour_works();
}

TEST(HostilePlugin, case_04_dangling_links_and_link_loops_are_refused) {
  PrivateDir dir;
  fs::create_symlink(dir.plugins() / "gone", dir.path("dangling"));
  fs::create_symlink(dir.path("loop"), dir.path("loop"));
  dir.expect_refused_unseen("dangling", "CP-P01", "it is a broken link");
  dir.expect_refused_unseen("loop", "CP-P01", "Too many levels of symbolic links");
}

TEST(HostilePlugin, case_05_a_link_to_a_file_elsewhere_is_followed_shown_and_its_target_checked) {
  PrivateDir dir;
  const fs::path elsewhere = dir.home() / "elsewhere";
  fs::create_directory(elsewhere);
  fs::copy_file(animal("exports-all"), elsewhere / "real.so");
  fs::create_symlink(elsewhere / "real.so", dir.path("exports-all"));
  EXPECT_EQ(string_or(dir.info("exports-all"), "status"), "ok");
  EXPECT_THAT(dir.run({"plugin", "list"}).out, HasSubstr(dir.path("exports-all").string() + " -> " +
                                                         (elsewhere / "real.so").string()));
  fs::permissions(elsewhere, fs::perms(0777));
  dir.expect_refused_unseen("exports-all", "CP-P26", "elsewhere can be written by every user");
}

TEST(HostilePlugin, case_06_a_folder_reached_by_two_names_or_a_loop_is_visited_once) {
  PrivateDir dir;
  fs::create_directory_symlink(dir.plugins(), dir.home() / "again");
  fs::create_directory_symlink(dir.plugins(), dir.plugins() / "cartpilot-inner.so");
  const e2e::Result result =
      dir.run({"plugin", "list", "--json", "--plugin-path", (dir.home() / "again").string(),
               "--plugin-path", dir.plugins().string() + "/."});
  int good = 0;
  for (const Json& record : parse_json(result.out, "list")) {
    good += string_or(record, "id") == "good" ? 1 : 0;
  }
  EXPECT_EQ(good, 1);
  EXPECT_THAT(dir.run({"plugin", "path", "--plugin-path", (dir.home() / "again").string()}).out,
              HasSubstr("searched already under another name"));
}

TEST(HostilePlugin, case_07_a_file_for_another_machine_is_named_as_such) {
  PrivateDir dir;
  dir.write("arm", with_header([](Elf64_Ehdr& header) { header.e_machine = EM_RISCV; }));
  dir.expect_refused_unseen("arm", "CP-P04", "built for risc-v, this is ");
}

TEST(HostilePlugin,
     case_08_other_word_sizes_byte_orders_core_dumps_objects_and_archives_are_named) {
  PrivateDir dir;
  dir.write("narrow", with_header([](Elf64_Ehdr& h) { h.e_ident[EI_CLASS] = ELFCLASS32; }));
  dir.write("swapped", with_header([](Elf64_Ehdr& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; }));
  dir.write("core", with_header([](Elf64_Ehdr& h) { h.e_type = ET_CORE; }));
  dir.write("object", with_header([](Elf64_Ehdr& h) { h.e_type = ET_REL; }));
  dir.write("archive", "!<arch>\nsomething/      0");
  dir.expect_refused_unseen("narrow", "CP-P04", "32-bit, little-endian");
  EXPECT_THAT(string_or(dir.listed("swapped"), "why"), HasSubstr("64-bit, big-endian"));
  EXPECT_EQ(string_or(dir.listed("core"), "why"), "it is a core dump, not a plugin");
  EXPECT_EQ(string_or(dir.listed("object"), "why"), "it is an object file (.o), not a plugin");
  EXPECT_EQ(string_or(dir.listed("archive"), "why"), "it is a static library (.a), not a plugin");
}

TEST(HostilePlugin, case_09_programs_position_independent_or_not_are_no_plugins) {
  PrivateDir dir;
  dir.put("program");
  dir.expect_refused_unseen("program", "CP-P05", "it is a program, not a plugin");
  dir.write("fixed", with_header([](Elf64_Ehdr& header) { header.e_type = ET_EXEC; }));
  dir.expect_refused_unseen("fixed", "CP-P05", "it is a program, not a plugin");
}

TEST(HostilePlugin, case_10_a_copy_still_being_made_is_incomplete_wherever_it_was_cut) {
  PrivateDir dir;
  const std::string whole = PrivateDir::bytes("good");
  for (const std::size_t length : {std::size_t{5}, std::size_t{64}, std::size_t{200},
                                   whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
    dir.write("copy", whole.substr(0, length));
    EXPECT_EQ(string_or(dir.listed("copy"), "code"), "CP-P06") << length;
  }
  dir.write("copy", whole.substr(0, whole.size() / 2));
  dir.expect_refused_unseen("copy", "CP-P06",
                            "incomplete: it ends at byte " + std::to_string(whole.size() / 2));
}

TEST(HostilePlugin, case_11_absurd_headers_are_malformed_and_cost_neither_time_nor_memory) {
  PrivateDir dir;
  dir.write("headers", with_header([](Elf64_Ehdr& header) { header.e_phnum = 65535; }));
  dir.write("far", with_header([](Elf64_Ehdr& header) { header.e_phoff = ~0ULL - 8; }));
  dir.write("overlap", with_segment(PT_LOAD, [](Elf64_Phdr& s) { s.p_memsz = 1ULL << 30; }));
  dir.write("endless", with_segment(PT_LOAD, [](Elf64_Phdr& s) { s.p_memsz = ~0ULL; }));
  dir.write("dynamic", with_segment(PT_DYNAMIC, [](Elf64_Phdr& s) { s.p_vaddr = 1ULL << 31; }));
  dir.write("size", with_segment(PT_DYNAMIC, [](Elf64_Phdr& s) { s.p_filesz = 1; }));
  for (const char* name : {"headers", "far", "overlap", "endless", "dynamic", "size"}) {
    EXPECT_EQ(string_or(dir.listed(name), "code"), "CP-P06") << name;
  }
  dir.expect_refused_unseen("overlap", "CP-P06", "its segments overlap");
}

TEST(HostilePlugin, case_12_a_library_without_a_manifest_is_no_plugin) {
  PrivateDir dir;
  dir.put("no-note");
  dir.expect_refused_unseen("no-note", "CP-P18", "not a cartpilot plugin: it has no manifest");
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
