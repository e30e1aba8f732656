/* image_copy.h: the private copy of a module's library, which is loaded in place of the original.
 *
 * So a build can overwrite its output while the module is loaded, and a system that knows libraries
 * by their path never returns an old one. Each copy has its own folder (copy_folder.h) and keeps
 * the name of its file. Debug symbols beside the original are copied along, so that debuggers find
 * them by name beside the copy. [control thread], except image_hash and image_file_same.
 */
#ifndef PORTICO_IMAGE_COPY_H
#define PORTICO_IMAGE_COPY_H

#include "os/os.h"

enum { IMAGE_WHY_MAX = 1024 };

typedef struct image_copy {
    char *path;    /* of the library; NULL: there is no copy */
    char *folder;  /* of the library and its debug symbols */
    uint64_t size; /* bytes of the library ... */
    uint64_t hash; /* ... and their hash, see image_hash */
} image_copy;

/* Whether a file is still the same file and has not been written to between two looks.
 * [any thread] */
bool image_file_same(const os_file_info *before, const os_file_info *now);

/* Copies `file` and the debug symbols beside it. The file is open only while it is read, and others
 * may write, rename and delete it then. On PORTICO_OK the caller owns *copy until
 * image_copy_remove; otherwise *copy is empty, and `why` says what was found (nothing when out of
 * memory).
 * PORTICO_E_NOT_FOUND  the file cannot be read
 * PORTICO_E_TOO_BIG    it is larger than a module may be
 * PORTICO_E_STATE      it was written or replaced while it was read
 * PORTICO_E_SYSTEM, PORTICO_E_ACCESS: the copy cannot be written */
portico_status image_copy_make(const char *file, image_copy *copy, char why[IMAGE_WHY_MAX]);

/* Deletes the copy and empties *copy, which may be empty already. */
void image_copy_remove(image_copy *copy);

/* The size of a file and a hash of its bytes, from hash_bytes, so it means something only in this
 * process. Size and hash tell builds of a module apart. Two builds of one size have the same hash
 * with a chance of 1 in 2^64, and then a swap needs `--force`. PORTICO_E_NOT_FOUND: the file cannot
 * be read; PORTICO_E_TOO_BIG: it is larger than a module may be. [any thread, after hash_start] */
portico_status image_hash(const char *file, uint64_t *size, uint64_t *hash);

#endif
