# sdk.headers: the SDK's headers compile without a warning, each alone and in modules that use all
# of their macros, with every compiler and standard that they are for; and the compiler refuses what
# it must refuse.
#
#   cmake -DROOT=<tree> -P CheckHeaders.cmake
#
# Compilers that are not installed are named in the output.

cmake_minimum_required(VERSION 3.20)
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)
set(work "${CMAKE_CURRENT_BINARY_DIR}/headers")
file(REMOVE_RECURSE "${work}")

# ---- what is compiled -------------------------------------------------------------------------

file(GLOB headers RELATIVE "${ROOT}/sdk/include" "${ROOT}/sdk/include/portico/*.h")
file(GLOB_RECURSE cxx_headers RELATIVE "${ROOT}/sdk/include" "${ROOT}/sdk/include/portico/*.hpp")
if(NOT headers OR NOT cxx_headers)
  message(FATAL_ERROR "no headers below ${ROOT}/sdk/include")
endif()

# Writes a file that includes only that header.
function(write_alone result header)
  string(MAKE_C_IDENTIFIER "${header}" name)
  file(WRITE "${work}/${name}.c" "#include <${header}>\nextern int ${name};\n")
  set(${result} "${work}/${name}.c" PARENT_SCOPE)
endfunction()

set(c_files "${ROOT}/tests/headers/macros.c")
set(within "extern \"C\" {\n")
foreach(header IN LISTS headers)
  write_alone(file "${header}")
  list(APPEND c_files "${file}")
  string(APPEND within "#include <${header}>\n")
endforeach()
# A C++ file may include the headers, and declare states and packets, inside extern "C".
file(WRITE "${work}/within.cpp" "${within}#include \"${ROOT}/tests/headers/macros.c\"\n}\n")

set(cxx_files "${work}/within.cpp" "${ROOT}/tests/abi/cpp_module.cpp")
set(hpp_files "")
foreach(header IN LISTS cxx_headers)
  write_alone(file "${header}")
  list(APPEND hpp_files "${file}")
endforeach()
list(APPEND hpp_files "${ROOT}/tests/abi/tables_hpp.cpp")
set(throwing_files "${ROOT}/tests/abi/throws_hpp.cpp" "${ROOT}/plugins/arena_cpp.cpp")

# ---- the compilers ----------------------------------------------------------------------------

# add_compiler(NAME [OPTION...] C names... CXX names... [CXX_OPTIONS ...]): OPTIONs are for both.
set(compilers "")
set(missing "")
macro(add_compiler name)
  cmake_parse_arguments(add "" "" "C;CXX;CXX_OPTIONS" ${ARGN})
  find_program(${name}_C NAMES ${add_C})
  find_program(${name}_CXX NAMES ${add_CXX})
  if(${name}_C AND ${name}_CXX)
    list(APPEND compilers ${name})
    set(${name}_C_COMMAND "${${name}_C}" ${add_UNPARSED_ARGUMENTS})
    set(${name}_CXX_COMMAND "${${name}_CXX}" ${add_UNPARSED_ARGUMENTS} ${add_CXX_OPTIONS})
  else()
    list(APPEND missing ${name})
  endif()
endmacro()

add_compiler(gcc C gcc CXX g++)
add_compiler(clang C clang CXX clang++)
add_compiler(mingw_gcc C x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc
  CXX x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++)
# Clang uses the library of mingw-w64's gcc, as in toolchains/mingw-w64-clang.cmake.
if(mingw_gcc_C)
  execute_process(COMMAND "${mingw_gcc_C}" -print-libgcc-file-name
    OUTPUT_VARIABLE library OUTPUT_STRIP_TRAILING_WHITESPACE)
  get_filename_component(library "${library}" DIRECTORY)
  add_compiler(mingw_clang --target=x86_64-w64-windows-gnu C clang CXX clang++
    CXX_OPTIONS -isystem "${library}/include/c++"
      -isystem "${library}/include/c++/x86_64-w64-mingw32")
else()
  list(APPEND missing mingw_clang)
endif()

# ---- what must compile ------------------------------------------------------------------------

function(compile name)
  execute_process(COMMAND ${ARGN} ${warnings} -fsyntax-only "-I${ROOT}/sdk/include"
    "-DMODULE_NAME=\"module\"" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0 OR NOT output STREQUAL "")
    message(SEND_ERROR "${name}: exit code ${result}\n${output}")
  endif()
endfunction()

set(done "")
foreach(compiler IN LISTS compilers)
  foreach(standard IN ITEMS c11 c17)
    compile("${compiler} -std=${standard}" ${${compiler}_C_COMMAND} -std=${standard} ${c_files})
    string(APPEND done " ${compiler}/${standard}")
  endforeach()
  foreach(standard IN ITEMS c++11 c++17 c++20)
    compile("${compiler} -std=${standard}" ${${compiler}_CXX_COMMAND} -std=${standard}
      ${cxx_files} -x c++ ${c_files})
    string(APPEND done " ${compiler}/${standard}")
  endforeach()
  foreach(standard IN ITEMS c++17 c++20)
    compile("portico.hpp, ${compiler} -std=${standard}" ${${compiler}_CXX_COMMAND}
      -std=${standard} -x c++ ${hpp_files} ${throwing_files})
  endforeach()
  compile("portico.hpp, ${compiler} -fno-exceptions -fno-rtti" ${${compiler}_CXX_COMMAND}
    -std=c++17 -fno-exceptions -fno-rtti "${ROOT}/tests/abi/tables_hpp.cpp")
endforeach()

# ---- what must be there before any code runs --------------------------------------------------

# The host reads a module's description from the file. So it must be constant data: no constructor
# may make any of it, not even without optimisation.
foreach(compiler IN LISTS compilers)
  foreach(file IN ITEMS plugins/arena_cpp.cpp tests/abi/tables_hpp.cpp)
    execute_process(COMMAND ${${compiler}_CXX_COMMAND} -std=c++17 -O0 -fPIC -S -o -
      "-I${ROOT}/sdk/include" "-DMODULE_NAME=\"module\"" "${ROOT}/${file}"
      OUTPUT_VARIABLE text ERROR_VARIABLE errors)
    if(text MATCHES "_GLOBAL__sub_I|__cxx_global_var_init|\\.init_array|\\.ctors")
      message(SEND_ERROR "${file}, ${compiler}: a constructor runs: ${CMAKE_MATCH_0}")
    endif()
    string(FIND "${text}" "\nportico_module_entry:" at)
    string(SUBSTRING "${text}" 0 ${at} before)
    string(REGEX MATCHALL "\n[ \t]+\\.(section[^\n]*|data|bss|text)" sections "${before}")
    list(POP_BACK sections section)
    if(at LESS 0 OR NOT section MATCHES "\\.(data\\.rel\\.ro|rdata)")
      message(SEND_ERROR "${file}, ${compiler}: the description is in${section}\n${errors}")
    endif()
  endforeach()
endforeach()

# ---- what must not compile --------------------------------------------------------------------

# refuse(FILE COMMAND...): compiles FILE once for each of its lines with "WRONG == n: words".
function(refuse file)
  execute_process(COMMAND ${ARGN} -fsyntax-only -DWRONG=0 "-I${ROOT}/sdk/include" "${file}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${file} without a mistake: exit code ${result}\n${output}")
  endif()
  file(STRINGS "${file}" lines REGEX "WRONG == [0-9]+: [^0-9]")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "#.*WRONG == ([0-9]+): ([^*]*[^* ])")
      continue()
    endif()
    set(number "${CMAKE_MATCH_1}")
    set(words "${CMAKE_MATCH_2}")
    execute_process(COMMAND ${ARGN} -fsyntax-only -Werror "-DWRONG=${number}"
      "-I${ROOT}/sdk/include" "${file}"
      RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result EQUAL 0 OR NOT output MATCHES "${words}")
      message(SEND_ERROR "${file}, WRONG ${number}: exit code ${result}, and no \"${words}\" in\n"
        "${output}")
    endif()
  endforeach()
endfunction()

foreach(compiler IN ITEMS gcc clang)
  if(compiler IN_LIST compilers)
    refuse("${ROOT}/tests/headers/wrong.c" ${${compiler}_C_COMMAND} -std=c11 -Wno-unused-function)
    refuse("${ROOT}/tests/headers/wrong.cpp" ${${compiler}_CXX_COMMAND} -std=c++17)
  endif()
endforeach()

message(STATUS "compiled by${done}")
if(missing)
  message(STATUS "not installed, and so not asked: ${missing}")
endif()
if(NOT compilers)
  message(FATAL_ERROR "there is no compiler")
endif()
