/* frame.c: a stream of bytes, parsed whole and in pieces of any sizes: the same frames and the same
 * refusal. Every frame that is found, and every payload that is written, survives the other
 * direction.
 *
 * Input: framing, limit (2 bytes), seed of the pieces, the stream.
 *
 * Covers: wire/frame.c */
#include "fuzz.h"
#include "wire/frame.h"

enum { FRAMES_MAX = 128 };

typedef struct stream {
    frame_kind kind;
    uint32_t limit_bytes;
    const uint8_t *bytes;
    uint32_t size;
    uint32_t pieces; /* the seed of their sizes; 0: one piece */
} stream;

typedef struct parsed {
    frame frames[FRAMES_MAX];
    uint32_t count;
    uint32_t used;   /* bytes in whole frames */
    const char *why; /* the rest is refused; NULL: it is incomplete or empty */
} parsed;

static uint32_t next_piece(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return 1 + (*seed >> 8) % (*seed >> 30 == 0 ? 40 : 5);
}

static void check_whole(const stream *s, const frame *f, uint32_t begin, uint32_t arrived) {
    CHECK(f->frame_bytes > 0 && f->frame_bytes <= s->limit_bytes);
    CHECK(f->frame_bytes <= arrived - begin);
    CHECK(f->data >= s->bytes + begin);
    CHECK(f->data + f->size <= s->bytes + begin + f->frame_bytes);
}

static void parse(const stream *s, uint32_t pieces, parsed *p) {
    uint32_t arrived = pieces == 0 ? s->size : 0;
    uint32_t scanned = 0;
    p->count = 0;
    p->used = 0;
    p->why = NULL;
    while (p->count < FRAMES_MAX) {
        frame *f = &p->frames[p->count];
        frame_result result = frame_parse(s->kind, s->bytes + p->used, arrived - p->used,
                                          s->limit_bytes, &scanned, f, &p->why);
        CHECK((result == FRAME_BROKEN) == (p->why != NULL));
        if (result == FRAME_BROKEN) {
            return;
        }
        if (result == FRAME_WHOLE) {
            check_whole(s, f, p->used, arrived);
            CHECK_INT(scanned, 0);
            p->used += f->frame_bytes;
            p->count++;
            continue;
        }
        CHECK(f->frame_bytes == 0 ||
              (f->frame_bytes > arrived - p->used && f->frame_bytes <= s->limit_bytes));
        CHECK(scanned <= arrived - p->used);
        if (arrived == s->size) {
            return;
        }
        uint32_t more = next_piece(&pieces);
        arrived = s->size - arrived < more ? s->size : arrived + more;
    }
}

/* Writes the payload again: the same frame, except for the CR that a line may end with. */
static void check_rewritten(const stream *s, const frame *f, const uint8_t *original) {
    uint32_t whole = 0;
    CHECK_INT(frame_measure(s->kind, f->size, s->limit_bytes, &whole), PORTICO_OK);
    bool cr = s->kind == FRAME_LINE && whole == f->frame_bytes - 1;
    CHECK_INT(whole, f->frame_bytes - cr);
    uint8_t *bytes = malloc(whole);
    CHECK(bytes != NULL);
    frame_write(s->kind, f->opcode, f->data, f->size, bytes);
    CHECK(memcmp(bytes, original, whole - cr) == 0);
    CHECK(!cr || (original[f->size] == '\r' && bytes[f->size] == '\n'));
    free(bytes);
}

static void compare(const stream *s, const parsed *whole, const parsed *pieces) {
    const uint8_t *at = s->bytes;
    for (uint32_t i = 0; i < whole->count; i++) {
        const frame *f = &whole->frames[i];
        check_rewritten(s, f, at);
        at += f->frame_bytes;
        if (s->kind != FRAME_RAW) {
            CHECK(i < pieces->count);
            CHECK(f->data == pieces->frames[i].data && f->size == pieces->frames[i].size);
            CHECK_INT(f->opcode, pieces->frames[i].opcode);
        }
    }
    if (s->kind != FRAME_RAW) {
        CHECK_INT(pieces->count, whole->count);
    }
    if (whole->count < FRAMES_MAX && pieces->count < FRAMES_MAX) {
        CHECK_INT(pieces->used, whole->used);
        CHECK_TEXT(pieces->why, whole->why);
    }
}

/* Takes the stream as one payload: what is written is read again. */
static void check_payload(const stream *s) {
    uint32_t whole = 0;
    if (frame_measure(s->kind, s->size, s->limit_bytes, &whole) != PORTICO_OK || whole == 0) {
        CHECK(s->size + 8 > s->limit_bytes || whole == 0);
        return;
    }
    bool line = s->kind == FRAME_LINE;
    if (line && s->size > 0 &&
        (memchr(s->bytes, '\n', s->size) != NULL || s->bytes[s->size - 1] == '\r')) {
        return;
    }
    uint16_t opcode = s->kind <= FRAME_U32 ? (uint16_t)s->pieces : 0;
    uint32_t scanned = 0;
    const char *why = NULL;
    frame f;
    uint8_t *bytes = malloc(whole);
    CHECK(bytes != NULL);
    frame_write(s->kind, opcode, s->size > 0 ? s->bytes : NULL, s->size, bytes);
    CHECK_INT(frame_parse(s->kind, bytes, whole, s->limit_bytes, &scanned, &f, &why), FRAME_WHOLE);
    CHECK_INT(f.frame_bytes, whole);
    CHECK_INT(f.opcode, opcode);
    CHECK_INT(f.size, s->size);
    CHECK(s->size == 0 || memcmp(f.data, s->bytes, s->size) == 0);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static parsed whole;
    static parsed pieces;
    input in = {data, size};
    stream s = {.kind = (frame_kind)(input_u8(&in) % FRAME_KINDS)};
    uint32_t least = frame_least_bytes(s.kind);
    uint32_t most = frame_most_bytes(s.kind);
    uint32_t limit = input_u16(&in);
    s.limit_bytes = limit == 0xFFFF || least + limit > most ? most : least + limit;
    s.pieces = 1 + input_u8(&in);
    s.size = (uint32_t)in.size;
    char *exact = input_rest(&in);
    exact = realloc(exact, s.size > 0 ? s.size : 1);
    CHECK(exact != NULL);
    s.bytes = (const uint8_t *)exact;
    parse(&s, 0, &whole);
    parse(&s, s.pieces, &pieces);
    compare(&s, &whole, &pieces);
    check_payload(&s);
    free(exact);
    return 0;
}
