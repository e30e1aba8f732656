/* channels.c: the functions of portico_host about channels. */
#include "session/channel.h"

#include "api/private.h"

static portico_status change_join(session *s, const void *channel) {
    return channel_join(channel, s);
}

portico_status api_channel_join(const char *channel, portico_session id) {
    api_enter();
    api_reads_text(channel);
    return api_change_session("channel_join", id, change_join, channel);
}

static portico_status change_leave(session *s, const void *channel) {
    return channel_leave(channel, s);
}

portico_status api_channel_leave(const char *channel, portico_session id) {
    api_enter();
    api_reads_text(channel);
    return api_change_session("channel_leave", id, change_leave, channel);
}

static uint32_t list_members(const void *channel, portico_session *members, uint32_t capacity) {
    return channel_members(channel, members, capacity);
}

uint32_t api_channel_send(const char *channel, uint16_t opcode, const void *data, uint32_t size,
                          portico_session except) {
    api_enter();
    api_reads_text(channel);
    api_reads(data, size, FRAME_BYTES_MAX);
    if (api_is_staging("channel_send") || channel == NULL || (data == NULL && size > 0)) {
        return 0;
    }
    broadcast b = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = broadcast_to_members(&b, list_members, channel, except.id);
    broadcast_fini(&b);
    return sent;
}

uint32_t api_channel_members(const char *channel, portico_session *members, uint32_t capacity) {
    api_enter();
    api_reads_text(channel);
    api_writes(members, capacity * sizeof *members);
    return channel != NULL ? channel_members(channel, members, members != NULL ? capacity : 0) : 0;
}

uint32_t api_channel_close(const char *channel) {
    api_enter();
    api_reads_text(channel);
    return channel != NULL && !api_is_staging("channel_close") ? channel_close(channel) : 0;
}
