/* levels_late.c: joins levels.session and logs the calls of its own on_watermark. */
#include <portico/portico.h>

static const portico_host *host;

static void PORTICO_CALL on_watermark(portico_session session, void *state, uint32_t queued_bytes,
                                      uint32_t above) {
    (void)session;
    (void)state;
    (void)queued_bytes;
    host->log(PORTICO_LOG_INFO, above ? "guest is above" : "guest is below");
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "levels.session", .on_watermark = on_watermark};
    return host->register_session_type(&type);
}

static const char *const required[] = {"levels", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "levels_late",
    .version = "1",
    .required = required,
    .load = module_load,
};

PORTICO_MODULE(info);
