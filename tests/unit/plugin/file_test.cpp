#include "plugin/file/file.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using testing::zoo;

std::string slurp(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Refusal verdict(const std::filesystem::path& file) {
  FileFacts facts;
  return examine_file(file, facts);
}

/// The good plugin with its ELF header changed by `edit`.
template <class Edit>
Refusal verdict_after(Edit edit) {
  const TemporaryDirectory directory;
  std::string bytes = slurp(zoo("good"));
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  edit(header);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return verdict(directory.write("cartpilot-x.so", bytes));
}

TEST(PluginFile, a_plugin_has_no_objection_an_identity_and_a_manifest) {
  FileFacts facts;
  const Refusal refusal = examine_file(zoo("good"), facts);
  const FileIdentity& identity = facts.identity;
  EXPECT_EQ(refusal.code, "") << refusal.why;
  EXPECT_THAT(facts.manifest, HasSubstr("\"id\":\"rogue\""));
  struct stat status {};
  ASSERT_EQ(::stat(zoo("good").c_str(), &status), 0);
  EXPECT_EQ(identity.inode, status.st_ino);
  EXPECT_EQ(identity.device, status.st_dev);
}

TEST(PluginFile, what_cannot_be_opened_is_named) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink(directory / "gone", directory / "cartpilot-a.so");
  std::filesystem::create_symlink(directory / "cartpilot-b.so", directory / "cartpilot-b.so");
  EXPECT_EQ(verdict(directory / "cartpilot-a.so").code, "CP-P01");
  EXPECT_EQ(verdict(directory / "cartpilot-a.so").why, "it is a broken link");
  EXPECT_EQ(verdict(directory / "cartpilot-b.so").code, "CP-P01");
  EXPECT_THAT(verdict(directory / "cartpilot-b.so").why, HasSubstr("symbolic links"));
  EXPECT_EQ(verdict(directory / "nothing").code, "CP-P01");
  EXPECT_THAT(verdict(directory / "nothing").why, HasSubstr("No such file"));
}

TEST(PluginFile, what_is_no_regular_file_is_named_and_never_waited_for) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(directory / "folder");
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (directory / "s").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);

  EXPECT_EQ(verdict(directory / "fifo").why, "not a regular file but a FIFO");
  EXPECT_EQ(verdict(directory / "folder").why, "not a regular file but a directory");
  EXPECT_EQ(verdict(directory / "s").why, "not a regular file but a socket");
  EXPECT_EQ(verdict("/dev/null").why, "not a regular file but a character device");
  EXPECT_EQ(verdict(directory / "fifo").code, "CP-P02");
  ::close(socket);
}

TEST(PluginFile, text_and_empty_files_are_no_library) {
  const TemporaryDirectory directory;
  EXPECT_EQ(verdict(directory.write("a", "")).code, "CP-P03");
  EXPECT_EQ(verdict(directory.write("b", "#!/bin/sh\necho hello\n")).code, "CP-P03");
  EXPECT_EQ(verdict(directory.write("b", "#!/bin/sh\necho hello\n")).why,
            "not an ELF shared library (21 bytes)");
}

TEST(PluginFile, other_machines_are_named) {
  const Refusal arm = verdict_after([](Elf64_Ehdr& header) { header.e_machine = EM_ARM; });
  EXPECT_EQ(arm.code, "CP-P04");
  EXPECT_THAT(arm.why, HasSubstr("built for 32-bit arm, this is"));
  const Refusal narrow =
      verdict_after([](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASS32; });
  EXPECT_EQ(narrow.code, "CP-P04");
  EXPECT_THAT(narrow.why, HasSubstr("32-bit"));
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_ident[EI_DATA] = ELFDATA2MSB; }).code,
            "CP-P04");
}

TEST(PluginFile, programs_and_objects_are_no_library) {
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_type = ET_EXEC; }).why,
            "it is a program, not a plugin");
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_type = ET_REL; }).code, "CP-P05");
}

TEST(PluginFile, a_copy_cut_anywhere_is_incomplete) {
  const TemporaryDirectory directory;
  const std::string bytes = slurp(zoo("good"));
  for (const std::size_t length :
       {std::size_t{4}, std::size_t{63}, std::size_t{64}, std::size_t{100}, bytes.size() / 4,
        bytes.size() / 2, bytes.size() - 1}) {
    const Refusal refusal = verdict(directory.write("cartpilot-x.so", bytes.substr(0, length)));
    EXPECT_EQ(refusal.code, "CP-P06") << length << " of " << bytes.size();
  }
}

TEST(PluginFile, absurd_header_tables_are_refused_without_following_them) {
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_phnum = 65535; }).code, "CP-P06");
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_phnum = 0; }).code, "CP-P06");
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_phentsize = 1; }).code, "CP-P06");
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_phoff = ~0ULL - 8; }).code, "CP-P06");
  EXPECT_EQ(verdict_after([](Elf64_Ehdr& header) { header.e_shoff = ~0ULL - 8; }).code, "CP-P06");
}

}  // namespace
}  // namespace cartpilot::plugin
