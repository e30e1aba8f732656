/* address.h: between os_address and the system's SOCKADDR. Pure, any thread. */
#ifndef PORTICO_WINDOWS_ADDRESS_H
#define PORTICO_WINDOWS_ADDRESS_H

#include "private.h"

/* Whether a socket can have the address's family. */
bool address_valid(const os_address *address);

/* Writes the system's form; returns its size. */
int address_to_system(const os_address *address, SOCKADDR_STORAGE *system);

/* Reads the system's form; OS_ADDRESS_NONE when it is neither IPv4 nor IPv6. */
void address_from_system(const SOCKADDR *system, os_address *address);

#endif
