/* callbacks.c: the functions of OpenSSL that take a callback of the program's. See bridge.h.
 *
 * On x86-64, Windows and Linux have different calling conventions, so call_select() has that of
 * Linux and calls the program's callback with that of Windows. Any thread.
 */
#include "bridge.h"

#include <stdlib.h>

typedef int(WINDOWS_CALL *windows_select)(SSL *ssl, const unsigned char **out,
                                          unsigned char *out_size, const unsigned char *in,
                                          unsigned int in_size, void *arg);

typedef struct select_call {
    windows_select select;
    void *arg;
} select_call;

static int call_select(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                       const unsigned char *in, unsigned int in_size, void *arg) {
    const select_call *c = arg;
    return c->select(ssl, out, out_size, in, in_size, c->arg);
}

static void free_select(void *parent, void *call, CRYPTO_EX_DATA *data, int index, long number,
                        void *arg) {
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)arg;
    free(call);
}

static int index_of_select = -1;

static void make_index(void) {
    index_of_select = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_select);
}

static int select_index(void) {
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    CRYPTO_THREAD_run_once(&once, make_index);
    return index_of_select;
}

void WINDOWS_CALL bridge_SSL_CTX_set_alpn_select_cb(void *context, windows_select select,
                                                    void *arg);

/* The context keeps the program's callback, once. */
void WINDOWS_CALL bridge_SSL_CTX_set_alpn_select_cb(void *context, windows_select select,
                                                    void *arg) {
    select_call *c = malloc(sizeof *c);
    if (c == NULL) {
        return;
    }
    *c = (select_call){select, arg};
    if (SSL_CTX_set_ex_data(context, select_index(), c) != 1) {
        free(c);
        return;
    }
    SSL_CTX_set_alpn_select_cb(context, call_select, c);
}
