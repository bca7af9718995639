# turnout_idl(TARGET SCHEMA NAMESPACE): a library of typed row classes from an .ovsschema of the current folder. The header
# is included by the folder's path: "ovsdb/schema/vswitch_idl.h" for ovsdb/schema/vswitch.ovsschema. The same file serves
# this tree and, installed beside TurnoutConfig.cmake, the programs outside it.
function(turnout_idl target schema namespace)
  get_filename_component(stem ${schema} NAME_WE)
  set(base ${CMAKE_CURRENT_BINARY_DIR}/${stem}_idl)
  file(RELATIVE_PATH header ${CMAKE_BINARY_DIR} ${base}.h)
  add_custom_command(
    OUTPUT ${base}.h ${base}.cc
    COMMAND Turnout::gen_idl ${TURNOUT_IDL_OPTIONS} ${CMAKE_CURRENT_SOURCE_DIR}/${schema} ${namespace} ${header} ${base}
    DEPENDS Turnout::gen_idl ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
    COMMENT "Generating ${header}"
    VERBATIM)
  add_library(${target} STATIC ${base}.cc ${base}.h)
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC Turnout::idl)
  # The programs that use the target must not be compiled before the header is there.
  add_custom_target(${target}_header DEPENDS ${base}.h)
  add_dependencies(${target} ${target}_header)
endfunction()
