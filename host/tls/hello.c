/* hello.c: see hello.h. RFC 8446, 4.1.2 and 5.1; RFC 6066, 3. */
#include "tls/hello.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* RECORDS_MAX: a ClientHello comes in one record, or in two. Each call looks at all of them. */
enum {
    RECORD_HANDSHAKE = 22,
    RECORD_HEAD = 5,
    RECORD_MAX = 16384,
    RECORDS_MAX = 8,
    CLIENT_HELLO = 1,
    HANDSHAKE_HEAD = 4,
    RANDOM_AND_VERSION = 34,
    SERVER_NAME = 0,
    HOST_NAME = 0
};

/* ---- reading across records ------------------------------------------------------------------ */

typedef struct reader {
    const uint8_t *at;  /* in the payload of a record ... */
    uint32_t in_record; /* ... of which this much is left */
    uint32_t left;      /* of the message, or of the part of it that is read */
    bool failed;        /* it would have been read beyond that */
} reader;

static uint32_t u16_at(const uint8_t *at) {
    return (uint32_t)at[0] << 8 | at[1];
}

static uint8_t read_byte(reader *r) {
    if (r->left == 0) {
        r->failed = true;
        return 0;
    }
    if (r->in_record == 0) { /* hello_measure has seen the next record whole */
        r->in_record = u16_at(r->at + 3);
        r->at += RECORD_HEAD;
    }
    r->left--;
    r->in_record--;
    return *r->at++;
}

static uint32_t read_number(reader *r, uint32_t bytes) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        value = value << 8 | read_byte(r);
    }
    return value;
}

static void skip(reader *r, uint32_t bytes) {
    for (; bytes > 0 && !r->failed; bytes--) {
        (void)read_byte(r);
    }
}

/* Skips a vector whose size is in its first `bytes` bytes. */
static void skip_vector(reader *r, uint32_t bytes) {
    skip(r, read_number(r, bytes));
}

/* ---- the message ----------------------------------------------------------------------------- */

static bool is_in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Copies a host name in lower case; one with other characters becomes "". */
static void read_name(reader *r, uint32_t size, char name[HELLO_NAME_MAX]) {
    bool good = size < HELLO_NAME_MAX;
    for (uint32_t i = 0; i < size && !r->failed; i++) {
        char c = text_lower((char)read_byte(r));
        good = good && is_in_name(c);
        if (good) {
            name[i] = c;
        }
    }
    name[good && !r->failed ? size : 0] = '\0';
}

static void read_server_names(reader *r, char name[HELLO_NAME_MAX]) {
    uint32_t kind;
    (void)read_number(r, 2); /* the size of the list, which has one name */
    kind = read_number(r, 1);
    uint32_t size = read_number(r, 2);
    if (kind == HOST_NAME) {
        read_name(r, size, name);
    }
}

static void read_extensions(reader *r, char name[HELLO_NAME_MAX]) {
    while (r->left > 0 && !r->failed) {
        uint32_t type = read_number(r, 2);
        uint32_t size = read_number(r, 2);
        if (r->failed || size > r->left) {
            r->failed = true;
        } else if (type == SERVER_NAME) {
            r->left = size;
            read_server_names(r, name);
            return;
        } else {
            skip(r, size);
        }
    }
}

/* Whether all records of the message are there. *size is that of the message without its head. */
static hello_result hello_measure(const uint8_t *bytes, uint32_t size, uint32_t *message) {
    uint8_t head[HANDSHAKE_HEAD] = {0};
    uint32_t have = 0;
    uint32_t need = HANDSHAKE_HEAD;
    uint32_t at = 0;
    for (int records = 0; records < RECORDS_MAX; records++) {
        if (at < size && bytes[at] != RECORD_HANDSHAKE) {
            return HELLO_ODD;
        }
        if (size - at < RECORD_HEAD) {
            return HELLO_INCOMPLETE;
        }
        uint32_t payload = u16_at(bytes + at + 3);
        if (bytes[at + 1] != 3 || payload == 0 || payload > RECORD_MAX) {
            return HELLO_ODD;
        }
        at += RECORD_HEAD;
        for (uint32_t i = 0; i < payload && have + i < HANDSHAKE_HEAD && at + i < size; i++) {
            head[have + i] = bytes[at + i];
            if (have + i == HANDSHAKE_HEAD - 1) {
                need += (uint32_t)head[1] << 16 | u16_at(head + 2);
            }
        }
        have += payload;
        if ((have > 0 && at < size && head[0] != CLIENT_HELLO) ||
            need > HELLO_BYTES_MAX - RECORDS_MAX * RECORD_HEAD) {
            return HELLO_ODD;
        }
        if (size - at < payload) {
            return HELLO_INCOMPLETE;
        }
        at += payload;
        if (have >= need && have >= HANDSHAKE_HEAD) {
            *message = need - HANDSHAKE_HEAD;
            return HELLO_WHOLE;
        }
    }
    return HELLO_ODD;
}

hello_result hello_parse(const uint8_t *bytes, uint32_t size, char name[HELLO_NAME_MAX]) {
    uint32_t message = 0;
    name[0] = '\0';
    hello_result result = hello_measure(bytes, size, &message);
    if (result != HELLO_WHOLE) {
        return result;
    }
    reader r = {.at = bytes, .left = HANDSHAKE_HEAD + message};
    skip(&r, HANDSHAKE_HEAD + RANDOM_AND_VERSION);
    skip_vector(&r, 1); /* the session's id */
    skip_vector(&r, 2); /* cipher suites */
    skip_vector(&r, 1); /* compression methods */
    if (r.left > 0 && !r.failed) {
        uint32_t extensions = read_number(&r, 2);
        r.failed = r.failed || extensions > r.left;
        r.left = extensions < r.left ? extensions : r.left;
        read_extensions(&r, name);
    }
    if (r.failed) {
        name[0] = '\0';
        return HELLO_ODD;
    }
    return HELLO_WHOLE;
}
