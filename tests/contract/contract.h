/* contract.h: the little that the contract tests share.
 *
 * A test is one scenario, one process, against os.h and standard C alone. Checks stay on in every
 * build; the first that fails prints file, line and values and ends the process with 1. A watchdog
 * ends a test that hangs. The probes are for tests whose main thread is the only one that waits.
 */
#ifndef PORTICO_CONTRACT_H
#define PORTICO_CONTRACT_H

#include "os/os.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { CONTRACT_WATCHDOG_MS = 60000, CONTRACT_QUIET_MS = 30 };

/* Reports why the test goes no further; the test then returns, passed as far as it went. */
void contract_skip(const char *reason);

_Noreturn void contract_fail(const char *file, int line, const char *text);
void contract_check_equal(const char *file, int line, const char *text, long long found,
                          long long expected);
void contract_check_status(const char *file, int line, const char *text, portico_status found,
                           portico_status expected);
const char *contract_status_name(portico_status status);

#define CHECK(condition) ((condition) ? (void)0 : contract_fail(__FILE__, __LINE__, #condition))
#define CHECK_EQ(found, expected) \
    contract_check_equal(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))
#define CHECK_STATUS(found, expected) \
    contract_check_status(__FILE__, __LINE__, #found, (found), (expected))
#define CHECK_OK(found) CHECK_STATUS(found, PORTICO_OK)

/* ---- probes: operations that count ------------------------------------------------------- */

typedef struct probe {
    os_accept_op accept; /* first: a completion's op is the probe */
    uint32_t submitted;  /* accepted submits */
    uint32_t completed;  /* never above `submitted`: checked */
    os_completion last;
} probe;

/* Submits and counts. Returns what the submit returned. */
portico_status probe_accept(probe *p, os_socket *listener);
portico_status probe_connect(probe *p, os_port *port, const os_address *to, os_socket **socket);
portico_status probe_recv(probe *p, os_socket *socket, void *data, uint32_t capacity);
portico_status probe_send(probe *p, os_socket *socket, os_buffer *list);
portico_status probe_post(probe *p, os_port *port);

/* Waits for one batch of completions and counts them at their probes. Returns how many. */
uint32_t probe_pump(os_port *port, uint32_t timeout_ms);

/* Waits until everything submitted with `p` has completed; returns the status of the last one. */
portico_status probe_wait(probe *p, os_port *port);

/* Checks that nothing completes for a moment. */
void probe_expect_quiet(os_port *port);

/* ---- sockets ----------------------------------------------------------------------------- */

typedef struct pair {
    os_socket *client;
    os_socket *server;
} pair;

os_port *contract_port(void);

/* Listens on a numeric address with port 0; writes the chosen port to *address. NULL: this machine
 * does not have the address. */
os_socket *contract_listen(os_port *port, const char *host, os_address *address);

/* Two connected sockets over 127.0.0.1. */
pair pair_open(os_port *port);
void pair_close(pair *p);

/* Moves exactly `size` bytes; both check success. */
void contract_send(os_port *port, os_socket *socket, const void *data, uint32_t size);
void contract_recv(os_port *port, os_socket *socket, void *data, uint32_t size);

/* Occupies the processor for this long. */
void contract_spin(uint32_t ms);

/* Fills with bytes that depend on `seed`, so that mixed-up or shifted bytes are noticed. */
void contract_pattern(uint8_t *data, size_t size, uint32_t seed);

#endif
