/* new.h: `portico new` writes a project for a new module: sdk/template with another name. */
#ifndef PORTICO_NEW_H
#define PORTICO_NEW_H

/* A file of sdk/template, which cmake/EmbedFiles.cmake puts into the executable. Its path begins
 * with "cpp/" if it is for modules in C++ only. */
typedef struct template_file {
    const char *path;
    const unsigned char *bytes;
    unsigned size;
} template_file;

extern const template_file template_files[];
extern const unsigned template_file_count;

/* `portico new` with its arguments: NAME [DIR] [--cpp]. Returns the exit code: 1 if a file cannot
 * be written, 2 if an argument is wrong; stderr says why. */
int new_main(int argc, char **argv);

#endif
