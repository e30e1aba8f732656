/* files.h: the files of one folder as answers to requests. Any thread that may wait for the file
 * system (reader.h); a lock that is a leaf and is not held while a file is read.
 *
 * An answer is made once, and shared by all who ask for it until the file changes. All of them
 * together are bounded: one that nobody is being sent makes room for the next.
 */
#ifndef PORTICO_WEB_FILES_H
#define PORTICO_WEB_FILES_H

#include "web/file_name.h"
#include "wire/buffer.h"

enum { FILES_ONE_MOST = 8 * 1024 * 1024, FILES_ALL_MOST = 64 * 1024 * 1024 };

typedef struct files files;

enum { FILES_TAG_BYTES = 64, FILES_TAGS_BYTES = 256 };

/* A file that is asked for. */
typedef struct files_request {
    char name[FILE_NAME_BYTES];
    char tags[FILES_TAGS_BYTES]; /* what If-None-Match lists; empty: it is missing or too long */
    const char *type;
    bool head_only; /* it is HEAD: the answer has no body */
} files_request;

/* False: no file that may be served has that path. */
bool files_read_request(const http_head *head, files_request *request);

/* With one reference, the caller's. NULL: out of memory. The folder need not exist yet. */
files *files_create(const char *folder);
files *files_hold(files *f);
void files_release(files *f);

/* The whole answer to a request, with a reference for the caller. It is 200 with the file, 304 if
 * the client has that already, 404 if there is no such file, or 503 if it cannot be read now. NULL:
 * out of memory. */
shared *files_answer(files *f, const files_request *request);

/* The answer 404. NULL: out of memory. */
shared *files_missing(bool head_only);

#endif
