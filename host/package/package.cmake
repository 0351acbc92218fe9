# `cpack` makes two Debian packages: cartpilot (program, plugins, manual, completion, documents) and cartpilot-dev (what
# plugin authors need). scripts/package builds, checks and tries them. Their dependencies are worked out from the binaries.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cartpilot)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "CartPilot maintainers <maintainers@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL program dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME cartpilot)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "A model searches, compares and prepares; a person says yes to exactly one
purchase on a screen that the model cannot write to. Providers are plugins:
Gemini, OpenAI and compatible servers, Anthropic. An embedded CartPilot lets
you try all of it without a key, a network or money.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm
  ${CMAKE_CURRENT_LIST_DIR}/postrm)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME cartpilot-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "cartpilot (= ${PROJECT_VERSION}), nlohmann-json3-dev, libelf-dev, libgtest-dev, libgmock-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "g++, cmake, pkg-config")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers, CMake and pkg-config files for plugins, and the library that tests a
provider or a tool set: what 'cartpilot plugin new' needs to build what it made.")

# What the packages hold besides what the targets install.
set(documents ${CMAKE_INSTALL_DATADIR}/doc/cartpilot)
set(made ${CMAKE_BINARY_DIR}/package-files)
file(MAKE_DIRECTORY ${made}/program ${made}/dev)
foreach(component IN ITEMS program dev)
  set(name cartpilot)
  if(component STREQUAL dev)
    set(name cartpilot-dev)
  endif()
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
  add_custom_command(OUTPUT ${made}/${component}/changelog.gz
    COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${made}/${component}/changelog.gz
    DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
  install(FILES ${made}/${component}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
endforeach()
# A plugin is a shared library: its author needs these very flags.
file(WRITE ${made}/lintian-overrides "cartpilot-dev: pkg-config-bad-directive -fPIC *\ncartpilot-dev: pkg-config-bad-directive -fvisibility=hidden *\n")
install(FILES ${made}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME cartpilot-dev COMPONENT dev)
install(FILES README.md SECURITY.md DESTINATION ${documents} COMPONENT program)
install(DIRECTORY docs/ DESTINATION ${documents} COMPONENT program
  FILES_MATCHING PATTERN "*.md" PATTERN "adr" EXCLUDE PATTERN "man" EXCLUDE PATTERN "performance" EXCLUDE)

install(FILES docs/examples/nginx-serve.conf DESTINATION ${documents}/examples COMPONENT program)
# The service is not enabled by the package: it needs keys and a proxy.
install(FILES ${CMAKE_CURRENT_LIST_DIR}/cartpilot-serve.service DESTINATION lib/systemd/system COMPONENT program)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/cartpilot-serve.sysusers DESTINATION lib/sysusers.d RENAME cartpilot-serve.conf
  COMPONENT program)

# Manual pages are compressed where they are installed.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
set(compressed)
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  add_custom_command(OUTPUT ${made}/${name}.gz COMMAND gzip -9nc ${page} > ${made}/${name}.gz DEPENDS ${page} VERBATIM)
  list(APPEND compressed ${made}/${name}.gz)
endforeach()
install(FILES ${compressed} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
add_custom_target(package_files DEPENDS ${compressed} ${made}/program/changelog.gz ${made}/dev/changelog.gz)
add_dependencies(cartpilot package_files)

include(CPack)
