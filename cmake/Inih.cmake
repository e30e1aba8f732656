# portico::inih: the library that reads ini files.
#
#   vcpkg            its package unofficial-inih
#   anywhere else    pkg-config's inih: libinih-dev on Debian,
#                    mingw-w64-ucrt-x86_64-libinih on MSYS2
#   Debian to Wine   an import library for inih.dll, and a builtin inih.dll for Wine that calls
#                    Debian's libinih (wine-inih/bridge.c); on Windows use vcpkg's or MSYS2's DLL

add_library(portico_inih INTERFACE)
add_library(portico::inih ALIAS portico_inih)

if(WIN32 AND CMAKE_CROSSCOMPILING AND NOT DEFINED VCPKG_TARGET_TRIPLET)
  set(here "${PROJECT_SOURCE_DIR}/cmake/wine-inih")
  portico_borrow_header(ini.h)
  portico_wine_dll(inih SPEC "${here}/inih.spec" DEF "${here}/inih.def"
                   BRIDGE "${here}/bridge.c" LIBS inih)
  add_dependencies(portico_inih portico_wine_inih)
  target_include_directories(portico_inih SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/include")
  target_compile_definitions(portico_inih INTERFACE INI_SHARED_LIB)
  target_link_libraries(portico_inih INTERFACE "${PORTICO_WINE_inih_LIB}")
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
