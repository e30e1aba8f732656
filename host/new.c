/* new.c: see new.h. */
#include "new.h"

#include "base/status.h"
#include "base/system_text.h"
#include "base/text.h"
#include "os/os.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

#define CPP "cpp/"            /* begins the paths of what is for C++ only */
#define TEMPLATE_NAME "hello" /* the module's name in the template */

typedef struct project {
    const char *name;
    const char *folder;
    bool cpp;
    char executable[PATH_BYTES]; /* this one */
    char prefix[PATH_BYTES];     /* where it is installed */
    uint32_t written;            /* files */
} project;

/* Whether the host, CMake or Windows uses the name: there could be no module, target or file of
 * it. */
static bool name_is_reserved(const char *name) {
    static const char *const names[] = {"admin", /* the host's own module */
                                        "all",           "clean",   "edit_cache",     "help",
                                        "install",       "package", "package_source", "preinstall",
                                        "rebuild_cache", "test"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return text_is_device(name);
}

/* Cuts the last part of a path. False: there is none. */
static bool path_cut(char *path) {
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return slash != NULL;
}

/* Finds this executable, ROOT/bin/portico, and ROOT. Forward slashes suit CMake and every shell. */
static bool project_find_portico(project *p) {
    if (os_executable_path(p->executable, sizeof p->executable) != PORTICO_OK) {
        return false;
    }
    for (char *c = p->executable; *c != '\0'; c++) {
        *c = *c == '\\' ? '/' : *c;
    }
    (void)snprintf(p->prefix, sizeof p->prefix, "%s", p->executable);
    bool has_folder = path_cut(p->prefix);
    return has_folder && path_cut(p->prefix);
}

static bool template_has(const char *path) {
    for (unsigned i = 0; i < template_file_count; i++) {
        if (strcmp(template_files[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes a file of the template with the project's values in place of its marks. */
static bool text_write(const project *p, const template_file *f, FILE *file) {
    const struct {
        const char *mark;
        const char *value;
    } marks[] = {{TEMPLATE_NAME, p->name}, {"@PREFIX@", p->prefix}, {"@PORTICO@", p->executable}};
    size_t at = 0;
    while (at < f->size) {
        const void *from = f->bytes + at;
        size_t used = 1;
        size_t count = 1;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
            size_t length = strlen(marks[i].mark);
            if (length <= f->size - at && memcmp(from, marks[i].mark, length) == 0) {
                from = marks[i].value;
                used = length;
                count = strlen(marks[i].value);
                break;
            }
        }
        if (fwrite(from, 1, count, file) != count) {
            return false;
        }
        at += used;
    }
    return true;
}

/* Writes the path that a file of the template has in the project. False: the project does not have
 * that file. */
static bool project_path(const project *p, const char *from, char path[PATH_BYTES]) {
    char counterpart[PATH_BYTES];
    const char *name = from;
    const char *ending = strrchr(from, '.');
    bool is_c = ending != NULL && strcmp(ending, ".c") == 0;
    if (strncmp(from, CPP, strlen(CPP)) == 0) {
        if (!p->cpp) {
            return false;
        }
        name += strlen(CPP);
        is_c = false;
    } else if (p->cpp) {
        (void)snprintf(counterpart, sizeof counterpart, CPP "%s%s", from, is_c ? "pp" : "");
        if (template_has(counterpart)) {
            return false;
        }
    }
    const char *rest = name;
    size_t length = strlen(TEMPLATE_NAME);
    bool named = strncmp(name, TEMPLATE_NAME, length) == 0;
    rest += named ? length : 0;
    int size = snprintf(path, PATH_BYTES, "%s/%s%s%s", p->folder, named ? p->name : "", rest,
                        p->cpp && is_c ? "pp" : "");
    return size > 0 && size < PATH_BYTES;
}

static bool file_write(project *p, const template_file *from, const char *path) {
    os_file_info found;
    if (os_file_look(path, &found) == PORTICO_OK) {
        fprintf(stderr, "portico: %s is there already\n", path);
        return false;
    }
    FILE *file = os_fopen(path, "wb");
    bool written = file != NULL && text_write(p, from, file);
    int32_t error = os_error();
    if (file != NULL) {
        p->written++;
        if (fclose(file) != 0 && written) {
            written = false;
            error = os_error();
        }
    }
    if (!written) {
        fprintf(stderr, "portico: cannot write %s (%s)\n", path, system_text(error));
    }
    return written;
}

static void count_entry(void *arg, const char *name) {
    (void)name;
    (*(uint32_t *)arg)++;
}

/* Creates the folder unless it is there and empty. */
static bool folder_prepare(const char *folder) {
    uint32_t entries = 0;
    if (os_folder_list(folder, count_entry, &entries) == PORTICO_OK) {
        if (entries > 0) {
            fprintf(stderr, "portico: the folder %s is not empty: name another one\n", folder);
        }
        return entries == 0;
    }
    if (os_folder_create(folder) != PORTICO_OK) {
        fprintf(stderr, "portico: cannot create the folder %s (%s)\n", folder,
                system_text(os_error()));
        return false;
    }
    return true;
}

static int project_write(project *p) {
    if (!folder_prepare(p->folder)) {
        return 1;
    }
    char path[PATH_BYTES];
    for (unsigned i = 0; i < template_file_count; i++) {
        if (project_path(p, template_files[i].path, path) &&
            !file_write(p, &template_files[i], path)) {
            fprintf(stderr, "portico: %s is incomplete: it has %u files so far. Delete it.\n",
                    p->folder, (unsigned)p->written);
            return 1;
        }
    }
    return 0;
}

static void report(const project *p) {
    printf("%s is a project for the module %s, in %s. README.md says how to go on:\n\n"
           "    cd \"%s\"\n"
           "    cmake --preset default && cmake --build --preset default\n"
           "    \"%s\" %s.ini\n",
           p->folder, p->name, p->cpp ? "C++" : "C", p->folder, p->executable, p->name);
    char package[PATH_BYTES + 64];
    os_file_info found;
    (void)snprintf(package, sizeof package, "%s/lib/cmake/portico/portico-config.cmake", p->prefix);
    if (os_file_look(package, &found) != PORTICO_OK) {
        printf("\nThis portico was installed without its SDK: there is no %s. Tell CMake where\n"
               "another one is: cmake --preset default -Dportico_DIR=ROOT/lib/cmake/portico\n",
               package);
    }
}

int new_main(int argc, char **argv) {
    static project p; /* large */
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--cpp") == 0) {
            p.cpp = true;
        } else if (argv[i][0] == '-' || p.folder != NULL) {
            fprintf(stderr, "portico: new takes NAME [DIR] [--cpp], found also %s\n", argv[i]);
            return 2;
        } else if (p.name == NULL) {
            p.name = argv[i];
        } else {
            p.folder = argv[i];
        }
    }
    if (p.name == NULL) {
        fprintf(stderr, "portico: new takes the NAME of a module, found none\n");
        return 2;
    }
    if (!text_is_identifier(p.name)) {
        fprintf(stderr, "portico: a module cannot be called %s: allowed are %s\n", p.name,
                TEXT_IDENTIFIER_RULE);
        return 2;
    }
    if (name_is_reserved(p.name)) {
        fprintf(stderr,
                "portico: a module cannot be called %s: Portico, CMake or Windows uses this "
                "name\n",
                p.name);
        return 2;
    }
    p.folder = p.folder != NULL ? p.folder : p.name;
    if (!project_find_portico(&p)) {
        fprintf(stderr, "portico: the system does not say where this executable is (%s)\n",
                system_text(os_error()));
        return 1;
    }
    int code = project_write(&p);
    if (code == 0) {
        report(&p);
    }
    return code;
}
