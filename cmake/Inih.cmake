# portico::inih: the library that reads ini files.
#
#   vcpkg            its package unofficial-inih
#   anywhere else    pkg-config's inih: libinih-dev on Debian,
#                    mingw-w64-ucrt-x86_64-libinih on MSYS2
#   Debian to Wine   an import library for inih.dll, and a builtin inih.dll for Wine that calls
#                    Debian's libinih (wine-inih/bridge.c); on Windows use vcpkg's or MSYS2's DLL

add_library(portico_inih INTERFACE)
add_library(portico::inih ALIAS portico_inih)

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

function(portico_inih_for_wine)
  set(here "${PROJECT_SOURCE_DIR}/cmake/wine-inih")
  set(there "${PROJECT_BINARY_DIR}/wine")
  file(MAKE_DIRECTORY "${there}")
  portico_borrow_header(ini.h)
  find_program(PORTICO_DLLTOOL x86_64-w64-mingw32-dlltool REQUIRED)
  find_program(PORTICO_WINEGCC NAMES winegcc winegcc-stable REQUIRED)
  find_program(PORTICO_WINEBUILD NAMES winebuild PATHS /usr/lib/wine REQUIRED)

  add_custom_command(
    OUTPUT "${there}/libinih.dll.a"
    COMMAND "${PORTICO_DLLTOOL}" -d "${here}/inih.def" -l "${there}/libinih.dll.a"
    DEPENDS "${here}/inih.def" COMMENT "Making the import library of inih.dll" VERBATIM)
  add_custom_command(
    OUTPUT "${there}/inih.dll.so"
    # Debian's winegcc is a script that splits names at blanks: pass names without a path.
    COMMAND "${CMAKE_COMMAND}" -E copy "${here}/inih.spec" "${here}/bridge.c" "${there}"
    COMMAND "${PORTICO_WINEGCC}" -m64 -shared -O2 -fPIC -Wall -Wextra
            -o inih.dll.so inih.spec bridge.c -linih
    DEPENDS "${here}/inih.spec" "${here}/bridge.c"
    WORKING_DIRECTORY "${there}" COMMENT "Building inih.dll for Wine" VERBATIM)
  add_custom_command(
    OUTPUT "${there}/inih.dll"
    COMMAND "${PORTICO_WINEBUILD}" --dll --fake-module -m64 -E "${here}/inih.spec"
            -o "${there}/inih.dll" --filename inih.dll
    DEPENDS "${here}/inih.spec"
    WORKING_DIRECTORY "${there}" COMMENT "Making Wine's marker for inih.dll" VERBATIM)
  # Wine looks for the marker beside the program, and programs are in bin/ and tests/.
  set(copies "")
  foreach(folder IN ITEMS bin tests)
    add_custom_command(
      OUTPUT "${PROJECT_BINARY_DIR}/${folder}/inih.dll"
      COMMAND "${CMAKE_COMMAND}" -E copy
              "${there}/inih.dll" "${PROJECT_BINARY_DIR}/${folder}/inih.dll"
      DEPENDS "${there}/inih.dll" VERBATIM)
    list(APPEND copies "${PROJECT_BINARY_DIR}/${folder}/inih.dll")
  endforeach()
  add_custom_target(portico_wine_inih ALL
                    DEPENDS "${there}/libinih.dll.a" "${there}/inih.dll.so" ${copies})
  install(FILES "${there}/inih.dll" DESTINATION bin)
  install(FILES "${there}/libinih.dll.a" DESTINATION lib) # for portico::testing

  add_dependencies(portico_inih portico_wine_inih)
  target_include_directories(portico_inih SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/include")
  target_compile_definitions(portico_inih INTERFACE INI_SHARED_LIB)
  target_link_libraries(portico_inih INTERFACE "${there}/libinih.dll.a")
endfunction()

if(WIN32 AND CMAKE_CROSSCOMPILING AND NOT DEFINED VCPKG_TARGET_TRIPLET)
  portico_inih_for_wine()
else()
  find_package(unofficial-inih CONFIG QUIET)
  if(TARGET unofficial::inih::libinih)
    target_link_libraries(portico_inih INTERFACE unofficial::inih::libinih)
  else()
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(PORTICO_INIH REQUIRED IMPORTED_TARGET inih)
    target_link_libraries(portico_inih INTERFACE PkgConfig::PORTICO_INIH)
  endif()
endif()
