/* fault_library.c: which library has an address of code. For handlers, too. Any thread. */
#include "guard.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_in_segments(const library_place *found) {
    uintptr_t offset = found->address - found->base;
    for (size_t i = 0; i < found->header_count; i++) {
        const ElfW(Phdr) *segment = &found->headers[i];
        if (segment->p_type == PT_LOAD && offset >= segment->p_vaddr &&
            offset - segment->p_vaddr < segment->p_memsz) {
            return true;
        }
    }
    return false;
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)

/* _dl_find_object takes no lock. */
static bool find_library(library_place *found) {
    struct dl_find_object object;
    if (_dl_find_object((void *)found->address, &object) != 0) {
        return false;
    }
    const uint8_t *begin = object.dlfo_map_start;
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)(const void *)begin;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    found->path = object.dlfo_link_map->l_name;
    found->base = object.dlfo_link_map->l_addr;
    found->headers = (const ElfW(Phdr) *)(const void *)(begin + header->e_phoff);
    found->header_count = header->e_phnum;
    return is_in_segments(found);
}

#else

static int look_at(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    library_place *found = arg;
    library_place here = {found->address, info->dlpi_name, info->dlpi_addr, info->dlpi_phdr,
                          info->dlpi_phnum};
    if (!is_in_segments(&here)) {
        return 0;
    }
    *found = here;
    return 1;
}

/* Takes the loader's lock, which code that faults holds only while it loads a library. */
static bool find_library(library_place *found) {
    return dl_iterate_phdr(look_at, found) != 0;
}

#endif

/* The build id is a note that the linker has added: its name is "GNU". */
static void read_build_id(const library_place *found, os_place *place) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < found->header_count; i++) {
        const ElfW(Phdr) *segment = &found->headers[i];
        const uint8_t *at = (const uint8_t *)(found->base + segment->p_vaddr);
        const uint8_t *end = at + segment->p_memsz;
        while (segment->p_type == PT_NOTE && end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
            const uint8_t *name = at + sizeof *note;
            const uint8_t *bytes = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
                memcmp(name, "GNU", 4) == 0) {
                size_t used = 0;
                for (; used < note->n_descsz && 2 * used + 2 < sizeof place->build_id; used++) {
                    place->build_id[2 * used] = digits[bytes[used] >> 4];
                    place->build_id[2 * used + 1] = digits[bytes[used] & 15];
                }
                return;
            }
            at = bytes + ((note->n_descsz + 3u) & ~3u);
        }
    }
}

void place_text(char *to, size_t size, const char *from, size_t length) {
    length = length < size ? length : size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* The executable's path, which does not change although its file may be replaced. */
static const char *executable_path(char *path, size_t size) {
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    return path;
}

bool place_library(uintptr_t address, os_place *place, library_place *found) {
    char executable[1024];
    memset(place, 0, sizeof *place);
    *found = (library_place){.address = address};
    if (address == 0 || !find_library(found)) {
        found->path = NULL;
        return false;
    }
    const char *path = found->path;
    if (path[0] == '\0') {
        path = executable_path(executable, sizeof executable);
    }
    const char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    place_text(place->library, sizeof place->library, name, strlen(name));
    place->offset = address - found->base;
    read_build_id(found, place);
    return true;
}

void os_place_quick(uintptr_t address, os_place *place) {
    int kept = errno;
    library_place found;
    (void)place_library(address, place, &found);
    errno = kept;
}
