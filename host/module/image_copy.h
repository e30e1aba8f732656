/* image_copy.h: the private copy of a module's library that is loaded in its place.
 *
 * So the build can overwrite its output while a module is loaded, and a system that knows libraries by path never hands
 * out an old one. A copy has a folder of its own, run_dir/copies/PID.N, and keeps the name of its file: debug symbols
 * that stand beside the original are copied along and are found, by their name, beside the copy.
 * [control thread], but for image_hash.
 */
#ifndef PORTICO_IMAGE_COPY_H
#define PORTICO_IMAGE_COPY_H

#include "os/os.h"

enum { IMAGE_WHY_MAX = 1024 };

typedef struct image_copy {
    char *path;    /* of the library; NULL: there is none */
    char *folder;  /* that it stands in, with its debug symbols */
    uint64_t size; /* bytes of the library ... */
    uint64_t hash; /* ... and their hash, see image_hash */
} image_copy;

/* Makes the folder for copies and removes what earlier hosts have left there; not what a host that runs uses, where
 * that can be told: see image_copy.c. Until then image_copies_ready is false. */
portico_status image_copies_start(const char *run_dir);
bool image_copies_ready(void);

/* Whether a file is the one that it was before, and has not been written to in between. [any thread] */
bool image_file_same(const os_file_info *before, const os_file_info *now);

/* Copies `file` and the debug symbols beside it. The file is open only while it is read, in a way that lets others write,
 * rename and delete it. On PORTICO_OK *copy is the caller's until image_copy_remove; otherwise it is empty and `why` says what
 * was found, or is empty when out of memory. PORTICO_E_NOT_FOUND: the file cannot be read; PORTICO_E_TOO_BIG;
 * PORTICO_E_STATE: it was written or replaced meanwhile; PORTICO_E_SYSTEM, PORTICO_E_ACCESS: the copy cannot be written. */
portico_status image_copy_make(const char *file, image_copy *copy, char why[IMAGE_WHY_MAX]);

/* Deletes the copy's files and its folder, and empties *copy. An empty one is fine. What cannot be deleted, as it is
 * still loaded, is left to the next host. */
void image_copy_remove(image_copy *copy);

/* The size of a file and the hash of its bytes: 64-bit FNV-1a (RFC 9923). It tells builds of one module apart, together
 * with the size; nobody gains by forging it, since who can write the file can have his code loaded anyway. That two builds
 * of the same size have the same hash by chance (1 in 2^64) would cost one swap by hand.
 * PORTICO_E_TOO_BIG: larger than a module may be. [any thread] */
portico_status image_hash(const char *file, uint64_t *size, uint64_t *hash);

#endif
