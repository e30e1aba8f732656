/* elf_check.h: whether an ELF library is one that the loader can map and relocate without touching
 * memory of others. Any thread. */
#ifndef PORTICO_LINUX_ELF_CHECK_H
#define PORTICO_LINUX_ELF_CHECK_H

#include <stdio.h>

/* Why the open file is not a library for this system; NULL: it is one. */
const char *elf_fault(FILE *file);

#endif
