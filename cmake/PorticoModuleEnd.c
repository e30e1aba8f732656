/* PorticoModuleEnd.c: a part of every module that mingw-w64's gcc builds (PorticoModule.cmake).
 *
 * A DLL in C++ has a C++ library of its own, which allocates 73 KB for exceptions when the DLL is
 * loaded, and does not free them by itself when it is unloaded: each swap would leave them behind.
 * A module without exceptions does not have the function. C or C++. [at the DLL's end] */
#ifdef __cplusplus
extern "C" {
#endif

__attribute__((weak)) void _ZN9__gnu_cxx9__freeresEv(
    void); /* NOLINT(bugprone-reserved-identifier) */

/* Volatile: an address of 64 bits, because the distance to none does not fit into 32. */
static void (*volatile const free_pool)(void) = _ZN9__gnu_cxx9__freeresEv;

__attribute__((destructor)) static void end_library(void) {
    if (free_pool != 0) {
        free_pool();
    }
}

#ifdef __cplusplus
}
#endif
