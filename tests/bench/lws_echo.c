/* lws_echo.c: the same work with libwebsockets, as its users write it: what has been received waits
 * in a list of its connection, and is written when the library says that it may be; more than one
 * message at a time, as long as the socket takes them. No extensions. 127.0.0.1. Prints `port=N`;
 * ends on SIGTERM. */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 65536 };

typedef struct message {
    struct message *next;
    size_t size;
    unsigned char bytes[]; /* LWS_PRE bytes of room first, as the library demands */
} message;

typedef struct connection {
    message *first;
    message **last;
} connection;

static int take(connection *c, const void *bytes, size_t size) {
    message *m = malloc(sizeof *m + LWS_PRE + size);
    if (m == NULL) {
        return -1;
    }
    m->next = NULL;
    m->size = size;
    memcpy(m->bytes + LWS_PRE, bytes, size);
    *c->last = m;
    c->last = &m->next;
    return 0;
}

static message *drop_first(connection *c) {
    message *m = c->first;
    c->first = m->next;
    if (c->first == NULL) {
        c->last = &c->first;
    }
    free(m);
    return c->first;
}

static int answer(connection *c, struct lws *wsi) {
    for (message *m = c->first; m != NULL; m = drop_first(c)) {
        if (lws_send_pipe_choked(wsi)) {
            lws_callback_on_writable(wsi);
            return 0;
        }
        if (lws_write(wsi, m->bytes + LWS_PRE, m->size, LWS_WRITE_BINARY) < (int)m->size) {
            return -1;
        }
    }
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in,
                    size_t size) {
    connection *c = user;
    switch (why) {
    case LWS_CALLBACK_ESTABLISHED:
        c->first = NULL;
        c->last = &c->first;
        return 0;
    case LWS_CALLBACK_RECEIVE:
        lws_callback_on_writable(wsi);
        return take(c, in, size); /* the client's messages fit into one piece */
    case LWS_CALLBACK_SERVER_WRITEABLE: return answer(c, wsi);
    case LWS_CALLBACK_CLOSED:
        while (c->first != NULL) {
            (void)drop_first(c);
        }
        return 0;
    default: return 0;
    }
}

int main(void) {
    static const struct lws_protocols protocols[] = {
        {"echo", on_event, sizeof(connection), MESSAGE_MAX, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info = {0};
    info.port = 0;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL) {
        (void)fprintf(stderr, "lws_echo: no context\n");
        return 1;
    }
    struct lws_vhost *host = lws_get_vhost_by_name(context, "default");
    printf("port=%d\n", lws_get_vhost_listen_port(host));
    (void)fflush(stdout);
    while (lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return 0;
}
