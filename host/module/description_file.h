/* description_file.h: reads a module's description out of its file, without loading the file.
 *
 * `portico check` hands the copy to describe(), as the loader does with the original: the same
 * rules apply to both. A description is constant data, so the file has all of it. Reading it there
 * beats loading the library in a child process: no code of the module runs, not even a constructor;
 * there is nothing to time out and nothing to clean up; and a module for the other system or
 * processor can be read too. The price is some 450 lines for two formats (library_file.h).
 *
 * Nothing in the file is trusted: every address, size, count and text is checked, and a file can at
 * worst describe nonsense. What a module computes when it is loaded is not in its file: a binding
 * for another language may fill in its description in a constructor. That is recognised, and there
 * is then nothing to check before the module runs.
 *
 * Any thread.
 */
#ifndef PORTICO_DESCRIPTION_FILE_H
#define PORTICO_DESCRIPTION_FILE_H

#include <portico/portico.h>

enum { DESCRIPTION_WHY_MAX = 300 };

typedef enum description_result {
    DESCRIPTION_READ,
    DESCRIPTION_AT_RUN_TIME, /* it, or a part of it, is not in the file */
    DESCRIPTION_OF_0_3,      /* a module for ABI 0.3 or older, which exported a function */
    DESCRIPTION_NONE,        /* a library, but no module */
    DESCRIPTION_NO_LIBRARY,  /* not a 64-bit library of either system, or a damaged one */
    DESCRIPTION_NO_FILE,     /* the file cannot be read */
    DESCRIPTION_NO_MEMORY
} description_result;

/* A deep copy of the description. Functions and targets are not NULL if the module has them, but
 * must be neither called nor written. */
typedef struct module_description {
    portico_entry entry;
    /* The copy comes from memory that the module cannot change. Otherwise it may yet, before the
     * host reads it. */
    bool constant;
    struct description_block *memory; /* all that the entry points to */
    char *bytes;                      /* of the file; NULL: the caller's */
} module_description;

/* DESCRIPTION_READ: free `*d`. Any other result: `*d` is empty, and `why` is one sentence without
 * an end, such as "it exports no portico_module_entry". */
description_result description_read(const char *path, module_description *d,
                                    char why[DESCRIPTION_WHY_MAX]);

/* The same for a file in memory, which must exist for as long as `*d`. */
description_result description_parse(const void *bytes, size_t size, module_description *d,
                                     char why[DESCRIPTION_WHY_MAX]);

void description_free(module_description *d);

#endif
