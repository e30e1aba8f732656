/* websocket.c: see websocket.h. Receiving. */
#include "web/websocket.h"

#include "web/mask.h"
#include "os/compiler.h"
#include "wire/frame.h"

#include <string.h>

/* The bytes of the block while websocket_take works: [0, out) are records, [in, end) is not looked
 * at yet. */
typedef struct stream {
    websocket *w;
    uint8_t *bytes;
    uint32_t out;
    uint32_t in;
    uint32_t end;
    uint32_t limit_bytes;
    websocket_on_control on_control;
    void *arg;
    const char *why;
} stream;

/* The header of one frame. */
typedef struct header {
    uint8_t opcode;
    bool final;
    bool masked;
    uint8_t bytes; /* of the header */
    uint64_t size; /* of the payload */
    const uint8_t *mask;
} header;

static uint16_t broken(stream *s, uint16_t code, const char *why) {
    s->why = why;
    return code;
}

/* ---- headers: section 5.2 --------------------------------------------------------------- */

/* Checks the first two bytes, as soon as they are there. */
static uint16_t check_start(stream *s, const uint8_t *at, uint32_t size) {
    const websocket *w = s->w;
    uint8_t opcode = at[0] & 0x0F;
    bool control = opcode >= WEBSOCKET_CLOSE;
    if ((at[0] & 0x70) != 0) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR, "a reserved bit is set");
    }
    if (opcode > WEBSOCKET_PONG || (opcode > WEBSOCKET_BINARY && !control)) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR, "the opcode of a frame is reserved");
    }
    if (control && (at[0] & 0x80) == 0) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR, "a control frame is fragmented");
    }
    if (!control && (opcode == WEBSOCKET_CONTINUATION) != (w->opcode != 0)) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR,
                      w->opcode != 0 ? "a message begins inside another one"
                                     : "a frame continues a message that has not begun");
    }
    if (size >= 2 && ((at[1] & 0x80) != 0) == w->client) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR,
                      w->client ? "a frame of the server is masked"
                                : "a frame of the client is not masked");
    }
    if (size >= 2 && control && (at[1] & 0x7F) > WEBSOCKET_CONTROL_MAX) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR, "a control frame is larger than 125 bytes");
    }
    return 0;
}

static uint64_t read_big(const uint8_t *at, uint32_t bytes) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* Reads the header that begins at `in`. *h.bytes is 0: it is incomplete. */
static uint16_t read_header(stream *s, header *h) {
    const uint8_t *at = s->bytes + s->in;
    uint32_t size = s->end - s->in;
    h->bytes = 0;
    uint16_t code = check_start(s, at, size);
    if (code != 0 || size < 2) {
        return code;
    }
    uint8_t small = at[1] & 0x7F;
    uint32_t extra = small == 127 ? 8 : small == 126 ? 2 : 0;
    h->masked = (at[1] & 0x80) != 0;
    uint32_t whole = 2 + extra + (h->masked ? 4 : 0);
    if (size < whole) {
        return 0;
    }
    h->opcode = at[0] & 0x0F;
    h->final = (at[0] & 0x80) != 0;
    h->size = extra == 0 ? small : read_big(at + 2, extra);
    h->mask = at + 2 + extra;
    if ((extra == 2 && h->size < 126) || (extra == 8 && h->size <= UINT16_MAX) ||
        h->size >> 63 != 0) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR,
                      "the length of a frame has more bytes than it needs");
    }
    h->bytes = (uint8_t)whole;
    return 0;
}

/* ---- data frames: section 5.4 ----------------------------------------------------------- */

/* The bytes before the payload of a record that has grown to `size`. Only where nothing is masked,
 * a frame's header may be too short for that. Then a continuation's header has made room. */
static uint8_t head_for(uint8_t head, uint64_t size) {
    uint8_t least = (uint8_t)frame_record_head((uint32_t)size);
    return head >= least ? head : least;
}

/* A data frame begins. Its header becomes the beginning of a record, or is cut out. */
static uint16_t begin_data(stream *s, const header *h) {
    websocket *w = s->w;
    bool first = h->opcode != WEBSOCKET_CONTINUATION;
    uint64_t size = first ? h->size : w->payload + h->size;
    uint8_t before = first ? 0 : w->head;
    if (h->size > UINT32_MAX || size + (first ? h->bytes : w->head) > s->limit_bytes) {
        return broken(s, WEBSOCKET_TOO_BIG, "a message is larger than frame_limit_bytes");
    }
    uint8_t head = head_for(first ? h->bytes : w->head, size);
    memset(w->mask, 0, sizeof w->mask);
    if (h->masked) {
        memcpy(w->mask, h->mask, sizeof w->mask);
    }
    s->in += h->bytes;
    if (first) {
        w->opcode = h->opcode;
        w->payload = 0;
        w->text = (utf8){0};
    } else if (head != before) {
        uint8_t *record = s->bytes + s->out - w->payload - before;
        memmove(record + head, record + before, w->payload);
    }
    s->out += (uint32_t)head - before;
    w->head = head;
    frame_record_begin(s->bytes + s->out - w->payload - head);
    w->left = (uint32_t)h->size;
    w->final = h->final;
    return 0;
}

/* Appends what is there of the current frame's payload to the record. */
static uint16_t take_payload(stream *s) {
    websocket *w = s->w;
    uint32_t there = s->end - s->in;
    uint32_t size = w->left < there ? w->left : there;
    mask_copy(s->bytes + s->out, s->bytes + s->in, size, w->mask);
    if (w->opcode == WEBSOCKET_TEXT && !utf8_take(&w->text, s->bytes + s->out, size)) {
        return broken(s, WEBSOCKET_BAD_TEXT, "a text message is not UTF-8");
    }
    s->out += size;
    s->in += size;
    w->payload += size;
    w->left -= size;
    return 0;
}

/* The last frame of a message is whole. */
static uint16_t end_message(stream *s) {
    websocket *w = s->w;
    bool text = w->opcode == WEBSOCKET_TEXT;
    if (text && !utf8_whole(&w->text)) {
        return broken(s, WEBSOCKET_BAD_TEXT, "a text message ends inside a character");
    }
    if (!text && w->payload < 2) {
        return broken(s, WEBSOCKET_POLICY, "a binary message is shorter than its opcode");
    }
    frame_record_end(s->bytes + s->out - w->payload - w->head, text, w->head, w->payload);
    w->opcode = 0;
    return 0;
}

/* ---- control frames: section 5.5 -------------------------------------------------------- */

/* Section 7.4: codes that a close frame may have. */
static bool may_be_sent(uint32_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static uint16_t take_close(stream *s, const uint8_t *payload, uint32_t size) {
    uint32_t code = size >= 2 ? (uint32_t)read_big(payload, 2) : WEBSOCKET_NO_CODE;
    if (size == 1 || (size >= 2 && !may_be_sent(code))) {
        return broken(s, WEBSOCKET_PROTOCOL_ERROR, "the code of a close frame is not allowed");
    }
    if (size > 2 && !utf8_is_text(payload + 2, size - 2)) {
        return broken(s, WEBSOCKET_BAD_TEXT, "the reason of a close frame is not UTF-8");
    }
    s->w->close_code = (uint16_t)code;
    s->on_control(s->arg, WEBSOCKET_CLOSE, payload, size);
    return (uint16_t)code;
}

/* Cuts the control frame out. */
static uint16_t take_control(stream *s, const header *h) {
    static const uint8_t none[4] = {0};
    uint8_t mask[4];
    memcpy(mask, h->masked ? h->mask : none, sizeof mask);
    uint8_t *payload = s->bytes + s->in + h->bytes;
    uint32_t size = (uint32_t)h->size;
    mask_copy(payload, payload, size, mask);
    s->in += h->bytes + size;
    if (h->opcode == WEBSOCKET_CLOSE) {
        return take_close(s, payload, size);
    }
    s->on_control(s->arg, (websocket_opcode)h->opcode, payload, size);
    return 0;
}

/* ---- the usual frame --------------------------------------------------------------------- */

enum { SMALL_HEAD = 6, SMALL_MAX = 125 };

/* A whole, masked binary message of a few bytes in one frame, which most are: the same as below, in
 * a fraction of the instructions. Returns the size of its payload. 0: it is another one. */
static inline uint32_t take_small(const uint8_t *at, uint32_t there, uint32_t limit_bytes,
                                  uint8_t *record) {
    if (there < SMALL_HEAD || at[0] != (0x80 | WEBSOCKET_BINARY)) {
        return 0;
    }
    uint32_t size = at[1] ^ 0x80u; /* above 127: there is no mask */
    if (size < 2 || size > SMALL_MAX || there - SMALL_HEAD < size ||
        SMALL_HEAD + size > limit_bytes) {
        return 0;
    }
    uint8_t mask[4];
    memcpy(mask, at + 2, sizeof mask);
    mask_copy(record + 2, at + SMALL_HEAD, size, mask);
    frame_record_end(record, false, 2, size);
    return size;
}

/* ---- the stream -------------------------------------------------------------------------- */

/* Looks at the next frame, or at more of the current one. *stop: more bytes are needed. */
static uint16_t take_step(stream *s, bool *stop) {
    websocket *w = s->w;
    uint16_t code = 0;
    if (w->left == 0) {
        header h;
        code = read_header(s, &h);
        bool control = h.bytes != 0 && h.opcode >= WEBSOCKET_CLOSE;
        *stop = h.bytes == 0 || (control && s->end - s->in - h.bytes < h.size);
        if (code != 0 || *stop) {
            return code;
        }
        if (control) {
            return take_control(s, &h);
        }
        code = begin_data(s, &h);
        if (code != 0) {
            return code;
        }
    }
    code = take_payload(s);
    if (code == 0 && w->left == 0 && w->final) {
        code = end_message(s);
    }
    return code;
}

/* Takes small frames at the beginning of the rest. */
static inline void take_smalls(stream *s) {
    if (s->w->opcode != 0 || s->w->client) {
        return;
    }
    uint32_t size = 0;
    while ((size = take_small(s->bytes + s->in, s->end - s->in, s->limit_bytes,
                              s->bytes + s->out)) != 0) {
        s->out += 2 + size;
        s->in += SMALL_HEAD + size;
    }
}

/* Takes frames that are not small, and small ones between them. */
NOINLINE static uint16_t take_others(stream *s) {
    uint16_t code = 0;
    bool stop = false;
    while (code == 0 && !stop && s->in < s->end) {
        code = take_step(s, &stop);
        if (code == 0 && !stop) {
            take_smalls(s);
        }
    }
    s->w->raw = code == 0 ? s->end - s->in : 0;
    memmove(s->bytes + s->out, s->bytes + s->in, s->w->raw);
    if (code != 0 && s->w->opcode != 0) {
        s->out -= s->w->payload + s->w->head; /* nobody will complete it */
    }
    return code;
}

uint16_t websocket_take(websocket *w, uint8_t *bytes, uint32_t *size, uint32_t fresh,
                        uint32_t limit_bytes, websocket_on_control on_control, void *arg,
                        const char **why) {
    uint32_t start = *size - fresh - w->raw;
    stream s = {.w = w,
                .bytes = bytes,
                .out = start,
                .in = start,
                .end = *size,
                .limit_bytes = limit_bytes,
                .on_control = on_control,
                .arg = arg};
    uint16_t code = 0;
    take_smalls(&s);
    w->raw = 0;
    if (s.in < s.end) {
        code = take_others(&s);
    }
    *why = s.why;
    *size = s.out + w->raw;
    return code;
}
