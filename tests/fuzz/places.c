/* places.c: the folders in which a host looks for its ini, for an executable of any path.
 *
 * The linker wraps the functions of the seam. Input: the path of the executable.
 *
 * Covers: config/places.c */
#include "config/places.h"
#include "fuzz.h"
#include "os/os.h"

static const char *executable;

portico_status __wrap_os_executable_path(char *path, size_t size);
portico_status __wrap_os_path_absolute(const char *path, char *absolute, size_t size);

portico_status __wrap_os_executable_path(char *path, size_t size) {
    int used = snprintf(path, size, "%s", executable);
    return (size_t)used < size ? PORTICO_OK : PORTICO_E_TOO_BIG;
}

portico_status __wrap_os_path_absolute(const char *path, char *absolute, size_t size) {
    int used = snprintf(absolute, size, "%s", path);
    return (size_t)used < size ? PORTICO_OK : PORTICO_E_TOO_BIG;
}

/* The end of `path` without its last part; NULL: it has one part. */
static const char *parent(const char *path, const char *end) {
    while (end > path && end[-1] != '/' && end[-1] != '\\') {
        end--;
    }
    return end > path ? end - 1 : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char folder[PLACE_BYTES];
    input in = {data, size};
    char *path = input_rest(&in);
    executable = path;
    CHECK(place_folder(PLACE_WORKING, folder));
    CHECK_TEXT(folder, "conf");
    const char *end = parent(path, path + strlen(path));
    end = end != NULL ? parent(path, end) : NULL;
    CHECK_INT(place_folder(PLACE_EXECUTABLE, folder), end != NULL);
    if (end != NULL) {
        CHECK(strncmp(folder, path, (size_t)(end - path)) == 0);
        CHECK_TEXT(folder + (end - path), "/conf");
    }
    free(path);
    return 0;
}
