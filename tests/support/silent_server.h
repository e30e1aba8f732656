/* silent_server.h: a name server that receives, and never answers. The test that has it, and what
 * it starts from then on, have a network and a file /etc/resolv.conf of their own, with it as the
 * only name server: a name is given up after 30 seconds. One thread. */
#ifndef TEST_SILENT_SERVER_H
#define TEST_SILENT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/* Before the process has a second thread. -1: the system does not let a test have one (it needs
 * Linux, and namespaces). */
int silent_server_open(void);

/* Takes one query. False: none has come. */
bool silent_server_asked(int server, uint32_t wait_ms);

void silent_server_close(int server);

#endif
