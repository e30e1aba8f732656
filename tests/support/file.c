/* file.c: the few file operations that tests need, on both systems; declared in host.h. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/check.h"
#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>

#include <direct.h>
#include <io.h>
#include <sddl.h>
#define make_folder(path) _mkdir(path)
#define change_folder(path) _chdir(path)
#else
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#define make_folder(path) mkdir(path, 0755)
#define change_folder(path) chdir(path)
#endif

char *file_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    size_t used = 0;
    size_t capacity = 65536;
    char *data = malloc(capacity);
    CHECK(data != NULL);
    for (size_t got; (got = fread(data + used, 1, capacity - used - 1, file)) > 0;) {
        used += got;
        if (capacity - used < 4096) {
            capacity *= 2;
            data = realloc(data, capacity);
            CHECK(data != NULL);
        }
    }
    fclose(file);
    data[used] = '\0';
    if (size != NULL) {
        *size = used;
    }
    return data;
}

void file_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "cannot write %s\n", path);
    }
    CHECK(file != NULL);
    CHECK(fwrite(data, 1, size, file) == size);
    CHECK(fclose(file) == 0);
}

bool file_exists(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

void file_remove(const char *path) {
    remove(path);
}

void file_copy(const char *from, const char *to) {
    size_t size = 0;
    char *bytes = file_read(from, &size);
    CHECK(bytes != NULL);
    file_remove(to);
    file_write(to, bytes, size);
    free(bytes);
#if !defined(_WIN32)
    struct stat original;
    CHECK(stat(from, &original) == 0 && chmod(to, original.st_mode & 0777) == 0);
#endif
}

bool file_share(const char *path) {
#if defined(_WIN32)
    /* All for administrators and the system, reading for everybody. */
    static const char rights[] = "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;WD)";
    PSECURITY_DESCRIPTOR security = NULL;
    bool shared = ConvertStringSecurityDescriptorToSecurityDescriptorA(rights, SDDL_REVISION_1,
                                                                       &security, NULL) &&
                  SetFileSecurityA(path, DACL_SECURITY_INFORMATION, security);
    LocalFree(security);
    return shared;
#else
    return chmod(path, 0644) == 0;
#endif
}

void folder_make(const char *path) {
    make_folder(path); /* it may exist; if it does not, writing into it will say so */
}

#if defined(_WIN32)
int folder_count(const char *path, const char *start) {
    char pattern[1100];
    struct _finddata_t entry;
    int count = 0;
    snprintf(pattern, sizeof pattern, "%s/%s*", path, start);
    intptr_t search = _findfirst(pattern, &entry);
    if (search == -1) {
        return 0;
    }
    do {
        count += entry.name[0] != '.';
    } while (_findnext(search, &entry) == 0);
    _findclose(search);
    return count;
}
#else
int folder_count(const char *path, const char *start) {
    int count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.' && strncmp(entry->d_name, start, strlen(start)) == 0;
    }
    closedir(folder);
    return count;
}
#endif

void folder_enter(const char *path) {
    CHECK_INT(change_folder(path), 0);
}

void file_path(char *path, size_t size, const char *folder, const char *name) {
    int length = snprintf(path, size, "%s/%s", folder, name);
    CHECK(length > 0 && (size_t)length < size);
}
