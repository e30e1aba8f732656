# Writes the files of sdk/template as a C source, for `portico new` (host/new.h).
#
#   cmake -DFROM=<sdk/template> -DTO=<the .c> "-DFILES=<paths in FROM, | between them>"
#         -P EmbedTemplate.cmake

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
  "/* From sdk/template, by cmake/EmbedTemplate.cmake. */\n#include \"new.h\"\n\n${arrays}\n"
  "const template_file template_files[] = {\n${rows}};\n"
  "const unsigned template_file_count = ${count};\n")
