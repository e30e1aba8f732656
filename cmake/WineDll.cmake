# portico_wine_dll(NAME SPEC file DEF file BRIDGE file... LIBS name...)
#
# For a library that Debian has for Linux only. Makes in build/<preset>/wine an import library for
# NAME.dll, the builtin NAME.dll.so for Wine, whose exports BRIDGE passes on to Debian's LIBS, and
# Wine's marker NAME.dll, which is copied to bin/ and tests/, since Wine looks for it beside the
# program. Defines the target portico_wine_NAME and sets PORTICO_WINE_NAME_LIB to the import
# library.

# Copies a header from /usr/include to build/<preset>/include. The cross compiler must not see
# /usr/include itself, which has the headers of another C library.
function(portico_borrow_header name)
  find_file(PORTICO_HEADER_${name} ${name} PATHS /usr/include /usr/local/include
            NO_CMAKE_FIND_ROOT_PATH NO_DEFAULT_PATH)
  if(NOT PORTICO_HEADER_${name})
    message(FATAL_ERROR "${name} was not found in /usr/include: install libinih-dev and uthash-dev")
  endif()
  configure_file("${PORTICO_HEADER_${name}}" "${PROJECT_BINARY_DIR}/include/${name}" COPYONLY)
endfunction()

function(portico_wine_dll name)
  cmake_parse_arguments(PARSE_ARGV 1 w "" "SPEC;DEF" "BRIDGE;LIBS")
  set(there "${PROJECT_BINARY_DIR}/wine")
  file(MAKE_DIRECTORY "${there}")
  find_program(PORTICO_DLLTOOL x86_64-w64-mingw32-dlltool REQUIRED)
  find_program(PORTICO_WINEGCC NAMES winegcc winegcc-stable REQUIRED)
  find_program(PORTICO_WINEBUILD NAMES winebuild PATHS /usr/lib/wine REQUIRED)

  add_custom_command(
    OUTPUT "${there}/lib${name}.dll.a"
    COMMAND "${PORTICO_DLLTOOL}" -d "${w_DEF}" -l "${there}/lib${name}.dll.a"
    DEPENDS "${w_DEF}" COMMENT "Making the import library of ${name}.dll" VERBATIM)
  # Debian's winegcc is a script that splits names at blanks: pass names without a path.
  file(MAKE_DIRECTORY "${there}/${name}")
  set(names "")
  foreach(source IN LISTS w_BRIDGE)
    get_filename_component(source "${source}" NAME)
    if(source MATCHES "\\.c$")
      list(APPEND names "${source}")
    endif()
  endforeach()
  get_filename_component(spec "${w_SPEC}" NAME)
  list(TRANSFORM w_LIBS PREPEND -l OUTPUT_VARIABLE libs)
  add_custom_command(
    OUTPUT "${there}/${name}.dll.so"
    COMMAND "${CMAKE_COMMAND}" -E copy "${w_SPEC}" ${w_BRIDGE} "${there}/${name}"
    COMMAND "${PORTICO_WINEGCC}" -m64 -shared -O2 -fPIC -Wall -Wextra
            -o ${name}.dll.so ${spec} ${names} ${libs}
    COMMAND "${CMAKE_COMMAND}" -E copy ${name}.dll.so "${there}/${name}.dll.so"
    DEPENDS "${w_SPEC}" ${w_BRIDGE}
    WORKING_DIRECTORY "${there}/${name}" COMMENT "Building ${name}.dll for Wine" VERBATIM)
  add_custom_command(
    OUTPUT "${there}/${name}.dll"
    COMMAND "${PORTICO_WINEBUILD}" --dll --fake-module -m64 -E "${w_SPEC}"
            -o "${there}/${name}.dll" --filename ${name}.dll
    DEPENDS "${w_SPEC}"
    WORKING_DIRECTORY "${there}" COMMENT "Making Wine's marker for ${name}.dll" VERBATIM)
  set(copies "")
  foreach(folder IN ITEMS bin tests)
    add_custom_command(
      OUTPUT "${PROJECT_BINARY_DIR}/${folder}/${name}.dll"
      COMMAND "${CMAKE_COMMAND}" -E copy
              "${there}/${name}.dll" "${PROJECT_BINARY_DIR}/${folder}/${name}.dll"
      DEPENDS "${there}/${name}.dll" VERBATIM)
    list(APPEND copies "${PROJECT_BINARY_DIR}/${folder}/${name}.dll")
  endforeach()
  add_custom_target(portico_wine_${name} ALL
                    DEPENDS "${there}/lib${name}.dll.a" "${there}/${name}.dll.so" ${copies})
  install(FILES "${there}/${name}.dll" DESTINATION bin)
  install(FILES "${there}/lib${name}.dll.a" DESTINATION lib) # for portico::testing
  set(PORTICO_WINE_${name}_LIB "${there}/lib${name}.dll.a" PARENT_SCOPE)
endfunction()
