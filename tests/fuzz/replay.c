/* replay.c: the main program of a target where there is no libFuzzer: runs it on every file of the
 * folders in its arguments, by name. A folder that does not exist has no files. Prints each name
 * before it runs the file, so that the last one is the one that failed. */
#include "fuzz.h"
#include "os/os.h"

typedef struct name_list {
    char **names;
    size_t count;
} name_list;

static void add_name(void *arg, const char *name) {
    name_list *list = arg;
    char **names = realloc((void *)list->names, (list->count + 1) * sizeof *names);
    char *copy = malloc(strlen(name) + 1);
    CHECK(names != NULL && copy != NULL);
    memcpy(copy, name, strlen(name) + 1);
    list->names = names;
    list->names[list->count++] = copy;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_file(const char *path) {
    enum { BYTES_MAX = 1024 * 1024 };
    printf("%s\n", path);
    (void)fflush(stdout);
    FILE *file = os_fopen(path, "rb");
    char *bytes = malloc(BYTES_MAX);
    CHECK(file != NULL && bytes != NULL);
    size_t size = fread(bytes, 1, BYTES_MAX, file);
    CHECK(size < BYTES_MAX && fclose(file) == 0);
    uint8_t *exact = malloc(size > 0 ? size : 1); /* a sanitizer sees reads past the end */
    CHECK(exact != NULL);
    memcpy(exact, bytes, size);
    free(bytes);
    CHECK_INT(LLVMFuzzerTestOneInput(exact, size), 0);
    free(exact);
}

static size_t run_folder(const char *folder) {
    name_list list = {0};
    (void)os_folder_list(folder, add_name, &list);
    if (list.count > 0) {
        qsort((void *)list.names, list.count, sizeof *list.names, by_name);
    }
    for (size_t i = 0; i < list.count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, list.names[i]);
        run_file(path);
        free(list.names[i]);
    }
    free((void *)list.names);
    return list.count;
}

int main(int argc, char **argv) {
    CHECK_INT(os_init(&argc, &argv), PORTICO_OK);
    CHECK_INT(LLVMFuzzerTestOneInput((const uint8_t *)"", 0), 0);
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        count += run_folder(argv[i]);
    }
    printf("%zu files\n", count);
    CHECK(count > 0);
    return 0;
}
