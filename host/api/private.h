/* private.h: the functions in the table of host_api.c, by file, and what they share. */
#ifndef PORTICO_API_PRIVATE_H
#define PORTICO_API_PRIVATE_H

#include "module/module.h"
#include "module/running.h"
#include "os/fault.h"
#include "session/session.h"

#include <portico/portico.h>

/* ---- enter.c: what each function does before anything else ------------------------------------
 *
 * A function touches the memory that the module has named before it takes a lock or a hold, or
 * changes anything. So a bad address is a fault of the module at a place where it can be contained
 * (module/call.c), and the host stays whole. For the same reason it refuses a caller who has used
 * up its stack. */

/* A fault of the module, unless the thread is in no guard. */
COLD void api_raise(void);

/* Enough stack is left for a function of the host, and somebody waits for the call. */
static inline void api_enter(void) {
    if (os_stack_is_low() || running_is_abandoned(&running_now)) {
        api_raise();
    }
}

/* `size` bytes are to be read. NULL and more than `most` bytes are left alone: the caller refuses
 * them. */
static inline void api_reads(const void *data, uint32_t size, uint32_t most) {
    if (data != NULL && size <= most) {
        running_probe(data, size);
    }
}

/* A text is to be read. NULL is left alone. */
static inline void api_reads_text(const char *text) {
    if (text != NULL) {
        (void)running_probe_text(text);
    }
}

/* `size` bytes may be written. NULL is left alone. */
static inline void api_writes(void *memory, size_t size) {
    if (memory != NULL) {
        running_probe_pages(memory, size, true);
    }
}

/* A struct that begins with its size is to be filled, of which the host knows `most` bytes. False:
 * it is NULL, or its size is not set. */
bool api_writes_info(void *info, uint32_t most);

/* ---- change.c -------------------------------------------------------------------------------- */

/* Returns whether the caller runs while a swap is staged, when `migrate` may only answer; if so,
 * logs that the module must not call `function`. */
bool api_is_staging(const char *function);

/* Whether a module may close a session or room for that reason. */
bool api_is_reason(portico_status reason);

/* Finds the session `id`, calls `change` with it, releases it and returns what `change` returned.
 * PORTICO_E_STATE: a swap is staged. PORTICO_E_GONE: there is no such session. `function` is the
 * name that the module called. */
typedef portico_status (*session_change)(session *s, const void *argument);
portico_status api_change_session(const char *function, portico_session id, session_change change,
                                  const void *argument);

/* ---- the table: see portico_host ------------------------------------------------------------- */

/* sessions.c */
portico_status api_session_send(portico_session id, uint16_t opcode, const void *data,
                                uint32_t size);
portico_status api_session_close(portico_session id, portico_status reason);
portico_status api_session_info(portico_session id, portico_session_info *info);
portico_status api_session_set_label(portico_session id, const char *text);
portico_status api_session_label(portico_session id, char text[PORTICO_LABEL_MAX]);
portico_session api_session_find(const char *type, const char *text);
uint32_t api_session_list(const char *type, portico_session *sessions, uint32_t capacity);

/* moves.c */
portico_status api_session_join(portico_session id, portico_room to, uint32_t told);
portico_status api_session_leave(portico_session id);
portico_room api_session_room(portico_session id);

/* channels.c */
portico_status api_channel_join(const char *channel, portico_session id);
portico_status api_channel_leave(const char *channel, portico_session id);
uint32_t api_channel_send(const char *channel, uint16_t opcode, const void *data, uint32_t size,
                          portico_session except);
uint32_t api_channel_members(const char *channel, portico_session *members, uint32_t capacity);
uint32_t api_channel_close(const char *channel);

/* rooms.c */
portico_status api_room_create(const char *type, const char *name, const void *data, uint32_t size,
                               portico_room *id);
portico_room api_room_find(const char *type, const char *name);
uint32_t api_room_list(const char *type, portico_room *rooms, uint32_t capacity);
portico_status api_room_close(portico_room id, portico_status reason);
portico_status api_room_info(portico_room id, portico_room_info *info);
void *api_room_state(portico_room id);
uint32_t api_room_members(portico_room id, portico_session *members, uint32_t capacity);
uint32_t api_room_send(portico_room id, uint16_t opcode, const void *data, uint32_t size,
                       portico_session except);

/* messages.c */
portico_entity api_self(void);
portico_entity api_module_find(const char *name);
portico_status api_post(portico_entity to, uint32_t id, const void *data, uint32_t size);
portico_status api_post_after(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t delay_ms, portico_timer *timer);
portico_status api_post_every(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t period_ms, portico_timer *timer);
portico_status api_timer_cancel(portico_timer timer);
portico_status api_request(portico_entity to, uint32_t id, const void *data, uint32_t size,
                           uint32_t reply_id, uint32_t timeout_ms, uint64_t *number);
portico_status api_reply(uint64_t number, const void *data, uint32_t size);
portico_status api_run_job(uint32_t id, const void *data, uint32_t size, portico_entity reply_to);

#endif
