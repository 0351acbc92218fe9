// The limit of starting: a C++ program that does nothing. It uses the library, so that it is
// loaded.
#include <string>

int main(int argc, char** argv) { return std::string(argv[argc - 1]).empty() ? 1 : 0; }
