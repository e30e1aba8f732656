# Installs the files of conf/, which are the user's once they are installed. Part of cmake
# --install.
#
#   from      the folder of the files
#   to        where they are installed
#   shipped   where a copy of each is kept, to tell later whether the installed one was edited
#
# A file that was edited is not replaced. If the shipped one has changed since it was last
# installed, the new one is put beside it as NAME.new.

get_filename_component(to "${to}" ABSOLUTE)
get_filename_component(shipped "${shipped}" ABSOLUTE)
file(GLOB_RECURSE names RELATIVE "${from}" "${from}/*")
foreach(name IN LISTS names)
  set(path "$ENV{DESTDIR}${to}/${name}")
  set(old "$ENV{DESTDIR}${shipped}/${name}")
  set(hash_path "")
  set(hash_old "")
  file(SHA256 "${from}/${name}" hash_from)
  if(EXISTS "${path}")
    file(SHA256 "${path}" hash_path)
  endif()
  if(EXISTS "${old}")
    file(SHA256 "${old}" hash_old)
  endif()

  if(hash_path STREQUAL hash_from)
    message(STATUS "Up-to-date: ${path}")
    file(REMOVE "${path}.new")
  elseif(hash_path STREQUAL "" OR hash_path STREQUAL hash_old)
    message(STATUS "Installing: ${path}")
    configure_file("${from}/${name}" "${path}" COPYONLY)
    file(REMOVE "${path}.new")
  elseif(hash_old STREQUAL hash_from)
    message(STATUS "Kept, because it was edited: ${path}")
  else()
    message(NOTICE "Kept, because it was edited: ${path}; the new version is ${path}.new")
    configure_file("${from}/${name}" "${path}.new" COPYONLY)
  endif()
  configure_file("${from}/${name}" "${old}" COPYONLY)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${to}/${name}" "${shipped}/${name}")
endforeach()
