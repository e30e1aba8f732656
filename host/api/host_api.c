/* host_api.c: see host_api.h. The table, and the functions for logging, settings and the clock. */
#include "api/host_api.h"

#include "api/private.h"

#include <errno.h>
#include <stdlib.h>

static const config *configuration;

static const char *current_name(void) {
    const module *m = module_current();
    return m != NULL ? m->name : "module"; /* a module's own thread */
}

static void PORTICO_CALL api_log(uint32_t level, const char *text) {
    if (level < PORTICO_LOG_ERROR || level > PORTICO_LOG_DEBUG) {
        level = PORTICO_LOG_INFO;
    }
    log_line((log_level)level, current_name(), "%s", text != NULL ? text : "(null)");
}

static const config_pair *current_pair(const char *key) {
    const config_module *section = configuration != NULL && key != NULL
                                       ? config_find_module(configuration, current_name())
                                       : NULL;
    return section != NULL ? config_find_pair(section, key) : NULL;
}

static const char *PORTICO_CALL api_config_text(const char *key, const char *fallback) {
    const config_pair *pair = current_pair(key);
    return pair != NULL ? pair->value : fallback;
}

static portico_status PORTICO_CALL api_config_integer(const char *key, int64_t fallback,
                                                      int64_t min, int64_t max, int64_t *value) {
    const config_pair *pair = current_pair(key);
    *value = fallback;
    if (pair == NULL) {
        return PORTICO_OK;
    }
    char *end = NULL;
    errno = 0;
    long long found = strtoll(pair->value, &end, 10);
    if (end == pair->value || *end != '\0' || errno == ERANGE || found < min || found > max) {
        module_complain("%s:%u: [module %s] %s = %s: must be a whole number from %lld to %lld",
                        configuration->path, pair->line, current_name(), key, pair->value,
                        (long long)min, (long long)max);
        return PORTICO_E_INVALID;
    }
    *value = found;
    return PORTICO_OK;
}

static uint64_t PORTICO_CALL api_clock_ms(void) {
    return os_monotonic_ms();
}

static const void *PORTICO_CALL api_get_extension(const char *name) {
    (void)name;
    return NULL;
}

static const portico_host table = {
    .struct_size = sizeof table,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .log = api_log,
    .config_text = api_config_text,
    .config_integer = api_config_integer,
    .register_session_type = api_register_session_type,
    .register_handler = api_register_handler,
    .session_send = api_session_send,
    .session_close = api_session_close,
    .session_info = api_session_info,
    .session_set_label = api_session_set_label,
    .session_by_label = api_session_by_label,
    .channel_join = api_channel_join,
    .channel_leave = api_channel_leave,
    .channel_send = api_channel_send,
    .channel_members = api_channel_members,
    .clock_ms = api_clock_ms,
    .get_extension = api_get_extension,
    .register_room_type = api_register_room_type,
    .register_message = api_register_message,
    .register_blocking = api_register_blocking,
    .self = api_self,
    .room_create = api_room_create,
    .room_find = api_room_find,
    .room_close = api_room_close,
    .room_join = api_room_join,
    .room_leave = api_room_leave,
    .session_room = api_session_room,
    .room_state = api_room_state,
    .room_members = api_room_members,
    .room_send = api_room_send,
    .post = api_post,
    .post_after = api_post_after,
    .post_every = api_post_every,
    .timer_cancel = api_timer_cancel,
    .run_blocking = api_run_blocking,
    .room_info = api_room_info,
    .room_join_tell = api_room_join_tell,
};

const portico_host *host_api(const config *c) {
    configuration = c;
    return &table;
}
