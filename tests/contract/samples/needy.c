/* A library that needs another one, which is in a place where the loader does not look. */
#if defined(_WIN32)
#define SAMPLE_EXPORT __declspec(dllexport)
#define SAMPLE_IMPORT __declspec(dllimport)
#else
#define SAMPLE_EXPORT __attribute__((visibility("default")))
#define SAMPLE_IMPORT
#endif

SAMPLE_IMPORT int contract_sample_count(void);
SAMPLE_EXPORT int contract_needy_count(void);

int contract_needy_count(void) {
    return contract_sample_count();
}
