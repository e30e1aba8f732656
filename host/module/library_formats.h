/* library_formats.h: what library_file.c and the readers of the two formats share. */
#ifndef PORTICO_LIBRARY_FORMATS_H
#define PORTICO_LIBRARY_FORMATS_H

#include "module/library_file.h"

/* Read the headers into `l`, whose bytes are set. NULL, or what is wrong. */
const char *elf_file_open(library_file *l);
const char *pe_file_open(library_file *l);

/* As library_file_symbol. */
uint64_t elf_file_symbol(const library_file *l, const char *name);
uint64_t pe_file_symbol(const library_file *l, const char *name);

/* Bytes of the file; NULL: it does not have them all. */
const void *library_bytes(const library_file *l, uint64_t offset, uint64_t size);

/* False: it is not inside the file or the address space, or there are too many. */
bool library_add_part(library_file *l, const library_part *part);

#endif
