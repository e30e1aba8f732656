# house.plugins: which files in plugins/ become which modules. Builds plugins/CMakeLists.txt in a
# small tree of its own.
#
#   cmake -DROOT=<tree> -DEXE=<portico> -DSUFFIX=<of a module> -DEMULATOR=<runs EXE>
#         -DGENERATOR= -DTOOLCHAIN= -DCOMPILER=<for C> -DCXX=<for C++> -DCONFIG=
#         -P CheckPlugins.cmake

set(tree "${CMAKE_CURRENT_BINARY_DIR}/tree")
set(plugins "${tree}/plugins")
set(modules "${tree}/build/modules")
file(REMOVE_RECURSE "${tree}")
file(MAKE_DIRECTORY "${plugins}")
file(COPY "${ROOT}/cmake" "${ROOT}/sdk" DESTINATION "${tree}")
file(COPY "${ROOT}/plugins/CMakeLists.txt" DESTINATION "${plugins}")
file(WRITE "${tree}/CMakeLists.txt" "\
cmake_minimum_required(VERSION 3.20)
project(plugins VERSION 0.1.0 LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH \"\${PROJECT_SOURCE_DIR}/cmake\")
include(Options)
include(Cxx)
include(PorticoModule)
add_subdirectory(sdk)
add_subdirectory(plugins)
")

# Writes a source file of the module NAME, valid in C and C++. `start` returns STATUS.
function(write_module file name status)
  string(CONFIGURE [[
#include <portico/portico.h>
PORTICO_EXTERN_C portico_status helper(void);
static portico_status start(void *state, uint32_t why) {
    (void)state;
    (void)why;
    return @status@;
}
static const portico_module module_of_test = {
    "@name@", "1", NULL, NULL, {0, 0, NULL, NULL}, {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0},
    {NULL, 0, 0}, {NULL, 0, 0}, start, NULL, NULL, NULL};
PORTICO_MODULE(module_of_test);
]] text @ONLY)
  file(WRITE "${plugins}/${file}" "${text}")
endfunction()

# Runs a command; `output` is what it wrote, `result` its exit code.
macro(run)
  execute_process(COMMAND ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
endmacro()

# Builds the modules; to configure first is left to the build, as in daily use.
macro(build)
  run("${CMAKE_COMMAND}" --build "${tree}/build" --config "${CONFIG}" --target portico_modules)
endmacro()

# Builds. modules/ then has the libraries of the modules named and mine.txt, and each module loads.
string(REPLACE "|" ";" emulator "${EMULATOR}")
function(expect_modules)
  build()
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the build failed:\n${output}")
  endif()
  file(GLOB found RELATIVE "${modules}" "${modules}/*")
  list(TRANSFORM ARGN APPEND "${SUFFIX}" OUTPUT_VARIABLE expected)
  list(APPEND expected mine.txt)
  list(SORT expected)
  if(NOT "${found}" STREQUAL "${expected}")
    message(FATAL_ERROR "modules/ has ${found}, expected ${expected}\n${output}")
  endif()
  foreach(name IN LISTS ARGN)
    run(${emulator} "${EXE}" inspect "${modules}/${name}${SUFFIX}")
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "portico inspect ${name}${SUFFIX}: exit code ${result}\n${output}")
    endif()
  endforeach()
endfunction()

# Builds, which must fail with a message that matches.
function(expect_refusal message)
  build()
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(result EQUAL 0 OR NOT output MATCHES "${message}")
    message(FATAL_ERROR "exit code ${result}, expected a failure with ${message}:\n${output}")
  endif()
endfunction()

# C alone: C++ is not enabled. Editors keep files like `.#plain.c` beside the one that is open.
write_module(plain.c plain PORTICO_OK)
write_module(.\#plain.c plain PORTICO_OK)
file(WRITE "${modules}/mine.txt" "a file of the user's")
run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${tree}" -B "${tree}/build"
    "-DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}" "-DCMAKE_C_COMPILER=${COMPILER}"
    "-DCMAKE_BUILD_TYPE=${CONFIG}" -DPORTICO_WERROR=ON)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "configuring failed:\n${output}")
endif()
expect_modules(plain)
file(GLOB_RECURSE cxx "${tree}/build/CMakeFiles/CMakeCXXCompiler.cmake")
if(cxx)
  message(FATAL_ERROR "C++ was enabled for a module in C")
endif()

# A folder is one module of all its sources; a warning is no error in a user's module.
write_module(game/game.c game "helper()")
file(WRITE "${plugins}/game/rules/helper.h" "int unused(void);\n")
file(WRITE "${plugins}/game/rules/helper.c" "\
#include <portico/portico.h>
#include \"rules/helper.h\"
portico_status helper(void);
static int a_warning;
portico_status helper(void) { return PORTICO_OK; }
")
expect_modules(game plain)

# Two sources of one name are refused, and nothing is lost by it.
write_module(game.c game PORTICO_OK)
expect_refusal("plugins/game.* would both become the module game")
file(REMOVE "${plugins}/game.c")

# C++, alone and beside C.
if(CXX)
  write_module(made.cpp made PORTICO_OK)
  write_module(mixed/mixed.cc mixed "helper()")
  file(COPY "${plugins}/game/rules" DESTINATION "${plugins}/mixed")
  expect_modules(game made mixed plain)
endif()

# What is deleted is not loaded again.
file(REMOVE_RECURSE "${plugins}/plain.c" "${plugins}/mixed" "${plugins}/made.cpp")
expect_modules(game)

# C++ without a compiler for it: the message says what to install.
if(NOT TOOLCHAIN AND UNIX)
  file(CREATE_LINK "${COMPILER}" "${tree}/lonely-gcc" SYMBOLIC)
  write_module(made.cpp made PORTICO_OK)
  run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${tree}" -B "${tree}/lonely"
      "-DCMAKE_C_COMPILER=${tree}/lonely-gcc")
  if(result EQUAL 0 OR
     NOT output MATCHES "plugins/made.cpp is C\\+\\+, but there is no C\\+\\+ compiler")
    message(FATAL_ERROR "without a C++ compiler configuring ended with ${result}:\n${output}")
  endif()
endif()
