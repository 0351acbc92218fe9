/* Stands for a C library that is newer than this system's. */
int cartpilot_symbol_of_the_future(void);
int cartpilot_symbol_of_the_future(void) { return 0; }
