# portico_add_module(NAME SOURCE...): builds NAME.dll or NAME.so, a module for Portico, in this tree
# and, after find_package(portico), in any other.
#
# On Windows the compiler's own libraries go into the DLL, so that it needs nothing that a server
# lacks, and mingw-w64's printf is the one that knows %zu and %lld.

function(portico_add_module name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE portico::sdk)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(WIN32)
    set_target_properties(${name} PROPERTIES SUFFIX ".dll"
      MSVC_RUNTIME_LIBRARY "MultiThreaded$<$<CONFIG:Debug>:Debug>")
    if(MINGW)
      target_compile_definitions(${name} PRIVATE __USE_MINGW_ANSI_STDIO=1)
      set(end "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/PorticoModuleEnd.c")
      if(NOT CMAKE_C_COMPILER_ID) # a project in C++ only
        set_source_files_properties("${end}" PROPERTIES LANGUAGE CXX)
      endif()
      if("${CMAKE_C_COMPILER_ID}" STREQUAL "GNU" OR
         (NOT CMAKE_C_COMPILER_ID AND "${CMAKE_CXX_COMPILER_ID}" STREQUAL "GNU"))
        target_sources(${name} PRIVATE "${end}")
      endif()
      # Under Wine the host finds functions and lines in DWARF up to version 4.
      target_compile_options(${name} PRIVATE $<$<CONFIG:Debug,RelWithDebInfo>:-gdwarf-4>)
      # clang does not know that exceptions of a static libstdc++ need winpthread.
      target_link_libraries(${name} PRIVATE
        $<$<LINK_LANG_AND_ID:CXX,Clang>:stdc++>
        $<$<LINK_LANG_AND_ID:CXX,Clang>:gcc_eh>
        $<$<LINK_LANG_AND_ID:CXX,Clang>:pthread>)
    endif()
    if(MSVC)
      # The DLL names its PDB without a folder, so that a debugger finds the copy beside the host's
      # copy of the DLL.
      target_link_options(${name} PRIVATE "/PDBALTPATH:%_PDB%")
    else()
      target_link_options(${name} PRIVATE -static)
    endif()
  else()
    set_target_properties(${name} PROPERTIES SUFFIX ".so")
    # A process-wide unique symbol would keep the image of an old generation loaded.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  endif()
endfunction()
