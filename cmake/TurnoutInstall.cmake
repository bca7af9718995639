# `cmake --install --component idl`: the OVSDB client library for programs outside this tree, as one archive, its headers
# under include/turnout/, the generator of row classes, a CMake package and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# pkg-config module:Debian package of what the archive needs when it is linked.
set(TURNOUT_IDL_NEEDS jansson:libjansson-dev simdjson:libsimdjson-dev openssl:libssl-dev fmt:libfmt-dev spdlog:libspdlog-dev
    liburcu-memb:liburcu-dev)
foreach(dependency jansson simdjson openssl fmt spdlog urcu)
  foreach(library ${${dependency}_LIBRARIES})
    string(APPEND TURNOUT_IDL_LIBS " -l${library}")
  endforeach()
endforeach()

set(archive ${CMAKE_BINARY_DIR}/libturnout_idl.a)
set(parts turnout_ovsdb turnout_json turnout_io turnout_base)
set(script "CREATE ${archive}\n")
foreach(part ${parts})
  string(APPEND script "ADDLIB $<TARGET_FILE:${part}>\n")
endforeach()
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/turnout_idl.mri CONTENT "${script}SAVE\nEND\n")
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} -M < ${CMAKE_BINARY_DIR}/turnout_idl.mri
  DEPENDS ${parts} ${CMAKE_BINARY_DIR}/turnout_idl.mri
  COMMENT "Joining the archives of the OVSDB client library")
add_custom_target(turnout_idl_archive ALL DEPENDS ${archive})

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Turnout)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/TurnoutConfig.cmake.in ${CMAKE_BINARY_DIR}/TurnoutConfig.cmake
  INSTALL_DESTINATION ${cmake_dir}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/TurnoutConfigVersion.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH PREFIX_FROM_PKGCONFIG /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/turnout-idl.pc.in ${CMAKE_BINARY_DIR}/turnout-idl.pc @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/install_idl_headers.cmake.in ${CMAKE_BINARY_DIR}/install_idl_headers.cmake @ONLY)

install(TARGETS turnout_gen_idl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT idl)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT idl)
install(FILES ${CMAKE_BINARY_DIR}/TurnoutConfig.cmake ${CMAKE_BINARY_DIR}/TurnoutConfigVersion.cmake
        ${CMAKE_CURRENT_LIST_DIR}/TurnoutIdl.cmake DESTINATION ${cmake_dir} COMPONENT idl)
install(FILES ${CMAKE_BINARY_DIR}/turnout-idl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT idl)
install(SCRIPT ${CMAKE_BINARY_DIR}/install_idl_headers.cmake COMPONENT idl)
