/* faults.h: what the fault tests share: a host with the module faulty (tests/abi/faulty.c), and its
 * clients. One thread. Any failure ends the test, but for functions that say otherwise. */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include "abi/faulty.h"
#include "support/host.h"
#include "support/net.h"

typedef struct faults_options {
    const char *name;
    const char *modules;   /* "faulty faulty_guest"; NULL: faulty */
    const char *host_keys; /* as in host_options */
    const char *log_keys;
    const char *admin_keys;
    const char *module_keys; /* of [modules] */
    const char *each_keys;   /* of each [module NAME] */
    uint32_t workers;
    process_stdio stdio; /* as in host_options */
} faults_options;

/* Listeners: "game" and "victims" with faulty.session, "large" with faulty.large, "hasty" with
 * faulty.session and time limits of 4 seconds. The modules read the file of faults_plan_file.
 * Errors in the log are expected. */
host *faults_host(const faults_options *options);

/* [modules] keys that let a module fault as often as it likes: nothing is rolled back or frozen. */
extern const char faults_no_policy[];

/* Sets what faults in start, stop and migrate, and from the next start on in all entries, see
 * faulty_plans_read: "start null_read 2 1\n". "": nothing. */
void faults_plan_file(host *h, const char *text);

/* A client of the listener, which has been greeted by that generation (0: whichever). */
net_socket faults_connect(host *h, const char *listener, uint32_t generation);

/* Sends an opcode with one number. */
void faults_send(net_socket s, uint16_t opcode, uint32_t number);

/* Sends a number and expects it back, by a whole state. */
faulty_echo faults_echo(net_socket s, uint32_t number);

/* The next `times` calls of an entry fault. */
void faults_plan(net_socket s, uint32_t entry, uint32_t kind, uint32_t times);

/* The fate of a state: FAULTY_OF_.... */
faulty_shown faults_show(net_socket s, uint32_t of);

/* The same, expected to be whole: not half changed by a fault. */
faulty_shown faults_show_whole(net_socket s, uint32_t of);

/* Posts a message that faults; returns when it is posted. */
void faults_post(net_socket s, uint32_t to, uint32_t kind, uint32_t delay_ms);

faulty_reply faults_request(net_socket s, uint32_t to, uint32_t kind, uint32_t timeout_ms);
faulty_reply faults_run(net_socket s, uint32_t kind);

/* Joins the room, which is created; the status that the module is told. */
int32_t faults_join(net_socket s, const char *room);

/* Reads until the host closes the connection; closes it here too. False: it did not in time. */
bool faults_ended(net_socket s);

/* The promise of the host for a kind of fault here, see faulty_promise. 0: nothing; a sanitizer
 * takes it as its own. */
int faults_promise(uint32_t kind);

/* The exit codes with which a process may end after a fault: it says so with a report. */
bool faults_is_end(int exit_code);

#endif
