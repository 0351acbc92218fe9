#include "store/session_writer.h"

#include <utility>

#include "parts/background_thread.h"
#include "store/sessions.h"
#include "store/state_db.h"

namespace cartpilot::store {

SessionWriter::SessionWriter(std::filesystem::path database, std::string session)
    : database_(std::move(database)), session_(std::move(session)) {
  thread_ = parts::background_thread([this] { work(); });
}

SessionWriter::~SessionWriter() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SessionWriter::open(const std::string& provider, const std::string& model) {
  put([this, provider, model](SessionStore& store) { store.open(session_, provider, model); });
}

void SessionWriter::append(const Message& message) {
  put([this, message](SessionStore& store) { store.append(session_, message); });
}

void SessionWriter::flush() {
  std::unique_lock lock(mutex_);
  go_on();
  changed_.wait(lock, [&] { return steps_.empty() || failure_; });
  if (!failure_) return;
  const Error failure = *std::exchange(failure_, std::nullopt);
  throw failure;
}

void SessionWriter::put(Step step) {
  const std::lock_guard lock(mutex_);
  steps_.push_back(std::move(step));
  go_on();
}

/// Lets the thread write, unless there is a failure nobody was told of yet.
void SessionWriter::go_on() {
  if (failure_) return;
  stopped_ = false;
  changed_.notify_all();
}

void SessionWriter::work() {
  while (true) {
    try {
      write_steps();
      return;
    } catch (const std::exception& error) {
      const auto* known = dynamic_cast<const Error*>(&error);
      const std::lock_guard lock(mutex_);
      failure_ = known != nullptr ? *known : Error(ErrorCode::kInternal, error.what());
      stopped_ = true;
      if (ended_) return;
    }
    changed_.notify_all();
  }
}

/// Returns when there is nothing more to come. A failure leaves the step that failed in its place
/// and the database too, so that the next try begins there with a new connection.
void SessionWriter::write_steps() {
  std::unique_lock lock(mutex_);
  const auto wait = [&] {
    changed_.wait(lock, [&] { return ended_ || (!steps_.empty() && !stopped_); });
  };
  wait();
  if (steps_.empty()) return;
  lock.unlock();
  StateDb db(database_);
  SessionStore store(db);
  lock.lock();
  while (true) {
    while (!steps_.empty()) {
      const Step& step = steps_.front();  // stays in its place while others are put behind it
      lock.unlock();
      step(store);
      lock.lock();
      steps_.pop_front();
    }
    changed_.notify_all();
    if (ended_) return;
    wait();
  }
}

}  // namespace cartpilot::store
