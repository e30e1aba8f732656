# house.install: what is installed works where it was installed, and a module can be built against
# it. Installing again replaces no file in conf/ that was edited.
#
#   cmake -DBUILD=<build folder> -DEXE=<name> -DSUFFIX=<of a module> -DEMULATOR=<runs EXE> -DCONFIG=
#         -DGENERATOR= -DTOOLCHAIN= -DCOMPILER=<for C> -DCXX=<for C++, or nothing>
#         -P CheckInstall.cmake

set(prefix "${CMAKE_CURRENT_BINARY_DIR}/installed")
set(conf "${prefix}/conf")
set(doc "${prefix}/share/doc/portico")
foreach(folder IN ITEMS installed made made_cpp new)
  file(REMOVE_RECURSE "${CMAKE_CURRENT_BINARY_DIR}/${folder}")
endforeach()
string(REPLACE "|" ";" emulator "${EMULATOR}")

# Runs a command, which must succeed; `output` is what it wrote.
macro(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "exit code ${result}: ${ARGN}\n${output}")
  endif()
endmacro()

macro(install)
  run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${prefix}")
endmacro()

# ---- everything is there, and works -----------------------------------------------------------

install()
foreach(path IN ITEMS
    bin/${EXE} modules/echo${SUFFIX} conf/portico.ini
    include/portico/portico.h include/portico/portico.hpp include/portico/cpp/bytes.hpp
    include/portico_testing.h lib/cmake/portico/portico-config.cmake
    share/doc/portico/LICENSE share/doc/portico/README.md share/doc/portico/CHANGELOG.md
    share/doc/portico/sdk/README.md share/doc/portico/sdk/template/hello.c
    share/doc/portico/plugins/README.md share/doc/portico/plugins/chat.c
    share/doc/portico/plugins/arena_cpp.cpp)
  if(NOT EXISTS "${prefix}/${path}")
    message(FATAL_ERROR "${path} was not installed")
  endif()
endforeach()

file(WRITE "${conf}/check.ini"
  "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = echo.session\n")
run(${emulator} "${prefix}/bin/${EXE}" check "${conf}/check.ini")

# Every link from the guide into the SDK leads somewhere.
file(STRINGS "${doc}/sdk/README.md" lines REGEX "\\]\\([^)]*(include|template|client)/")
foreach(line IN LISTS lines)
  string(REGEX MATCH "\\]\\(([^)#]*)" _ "${line}")
  if(NOT EXISTS "${doc}/sdk/${CMAKE_MATCH_1}")
    message(FATAL_ERROR "the installed guide links to ${CMAKE_MATCH_1}, which does not exist")
  endif()
endforeach()

# ---- `portico new` writes projects that build, load and pass their tests -----------------------

# Makes the project `name` and everything that its README says.
macro(make name)
  run(${emulator} "${prefix}/bin/${EXE}" new ${name} ${ARGN})
  set(settings "")
  if(TOOLCHAIN) # Portico says its path as Windows has it, and CMake runs on the other system
    set(settings "-DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}" "-Dportico_DIR=${prefix}/lib/cmake/portico")
  else()
    set(settings "-DCMAKE_C_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX}")
  endif()
  run("${CMAKE_COMMAND}" --preset default -S ${name} -B ${name}/build -G "${GENERATOR}"
      ${settings} --no-warn-unused-cli)
  run("${CMAKE_COMMAND}" --build ${name}/build --config "${CONFIG}")
  if(output MATCHES "warning")
    message(FATAL_ERROR "${name} does not build without warnings:\n${output}")
  endif()
  run("${CMAKE_CTEST_COMMAND}" --test-dir ${name}/build -C "${CONFIG}" --output-on-failure)
  if(NOT output MATCHES "100% tests passed, 0 tests failed out of 1")
    message(FATAL_ERROR "the test of ${name} was not run:\n${output}")
  endif()
  run(${emulator} "${prefix}/bin/${EXE}" inspect ${name}/build/modules/${name}${SUFFIX})
  file(READ "${CMAKE_CURRENT_BINARY_DIR}/${name}/${name}.ini" ini)
  string(REPLACE "port = 7777" "port = 0" ini "${ini}") # which may be in use
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/${name}/${name}.ini" "${ini}")
  run(${emulator} "${prefix}/bin/${EXE}" check ${name}/${name}.ini)
endmacro()
make(made)
if(CXX)
  make(made_cpp made_cpp --cpp)
endif()

# ---- edited files stay ------------------------------------------------------------------------

# An ini that was edited, while the shipped one is the same: nothing happens to it.
file(APPEND "${conf}/portico.ini" "; edited\n")
file(SHA256 "${conf}/portico.ini" edited)
macro(expect_edited)
  file(SHA256 "${conf}/portico.ini" now)
  if(NOT now STREQUAL edited)
    message(FATAL_ERROR "an edited portico.ini was replaced")
  endif()
endmacro()
install()
expect_edited()
if(EXISTS "${conf}/portico.ini.new")
  message(FATAL_ERROR "portico.ini.new was written though the shipped portico.ini has not changed")
endif()

# The next release: each shipped file has changed.
set(new "${CMAKE_CURRENT_BINARY_DIR}/new")
foreach(name IN ITEMS portico.ini client.ini)
  file(READ "${doc}/conf/${name}" text)
  file(WRITE "${new}/${name}" "${text}; of the next release\n")
endforeach()
macro(install_next)
  run("${CMAKE_COMMAND}" "-Dfrom=${new}" "-Dto=${conf}" "-Dshipped=${doc}/conf"
      -P "${CMAKE_CURRENT_LIST_DIR}/InstallConf.cmake")
endmacro()
install_next()
expect_edited()
if(NOT output MATCHES "conf/portico.ini; the new version is .*conf/portico.ini.new")
  message(FATAL_ERROR "no message about the edited portico.ini:\n${output}")
endif()
foreach(path IN ITEMS portico.ini.new client.ini)
  string(REPLACE ".new" "" name "${path}")
  file(SHA256 "${new}/${name}" expected)
  file(SHA256 "${conf}/${path}" found)
  if(NOT found STREQUAL expected)
    message(FATAL_ERROR "${path} is not the new ${name}")
  endif()
endforeach()

# Its user takes the new version over: the copy beside it goes.
file(RENAME "${conf}/portico.ini.new" "${conf}/portico.ini")
file(TOUCH "${conf}/portico.ini.new")
install_next()
if(EXISTS "${conf}/portico.ini.new")
  message(FATAL_ERROR "portico.ini.new stayed beside the same portico.ini")
endif()
