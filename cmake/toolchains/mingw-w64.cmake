# Builds for 64-bit Windows on Linux with mingw-w64's gcc; tests run under Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

# Debian has two variants, by their thread model; others have the plain name only.
find_program(PORTICO_MINGW_GCC NAMES x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc REQUIRED)
set(CMAKE_C_COMPILER "${PORTICO_MINGW_GCC}")
# C++ is for modules only, where it is installed.
find_program(PORTICO_MINGW_GXX NAMES x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++)
if(PORTICO_MINGW_GXX)
  set(CMAKE_CXX_COMPILER "${PORTICO_MINGW_GXX}")
endif()
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

include("${CMAKE_CURRENT_LIST_DIR}/wine.cmake")
