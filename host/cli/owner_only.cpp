#include "cli/owner_only.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cartpilot::host {
namespace {

std::string objection(const std::string& place, bool is_last) {
  struct stat status {};
  if (::lstat(place.c_str(), &status) != 0) {
    return fmt::format("{} cannot be looked at ({})", place, std::strerror(errno));
  }
  if (S_ISLNK(status.st_mode)) {
    return fmt::format("{} is a symbolic link; put the file itself there", place);
  }
  if (is_last && !S_ISREG(status.st_mode)) return fmt::format("{} is no regular file", place);
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return fmt::format("{} belongs to user {}", place, status.st_uid);
  }
  const bool is_sticky =
      S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0 && status.st_uid == 0;
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !is_sticky) {
    return fmt::format("{} can be written by others (mode {:04o}); run: chmod go-w {}", place,
                       status.st_mode & 07777, place);
  }
  if (::lgetxattr(place.c_str(), "system.posix_acl_access", nullptr, 0) > 0) {
    return fmt::format("{} has an access list; run: setfacl -b {}", place, place);
  }
  return "";
}

}  // namespace

std::string why_not_owner_only(const std::filesystem::path& path) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(path, failed);
  if (failed) return fmt::format("{} cannot be looked at ({})", path.string(), failed.message());
  std::filesystem::path place;
  for (auto part = whole.begin(); part != whole.end(); ++part) {
    if (*part == "..")
      return fmt::format("{} contains '..'; name the file directly", whole.string());
    if (part->empty() || *part == ".") continue;
    place /= *part;
    std::string why = objection(place.string(), std::next(part) == whole.end());
    if (!why.empty()) return why;
  }
  return "";
}

}  // namespace cartpilot::host
