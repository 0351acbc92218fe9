#include "sandbox/store/checkpointer.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

namespace cartpilot::sandbox {
namespace {

constexpr int kPagesBetween = 8000;  // 32 MiB of log
constexpr int kBusyTimeoutMs = 1000;

void checkpoint(SQLite::Database& database) { database.exec("PRAGMA wal_checkpoint(PASSIVE)"); }

}  // namespace

Checkpointer::Checkpointer(std::string path, std::mutex& guard)
    : path_(std::move(path)), guard_(guard), thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Checkpointer::note(int pages) {
  if (pages < last_noted_) asked_at_ = 0;
  last_noted_ = pages;
  if (pages - asked_at_ < kPagesBetween) return;
  asked_at_ = pages;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_all();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (!wanted_) return;
    wanted_ = false;
    lock.unlock();
    move_pages();
    lock.lock();
  }
}

void Checkpointer::move_pages() {
  try {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
    checkpoint(database);
    const std::lock_guard lock(guard_);
    checkpoint(database);
  } catch (const SQLite::Exception&) {
    // The log grows on, and the next note asks again.
  }
}

}  // namespace cartpilot::sandbox
