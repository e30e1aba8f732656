/* page.h: the dashboard's files, those of admin/web/, which are part of the executable. Immutable,
 * any thread. */
#ifndef PORTICO_ADMIN_PAGE_H
#define PORTICO_ADMIN_PAGE_H

#include "admin/lines.h"
#include "web/http_head.h"

typedef struct web_file {
    const char *name;
    const unsigned char *bytes;
    unsigned size;
} web_file;

extern const web_file web_files[];
extern const unsigned web_file_count;

/* The whole answer to GET of a path: "/" is the dashboard, or without `login` the login page. An
 * answer of size 0: there is no such file. */
lines page_answer(http_text path, bool login);

#endif
