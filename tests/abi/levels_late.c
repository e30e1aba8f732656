/* levels_late.c: joins levels.session and logs the calls of its own on_watermark. */
#include <portico/portico.h>

static void on_watermark(portico_session session, void *state, uint32_t queued_bytes,
                         uint32_t above) {
    (void)session;
    (void)state;
    (void)queued_bytes;
    portico->log(PORTICO_LOG_INFO, above ? "guest is above" : "guest is below");
}

static const portico_session_type types[] = {
    {.name = "levels.session", .on_watermark = on_watermark}};

static const char *const required[] = {"levels", NULL};

static const portico_module levels_late = {.name = "levels_late",
                                           .version = "1",
                                           .required = required,
                                           .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(levels_late);
