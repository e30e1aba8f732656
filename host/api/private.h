/* private.h: the functions in the table of host_api.c, by file, and what they share. */
#ifndef PORTICO_API_PRIVATE_H
#define PORTICO_API_PRIVATE_H

#include "module/module.h"
#include "session/session.h"

#include <portico/portico.h>

/* ---- change.c -------------------------------------------------------------------------------- */

/* Returns whether the caller runs while a swap is staged, when `load` may only register and
 * `migrate` may only answer; if so, logs that the module must not call `function`. */
bool api_is_staging(const char *function);

/* Finds the session `id`, calls `change` with it, releases it and returns what `change` returned.
 * PORTICO_E_STATE: a swap is staged. PORTICO_E_GONE: there is no such session. `function` is the
 * name that the module called. */
typedef portico_status (*session_change)(session *s, const void *argument);
portico_status api_change_session(const char *function, portico_session id, session_change change,
                                  const void *argument);

/* ---- the table: see portico_host ------------------------------------------------------------- */

/* register.c */
portico_status PORTICO_CALL api_register_session_type(const portico_session_type *from);
portico_status PORTICO_CALL api_register_handler(const char *type, uint16_t opcode,
                                                 portico_on_packet handler);
portico_status PORTICO_CALL api_register_room_type(const portico_room_type *from);
portico_status PORTICO_CALL api_register_message(const char *type, uint32_t id,
                                                 portico_on_message handler);
portico_status PORTICO_CALL api_register_blocking(uint32_t id, portico_on_blocking handler);

/* sessions.c */
portico_status PORTICO_CALL api_session_send(portico_session id, uint16_t opcode, const void *data,
                                             uint32_t size);
portico_status PORTICO_CALL api_session_close(portico_session id);
portico_status PORTICO_CALL api_session_info(portico_session id, portico_session_info *info);
portico_status PORTICO_CALL api_session_set_label(portico_session id, const char *text);
portico_session PORTICO_CALL api_session_by_label(const char *type, const char *text);

/* channels.c */
portico_status PORTICO_CALL api_channel_join(const char *channel, portico_session id);
portico_status PORTICO_CALL api_channel_leave(const char *channel, portico_session id);
uint32_t PORTICO_CALL api_channel_send(const char *channel, uint16_t opcode, const void *data,
                                       uint32_t size, portico_session except);
uint32_t PORTICO_CALL api_channel_members(const char *channel, portico_session *members,
                                          uint32_t capacity);

/* rooms.c */
portico_status PORTICO_CALL api_room_create(const char *type, const char *name, portico_room *id);
portico_room PORTICO_CALL api_room_find(const char *type, const char *name);
portico_status PORTICO_CALL api_room_close(portico_room id);
portico_status PORTICO_CALL api_room_info(portico_room id, portico_room_info *info);
void *PORTICO_CALL api_room_state(portico_room id);
uint32_t PORTICO_CALL api_room_members(portico_room id, portico_session *members,
                                       uint32_t capacity);
uint32_t PORTICO_CALL api_room_send(portico_room id, uint16_t opcode, const void *data,
                                    uint32_t size, portico_session except);
portico_status PORTICO_CALL api_room_join(portico_room room_id, portico_session id);
portico_status PORTICO_CALL api_room_join_tell(portico_room room_id, portico_session id,
                                               uint32_t message_id);
portico_status PORTICO_CALL api_room_leave(portico_session id);
portico_room PORTICO_CALL api_session_room(portico_session id);

/* messages.c */
portico_entity PORTICO_CALL api_self(void);
portico_status PORTICO_CALL api_post(portico_entity to, uint32_t id, const void *data,
                                     uint32_t size);
portico_status PORTICO_CALL api_post_after(portico_entity to, uint32_t id, const void *data,
                                           uint32_t size, uint32_t delay_ms,
                                           portico_timer *timer_id);
portico_status PORTICO_CALL api_post_every(portico_entity to, uint32_t id, const void *data,
                                           uint32_t size, uint32_t period_ms,
                                           portico_timer *timer_id);
portico_status PORTICO_CALL api_timer_cancel(portico_timer timer_id);
portico_status PORTICO_CALL api_run_blocking(uint32_t id, const void *data, uint32_t size,
                                             portico_entity reply_to);

#endif
