/* A library that is there when the plugin is linked and gone when it is loaded. */
int absent_library(void);
int absent_library(void) { return 0; }
