# 64-bit Windows from Linux with mingw-w64's gcc.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

# Debian has a variant for each thread model, other systems have only the plain name.
find_program(PORTICO_MINGW_GCC NAMES x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc REQUIRED)
set(CMAKE_C_COMPILER "${PORTICO_MINGW_GCC}")
# Only modules need C++.
find_program(PORTICO_MINGW_GXX NAMES x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++)
if(PORTICO_MINGW_GXX)
  set(CMAKE_CXX_COMPILER "${PORTICO_MINGW_GXX}")
endif()
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

include("${CMAKE_CURRENT_LIST_DIR}/wine.cmake")
