/* files.h: the files of one folder as answers to requests. Any thread; a lock that is a leaf and is
 * not held while a file is read.
 *
 * An answer is made once, and shared by all who ask for it until the file changes. All of them
 * together are bounded: one that nobody is being sent makes room for the next.
 */
#ifndef PORTICO_WEB_FILES_H
#define PORTICO_WEB_FILES_H

#include "web/http_head.h"
#include "wire/buffer.h"

enum { FILES_ONE_MOST = 8 * 1024 * 1024, FILES_ALL_MOST = 64 * 1024 * 1024 };

typedef struct files files;

/* NULL: out of memory. The folder need not exist yet. */
files *files_create(const char *folder);
void files_destroy(files *f);

/* The whole answer to a GET request, with a reference for the caller. It is 200 with the file, 304
 * if the client has that already, 404 if there is no such file, or 503 if it cannot be read now.
 * NULL: out of memory. */
shared *files_answer(files *f, const http_head *request);

#endif
