# portico::uthash: hash tables and lists, headers only.

add_library(portico_uthash INTERFACE)
add_library(portico::uthash ALIAS portico_uthash)

if(WIN32 AND CMAKE_CROSSCOMPILING AND NOT DEFINED VCPKG_TARGET_TRIPLET)
  foreach(header IN ITEMS uthash.h utlist.h utarray.h)
    portico_borrow_header(${header})
  endforeach()
  target_include_directories(portico_uthash SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/include")
else()
  find_path(PORTICO_UTHASH_INCLUDE uthash.h REQUIRED)
  target_include_directories(portico_uthash SYSTEM INTERFACE "${PORTICO_UTHASH_INCLUDE}")
endif()
