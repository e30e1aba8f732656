/* probe_child.c: see probe_child.h. */
#include "module/probe_child.h"

#include "base/text.h"
#include "module/image.h"
#include "module/settings.h"
#include "os/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_LOST = 3 };

/* Read from the host, and used up to `at`. */
static struct {
    size_t at;
    size_t end;
    char bytes[sizeof(probe_request) + 2 * PROBE_PATH_MAX];
} received;

/* False: the host has ended. */
static bool receive(void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        if (received.at == received.end) {
            received.at = 0;
            if (os_parent_read(received.bytes, sizeof received.bytes, &received.end) !=
                PORTICO_OK) {
                return false;
            }
        }
        size_t left = received.end - received.at;
        size_t part = size - done < left ? size - done : left;
        memcpy((char *)data + done, received.bytes + received.at, part);
        received.at += part;
        done += part;
    }
    return true;
}

static void answer(const probe_request *request, portico_status status, const char *why) {
    char bytes[sizeof(probe_answer) + IMAGE_WHY_MAX];
    probe_answer a = {request->number, status, (uint32_t)strlen(why)};
    memcpy(bytes, &a, sizeof a);
    memcpy(bytes + sizeof a, why, a.why_size);
    if (os_parent_write(bytes, sizeof a + a.why_size) != PORTICO_OK) {
        os_exit(EXIT_LOST); /* the host has ended, or foreign code has closed the pipe */
    }
}

/* Writes where the host would write, too: its functions' address and the settings' fallbacks. */
static void write_all(const generation *g) {
    if (g->host != NULL) {
        *g->host = NULL;
    }
    settings_write(&g->info.settings, NULL);
}

static portico_status try_image(const probe_request *request, generation *g, const char *path,
                                char why[IMAGE_WHY_MAX]) {
    os_parent_note(probe_note(request->number, PROBE_BEGUN));
    portico_status status = image_load(g, path, false, why);
    if (status != PORTICO_OK) {
        return status;
    }
    os_parent_note(probe_note(request->number, PROBE_LOADED));
    status = image_read(g, why);
    if (status == PORTICO_OK) {
        write_all(g);
    }
    os_parent_note(probe_note(request->number, PROBE_READ));
    return status;
}

static portico_status try_file(const probe_request *request, const char *path, char *file,
                               char why[IMAGE_WHY_MAX]) {
    generation *g = calloc(1, sizeof *g);
    if (g == NULL) {
        free(file);
        return PORTICO_E_NO_MEMORY;
    }
    g->file = file;
    portico_status status = try_image(request, g, path, why);
    generation_free(g);
    return status;
}

/* False: the host has ended. */
static bool serve_one(void) {
    static char path[PROBE_PATH_MAX + 1];
    static char file[PROBE_PATH_MAX + 1];
    char why[IMAGE_WHY_MAX] = "";
    probe_request request;
    if (!receive(&request, sizeof request) || request.path_size > PROBE_PATH_MAX ||
        request.file_size > PROBE_PATH_MAX || !receive(path, request.path_size) ||
        !receive(file, request.file_size)) {
        return false;
    }
    path[request.path_size] = '\0';
    file[request.file_size] = '\0';
    char *copy = text_copy(file, request.file_size);
    portico_status status =
        copy != NULL ? try_file(&request, path, copy, why) : PORTICO_E_NO_MEMORY;
    if (os_parent_forked() && status == PORTICO_OK) {
        snprintf(why, sizeof why, "%.300s cannot be loaded: that forks the process", file);
        status = PORTICO_E_LOAD;
    }
    answer(&request, status, why);
    return true;
}

int probe_main(void) {
    if (os_parent_take() != PORTICO_OK) {
        fprintf(stderr, "portico probe: only a host starts it\n");
        return 2;
    }
    while (serve_one()) {
    }
    os_exit(0); /* without what modules have left to do at exit */
    return 0;
}
