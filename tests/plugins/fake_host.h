/* fake_host.h: a portico_host for tests of one module: sessions, labels, channels, rooms and timers
 * in plain arrays.
 *
 * One thread, one module, which fake_open_module opens. Before a function here returns, everything
 * that the module has queued is done, in the order that portico.h promises; time passes only in
 * fake_advance. Whatever is sent is kept, per session and in order, until the test expects it. A
 * broken promise of portico.h, or a result that the test does not expect, is reported on stderr and
 * ends the process with exit code 1.
 */
#ifndef TEST_FAKE_HOST_H
#define TEST_FAKE_HOST_H

#include <portico/portico.h>

#include <stdbool.h>

/* Says what was expected and ends the process. */
_Noreturn void fake_fail(const char *expected);

static inline void fake_check(bool fine, const char *expected) {
    if (!fine) {
        fake_fail(expected);
    }
}

/* Opens a plugin's library. Call it once, first. */
void fake_open_module(const char *name);

/* Sets a key of the module's section for the next fake_load. */
void fake_config(const char *key, const char *value);

/* Calls `load`, with nothing registered. */
portico_status fake_load(void);

/* Opens a session of the registered type; on_open must return `expected`. */
portico_session fake_open(portico_status expected);

/* Delivers a packet, in memory of exactly its size and one zero. */
void fake_packet(portico_session session, uint16_t opcode, const void *data, uint32_t size);
void fake_text(portico_session session, uint16_t opcode, const char *text);

/* Ends the session: on_leave, on_close. */
void fake_close(portico_session session, portico_status reason);

/* Whether the module has closed the session. */
bool fake_is_closing(portico_session session);

/* Expects that the next packet sent to `session` is exactly this. */
void fake_expect(portico_session session, uint16_t opcode, const void *data, uint32_t size);
void fake_expect_text(portico_session session, uint16_t opcode, const char *text);

/* Expects that nothing more was sent to `session`. */
void fake_expect_nothing(portico_session session);

/* Forgets what was sent to `session`. */
void fake_forget(portico_session session);

/* Calls `is_fine` for everything that is sent, and expects true. */
void fake_watch(bool (*is_fine)(uint16_t opcode, const void *data, uint32_t size));

/* Lets time pass: timers fire. */
void fake_advance(uint32_t ms);

/* Delivers one message, as if `missed` had been skipped before it. */
void fake_post(portico_entity entity, uint32_t id, uint32_t missed);

/* The room of that name, or 0. */
portico_room fake_room_of(const char *name);

/* Closes a room. */
void fake_close_room(portico_room room);

/* Closes a room while the next session is on its way there. */
void fake_close_room_on_arrival(portico_room room);

/* Refuses the next `count` calls of session_send, session_set_label, channel_join and
 * room_join_tell with `status`. */
void fake_refuse(portico_status status, uint32_t count);

#endif
