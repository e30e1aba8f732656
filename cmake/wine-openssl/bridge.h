/* bridge.h: libssl-3-x64.dll and libcrypto-3-x64.dll for Wine, which call the OpenSSL of the system
 * below Wine.
 *
 * Debian has OpenSSL for Linux only. portico.exe imports these DLLs as it would on Windows; under
 * Wine they are these libraries, built with winegcc. cmake/Openssl.cmake generates the functions
 * without a callback.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stddef.h>
#include <stdint.h>

#define WINDOWS_CALL __attribute__((ms_abi))

#endif
