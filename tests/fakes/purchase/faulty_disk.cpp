#include "faulty_disk.h"

#include <sqlite3.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace cartpilot::purchase {
namespace {

struct State {
  int until_failure = 0;  ///< operations until one fails, 0 = never
  bool sticky = false;
  bool failed = false;
  int good_reads = -1;  ///< until reading fails, -1 = it does not
  int writes = 0;
  int syncs = 0;
  std::function<void()> watch;
};

State state;
sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs disk;

/// What SQLite holds as its file: ours, with the real one behind it in the same memory.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

bool must_fail() {
  if (state.watch) state.watch();
  if (state.failed && state.sticky) return true;
  if (state.until_failure == 0 || --state.until_failure > 0) return false;
  state.failed = true;
  return true;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  ++state.writes;
  if (must_fail()) return SQLITE_FULL;
  return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (must_fail()) return SQLITE_IOERR_TRUNCATE;
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

int sync(sqlite3_file* file, int flags) {
  ++state.syncs;
  if (must_fail()) return SQLITE_IOERR_FSYNC;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}

int close(sqlite3_file* file) { return real_of(file)->pMethods->xClose(real_of(file)); }
int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  if (state.good_reads == 0) return SQLITE_IOERR_READ;
  if (state.good_reads > 0) --state.good_reads;
  return real_of(file)->pMethods->xRead(real_of(file), bytes, size, at);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int check_lock(sqlite3_file* file, int* out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
int control(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
int characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
int lock_shared(sqlite3_file* file, int offset, int n, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
void barrier(sqlite3_file* file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

const sqlite3_io_methods kMethods = {2,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_lock,
                                     control,
                                     sector_size,
                                     characteristics,
                                     map_shared,
                                     lock_shared,
                                     barrier,
                                     unmap_shared,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int result = real_disk->xOpen(real_disk, name, real_of(file), flags, out_flags);
  // Without methods SQLite does not close a file that could not be opened.
  file->pMethods = real_of(file)->pMethods == nullptr ? nullptr : &kMethods;
  return result;
}

}  // namespace

FaultyDisk::FaultyDisk() {
  state = State();
  if (real_disk == nullptr) {
    real_disk = sqlite3_vfs_find(nullptr);
    disk = *real_disk;
    disk.zName = "faulty";
    disk.pNext = nullptr;
    disk.szOsFile = static_cast<int>(sizeof(File)) + real_disk->szOsFile;
    disk.xOpen = open;
  }
  if (sqlite3_vfs_register(&disk, 1) != SQLITE_OK) throw std::runtime_error("sqlite3_vfs_register");
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&disk);
  sqlite3_vfs_register(real_disk, 1);
  state = State();
}

void FaultyDisk::fail(int nth, Failure failure) {
  state.until_failure = nth;
  state.sticky = failure == Failure::kFromThenOn;
  state.failed = false;
}

void FaultyDisk::heal() {
  state.until_failure = 0;
  state.sticky = false;
}

void FaultyDisk::fail_reads(int from) { state.good_reads = from - 1; }

bool FaultyDisk::failed() const { return state.failed; }

void FaultyDisk::watch(std::function<void()> before_operation) {
  state.watch = std::move(before_operation);
}

int FaultyDisk::writes() const { return state.writes; }
int FaultyDisk::syncs() const { return state.syncs; }

}  // namespace cartpilot::purchase
