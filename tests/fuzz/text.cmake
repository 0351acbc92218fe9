cartpilot_add_fuzzer(terminal_filter LABEL unit SOURCES terminal_filter.cpp LINK cartpilot_text)
cartpilot_add_fuzzer(redaction LABEL unit SOURCES redaction.cpp LINK cartpilot_text)
