# house.install: what is installed works where it was installed, and a module can be built against
# it. Installing again replaces no file in conf/ that was edited.
#
#   cmake -DBUILD=<build folder> -DEXE=<name> -DSUFFIX=<of a module> -DEMULATOR=<runs EXE> -DCONFIG=
#         -DGENERATOR= -DTOOLCHAIN= -DCOMPILER=<for C> -P CheckInstall.cmake

set(prefix "${CMAKE_CURRENT_BINARY_DIR}/installed")
set(conf "${prefix}/conf")
set(doc "${prefix}/share/doc/portico")
foreach(folder IN ITEMS installed module new)
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
    include/portico/portico.h lib/cmake/portico/portico-config.cmake
    share/doc/portico/LICENSE share/doc/portico/README.md share/doc/portico/CHANGELOG.md
    share/doc/portico/sdk/README.md share/doc/portico/sdk/template/module.c
    share/doc/portico/plugins/README.md share/doc/portico/plugins/chat.c)
  if(NOT EXISTS "${prefix}/${path}")
    message(FATAL_ERROR "${path} was not installed")
  endif()
endforeach()

file(WRITE "${conf}/check.ini"
  "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = echo.session\n")
run(${emulator} "${prefix}/bin/${EXE}" check "${conf}/check.ini")

# Every link from the guide into the SDK leads somewhere.
file(STRINGS "${doc}/sdk/README.md" lines REGEX "\\]\\([^)]*(include|template)/")
foreach(line IN LISTS lines)
  string(REGEX MATCH "\\]\\(([^)#]*)" _ "${line}")
  if(NOT EXISTS "${doc}/sdk/${CMAKE_MATCH_1}")
    message(FATAL_ERROR "the installed guide links to ${CMAKE_MATCH_1}, which does not exist")
  endif()
endforeach()

# ---- the installed template builds against the installed SDK, and its module loads ------------

file(COPY "${doc}/sdk/template/" DESTINATION "${CMAKE_CURRENT_BINARY_DIR}/module")
run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S module -B module/build
    "-DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}" "-DCMAKE_C_COMPILER=${COMPILER}"
    "-Dportico_DIR=${prefix}/lib/cmake/portico")
run("${CMAKE_COMMAND}" --build module/build --config "${CONFIG}")
file(GLOB_RECURSE module "${CMAKE_CURRENT_BINARY_DIR}/module/build/*hello${SUFFIX}")
run(${emulator} "${prefix}/bin/${EXE}" inspect "${module}")

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
