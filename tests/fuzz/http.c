/* http.c: heads of HTTP. However a head is cut into pieces, it ends at the same byte or is refused
 * for the same reason. What is accepted of a request contains nothing that could be understood in
 * two ways, gets an answer that is one, and names no file outside of a folder.
 *
 * Input: a byte, how many bytes a piece has; then what was received.
 *
 * Covers: web/http_head.c, web/handshake.c, web/sha1.c, web/file_name.c, admin/http/rules.c */
#include "fuzz.h"
#include "admin/http/rules.h"
#include "web/file_name.h"
#include "web/handshake.h"

static bool inside(http_text text, const char *bytes, uint32_t size) {
    return text.at >= bytes && text.at + text.size <= bytes + size;
}

static void check_headers(const http_head *head, const char *bytes, uint32_t size) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        const http_header *h = &head->headers[i];
        CHECK(inside(h->name, bytes, size) && inside(h->value, bytes, size));
        CHECK(h->name.size > 0 && memchr(h->name.at, ' ', h->name.size) == NULL);
        CHECK(h->name.at[h->name.size] == ':');
        for (uint32_t k = 0; k < h->value.size; k++) {
            char c = h->value.at[k];
            CHECK(c != '\r' && c != '\n' && c != '\0');
        }
    }
    CHECK(http_find(head, "transfer-encoding") == NULL);
}

static void check_answer(const char *answer, uint32_t size, uint32_t status) {
    static http_head head;
    uint32_t scanned = 0;
    uint32_t bytes = 0;
    const char *why = NULL;
    CHECK(size < HANDSHAKE_ANSWER_BYTES);
    CHECK_INT(http_find_end(answer, size, &scanned, &bytes, &why), HTTP_OK);
    CHECK_INT(http_read_answer(answer, bytes, &head, &why), HTTP_OK);
    CHECK_INT(head.status, status);
}

static void check_file(const http_head *head) {
    char name[FILE_NAME_BYTES];
    if (file_name_of(head->path, name) != NULL) {
        CHECK(strlen(name) < sizeof name && name[0] != '/' && name[0] != '.');
        CHECK(strstr(name, "/.") == NULL && strstr(name, "./") == NULL);
        CHECK(strpbrk(name, "\\:%~ ") == NULL && strstr(name, "//") == NULL);
    }
}

/* The admin side takes every request that a listener does, and POST. */
static void check_admin_request(const char *bytes, uint32_t size) {
    static http_head head;
    static char command[HTTP_COMMAND_MAX];
    const char *why = NULL;
    uint32_t body = 0;
    uint32_t plain = http_read_request(bytes, size, &head, &why);
    why = NULL;
    uint32_t status = http_read_request_with_body(bytes, size, 4096, &head, &body, &why);
    CHECK((status == HTTP_OK) == (why == NULL));
    CHECK(plain != HTTP_OK || status == HTTP_OK);
    if (status != HTTP_OK) {
        return;
    }
    CHECK(body <= 4096);
    CHECK(body == 0 || http_text_is(head.method, "POST"));
    check_headers(&head, bytes, size);
    http_site site = {.hosts = "admin.example\nx", .tls = size % 2 == 0};
    char cookie[HTTP_COOKIE_NAME];
    site.address.family = OS_ADDRESS_IPV4;
    (void)http_host_is_own(&head, &site);
    (void)http_origin_is_own(&head, &site);
    CHECK(http_bearer(&head).size == 0 || inside(http_bearer(&head), bytes, size));
    http_cookie_name(&head, &site, cookie);
    http_text secret = http_cookie(&head, cookie);
    CHECK(secret.size == 0 || inside(secret, bytes, size));
    (void)http_form_token((http_text){bytes, size}, command);
    http_page page = http_page_of(&head);
    CHECK((page == HTTP_PAGE_FILE || page == HTTP_PAGE_LIVE) <= http_text_is(head.method, "GET"));
    if (page == HTTP_PAGE_COMMAND &&
        http_command_of(&head, (http_text){bytes, size < 64 ? size : 64}, command)) {
        CHECK(strlen(command) < sizeof command);
        CHECK(strpbrk(command, "\r\n") == NULL && strchr(command, '/') != command);
    }
}

static void check_request(const char *bytes, uint32_t size) {
    static http_head head;
    const char *why = NULL;
    char answer[HANDSHAKE_ANSWER_BYTES];
    uint32_t status = http_read_request(bytes, size, &head, &why);
    CHECK((status == HTTP_OK) == (why == NULL));
    if (status == HTTP_OK) {
        CHECK(http_text_is(head.method, "GET") && head.path.at[0] == '/');
        CHECK(inside(head.path, bytes, size) && inside(head.query, bytes, size));
        CHECK(memchr(head.path.at, '?', head.path.size) == NULL);
        const http_text *host = http_find(&head, "host");
        CHECK(host != NULL && host->size > 0);
        for (uint32_t i = 0; i < host->size; i++) {
            CHECK(host->at[i] > ' ' && strchr("@/\\?#\"<>", host->at[i]) == NULL);
        }
        check_file(&head);
        check_headers(&head, bytes, size);
        status = handshake_judge(&head, "/", "https://a, https://b", &why);
        CHECK((status == HANDSHAKE_SWITCH) == (why == NULL));
        const http_text *origin = http_find(&head, "origin");
        CHECK(status != HANDSHAKE_SWITCH || origin == NULL ||
              http_text_is_any_case(*origin, "https://a") ||
              http_text_is_any_case(*origin, "https://b"));
    }
    check_admin_request(bytes, size);
    uint32_t written = status == HANDSHAKE_SWITCH ? handshake_accept(&head, answer)
                                                  : handshake_refuse(status, answer);
    check_answer(answer, written, status);
}

static void check_server(const char *bytes, uint32_t size) {
    static http_head head;
    static const uint8_t nonce[HANDSHAKE_NONCE_BYTES] = "the sample nonc";
    const char *why = NULL;
    uint32_t result = http_read_answer(bytes, size, &head, &why);
    CHECK((result == HTTP_OK) == (why == NULL));
    if (result == HTTP_OK) {
        check_headers(&head, bytes, size);
        (void)handshake_check(&head, nonce);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    uint32_t piece = 1 + input_u8(&in);
    uint32_t bytes = (uint32_t)in.size;
    char *text = input_rest(&in);
    char *exact = realloc(text, bytes > 0 ? bytes : 1);
    CHECK(exact != NULL);
    uint32_t scanned = 0;
    uint32_t whole = 0;
    const char *why = NULL;
    uint32_t result = http_find_end(exact, bytes, &scanned, &whole, &why);
    CHECK((result == HTTP_OK || result == HTTP_MORE) == (why == NULL));

    uint32_t slow_scanned = 0;
    uint32_t slow_whole = 0;
    const char *slow_why = NULL;
    uint32_t slow = HTTP_MORE;
    for (uint32_t at = 0; at < bytes && slow == HTTP_MORE;) {
        at = bytes - at < piece ? bytes : at + piece;
        slow = http_find_end(exact, at, &slow_scanned, &slow_whole, &slow_why);
    }
    CHECK_INT(slow, result);
    CHECK_INT(slow_whole, whole);
    CHECK_TEXT(slow_why, why);
    if (result == HTTP_OK) {
        check_request(exact, whole);
        check_server(exact, whole);
    }
    free(exact);
    return 0;
}
