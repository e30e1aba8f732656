/* uv_echo.c: the same work with libuv, as its users write it: one loop; one read buffer for all
 * connections, because each read is answered before the next; uv_try_write, and a request with a
 * copy only for what the system does not accept at once. 127.0.0.1, TCP_NODELAY. Prints `port=N`;
 * ends on SIGTERM. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { BATCH_BYTES = 65536, BACKLOG = 4096 };

typedef struct rest {
    uv_write_t request;
    char bytes[];
} rest;

static char shared[BATCH_BYTES];

static void check(int code, const char *what) {
    if (code < 0) {
        (void)fprintf(stderr, "uv_echo: %s: %s\n", what, uv_strerror(code));
        exit(1);
    }
}

static void on_close(uv_handle_t *handle) {
    free(handle);
}

static void connection_close(uv_handle_t *handle) {
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_close);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(shared, sizeof shared);
}

static void on_written(uv_write_t *request, int status) {
    if (status < 0) {
        connection_close((uv_handle_t *)request->handle);
    }
    free(request); /* the first member of `rest` */
}

static void write_rest(uv_stream_t *stream, const char *bytes, size_t size) {
    rest *r = malloc(sizeof *r + size);
    if (r == NULL) {
        connection_close((uv_handle_t *)stream);
        return;
    }
    memcpy(r->bytes, bytes, size);
    uv_buf_t buffer = uv_buf_init(r->bytes, (unsigned)size);
    if (uv_write(&r->request, stream, &buffer, 1, on_written) < 0) {
        free(r);
        connection_close((uv_handle_t *)stream);
    }
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    if (size < 0) {
        connection_close((uv_handle_t *)stream);
        return;
    }
    uv_buf_t bytes = uv_buf_init(buffer->base, (unsigned)size);
    int written = size > 0 ? uv_try_write(stream, &bytes, 1) : 0;
    if (written < 0 && written != UV_EAGAIN) {
        connection_close((uv_handle_t *)stream);
        return;
    }
    written = written < 0 ? 0 : written;
    if (written < size) {
        write_rest(stream, buffer->base + written, (size_t)(size - written));
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    uv_tcp_t *connection = malloc(sizeof *connection);
    if (status < 0 || connection == NULL) {
        free(connection);
        return;
    }
    check(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    if (uv_accept(listener, (uv_stream_t *)connection) < 0 || uv_tcp_nodelay(connection, 1) < 0 ||
        uv_read_start((uv_stream_t *)connection, on_alloc, on_read) < 0) {
        connection_close((uv_handle_t *)connection);
    }
}

int main(void) {
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in here;
    int size = sizeof here;
    check(uv_ip4_addr("127.0.0.1", 0, &here), "uv_ip4_addr");
    check(uv_tcp_init(loop, &listener), "uv_tcp_init");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&here, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection), "uv_listen");
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&here, &size), "uv_tcp_getsockname");
    printf("port=%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
