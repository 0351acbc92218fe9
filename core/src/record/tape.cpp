#include "record/tape.h"

namespace cartpilot::record {

namespace {

Tape* tape_set = nullptr;

}  // namespace

const char* stream_name(Stream stream) {
  switch (stream) {
    case Stream::kOut: return "out";
    case Stream::kErr: return "err";
    case Stream::kTerminal: break;
  }
  return "terminal";
}

Tape* tape() { return base::outside_here() == nullptr ? nullptr : tape_set; }

Tape* process_tape() { return tape_set; }

void set_tape(Tape* tape) {
  tape_set = tape;
  base::set_outside(tape);
}

}  // namespace cartpilot::record
