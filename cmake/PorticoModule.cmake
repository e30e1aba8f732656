# portico_add_module(NAME SOURCE...): builds NAME.dll or NAME.so, a module for Portico.
#
# In this tree and, after find_package(portico), in any other. On Windows the compiler's own libraries go
# into the DLL, so that it depends on nothing that a server does not have.

function(portico_add_module name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE portico::sdk)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(WIN32)
    set_target_properties(${name} PROPERTIES SUFFIX ".dll")
    if(MSVC)
      # The DLL names its PDB without a folder: a debugger then takes the copy that the host makes of both.
      target_link_options(${name} PRIVATE "/PDBALTPATH:%_PDB%")
    else()
      target_link_options(${name} PRIVATE -static)
    endif()
  else()
    set_target_properties(${name} PROPERTIES SUFFIX ".so")
    # A symbol that is unique in the process would keep an old image of the module alive.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  endif()
endfunction()
