# house.seam: outside host/os/<system>/ the host includes only the headers of C, the SDK, inih,
# uthash and its own (in host/tls/, those of OpenSSL as well), and does not ask which system it is
# on.
#
#   cmake -DROOT=<tree> -P CheckSeam.cmake

set(allowed
  assert ctype errno float inttypes limits math setjmp signal stdalign stdarg stdatomic stdbool
  stddef stdint stdio stdlib string time ini uthash utlist utarray)
string(REPLACE ";" "|" allowed "${allowed}")
set(system_macros "_WIN32|_WIN64|__linux__|__linux|__unix__|__APPLE__|__CYGWIN__|WINAPI")

file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/host/*.c" "${ROOT}/host/*.h")
list(FILTER files EXCLUDE REGEX "^host/os/(windows|linux)/")
set(count 0)
foreach(file IN LISTS files)
  file(STRINGS "${ROOT}/${file}" lines REGEX "#[ \t]*include|${system_macros}")
  foreach(line IN LISTS lines)
    if(line MATCHES "#[ \t]*include[ \t]*<([^>]*)>")
      set(header "${CMAKE_MATCH_1}")
      if(file MATCHES "^host/tls/" AND header MATCHES "^openssl/[a-z0-9_]+\\.h$")
        continue()
      endif()
      if(NOT header MATCHES "^((${allowed})\\.h|portico/[a-z_]+\\.h)$")
        message(SEND_ERROR "${file}: only host/os/ may include a system's header: <${header}>")
      endif()
    elseif(line MATCHES "#[ \t]*include[ \t]*\"os/(windows|linux)/")
      message(SEND_ERROR "${file}: ${line}: only os/os.h may be included")
    endif()
    if(line MATCHES "(^|[^A-Za-z0-9_])(${system_macros})([^A-Za-z0-9_]|$)")
      message(SEND_ERROR "${file}: ${line}: only host/os/ may ask which system it is on")
    endif()
  endforeach()
  math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "no files in ${ROOT}/host")
endif()
message(STATUS "${count} files respect the seam")
