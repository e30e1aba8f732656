# What cmake --install puts where, besides the targets. The package lives in a folder of its own,
# laid out like build/<preset>/; share/doc/portico/ mirrors the source tree, so that links in the
# guides work.
#
#   bin/ modules/ conf/            the host; conf/ is the user's, see InstallConf.cmake
#   include/ lib/cmake/portico/    the SDK
#   share/doc/portico/             guides, licence, template, clients, plugins' sources, conf/ as
#                                  shipped

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT AND NOT CMAKE_HOST_WIN32)
  set_property(CACHE CMAKE_INSTALL_PREFIX PROPERTY VALUE /opt/portico)
endif()

set(doc share/doc/portico)
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${doc})
install(FILES host/README.md host/OPERATING.md DESTINATION ${doc}/host)
install(DIRECTORY sdk/template DESTINATION ${doc}/sdk PATTERN build EXCLUDE)
install(DIRECTORY sdk/client DESTINATION ${doc}/sdk PATTERN __pycache__ EXCLUDE)

# The guide links to the headers, which have another place here.
install(CODE "
  file(READ \"${PROJECT_SOURCE_DIR}/sdk/README.md\" guide)
  string(REPLACE \"](include/\" \"](../../../../include/\" guide \"\${guide}\")
  get_filename_component(path \"\${CMAKE_INSTALL_PREFIX}/${doc}/sdk/README.md\" ABSOLUTE)
  message(STATUS \"Installing: \$ENV{DESTDIR}\${path}\")
  file(WRITE \"\$ENV{DESTDIR}\${path}\" \"\${guide}\")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${path}\")")

install(CODE "
  set(from \"${PROJECT_SOURCE_DIR}/conf\")
  set(to \"\${CMAKE_INSTALL_PREFIX}/conf\")
  set(shipped \"\${CMAKE_INSTALL_PREFIX}/${doc}/conf\")")
install(SCRIPT "${PROJECT_SOURCE_DIR}/cmake/InstallConf.cmake")
