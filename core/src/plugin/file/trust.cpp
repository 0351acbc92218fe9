#include "plugin/file/trust.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <utility>

namespace cartpilot::plugin {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;

std::string owner_name(uid_t owner) { return fmt::format("user {}", owner); }

/// The components of `path`, to be walked from the root.
std::deque<std::string> components(const fs::path& path) {
  std::deque<std::string> parts;
  for (const fs::path& part : path) {
    if (part != "/" && !part.empty()) parts.push_back(part.string());
  }
  return parts;
}

}  // namespace

TrustedParties TrustedParties::of_process() {
  TrustedParties parties;
  parties.owners = {0, ::geteuid()};
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return parties;
  for (;; path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
      parties.owners.insert(status.st_uid);
      const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
      if (!sticky && (status.st_mode & S_IWGRP) != 0) parties.groups.insert(status.st_gid);
      if (!sticky && (status.st_mode & S_IWOTH) != 0) parties.everybody = true;
    }
    if (path == path.parent_path()) return parties;
  }
}

PathTrust::PathTrust(TrustedParties parties) : parties_(std::move(parties)) {}

Refusal PathTrust::judge(const std::string& path, bool is_directory, bool holds_the_file) const {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (parties_.owners.count(status.st_uid) == 0) {
    return {"CP-P26",
            fmt::format("{} belongs to {}, who could change what it loads", path,
                        owner_name(status.st_uid)),
            fmt::format("chown {} {}", ::geteuid(), path)};
  }
  // In a sticky directory others cannot replace what is not theirs; they can add files, though.
  if (is_directory && (status.st_mode & S_ISVTX) != 0 && !holds_the_file) return {};
  const bool by_group =
      (status.st_mode & S_IWGRP) != 0 && parties_.groups.count(status.st_gid) == 0;
  const bool by_others = (status.st_mode & S_IWOTH) != 0;
  if (parties_.everybody || (!by_group && !by_others)) return {};
  return {"CP-P26",
          fmt::format("{} can be written by {} (mode {:04o})", path,
                      by_others ? "every user" : fmt::format("group {}", status.st_gid),
                      status.st_mode & 07777),
          fmt::format("chmod go-w {}", path)};
}

PathTrust::Verdict PathTrust::walk(const fs::path& file) {
  std::deque<std::string> rest = components(file);
  std::string place;
  int links = 0;
  if (Refusal refusal = judge("/", true, false)) return {refusal, true};
  while (!rest.empty()) {
    const std::string name = rest.front();
    rest.pop_front();
    if (name == "..") {
      place = place.substr(0, place.rfind('/'));
      continue;
    }
    const std::string next = place + "/" + name;
    struct stat status {};
    if (name == "." || ::lstat(next.c_str(), &status) != 0) {
      if (name == ".") continue;
      return {};
    }
    if (S_ISLNK(status.st_mode)) {
      // Whoever may write the directory of the link may point it elsewhere.
      if (Refusal refusal = judge(place.empty() ? "/" : place, true, rest.empty())) {
        return {refusal, true};
      }
      std::error_code error;
      const fs::path target = fs::read_symlink(next, error);
      if (error || ++links > kMaxLinks) return {};
      if (target.is_absolute()) place.clear();
      std::deque<std::string> parts = components(target);
      rest.insert(rest.begin(), parts.begin(), parts.end());
      continue;
    }
    const bool is_directory = S_ISDIR(status.st_mode);
    if (Refusal refusal = judge(next, is_directory, is_directory && rest.size() == 1)) {
      return {refusal, is_directory};
    }
    place = next;
  }
  return {};
}

PathTrust::Verdict PathTrust::examine(const fs::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return {};
  if (S_ISLNK(status.st_mode)) return walk(file);
  const std::string directory = file.parent_path().string();
  const auto [known, is_new] = directories_.try_emplace(directory);
  if (is_new) known->second = walk(file.parent_path() / ".");
  if (known->second.refusal) return known->second;
  return {judge(file.string(), false, false), false};
}

}  // namespace cartpilot::plugin
