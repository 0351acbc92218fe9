/* The manifest where it can be read without running anything: an ELF note.
 *
 * The macros of plugin.h use this by themselves; a plugin in C writes CARTPILOT_NOTE once. The note
 * has the owner "cartpilot" and type 1 and lies in the section .note.cartpilot, which linkers keep
 * (also with --gc-sections and LTO) and strip leaves alone; `readelf -n FILE` shows that it is
 * there. The program reads it before it loads the file and later compares it with
 * cp_plugin.manifest byte for byte, so let cp_plugin.manifest point into the note. Constants only;
 * C11 and C++17.
 */
#ifndef CARTPILOT_DETAIL_MANIFEST_NOTE_H
#define CARTPILOT_DETAIL_MANIFEST_NOTE_H

#include <stdint.h>

#define CARTPILOT_NOTE_OWNER "cartpilot"
#define CARTPILOT_NOTE_TYPE 1
#define CARTPILOT_NOTE_SECTION ".note.cartpilot"
#define CARTPILOT_NOTE_MAX_TEXT 65536

#define CARTPILOT_QUOTE_(text) #text
#define CARTPILOT_QUOTE(text) CARTPILOT_QUOTE_(text)

/* What the library was built with, as the JSON members of "build". It explains crashes; nothing is
 * decided by it. */
#ifdef _GLIBCXX_USE_CXX11_ABI
#define CARTPILOT_BUILD_CXX11_ABI CARTPILOT_QUOTE(_GLIBCXX_USE_CXX11_ABI)
#else
#define CARTPILOT_BUILD_CXX11_ABI "0"
#endif
#if defined(_LIBCPP_VERSION)
#define CARTPILOT_BUILD_STDLIB "libc++ " CARTPILOT_QUOTE(_LIBCPP_VERSION)
#elif defined(__GLIBCXX__)
#define CARTPILOT_BUILD_STDLIB "libstdc++ " CARTPILOT_QUOTE(__GLIBCXX__)
#else
#define CARTPILOT_BUILD_STDLIB ""
#endif
#if defined(__clang__)
#define CARTPILOT_BUILD_COMPILER \
  "clang " CARTPILOT_QUOTE(__clang_major__) "." CARTPILOT_QUOTE(__clang_minor__)
#elif defined(__GNUC__)
#define CARTPILOT_BUILD_COMPILER \
  "gcc " CARTPILOT_QUOTE(__GNUC__) "." CARTPILOT_QUOTE(__GNUC_MINOR__)
#else
#define CARTPILOT_BUILD_COMPILER ""
#endif
#ifdef __cplusplus
#define CARTPILOT_BUILD_LANGUAGE "c++ " CARTPILOT_QUOTE(__cplusplus)
#else
#define CARTPILOT_BUILD_LANGUAGE "c " CARTPILOT_QUOTE(__STDC_VERSION__)
#endif
#ifdef _GLIBCXX_DEBUG
#define CARTPILOT_BUILD_DEBUG "true"
#else
#define CARTPILOT_BUILD_DEBUG "false"
#endif
#if defined(__has_feature)
#define CARTPILOT_HAS_FEATURE(feature) __has_feature(feature)
#else
#define CARTPILOT_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || CARTPILOT_HAS_FEATURE(address_sanitizer)
#define CARTPILOT_BUILD_SANITIZE "address"
#elif defined(__SANITIZE_THREAD__) || CARTPILOT_HAS_FEATURE(thread_sanitizer)
#define CARTPILOT_BUILD_SANITIZE "thread"
#elif CARTPILOT_HAS_FEATURE(memory_sanitizer)
#define CARTPILOT_BUILD_SANITIZE "memory"
#else
#define CARTPILOT_BUILD_SANITIZE ""
#endif
#define CARTPILOT_BUILD_JSON                                                                \
  "{\"compiler\":\"" CARTPILOT_BUILD_COMPILER "\",\"language\":\"" CARTPILOT_BUILD_LANGUAGE \
  "\",\"stdlib\":\"" CARTPILOT_BUILD_STDLIB "\",\"cxx11_abi\":\"" CARTPILOT_BUILD_CXX11_ABI \
  "\",\"debug\":" CARTPILOT_BUILD_DEBUG ",\"sanitize\":\"" CARTPILOT_BUILD_SANITIZE "\"}"

/* The text of a note is padded to four bytes; the padding does not count. */
#define CARTPILOT_NOTE_PADDED(length) (((length) + 3U) / 4U * 4U)

#define CARTPILOT_NOTE_PLACE __attribute__((section(CARTPILOT_NOTE_SECTION), used, aligned(4)))

#ifndef __cplusplus
/* Once, at file scope: CARTPILOT_NOTE("{...}"). Then cartpilot_note.text and .text_size are the
 * manifest. */
#define CARTPILOT_NOTE(MANIFEST)                                                               \
  static const struct {                                                                        \
    uint32_t owner_size;                                                                       \
    uint32_t text_size;                                                                        \
    uint32_t type;                                                                             \
    char owner[12];                                                                            \
    char text[CARTPILOT_NOTE_PADDED(sizeof(MANIFEST) - 1)];                                    \
  } cartpilot_note CARTPILOT_NOTE_PLACE = {sizeof(CARTPILOT_NOTE_OWNER), sizeof(MANIFEST) - 1, \
                                           CARTPILOT_NOTE_TYPE, CARTPILOT_NOTE_OWNER, MANIFEST}
#else

#include <cstddef>
#include <cstdint>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

/// The bytes of a note around a literal of kSize characters, its closing NUL included. An
/// aggregate: g++ makes the section writable for a type with a constructor.
template <std::size_t kSize>
struct ManifestNote {
  std::uint32_t owner_size;
  std::uint32_t text_size;
  std::uint32_t type;
  char owner[12];
  char text[CARTPILOT_NOTE_PADDED(kSize - 1)];
};

template <std::size_t kSize>
constexpr ManifestNote<kSize> make_note(const char (&manifest)[kSize]) {
  static_assert(kSize - 1 <= CARTPILOT_NOTE_MAX_TEXT, "the manifest is longer than 64 KiB");
  ManifestNote<kSize> note = {
      sizeof(CARTPILOT_NOTE_OWNER), kSize - 1, CARTPILOT_NOTE_TYPE, CARTPILOT_NOTE_OWNER, {}};
  for (std::size_t i = 0; i + 1 < kSize; ++i) note.text[i] = manifest[i];
  return note;
}

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
#endif

#endif /* CARTPILOT_DETAIL_MANIFEST_NOTE_H */
