# Writes files as a C source: an array NAMEs of structs NAME {name, bytes, size}, which HEADER
# declares, and their number NAME_count.
#
#   cmake -DFROM=<folder> -DTO=<the .c> "-DFILES=<paths in FROM, | between them>"
#         -DHEADER=<a.h> -DNAME=<the struct> -P EmbedFiles.cmake

string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(rows "")
foreach(file IN LISTS files)
  file(READ "${FROM}/${file}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(MAKE_C_IDENTIFIER "file_${file}" name)
  string(APPEND arrays "static const unsigned char ${name}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${file}\", ${name}, sizeof ${name}},\n")
endforeach()
list(LENGTH files count)
file(WRITE "${TO}"
  "/* By cmake/EmbedFiles.cmake. */\n#include \"${HEADER}\"\n\n${arrays}\n"
  "const ${NAME} ${NAME}s[] = {\n${rows}};\n"
  "const unsigned ${NAME}_count = ${count};\n")
