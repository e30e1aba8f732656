/* files.c: see files.h. */
#include "web/files.h"

#include "base/table.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 512, READS_MOST = 3 };

typedef struct file {
    char name[FILE_NAME_BYTES]; /* the key */
    os_file_info info;          /* when it was read */
    shared *answer;
    UT_hash_handle hh;
} file;

struct files {
    _Atomic uint32_t refs;
    os_mutex lock; /* guards the rest */
    file *known;   /* in the order of their last use */
    uint64_t bytes;
    char folder[]; /* not guarded: never changes */
};

files *files_create(const char *folder) {
    size_t size = strlen(folder) + 1;
    files *f = calloc(1, sizeof *f + size);
    if (f != NULL) {
        atomic_store(&f->refs, 1);
        memcpy(f->folder, folder, size);
    }
    return f;
}

files *files_hold(files *f) {
    atomic_fetch_add(&f->refs, 1);
    return f;
}

static void file_drop_locked(files *f, file *one) {
    HASH_DEL(f->known, one);
    f->bytes -= one->answer->size;
    shared_release(one->answer);
    free(one);
}

void files_release(files *f) {
    if (f == NULL || atomic_fetch_sub(&f->refs, 1) != 1) {
        return;
    }
    while (f->known != NULL) {
        file_drop_locked(f, f->known);
    }
    free(f);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void write_tag(const os_file_info *info, char tag[FILES_TAG_BYTES]) {
    (void)snprintf(tag, FILES_TAG_BYTES, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", info->size,
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

/* Reads the file as `info` describes it. NULL: it has changed, or there is no memory. */
static shared *read_answer(FILE *from, const char *type, const os_file_info *info) {
    char tag[FILES_TAG_BYTES];
    uint8_t *body = NULL;
    write_tag(info, tag);
    shared *answer = make_answer("200 OK", type, tag, (uint32_t)info->size, &body);
    if (answer != NULL && (fread(body, 1, info->size, from) != info->size || fgetc(from) != EOF)) {
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

/* Section 13.1.2 of RFC 9110: a list of tags, which a proxy that compresses may have made weak, or
 * "*". No tag contains another. */
static bool has_tag(const files_request *r, const char *tag) {
    return strcmp(r->tags, "*") == 0 || strstr(r->tags, tag) != NULL;
}

/* Returns a copy of the answer's head, and releases `whole`. NULL: out of memory. */
static shared *take_head(shared *whole) {
    uint32_t scanned = 0;
    uint32_t size = 0;
    const char *why = NULL;
    if (whole == NULL) {
        return NULL;
    }
    (void)http_find_end((const char *)whole->bytes, whole->size, &scanned, &size, &why);
    shared *head = shared_create(size);
    if (head != NULL) {
        memcpy(head->bytes, whole->bytes, size);
    }
    shared_release(whole);
    return head;
}

bool files_read_request(const http_head *head, files_request *request) {
    const http_text *has = http_find(head, "if-none-match");
    request->type = file_name_of(head->path, request->name);
    request->tags[0] = '\0';
    if (has != NULL && has->size < sizeof request->tags) {
        memcpy(request->tags, has->at, has->size);
        request->tags[has->size] = '\0';
    }
    request->head_only = http_text_is(head->method, "HEAD");
    return request->type != NULL;
}

shared *files_missing(bool head_only) {
    shared *answer = make_text("404 Not Found", "There is nothing here.\n");
    return head_only ? take_head(answer) : answer;
}

/* Opens the file. NULL: *answer says why. */
static FILE *open_file(const files *f, const char *name, os_file_info *info, shared **answer) {
    FILE *from = NULL;
    portico_status status = os_fopen_beneath(f->folder, name, &from, info);
    if (status == PORTICO_E_NO_HANDLES || status == PORTICO_E_NO_MEMORY) {
        *answer = make_text("503 Service Unavailable", "This file cannot be opened now.\n");
    } else if (from == NULL) {
        *answer = files_missing(false);
    }
    return from;
}

/* Reads the file and keeps it, unless it changes just now or is too large. */
static shared *read_file(files *f, FILE *from, const files_request *r, const os_file_info *info) {
    os_file_info after;
    shared *answer = info->size <= FILES_ONE_MOST ? read_answer(from, r->type, info) : NULL;
    FILE *again = NULL;
    bool same = answer != NULL &&
                os_fopen_beneath(f->folder, r->name, &again, &after) == PORTICO_OK &&
                same_file(info, &after);
    if (again != NULL) {
        (void)fclose(again);
    }
    if (answer != NULL && (!same || !keep_answer(f, r->name, info, answer))) {
        shared_release(answer);
        return NULL;
    }
    return answer;
}

/* NULL: try again. */
static shared *try_answer(files *f, const files_request *r) {
    char tag[FILES_TAG_BYTES];
    os_file_info info;
    shared *answer = NULL;
    FILE *from = open_file(f, r->name, &info, &answer);
    if (from == NULL) {
        return answer;
    }
    write_tag(&info, tag);
    if (has_tag(r, tag)) {
        answer = make_unchanged(tag);
    } else {
        answer = find_answer(f, r->name, &info);
        answer = answer != NULL ? answer : read_file(f, from, r, &info);
    }
    (void)fclose(from);
    return answer;
}

shared *files_answer(files *f, const files_request *request) {
    shared *answer = NULL;
    for (uint32_t i = 0; i < READS_MOST && answer == NULL; i++) {
        answer = try_answer(f, request);
    }
    if (answer == NULL) {
        answer = make_text("503 Service Unavailable", "This file cannot be read now.\n");
    }
    return request->head_only ? take_head(answer) : answer;
}
