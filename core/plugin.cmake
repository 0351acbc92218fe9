# cartpilot_add_plugin(NAME SOURCES ...): the shared library cartpilot-NAME.so with one exported symbol, and the static
# library cartpilot_NAME_objects with the same code for unit tests.
function(cartpilot_add_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ENTRY" ${ARGN})
  add_library(cartpilot_plugin_${name}_code STATIC ${ARG_SOURCES})
  target_link_libraries(cartpilot_plugin_${name}_code PUBLIC cartpilot_sdk fmt::fmt-header-only)
  target_include_directories(cartpilot_plugin_${name}_code PUBLIC ${PROJECT_SOURCE_DIR}/plugins)
  set_target_properties(cartpilot_plugin_${name}_code PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  add_library(cartpilot-${name} MODULE ${ARG_ENTRY})
  target_link_libraries(cartpilot-${name} PRIVATE cartpilot_plugin_${name}_code)
  set_target_properties(cartpilot-${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/cartpilot/plugins)
  target_compile_options(cartpilot-${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(cartpilot-${name} PRIVATE
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/core/plugin.map -Wl,-z,now,-z,relro,-z,noexecstack,-z,nodelete
    -Wl,--exclude-libs,ALL -Wl,--build-id)
  if(NOT CARTPILOT_SANITIZE)
    target_link_options(cartpilot-${name} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS cartpilot-${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cartpilot/plugins)
endfunction()
