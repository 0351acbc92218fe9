// A sandbox in a process of its own that a test kills, and a folder for what it leaves behind.
//
// One test thread; any thread may use the port.
#pragma once

#include <Poco/Pipe.h>
#include <Poco/PipeStream.h>
#include <Poco/Process.h>
#include <Poco/TemporaryFile.h>
#include <signal.h>

#include <filesystem>
#include <string>

namespace cartpilot::sandbox {

class Folder {
 public:
  Folder() : path_(Poco::TemporaryFile::tempName()) { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class SandboxProcess {
 public:
  explicit SandboxProcess(const std::string& db_path)
      : process_(Poco::Process::launch(CARTPILOT_SANDBOX_PROCESS, {db_path}, nullptr, &output_,
                                       nullptr)) {
    Poco::PipeInputStream stream(output_);
    stream >> port_;
  }
  ~SandboxProcess() { kill(); }
  SandboxProcess(const SandboxProcess&) = delete;
  SandboxProcess& operator=(const SandboxProcess&) = delete;

  int port() const { return port_; }
  void kill() {
    if (killed_) return;
    killed_ = true;
    ::kill(process_.id(), SIGKILL);
    process_.wait();
  }

 private:
  Poco::Pipe output_;
  Poco::ProcessHandle process_;
  int port_ = 0;
  bool killed_ = false;
};

}  // namespace cartpilot::sandbox
