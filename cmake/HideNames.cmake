# Renames the global symbols of an archive that others could have, too: `session_find` becomes
# `portico.session_find`, which no C program can name. portico_... and what the compiler makes stay.
#
#   cmake -D ARCHIVE=FILE -D NM=NM -D OBJCOPY=OBJCOPY -P HideNames.cmake
#
# For Windows: one object of everything, as on Linux, is no way out there. `ld -r` of mingw-w64
# makes wrong .pdata and .xdata, so that a fault in the program cannot be unwound.

execute_process(COMMAND "${NM}" --extern-only --defined-only --format=posix "${ARCHIVE}"
  OUTPUT_VARIABLE symbols RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${NM} cannot read ${ARCHIVE}")
endif()
string(REGEX MATCHALL "[^ \n]+ [A-Z] " rows "${symbols}")
set(names "")
foreach(row IN LISTS rows)
  string(REGEX REPLACE " [A-Z] $" "" name "${row}")
  if(NOT name MATCHES "^(portico$|portico_|portico\\.|\\.refptr\\.|__)")
    list(APPEND names "${name}")
  endif()
endforeach()
list(REMOVE_DUPLICATES names)
set(lines "")
foreach(name IN LISTS names)
  string(APPEND lines "${name} portico.${name}\n")
endforeach()
file(WRITE "${ARCHIVE}.names" "${lines}")
execute_process(COMMAND "${OBJCOPY}" "--redefine-syms=${ARCHIVE}.names" "${ARCHIVE}"
  RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  file(REMOVE "${ARCHIVE}") # so that the next build tries again
  message(FATAL_ERROR "${OBJCOPY} cannot rename the symbols of ${ARCHIVE}")
endif()
