/* faults.h: what the tests of the simulated system's faults share: every call that can fail fails
 * half the time, and in each way in which a real system's does. */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include "os/sim/sim.h"

#include "support/check.h"
#include "support/scenario.h"

/* A set of statuses: the sum of STATUS_BIT(OK), STATUS_BIT(E_RESET), ... */
#define STATUS_BIT(name) (1ull << -PORTICO_##name)

/* Calls `act` often. Checks that it returns each of these statuses, and no other. */
void faults_expect(const char *what, portico_status (*act)(void), uint64_t expected);

/* While nothing fails: a port, a listener at 127.0.0.1:7000 and an address that it has. */
extern os_port *faults_port;
extern os_socket *faults_listener;
extern os_address faults_address;

/* Waits for the completion of a submitted operation. */
portico_status faults_wait(void);

#endif
