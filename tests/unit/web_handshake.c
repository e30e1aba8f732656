/* web_handshake.c: the opening handshake of WebSocket: RFC 6455 section 4. */
#include "support/check.h"
#include "web/handshake.h"
#include "web/sha1.h"

static http_head head;
static const char *why;

/* FIPS 180 and RFC 3174: known digests, around the ends of the blocks. */
static void check_sha1(void) {
    static const struct {
        size_t size;
        uint8_t start[4]; /* of the digest of that many a's */
    } known[] = {{0, {0xDA, 0x39, 0xA3, 0xEE}},  {1, {0x86, 0xF7, 0xE4, 0x37}},
                 {55, {0xC1, 0xC8, 0xBB, 0xDC}}, {56, {0xC2, 0xDB, 0x33, 0x0F}},
                 {63, {0x03, 0xF0, 0x9F, 0x5B}}, {64, {0x00, 0x98, 0xBA, 0x82}},
                 {119, {0xEE, 0x97, 0x10, 0x65}}};
    uint8_t digest[SHA1_BYTES];
    char text[SHA1_INPUT_MAX];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        sha1(text, known[i].size, digest);
        CHECK(memcmp(digest, known[i].start, 4) == 0);
    }
}

static uint32_t judge(const char *path, const char *headers, const char *origins) {
    static char text[2048];
    int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, headers);
    CHECK_INT(http_read_request(text, (uint32_t)size, &head, &why), HTTP_OK);
    why = NULL;
    uint32_t status = handshake_judge(&head, "/play", origins, &why);
    CHECK((status == HANDSHAKE_SWITCH) == (why == NULL));
    return status;
}

#define UPGRADE "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* Section 4.2.1. */
static void check_requests(void) {
    static const char *const keys[] = {"",
                                       "Sec-WebSocket-Key: \r\n",
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n",
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ===\r\n",
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2 jZQ==\r\n"};
    char headers[512];
    CHECK_INT(judge("/play", UPGRADE VERSION KEY, NULL), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play?token=1", UPGRADE VERSION KEY, NULL), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/", UPGRADE VERSION KEY, NULL), 404);
    CHECK_INT(judge("/play/", UPGRADE VERSION KEY, NULL), 404);
    CHECK_INT(judge("/PLAY", UPGRADE VERSION KEY, NULL), 404);
    CHECK_INT(judge("/play", "", NULL), 426);
    CHECK_INT(judge("/play", "Upgrade: websocket\r\n" VERSION KEY, NULL), 426);
    CHECK_INT(judge("/play", "Connection: Upgrade\r\n" VERSION KEY, NULL), 426);
    CHECK_INT(judge("/play", "Upgrade: h2c\r\nConnection: Upgrade\r\n" VERSION KEY, NULL), 426);
    CHECK_INT(judge("/play", UPGRADE KEY, NULL), 426);
    CHECK_INT(judge("/play", UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY, NULL), 426);
    CHECK_INT(judge("/play", UPGRADE "Sec-WebSocket-Version: 13, 8\r\n" KEY, NULL), 426);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)snprintf(headers, sizeof headers, UPGRADE VERSION "%s", keys[i]);
        CHECK_INT(judge("/play", headers, NULL), 400);
    }
    /* Sections 4.2.2 and 9.1: what is offered and not understood is left out of the answer. */
    CHECK_INT(judge("/play",
                    UPGRADE VERSION KEY "Sec-WebSocket-Protocol: chat, x\r\n"
                                        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                    NULL),
              HANDSHAKE_SWITCH);
    char answer[HANDSHAKE_ANSWER_BYTES];
    uint32_t size = handshake_accept(&head, answer);
    CHECK_INT(size, strlen(answer));
    CHECK_TEXT(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

/* Section 10.2. */
static void check_origins(void) {
    static const char from[] = UPGRADE VERSION KEY "Origin: https://a.example\r\n";
    static const char list[] = "https://b.example, http://a.example ,https://A.example";
    CHECK_INT(judge("/play", from, NULL), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play", from, "*"), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play", from, "https://b.example *"), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play", from, list), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play", from, "https://b.example"), 403);
    CHECK_INT(judge("/play", from, "http://a.example"), 403);
    CHECK_INT(judge("/play", from, "https://a.example.com"), 403);
    CHECK_INT(judge("/play", from, "https://a.exampl"), 403);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY, "https://b.example"), HANDSHAKE_SWITCH);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY "Origin:\r\n", "https://b.example"), 403);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY "Origin:\r\n", "https://b, https://c"), 403);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY "Origin:\r\n", "https://b.example, null"), 403);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY "Origin: null\r\n", "https://b.example"), 403);
    CHECK_INT(judge("/play", UPGRADE VERSION KEY "Origin: null\r\n", "null"), HANDSHAKE_SWITCH);
}

static void check_refusals(void) {
    static const uint32_t statuses[] = {400, 403, 404, 405, 426, 431, 505};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char answer[HANDSHAKE_ANSWER_BYTES];
        char length[64];
        uint32_t size = handshake_refuse(statuses[i], answer);
        const char *body = strstr(answer, "\r\n\r\n");
        CHECK_INT(size, strlen(answer));
        CHECK(size < HANDSHAKE_ANSWER_BYTES && body != NULL);
        CHECK_INT(strtol(answer + sizeof "HTTP/1.1", NULL, 10), statuses[i]);
        (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", strlen(body + 4));
        CHECK(strstr(answer, length) != NULL &&
              strstr(answer, "\r\nConnection: close\r\n") != NULL);
    }
}

static const char *check_answer(const char *text, const uint8_t *nonce) {
    CHECK_INT(http_read_answer(text, (uint32_t)strlen(text), &head, &why), HTTP_OK);
    return handshake_check(&head, nonce);
}

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"

/* Section 4.1. */
static void check_client(void) {
    static const uint8_t nonce[] = "the sample nonce";
    char request[512];
    CHECK_INT(handshake_request("::1", 80, "/a?b", nonce, request, 20), 0);
    uint32_t size = handshake_request("::1", 80, "/a?b", nonce, request, sizeof request);
    CHECK_INT(size, strlen(request));
    CHECK_TEXT(request, "GET /a?b HTTP/1.1\r\nHost: [::1]:80\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n");
    CHECK(check_answer(SWITCH UPGRADE ACCEPT "\r\n", nonce) == NULL);
    CHECK(check_answer("HTTP/1.1 200 OK\r\n" UPGRADE ACCEPT "\r\n", nonce) != NULL);
    CHECK(check_answer(SWITCH UPGRADE "\r\n", nonce) != NULL);
    CHECK(check_answer(SWITCH UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n",
                       nonce) != NULL);
    CHECK(check_answer(SWITCH "Connection: Upgrade\r\n" ACCEPT "\r\n", nonce) != NULL);
    CHECK(check_answer(SWITCH "Upgrade: websocket\r\n" ACCEPT "\r\n", nonce) != NULL);
    CHECK(check_answer(SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: a\r\n\r\n", nonce) != NULL);
    CHECK(check_answer(SWITCH UPGRADE ACCEPT "Sec-WebSocket-Extensions: a\r\n\r\n", nonce) != NULL);
}

SCENARIO(web_handshake) {
    check_sha1();
    check_requests();
    check_origins();
    check_refusals();
    check_client();
}
