// PrivateStreams: standard input and output for the protocol alone.
//
// Plugins and libraries that print, or read, would break the link to the client. So descriptor 1
// becomes standard error and descriptor 0 empty, and the protocol uses descriptors that no program
// started from here gets. Made once, before any plugin is loaded; closes them at its end.
#pragma once

namespace cartpilot::host {

class PrivateStreams {
 public:
  /// Throws Error{kUnavailable} when there are no descriptors.
  PrivateStreams();
  ~PrivateStreams();
  PrivateStreams(const PrivateStreams&) = delete;
  PrivateStreams& operator=(const PrivateStreams&) = delete;

  int input() const { return input_; }
  int output() const { return output_; }

 private:
  int input_ = -1;
  int output_ = -1;
};

}  // namespace cartpilot::host
