/* host_api.c: see host_api.h. The table, and the functions about the host itself: log, clocks,
 * random numbers and files. */
#include "api/host_api.h"

#include "api/private.h"
#include "base/random.h"
#include "base/status.h"
#include "base/system_text.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { FOLDER_BYTES = 4096 };

static const config *configuration;

static void api_log(uint32_t level, const char *text) {
    api_enter();
    if (level < PORTICO_LOG_ERROR || level > PORTICO_LOG_DEBUG) {
        level = PORTICO_LOG_INFO;
    }
    if (!log_enabled((log_level)level)) {
        return;
    }
    api_reads_text(text);
    const module *m = module_current();
    log_line((log_level)level, m != NULL ? m->name : "module", "%s",
             text != NULL ? text : "(null)");
}

static uint64_t api_clock_ms(void) {
    api_enter();
    return os_monotonic_ms();
}

static uint64_t api_wall_ms(void) {
    api_enter();
    return os_wall_ms();
}

static uint64_t api_random(void) {
    api_enter();
    return random_number();
}

/* Whether modules may give the name to a file. It is safe on every system: Windows would ignore a
 * dot at the end, and give "nul" to a device. */
static bool is_file_name(const char *text) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(text);
    return length > 0 && text[0] != '.' && text[length - 1] != '.' &&
           strspn(text, allowed) == length && !text_is_device(text);
}

static portico_status create_folder(const module *m, const char *folder) {
    portico_status status = os_folder_create(folder);
    if (status == PORTICO_OK) {
        return status;
    }
    log_warn(m->name, "cannot create the folder %s: %s (%s)", folder, status_text(status),
             system_text(os_error()));
    return status == PORTICO_E_ACCESS || status == PORTICO_E_NO_MEMORY ? status : PORTICO_E_SYSTEM;
}

static portico_status api_data_path(const char *file, char *path, uint32_t capacity) {
    const module *m = module_current();
    api_enter();
    api_reads_text(file);
    api_writes(path, capacity);
    if (file == NULL || path == NULL || !is_file_name(file)) {
        return PORTICO_E_INVALID;
    }
    if (m == NULL || configuration == NULL) {
        return PORTICO_E_STATE;
    }
    char folder[FOLDER_BYTES];
    int length = snprintf(folder, sizeof folder, "%s/%s", configuration->data_dir, m->name);
    if ((size_t)length >= sizeof folder || (size_t)length + 1 + strlen(file) >= capacity) {
        return PORTICO_E_TOO_BIG;
    }
    portico_status status = create_folder(m, folder);
    if (status == PORTICO_OK) {
        snprintf(path, capacity, "%s/%s", folder, file);
    }
    return status;
}

static const void *api_get_extension(const char *name) {
    api_enter();
    api_reads_text(name);
    return NULL;
}

static const portico_host table = {
    .struct_size = sizeof table,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .log = api_log,
    .clock_ms = api_clock_ms,
    .wall_ms = api_wall_ms,
    .random = api_random,
    .data_path = api_data_path,
    .get_extension = api_get_extension,
    .self = api_self,
    .module_find = api_module_find,
    .session_send = api_session_send,
    .session_close = api_session_close,
    .session_info = api_session_info,
    .session_set_label = api_session_set_label,
    .session_label = api_session_label,
    .session_find = api_session_find,
    .session_list = api_session_list,
    .session_join = api_session_join,
    .session_leave = api_session_leave,
    .session_room = api_session_room,
    .channel_join = api_channel_join,
    .channel_leave = api_channel_leave,
    .channel_send = api_channel_send,
    .channel_members = api_channel_members,
    .channel_close = api_channel_close,
    .room_create = api_room_create,
    .room_find = api_room_find,
    .room_list = api_room_list,
    .room_close = api_room_close,
    .room_info = api_room_info,
    .room_state = api_room_state,
    .room_members = api_room_members,
    .room_send = api_room_send,
    .post = api_post,
    .post_after = api_post_after,
    .post_every = api_post_every,
    .timer_cancel = api_timer_cancel,
    .request = api_request,
    .reply = api_reply,
    .run_job = api_run_job,
};

/* For modules that are linked into the executable. */
const portico_host *portico = &table;

const portico_host *host_api(const config *c) {
    configuration = c;
    return &table;
}
