# portico_options: the compile and link options of everything in this tree. Not part of the SDK.

option(PORTICO_WERROR "Treat warnings as errors" OFF)
option(PORTICO_TESTS "Build the tests" ON)
option(PORTICO_CHECKS "Add clang-tidy, cppcheck and clang-format to the tests" OFF)
option(PORTICO_FUZZ "Link the targets of tests/fuzz with libFuzzer and build no other tests" OFF)
set(PORTICO_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
find_package(Threads REQUIRED)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_library(portico_options INTERFACE)
target_compile_options(portico_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  -fno-common -fno-omit-frame-pointer)
if(PORTICO_WERROR)
  # A target's property PORTICO_NO_WERROR exempts it.
  target_compile_options(portico_options INTERFACE
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PORTICO_NO_WERROR>>>:-Werror>)
endif()

if(WIN32)
  # Windows 10, and the printf of mingw-w64, which knows %z and %ll.
  target_compile_definitions(portico_options INTERFACE _WIN32_WINNT=0x0A00 __USE_MINGW_ANSI_STDIO=1)
  # libgcc and winpthread go into each image, so that nothing of the compiler's must be shipped.
  target_link_options(portico_options INTERFACE -static)
else()
  target_compile_definitions(portico_options INTERFACE _GNU_SOURCE)
  target_link_options(portico_options INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

if(PORTICO_SANITIZE)
  # A target's property PORTICO_NO_SANITIZE exempts it.
  target_compile_options(portico_options INTERFACE
    "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:PORTICO_NO_SANITIZE>>>:-fsanitize=${PORTICO_SANITIZE};\
-fno-sanitize-recover=all>")
  target_link_options(portico_options INTERFACE -fsanitize=${PORTICO_SANITIZE})
else()
  target_compile_options(portico_options INTERFACE -fstack-protector-strong)
  target_link_options(portico_options INTERFACE -fstack-protector-strong)
  # Without optimisation this would only cause a warning.
  target_compile_definitions(portico_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
