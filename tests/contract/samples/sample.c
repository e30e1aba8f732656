/* A library with state, for library.c: its count starts anew with each load. */
#if defined(_WIN32)
#define SAMPLE_EXPORT __declspec(dllexport)
#else
#define SAMPLE_EXPORT __attribute__((visibility("default")))
#endif

SAMPLE_EXPORT int contract_sample_count(void);

static int calls;

int contract_sample_count(void) {
    return ++calls;
}
