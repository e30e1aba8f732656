# Finds the C++ compiler that belongs to the C compiler and leaves it in CMAKE_CXX_COMPILER. C++ is
# not enabled here: Portico needs none, but modules may. Without a C++ compiler the variable is
# false, and CMake looks again the next time it runs.
#
# A toolchain file, -DCMAKE_CXX_COMPILER or the environment variable CXX takes precedence.

if(NOT CMAKE_CXX_COMPILER AND NOT CMAKE_CROSSCOMPILING)
  # gcc and clang++ may differ in their sanitizers' runtimes: do not mix them.
  get_filename_component(PORTICO_CXX_NAME "${CMAKE_C_COMPILER}" NAME)
  string(REGEX REPLACE "gcc" "g++" PORTICO_CXX_NAME "${PORTICO_CXX_NAME}")
  string(REGEX REPLACE "clang" "clang++" PORTICO_CXX_NAME "${PORTICO_CXX_NAME}")
  string(REGEX REPLACE "^cc" "c++" PORTICO_CXX_NAME "${PORTICO_CXX_NAME}")
  if(DEFINED ENV{CXX})
    set(PORTICO_CXX_NAME "$ENV{CXX}")
  endif()
  get_filename_component(PORTICO_CXX_FOLDER "${CMAKE_C_COMPILER}" DIRECTORY)
  find_program(CMAKE_CXX_COMPILER NAMES "${PORTICO_CXX_NAME}" HINTS "${PORTICO_CXX_FOLDER}")
endif()
