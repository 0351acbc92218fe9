include(${CMAKE_CURRENT_LIST_DIR}/cmake/CartPilotPluginFlags.cmake)

# cartpilot_add_plugin(NAME SOURCES ... ENTRY file): the shared library cartpilot-NAME.so with one exported symbol. ENTRY
# holds the macro of plugin.h; SOURCES also make the static library cartpilot_plugin_NAME_code, for unit tests.
#
# fmt comes in as headers, so that a plugin needs no library the program happens to have. What it contains is bound at
# load time and kept to itself; -z nodelete keeps it in memory whoever loads it.
function(cartpilot_add_plugin name)
  cmake_parse_arguments(ARG "" "ENTRY" "SOURCES" ${ARGN})
  add_library(cartpilot_plugin_${name}_code STATIC ${ARG_SOURCES})
  target_link_libraries(cartpilot_plugin_${name}_code PUBLIC cartpilot_sdk PRIVATE fmt::fmt-header-only)
  target_include_directories(cartpilot_plugin_${name}_code PUBLIC ${PROJECT_SOURCE_DIR}/plugins)
  set_target_properties(cartpilot_plugin_${name}_code PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  target_precompile_headers(cartpilot_plugin_${name}_code PRIVATE ${PROJECT_SOURCE_DIR}/core/src/plugin_pch.h)

  cartpilot_use_mutant(cartpilot_plugin_${name}_code)

  add_library(cartpilot-${name} MODULE ${ARG_ENTRY})
  target_link_libraries(cartpilot-${name} PRIVATE cartpilot_plugin_${name}_code)
  set_target_properties(cartpilot-${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/cartpilot/plugins)
  cartpilot_plugin_flags(cartpilot-${name} ${PROJECT_SOURCE_DIR}/core/plugin.map)
  target_compile_options(cartpilot_plugin_${name}_code PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  if(NOT TARGET cartpilot_plugins)
    add_custom_target(cartpilot_plugins)
  endif()
  add_dependencies(cartpilot_plugins cartpilot-${name})
  install(TARGETS cartpilot-${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cartpilot/plugins
    COMPONENT program)
endfunction()
