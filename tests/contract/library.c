/* A library is opened, used, really unloaded, and fresh when it comes back. Anything that is not a
 * library is refused with the reason.
 *
 * The samples are in the same folder as this executable (see CMakeLists.txt).
 */
#include "contract.h"

#include <errno.h>

#if defined(_WIN32)
static const bool library_system_says = false; /* whether a library has brought others */
#else
static const bool library_system_says = true;
#endif

static char folder[1024];

static void path_of(char path[1200], const char *name, const char *suffix) {
    snprintf(path, 1200, "%s%s%s", folder, name, suffix);
}

static void find_folder(void) {
    CHECK_OK(os_executable_path(folder, sizeof folder));
    char *end = folder;
    for (char *at = folder; *at != '\0'; at++) {
        end = *at == '/' || *at == '\\' ? at : end;
    }
    CHECK(end != folder);
    end[1] = '\0';
}

/* os_library_check sees only the headers: not a missing dependency. */
static void check_headers(const char *path, portico_status expected) {
    char why[256] = "";
    CHECK_STATUS(os_library_check(path, why, sizeof why), expected);
    CHECK((why[0] == '\0') == (expected == PORTICO_OK));
}

static void check_refused(const char *path, portico_status expected) {
    os_library *library = NULL;
    char why[256] = "";
    check_headers(path, expected == PORTICO_E_DEPENDENCY ? PORTICO_OK : expected);
    CHECK_STATUS(os_library_open(path, false, &library, why, sizeof why), expected);
    CHECK(library == NULL);
    CHECK(why[0] != '\0');
}

/* Writes the first `size` bytes of the sample into a file and tries to open it. */
static void check_damaged(const char *sample, const char *path, size_t size) {
    FILE *from = os_fopen(sample, "rb");
    FILE *to = os_fopen(path, "wb");
    CHECK(from != NULL && to != NULL);
    for (size_t i = 0; i < size; i++) {
        int byte = fgetc(from);
        CHECK(byte != EOF);
        fputc(byte, to);
    }
    fclose(from);
    fclose(to);
    check_refused(path, PORTICO_E_NOT_A_MODULE);
    CHECK_OK(os_file_remove(path));
}

static void check_garbage(const char *path) {
    FILE *to = os_fopen(path, "wb");
    CHECK(to != NULL);
    for (int i = 0; i < 5000; i++) {
        fputc('A' + i % 26, to);
    }
    fclose(to);
    check_refused(path, PORTICO_E_NOT_A_MODULE);
    CHECK_OK(os_file_remove(path));
}

static size_t size_of(const char *path) {
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = 0;
    while (fgetc(file) != EOF) {
        size++;
    }
    fclose(file);
    return size;
}

/* The library's code is in its range; this executable's is not. */
static void check_range(os_library *library, const void *inside) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    os_library_range(library, &begin, &end);
    CHECK(begin <= (uintptr_t)inside && (uintptr_t)inside < end);
    CHECK(end - begin < 64u * 1024 * 1024);
    CHECK((uintptr_t)folder < begin || (uintptr_t)folder >= end);
    CHECK((uintptr_t)&check_range < begin || (uintptr_t)&check_range >= end);
    uintptr_t here = (uintptr_t)&begin;
    CHECK(here < begin || here >= end);
}

#if !defined(_WIN32)
/* A library that finds the one it needs: only the first to load it has brought it. */
static void check_brings(void) {
    char path[1200];
    char why[256] = "";
    os_library *first = NULL;
    os_library *second = NULL;
    path_of(path, "contract_brings", os_library_suffix);
    CHECK_OK(os_library_open(path, false, &first, why, sizeof why));
    CHECK(os_library_brought(first));
    path_of(path, "contract_brings_too", os_library_suffix);
    CHECK_OK(os_library_open(path, false, &second, why, sizeof why));
    CHECK(!os_library_brought(second));
    CHECK(os_library_close(first));
    CHECK(os_library_close(second));
}
#endif

SCENARIO(library) {
    char sample[1200];
    char path[1200];
    find_folder();
    path_of(sample, "contract_sample", os_library_suffix);
    check_headers(sample, PORTICO_OK);
    for (int i = 0; i < 20; i++) {
        os_library *library = NULL;
        char why[256] = "";
        CHECK_OK(os_library_open(sample, i % 2 == 1, &library, why, sizeof why));
        int (*count)(void);
        void *symbol = os_library_symbol(library, "contract_sample_count");
        CHECK(symbol != NULL);
        /* ISO C has no cast from an object pointer to a function pointer. */
        memcpy(&count, &symbol, sizeof count);
        CHECK_EQ(count(), 1); /* fresh, each time */
        CHECK_EQ(count(), 2);
        CHECK(os_library_symbol(library, "contract_sample_absent") == NULL);
        check_range(library, symbol);
        CHECK_EQ(os_library_brought(library), !library_system_says);
        CHECK(os_library_close(library));
    }
#if !defined(_WIN32)
    check_brings();
#endif
    path_of(path, "contract_absent", os_library_suffix);
    check_refused(path, PORTICO_E_NOT_FOUND);
    errno = EDOM; /* an earlier error of the C library's must not be taken for the reason */
    check_refused(folder, PORTICO_E_NOT_A_MODULE);
    path_of(path, "contract_needy", os_library_suffix);
    check_refused(path, PORTICO_E_DEPENDENCY);
    path_of(path, "contract_damaged", os_library_suffix);
    check_garbage(path);
    size_t size = size_of(sample);
    check_damaged(sample, path, 0);
    check_damaged(sample, path, 100);
    check_damaged(sample, path, size / 2);
}
