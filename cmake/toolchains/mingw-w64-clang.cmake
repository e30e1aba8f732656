# 64-bit Windows from Linux with clang and mingw-w64's headers, libraries and linker.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET x86_64-w64-windows-gnu)

# Clang links gcc's runtime, which Debian keeps in a folder that clang does not search.
find_program(PORTICO_MINGW_GCC NAMES x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc REQUIRED)
execute_process(COMMAND "${PORTICO_MINGW_GCC}" -print-libgcc-file-name
                OUTPUT_VARIABLE PORTICO_LIBGCC OUTPUT_STRIP_TRAILING_WHITESPACE)
get_filename_component(PORTICO_LIBGCC "${PORTICO_LIBGCC}" DIRECTORY)
foreach(kind IN ITEMS EXE MODULE SHARED)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${PORTICO_LIBGCC}")
endforeach()

# The same is true of the C++ library, if g++ for Windows is installed.
if(EXISTS "${PORTICO_LIBGCC}/libstdc++.a")
  set(CMAKE_CXX_COMPILER clang++)
  set(CMAKE_CXX_COMPILER_TARGET x86_64-w64-windows-gnu)
endif()
set(CMAKE_CXX_FLAGS_INIT "-isystem ${PORTICO_LIBGCC}/include/c++")
string(APPEND CMAKE_CXX_FLAGS_INIT " -isystem ${PORTICO_LIBGCC}/include/c++/x86_64-w64-mingw32")

set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

include("${CMAKE_CURRENT_LIST_DIR}/wine.cmake")
