# testing.reports: tests that fail say where and why, and print a command that repeats them.
#
#   cmake -DTEST=<test-testing-failures> -DEMULATOR=<runs it> -P CheckTesting.cmake

string(REPLACE "|" ";" emulator "${EMULATOR}")

# Runs the program with arguments; `output` is what it wrote, `result` its exit code.
macro(run)
  execute_process(COMMAND ${emulator} "${TEST}" ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
endmacro()

# The test NAME fails with a message that matches, and so does the command that its report prints.
function(expect name message)
  run(${name} ${ARGN})
  if(NOT result EQUAL 1 OR NOT output MATCHES "FAILED ${name}, seed [0-9]+: [^\n]*${message}" OR
     NOT output MATCHES "again: ([^\n]*)")
    message(FATAL_ERROR "${name}: exit code ${result}, expected 1 and a report of ${message}:\n"
      "${output}")
  endif()
  string(STRIP "${CMAKE_MATCH_1}" again)
  separate_arguments(again UNIX_COMMAND "${again}")
  list(POP_FRONT again)
  run(${again})
  if(result EQUAL 0 OR (NOT output MATCHES "${message}" AND NOT message MATCHES "signal|code"))
    message(FATAL_ERROR "${again}: exit code ${result}, expected the same report:\n${output}")
  endif()
endfunction()

expect(other_packet "failures.c:[0-9]+: another packet was sent")
expect(no_packet "failures.c:[0-9]+: nothing was sent")
expect(one_packet "failures.c:[0-9]+: a packet was sent that is not expected")
expect(other_opcode "failures.c:[0-9]+: another packet was sent")
expect(no_sum "failures.c:[0-9]+: the packet of opcode 1 is no sum")
expect(condition "failures.c:[0-9]+: does not hold: portico_client_is_closed")
expect(integer "failures.c:[0-9]+: 2 . 2")
expect(text "failures.c:[0-9]+: \"a\"")
expect(module_crash "signal 6|code|the module has crashed")
expect(module_writes_badly "the module has crashed .1 times.")
expect(no_type "no session type and no listener is named game.nobody")
expect(refused_module "does not start, or does not load the module")
expect(refused_swap "the swap to nowhere.so is refused")
expect(no_function "named session_sends")
expect(no_host "no host runs")
expect(some_seeds "does not hold: portico_test_random" --seeds 100)

run(no_such_test)
if(NOT result EQUAL 2)
  message(FATAL_ERROR "a test that does not exist: exit code ${result}, expected 2:\n${output}")
endif()
run(text --module no_such_file)
if(NOT result EQUAL 1 OR NOT output MATCHES "no_such_file cannot be loaded")
  message(FATAL_ERROR "a module that does not exist: exit code ${result}:\n${output}")
endif()
