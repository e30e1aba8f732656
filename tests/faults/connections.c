/* Connects, accepts and transfers fail at once and by their completions, in every way that they do
 * on real systems; the limit of handles counts. */
#include "faults.h"

#include <string.h>

static os_op connect_op;
static os_accept_op accept_op;

/* Waits for the completion before it closes the socket, which would cancel the connect. */
static portico_status connect_at_once(void) {
    os_socket *socket = NULL;
    portico_status status = os_connect(faults_port, &faults_address, NULL, &connect_op, &socket);
    CHECK((status == PORTICO_OK) == (socket != NULL));
    if (status == PORTICO_OK) {
        (void)faults_wait();
        os_close(socket, true);
    }
    return status;
}

static portico_status connect_later(void) {
    os_socket *socket = NULL;
    while (os_connect(faults_port, &faults_address, NULL, &connect_op, &socket) != PORTICO_OK) {
    }
    portico_status status = faults_wait();
    os_close(socket, true);
    return status;
}

/* Connects without faults. */
static os_socket *client_connect(void) {
    os_socket *client = NULL;
    sim_spare_this_thread(true);
    CHECK(os_connect(faults_port, &faults_address, NULL, &connect_op, &client) == PORTICO_OK);
    CHECK(faults_wait() == PORTICO_OK);
    sim_spare_this_thread(false);
    return client;
}

/* Takes the connection that an accept without a handle has left in the queue. */
static void queue_empty(void) {
    sim_spare_this_thread(true);
    CHECK(os_accept(faults_listener, &accept_op) == PORTICO_OK);
    CHECK(faults_wait() == PORTICO_OK);
    sim_spare_this_thread(false);
}

static portico_status accept_later(void) {
    while (os_accept(faults_listener, &accept_op) != PORTICO_OK) {
    }
    os_socket *client = NULL;
    sim_spare_this_thread(true);
    CHECK(os_connect(faults_port, &faults_address, NULL, &connect_op, &client) == PORTICO_OK);
    sim_spare_this_thread(false);
    portico_status status = PORTICO_OK;
    for (int i = 0; i < 2; i++) { /* the connect and the accept, in any order */
        portico_status one = faults_wait();
        status = one != PORTICO_OK ? one : status;
    }
    CHECK((status == PORTICO_OK) == (accept_op.socket != NULL));
    if (status == PORTICO_E_NO_HANDLES) {
        queue_empty();
    }
    if (accept_op.socket != NULL) {
        os_close(accept_op.socket, true);
    }
    os_close(client, true);
    return status;
}

static portico_status accept_at_once(void) {
    portico_status status = os_accept(faults_listener, &accept_op);
    if (status == PORTICO_OK) {
        os_cancel(faults_listener, &accept_op.op);
        CHECK(faults_wait() == PORTICO_E_CANCELLED);
    }
    return status;
}

/* Nobody sends: a recv in flight ends only because the connection breaks. */
static portico_status recv_breaks(void) {
    static os_op op;
    char byte;
    os_socket *client = client_connect();
    sim_fault_rate(SIM_FAULT_NETWORK, 1);
    portico_status status = PORTICO_E_NO_MEMORY;
    while (status == PORTICO_E_NO_MEMORY || status == PORTICO_E_NO_HANDLES) {
        status = os_recv(client, &op, &byte, 1);
    }
    status = status == PORTICO_OK ? faults_wait() : status;
    sim_fault_rate(SIM_FAULT_NETWORK, 2);
    os_close(client, true);
    return status;
}

static portico_status submit(void) {
    static os_op op;
    char byte;
    os_socket *client = client_connect();
    portico_status status = os_recv(client, &op, &byte, 1);
    os_close(client, true);
    if (status == PORTICO_OK) {
        (void)faults_wait();
    }
    return status;
}

/* A file that is open is a handle that a connect misses. */
static void check_files_are_handles(void) {
    sim_figures figures;
    sim_faults_pause(true);
    sim_look(&figures);
    sim_handles_limit((uint32_t)figures.handles + 1);
    FILE *file = os_fopen("faults_file", "wb");
    CHECK(file != NULL && os_fopen("faults_other", "wb") == NULL);
    CHECK(connect_at_once() == PORTICO_E_NO_HANDLES);
    CHECK(os_address_check(&faults_address) == PORTICO_E_NO_HANDLES);
    CHECK(fclose(file) == 0);
    CHECK(connect_at_once() == PORTICO_OK);
    sim_handles_limit(0);
}

SCENARIO(connections) {
    uint64_t shortage = STATUS_BIT(E_NO_MEMORY) + STATUS_BIT(E_NO_HANDLES);
    uint64_t breaks = STATUS_BIT(E_RESET) + STATUS_BIT(E_UNREACHABLE) + STATUS_BIT(E_TIMEOUT);
    faults_expect("accept at once", accept_at_once, STATUS_BIT(OK) + shortage);
    faults_expect("accept", accept_later,
                  STATUS_BIT(OK) + STATUS_BIT(E_SYSTEM) + breaks + shortage);
    faults_expect("recv", recv_breaks, STATUS_BIT(E_SYSTEM) + breaks);
    faults_expect("recv at once", submit, STATUS_BIT(OK) + shortage);
    faults_expect("connect at once", connect_at_once,
                  STATUS_BIT(OK) + STATUS_BIT(E_UNREACHABLE) + STATUS_BIT(E_ADDRESS) +
                      STATUS_BIT(E_ADDRESS_IN_USE) + STATUS_BIT(E_ACCESS) + shortage);
    faults_expect("connect", connect_later, STATUS_BIT(OK) + STATUS_BIT(E_REFUSED) + breaks);
    check_files_are_handles();
}
