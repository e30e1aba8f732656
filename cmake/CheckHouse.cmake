cmake_minimum_required(VERSION 3.20)
# house.order: a folder of host/ includes only what the table host/HOUSE allows. A line there is
# `folder: folders that it may include`, from the bottom up; a folder may always include its own
# files.
#
#   cmake -DROOT=<tree> -P CheckHouse.cmake

file(STRINGS "${ROOT}/host/HOUSE" rows REGEX "^[a-z]+:")
set(known "")
foreach(row IN LISTS rows)
  string(REGEX MATCH "^([a-z]+):(.*)$" _ "${row}")
  set(folder "${CMAKE_MATCH_1}")
  separate_arguments(may UNIX_COMMAND "${CMAKE_MATCH_2}")
  foreach(below IN LISTS may)
    if(NOT below IN_LIST known)
      message(SEND_ERROR
        "host/HOUSE: ${folder} may include ${below}, but no line before it has ${below}")
    endif()
  endforeach()
  list(APPEND known "${folder}")
  set(may_${folder} ${may} ${folder})
endforeach()

set(count 0)
file(GLOB_RECURSE files RELATIVE "${ROOT}/host" "${ROOT}/host/*.c" "${ROOT}/host/*.h")
foreach(file IN LISTS files)
  get_filename_component(folder "${file}" DIRECTORY)
  string(REGEX REPLACE "/.*" "" folder "${folder}")
  if(folder STREQUAL "")
    continue() # main.c and its neighbours are above all folders
  endif()
  if(NOT folder IN_LIST known)
    message(SEND_ERROR "host/${file}: host/HOUSE has no line for ${folder}")
    continue()
  endif()
  file(STRINGS "${ROOT}/host/${file}" lines REGEX "^#[ \t]*include[ \t]*\"[a-z_]+/")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "\"([a-z_]+)/([^\"]*)\"" _ "${line}")
    set(to "${CMAKE_MATCH_1}")
    if(NOT to IN_LIST may_${folder})
      message(SEND_ERROR
        "host/${file} includes ${to}/${CMAKE_MATCH_2}: host/HOUSE does not let ${folder} use ${to}")
    endif()
    if(CMAKE_MATCH_2 MATCHES "private" AND NOT to STREQUAL folder)
      message(SEND_ERROR "host/${file} includes ${to}/${CMAKE_MATCH_2}, which is private to ${to}")
    endif()
    math(EXPR count "${count} + 1")
  endforeach()
endforeach()
message(STATUS "${count} includes follow host/HOUSE")
