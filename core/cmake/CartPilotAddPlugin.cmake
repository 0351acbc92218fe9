# What find_package(CartPilot COMPONENTS Plugin) gives plugin authors besides the target CartPilot::Plugin.
#
#   cartpilot_add_plugin(NAME SOURCES file... [LINK library...])
#     The plugin cartpilot-NAME.so (target cartpilot-NAME) from C or C++ sources, with the right flags and an install
#     rule. When the cartpilot program is there, each build ends with the checks that run no code of the plugin.
#
#   cartpilot_add_plugin_tests(TARGET [SAMPLES directory])
#     One ctest for every check of `cartpilot plugin check`, named check.TARGET.ID.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/CartPilotPluginFlags.cmake)

function(cartpilot_add_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "cartpilot_add_plugin(${name}): name its SOURCES")
  endif()
  if(NOT "${name}" MATCHES "^[a-z0-9][a-z0-9.-]+$")
    message(FATAL_ERROR "cartpilot_add_plugin(${name}): a plugin's name has 2 to 63 of a-z 0-9 . -")
  endif()
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  if("${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS_${build_type}} ${CMAKE_CXX_FLAGS_${build_type}}"
     MATCHES "-ffast-math|-Ofast|-funsafe-math-optimizations")
    message(FATAL_ERROR "cartpilot_add_plugin(${name}): -ffast-math and -Ofast would change floating point for the "
      "whole program when the plugin is loaded; leave them out")
  endif()
  add_library(cartpilot-${name} MODULE ${ARG_SOURCES})
  target_link_libraries(cartpilot-${name} PRIVATE CartPilot::Plugin ${ARG_LINK})
  cartpilot_plugin_flags(cartpilot-${name} "${CARTPILOT_PLUGIN_MAP}")
  if(CARTPILOT_PROGRAM AND NOT CMAKE_CROSSCOMPILING)
    add_custom_command(TARGET cartpilot-${name} POST_BUILD
      COMMAND ${CARTPILOT_PROGRAM} plugin check $<TARGET_FILE:cartpilot-${name}> --static --quiet
      COMMENT "Checking cartpilot-${name}.so" VERBATIM)
  endif()
  include(GNUInstallDirs)
  install(TARGETS cartpilot-${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cartpilot/plugins)
endfunction()

function(cartpilot_add_plugin_tests target)
  cmake_parse_arguments(ARG "" "SAMPLES" "" ${ARGN})
  if(NOT CARTPILOT_PROGRAM)
    message(FATAL_ERROR "cartpilot_add_plugin_tests(${target}): the cartpilot program was not found; "
      "set CARTPILOT_PROGRAM to its path")
  endif()
  execute_process(COMMAND ${CARTPILOT_PROGRAM} plugin check --list OUTPUT_VARIABLE checks RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "cartpilot_add_plugin_tests(${target}): '${CARTPILOT_PROGRAM} plugin check --list' failed")
  endif()
  set(samples "")
  if(ARG_SAMPLES)
    get_filename_component(directory "${ARG_SAMPLES}" ABSOLUTE)
    set(samples --samples ${directory})
  endif()
  string(REGEX MATCHALL "[^\n]+" lines "${checks}")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^[a-z0-9-]+" id "${line}")
    add_test(NAME check.${target}.${id}
      COMMAND ${CARTPILOT_PROGRAM} plugin check $<TARGET_FILE:${target}> --only ${id} ${samples})
    set_tests_properties(check.${target}.${id} PROPERTIES LABELS plugin-check TIMEOUT 60
      SKIP_REGULAR_EXPRESSION "0 passed, 0 warned, 0 failed, 1 skipped")
  endforeach()
endfunction()
