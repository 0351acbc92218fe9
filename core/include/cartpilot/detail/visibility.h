// Marks the SDK's namespace as private to each shared library, so that two plugins built from
// different revisions of these headers never share an inline function or a static by accident.
#pragma once

#define CARTPILOT_HIDDEN __attribute__((visibility("hidden")))
