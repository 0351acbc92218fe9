// What C cannot do by itself.
extern "C" void wrong_throw() { throw 42; }
