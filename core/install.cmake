# The SDK as a package: headers, CMake and pkg-config files, the version script, and the library for plugin tests.
include(CMakePackageConfigHelpers)

file(STRINGS include/cartpilot/abi.h epoch_line REGEX "^#define CP_EPOCH ")
string(REGEX REPLACE "^#define CP_EPOCH ([0-9]+)u.*" "\\1" CARTPILOT_ABI_EPOCH "${epoch_line}")
set(CARTPILOT_INSTALL_MAP ${CMAKE_INSTALL_DATADIR}/cartpilot/plugin.map)
set(CARTPILOT_INSTALL_PROGRAM ${CMAKE_INSTALL_BINDIR}/cartpilot)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/CartPilot)
file(RELATIVE_PATH CARTPILOT_PC_PREFIX /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)

set_target_properties(cartpilot_sdk PROPERTIES EXPORT_NAME Plugin)
set_target_properties(cartpilot_testing PROPERTIES EXPORT_NAME Testing)
install(TARGETS cartpilot_sdk cartpilot_testing EXPORT CartPilotTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(EXPORT CartPilotTargets NAMESPACE CartPilot:: DESTINATION ${package_directory} COMPONENT dev)
install(DIRECTORY include/cartpilot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN "*.h")
install(FILES plugin.map DESTINATION ${CMAKE_INSTALL_DATADIR}/cartpilot COMPONENT dev)

configure_package_config_file(cmake/CartPilotConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/CartPilotConfig.cmake
  INSTALL_DESTINATION ${package_directory} PATH_VARS CARTPILOT_INSTALL_MAP CARTPILOT_INSTALL_PROGRAM)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/CartPilotConfigVersion.cmake COMPATIBILITY SameMajorVersion)
configure_file(cmake/cartpilot-plugin.pc.in ${CMAKE_CURRENT_BINARY_DIR}/cartpilot-plugin.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/CartPilotConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/CartPilotConfigVersion.cmake
  cmake/CartPilotAddPlugin.cmake cmake/CartPilotPluginFlags.cmake DESTINATION ${package_directory} COMPONENT dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cartpilot-plugin.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
