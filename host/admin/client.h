/* client.h: a connection of `portico ctl` to the admin listener of a running host. One thread. */
#ifndef PORTICO_CLIENT_H
#define PORTICO_CLIENT_H

#include "admin/local.h"
#include "admin/token.h"
#include "config/config.h"

enum { CLIENT_WHY_MAX = LOCAL_WHY_MAX + TOKEN_WHY_MAX + 256 };

typedef struct client client;

/* Receives each line of an answer. */
typedef void (*client_line)(void *arg, const char *line);

/* Makes Ctrl+C interrupt the clients instead of ending the process. Called before client_open. */
portico_status client_catch_interrupt(void);
bool client_interrupted(void);

/* Connects to the host that runs with `settings`: to its local socket or, if that is not there and
 * it has a TCP address, to that, and shows it the token. NULL: `why` says what is wrong. */
client *client_open(const config *settings, char why[CLIENT_WHY_MAX]);
void client_close(client *c);

/* How long the whole answers of the next commands may take to come. */
void client_set_timeout(client *c, uint32_t timeout_ms);

/* From now on that is how long each line of an answer may take to come: for answers that report as
 * they proceed. */
void client_follow_lines(client *c);

/* Until when all that follows may take; `message` is printed when it takes longer. */
void client_set_end(client *c, uint64_t until_ms, const char *message);

/* Waits until the host closes the connection. Returns the exit code, 1 if it does not in time. */
int client_await_end(client *c);

/* Sends a command and gives `take` the lines of its answer. Returns the exit code: 0 for `ok`, or
 * after an interrupt; 1 for an error, which it has printed. */
int client_ask(client *c, const char *command, client_line take, void *arg);

/* Returns after the time, or at an interrupt. */
void client_pause(client *c, uint32_t pause_ms);

#endif
