# cartpilot_plugin_flags(TARGET MAP): how a plugin is compiled and linked, here and in the projects of plugin authors.
#
# One exported symbol (MAP is the version script), everything bound when it is loaded, nothing executable that need not
# be, and never unloaded: threads and thread-locals of a plugin may outlive any count of its users.
function(cartpilot_plugin_flags target map)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS "${map}")
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE -Wl,--version-script=${map}
    -Wl,-z,now,-z,relro,-z,noexecstack,-z,nodelete -Wl,--exclude-libs,ALL -Wl,--build-id)
  # A sanitizer's runtime lies in the program, so its symbols are undefined in the library.
  if(NOT CARTPILOT_SANITIZE AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS}" MATCHES "-fsanitize=")
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
