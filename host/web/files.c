/* files.c: see files.h. */
#include "web/files.h"

#include "base/table.h"
#include "os/os.h"
#include "web/file_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 512, TAG_BYTES = 64, PATH_BYTES = 4096, READS_MOST = 3 };

typedef struct file {
    char name[FILE_NAME_BYTES]; /* the key */
    os_file_info info;          /* when it was read */
    shared *answer;
    UT_hash_handle hh;
} file;

struct files {
    os_mutex lock; /* guards the rest */
    file *known;   /* in the order of their last use */
    uint64_t bytes;
    char folder[]; /* not guarded: never changes */
};

files *files_create(const char *folder) {
    size_t size = strlen(folder) + 1;
    files *f = calloc(1, sizeof *f + size);
    if (f != NULL) {
        memcpy(f->folder, folder, size);
    }
    return f;
}

static void file_drop_locked(files *f, file *one) {
    HASH_DEL(f->known, one);
    f->bytes -= one->answer->size;
    shared_release(one->answer);
    free(one);
}

void files_destroy(files *f) {
    if (f == NULL) {
        return;
    }
    while (f->known != NULL) {
        file_drop_locked(f, f->known);
    }
    free(f);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void write_tag(const os_file_info *info, char tag[TAG_BYTES]) {
    (void)snprintf(tag, TAG_BYTES, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", info->size,
                   info->modified_ns, info->id);
}

/* An answer with room for `body_bytes` after its head, which are at *body. */
static shared *make_answer(const char *status, const char *type, const char *tag,
                           uint32_t body_bytes, uint8_t **body) {
    char head[HEAD_BYTES];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %s\r\n"
                        "Connection: close\r\n"
                        "Content-Type: %s\r\n"
                        "Content-Length: %u\r\n"
                        "Cache-Control: no-cache\r\n"
                        "X-Content-Type-Options: nosniff\r\n"
                        "%s%s%s"
                        "\r\n",
                        status, type, (unsigned)body_bytes, tag != NULL ? "ETag: " : "",
                        tag != NULL ? tag : "", tag != NULL ? "\r\n" : "");
    shared *answer = shared_create((uint32_t)size + body_bytes);
    if (answer != NULL) {
        memcpy(answer->bytes, head, (size_t)size);
        *body = answer->bytes + size;
    }
    return answer;
}

static shared *make_text(const char *status, const char *text) {
    uint8_t *body = NULL;
    uint32_t size = (uint32_t)strlen(text);
    shared *answer = make_answer(status, "text/plain; charset=utf-8", NULL, size, &body);
    if (answer != NULL) {
        memcpy(body, text, size);
    }
    return answer;
}

/* Section 15.4.5 of RFC 9110: no body, and what else the whole answer would say. */
static shared *make_unchanged(const char *tag) {
    char head[HEAD_BYTES];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n"
                        "Cache-Control: no-cache\r\nETag: %s\r\n\r\n",
                        tag);
    shared *answer = shared_create((uint32_t)size);
    if (answer != NULL) {
        memcpy(answer->bytes, head, (size_t)size);
    }
    return answer;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool same_file(const os_file_info *a, const os_file_info *b) {
    return a->size == b->size && a->modified_ns == b->modified_ns && a->id == b->id;
}

/* Reads exactly that many bytes, the whole file. */
static bool read_whole(const char *path, uint8_t *to, size_t size) {
    FILE *from = os_fopen(path, "rb");
    if (from == NULL) {
        return false;
    }
    bool whole = fread(to, 1, size, from) == size && fgetc(from) == EOF;
    (void)fclose(from);
    return whole;
}

/* Reads the file as `info` describes it. NULL: it has changed, or there is no memory. */
static shared *read_answer(const char *path, const char *type, const os_file_info *info) {
    char tag[TAG_BYTES];
    uint8_t *body = NULL;
    os_file_info after;
    write_tag(info, tag);
    shared *answer = make_answer("200 OK", type, tag, (uint32_t)info->size, &body);
    if (answer == NULL) {
        return NULL;
    }
    if (!read_whole(path, body, info->size) || os_file_look(path, &after) != PORTICO_OK ||
        !same_file(info, &after)) {
        shared_release(answer);
        return NULL;
    }
    return answer;
}

/* ---- what is known --------------------------------------------------------------------------- */

/* The answer, if the file has not changed since. */
static shared *find_answer(files *f, const char *name, const os_file_info *info) {
    shared *answer = NULL;
    file *one = NULL;
    os_mutex_lock(&f->lock);
    HASH_FIND_STR(f->known, name, one);
    if (one != NULL && same_file(&one->info, info)) {
        HASH_DEL(f->known, one);
        HASH_ADD_STR(f->known, name, one); /* it is now the last to be dropped */
        answer = shared_hold(one->answer);
    }
    os_mutex_unlock(&f->lock);
    return answer;
}

/* Drops what nobody is being sent, the least recently used first. False: there is still no room. */
static bool make_room_locked(files *f, uint32_t bytes) {
    file *one = f->known;
    while (one != NULL && f->bytes + bytes > FILES_ALL_MOST) {
        file *next = one->hh.next;
        if (atomic_load(&one->answer->refs) == 1) {
            file_drop_locked(f, one);
        }
        one = next;
    }
    return f->bytes + bytes <= FILES_ALL_MOST;
}

/* Keeps an answer in place of the one before. False: there is no room. */
static bool keep_answer(files *f, const char *name, const os_file_info *info, shared *answer) {
    file *one = NULL;
    os_mutex_lock(&f->lock);
    HASH_FIND_STR(f->known, name, one);
    if (one != NULL) {
        file_drop_locked(f, one);
    }
    bool room = make_room_locked(f, answer->size);
    one = room ? calloc(1, sizeof *one) : NULL;
    if (one != NULL) {
        memcpy(one->name, name, strlen(name) + 1);
        one->info = *info;
        HASH_ADD_STR(f->known, name, one);
        if (one->hh.tbl == NULL) {
            free(one);
            one = NULL;
        } else {
            one->answer = shared_hold(answer);
            f->bytes += answer->size;
        }
    }
    os_mutex_unlock(&f->lock);
    return one != NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

static shared *load(files *f, const char *path, const char *name, const char *type,
                    os_file_info *info) {
    static const char busy[] = "This file cannot be read now.\n";
    shared *answer = find_answer(f, name, info);
    for (uint32_t i = 0; i < READS_MOST && answer == NULL; i++) {
        answer = info->size <= FILES_ONE_MOST ? read_answer(path, type, info) : NULL;
        if (answer != NULL && !keep_answer(f, name, info, answer)) {
            shared_release(answer);
            answer = NULL;
            break;
        }
        if (answer == NULL && os_file_look(path, info) != PORTICO_OK) {
            break;
        }
    }
    return answer != NULL ? answer : make_text("503 Service Unavailable", busy);
}

shared *files_answer(files *f, const http_head *request) {
    static const char missing[] = "There is nothing here.\n";
    const http_text *has = http_find(request, "if-none-match");
    char name[FILE_NAME_BYTES];
    char path[PATH_BYTES];
    char tag[TAG_BYTES];
    os_file_info info;
    const char *type = file_name_of(request->path, name);
    int size = type != NULL ? snprintf(path, sizeof path, "%s/%s", f->folder, name) : 0;
    if (size <= 0 || (size_t)size >= sizeof path || os_file_look(path, &info) != PORTICO_OK) {
        return make_text("404 Not Found", missing);
    }
    write_tag(&info, tag);
    if (has != NULL && http_text_is(*has, tag)) {
        return make_unchanged(tag);
    }
    return load(f, path, name, type, &info);
}
