# house.install: what is installed works where it was installed.

set(prefix "${CMAKE_CURRENT_BINARY_DIR}/installed")
file(REMOVE_RECURSE "${prefix}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${prefix}"
  COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
foreach(path IN ITEMS bin/${EXE} conf/portico.ini include/portico/portico.h
                      lib/cmake/portico/portico-config.cmake LICENSE)
  if(NOT EXISTS "${prefix}/${path}")
    message(FATAL_ERROR "${path} was not installed")
  endif()
endforeach()
file(GLOB modules "${prefix}/modules/*")
if(NOT modules)
  message(FATAL_ERROR "no module was installed")
endif()

string(REPLACE "|" ";" emulator "${EMULATOR}")
execute_process(
  COMMAND ${emulator} "${prefix}/bin/${EXE}" check conf/portico.ini
  WORKING_DIRECTORY "${prefix}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "portico check conf/portico.ini: exit code ${result}, expected 0")
endif()
