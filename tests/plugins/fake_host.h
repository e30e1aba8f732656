/* fake_host.h: a portico_host of a test's own: sessions, labels, channels, rooms and timers in plain arrays.
 *
 * One thread, one module, which fake_open_module opens. Before a function here
 * returns, all that the module has set going is done, moves and messages in the order of their calls; time
 * passes in fake_advance only. All that is sent is kept, per session and in order, until the test expects it.
 * What breaks a promise of portico.h, or what the test does not expect, is said on stderr and ends it
 * with exit code 1.
 */
#ifndef TEST_FAKE_HOST_H
#define TEST_FAKE_HOST_H

#include <portico/portico.h>

#include <stdbool.h>

/* Ends the program when `fine` is false. */
void fake_check(bool fine, const char *what);

/* Opens a plugin's library, once and first. */
void fake_open_module(const char *name);

/* One key of the module's section, before fake_load. */
void fake_config(const char *key, const char *value);

/* Calls `load` with a fresh host. */
portico_status fake_load(void);

/* Opens a session of the type that was registered; on_open's status must be `expected`. */
portico_session fake_open(portico_status expected);

/* Hands a packet over, in memory of exactly its size. */
void fake_packet(portico_session session, uint16_t opcode, const void *data, uint32_t size);
void fake_text(portico_session session, uint16_t opcode, const char *text);

/* The connection ends: on_close, then the host forgets the session. */
void fake_close(portico_session session, portico_status reason);

/* Whether the module has closed it. */
bool fake_is_closing(portico_session session);

/* The next that was sent to `session` is exactly this. */
void fake_expect(portico_session session, uint16_t opcode, const void *data, uint32_t size);
void fake_expect_text(portico_session session, uint16_t opcode, const char *text);

/* Nothing more was sent to `session`; or forget what was. */
void fake_expect_nothing(portico_session session);
void fake_forget(portico_session session);

/* Is asked about everything that is sent. */
void fake_watch(bool (*is_fine)(uint16_t opcode, const void *data, uint32_t size));

/* Lets time pass: timers come. Or hands one message over, as if `missed` had been left out before. */
void fake_advance(uint32_t ms);
void fake_post(portico_entity entity, uint32_t id, uint32_t missed);

/* The room of that name, or 0; it closes; it closes while the next session is on its way there. */
portico_room fake_room_of(const char *name);
void fake_close_room(portico_room room);
void fake_close_room_on_arrival(portico_room room);

/* The next `count` calls of session_send, session_set_label, channel_join and room_join_tell are refused. */
void fake_refuse(portico_status status, uint32_t count);

#endif
