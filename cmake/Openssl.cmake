# portico::openssl: libssl and libcrypto, version 3.
#
#   anywhere         CMake's FindOpenSSL: libssl-dev on Debian, vcpkg's openssl,
#                    mingw-w64-ucrt-x86_64-openssl on MSYS2
#   Debian to Wine   import libraries for libssl-3-x64.dll and libcrypto-3-x64.dll, the names that
#                    they have on Windows, and builtin ones for Wine that call Debian's. Everything
#                    about these is generated from wine-openssl/functions.txt, the functions that
#                    the host and its tests call

add_library(portico_openssl INTERFACE)
add_library(portico::openssl ALIAS portico_openssl)

# From the lines "DLL|NAME|RESULT|PARAMETERS" of one DLL: its .spec, .def and bridge. A program for
# Windows has 32 bits in a `long`, written int32_t here, and Debian's library 64: the compiler
# extends and cuts. Nothing else differs but the calling convention, and callbacks, which are
# "by hand" in callbacks.c.
function(portico_openssl_generate dll name folder lines)
  set(spec "# The exports of the builtin ${name}.dll, generated from functions.txt.\n")
  set(def "LIBRARY ${name}.dll\nEXPORTS\n")
  set(bridge "/* Generated from functions.txt. */\n#include \"bridge.h\"\n")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^${dll}\\|([A-Za-z0-9_]+)\\|([^|]+)\\|([^|]+)$")
      continue()
    endif()
    set(function "${CMAKE_MATCH_1}")
    set(result "${CMAKE_MATCH_2}")
    set(parameters "${CMAKE_MATCH_3}")
    string(APPEND def "    ${function}\n")
    set(arguments "")
    set(kinds "")
    if(NOT parameters STREQUAL "void")
      string(REPLACE "," ";" list "${parameters}")
      foreach(parameter IN LISTS list)
        string(REGEX MATCH "[A-Za-z0-9_]+$" argument "${parameter}")
        list(APPEND arguments "${argument}")
        list(APPEND kinds ptr)
      endforeach()
    endif()
    list(JOIN arguments ", " arguments)
    list(JOIN kinds " " kinds)
    string(APPEND spec "@ cdecl ${function}(${kinds}) bridge_${function}\n")
    if(result MATCHES "^by hand ")
      continue()
    endif()
    string(APPEND bridge "\n${result} WINDOWS_CALL bridge_${function}(${parameters});\n"
      "${result} WINDOWS_CALL bridge_${function}(${parameters}) {\n    ")
    if(NOT result STREQUAL "void")
      string(APPEND bridge "return (${result})")
    endif()
    string(APPEND bridge "${function}(${arguments});\n}\n")
  endforeach()
  file(CONFIGURE OUTPUT "${folder}/${name}.spec" CONTENT "${spec}" @ONLY)
  file(CONFIGURE OUTPUT "${folder}/${name}.def" CONTENT "${def}" @ONLY)
  file(CONFIGURE OUTPUT "${folder}/${name}.c" CONTENT "${bridge}" @ONLY)
endfunction()

# Copies the headers to build/<preset>/include.
function(portico_openssl_headers)
  find_path(PORTICO_OPENSSL_HEADERS openssl/ssl.h PATHS /usr/include
            NO_CMAKE_FIND_ROOT_PATH NO_DEFAULT_PATH)
  find_path(PORTICO_OPENSSL_CONFIGURED openssl/configuration.h
            PATHS /usr/include/x86_64-linux-gnu /usr/include
            NO_CMAKE_FIND_ROOT_PATH NO_DEFAULT_PATH)
  if(NOT PORTICO_OPENSSL_HEADERS OR NOT PORTICO_OPENSSL_CONFIGURED)
    message(FATAL_ERROR "openssl/ssl.h was not found in /usr/include: install libssl-dev")
  endif()
  file(COPY "${PORTICO_OPENSSL_HEADERS}/openssl" DESTINATION "${PROJECT_BINARY_DIR}/include")
  foreach(name IN ITEMS configuration.h opensslconf.h)
    file(COPY "${PORTICO_OPENSSL_CONFIGURED}/openssl/${name}"
         DESTINATION "${PROJECT_BINARY_DIR}/include/openssl")
  endforeach()
endfunction()

if(WIN32 AND CMAKE_CROSSCOMPILING AND NOT DEFINED VCPKG_TARGET_TRIPLET)
  set(here "${PROJECT_SOURCE_DIR}/cmake/wine-openssl")
  set(folder "${PROJECT_BINARY_DIR}/wine/openssl")
  portico_openssl_headers()
  file(STRINGS "${here}/functions.txt" lines)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${here}/functions.txt")
  portico_openssl_generate(ssl libssl-3-x64 "${folder}" "${lines}")
  portico_openssl_generate(crypto libcrypto-3-x64 "${folder}" "${lines}")
  foreach(name IN ITEMS libssl-3-x64 libcrypto-3-x64)
    set(by_hand "")
    if(name STREQUAL libssl-3-x64)
      set(by_hand "${here}/callbacks.c")
    endif()
    portico_wine_dll(${name} SPEC "${folder}/${name}.spec" DEF "${folder}/${name}.def"
      BRIDGE "${folder}/${name}.c" "${here}/bridge.h" ${by_hand} LIBS ssl crypto)
    add_dependencies(portico_openssl portico_wine_${name})
    target_link_libraries(portico_openssl INTERFACE "${PORTICO_WINE_${name}_LIB}")
  endforeach()
  target_include_directories(portico_openssl SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/include")
else()
  find_package(OpenSSL 3.0 REQUIRED)
  target_link_libraries(portico_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
  if(WIN32) # where the libraries are static ones
    target_link_libraries(portico_openssl INTERFACE ws2_32 crypt32)
  endif()
endif()
