/* address.h: between os_address and the system's sockaddr. Pure, any thread. */
#ifndef PORTICO_LINUX_ADDRESS_H
#define PORTICO_LINUX_ADDRESS_H

#include "os/os.h"

#include <sys/socket.h>

/* Writes the system's form; returns its size, or 0 when `address` has no family. */
socklen_t address_to_system(const os_address *address, struct sockaddr_storage *system);

/* Reads the system's form; OS_ADDRESS_NONE when it is neither IPv4 nor IPv6. */
void address_from_system(const struct sockaddr_storage *system, os_address *address);

#endif
