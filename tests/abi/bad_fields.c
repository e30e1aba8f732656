/* bad_fields.c: a module whose table of fields exceeds its state. */
#include <portico/portico.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)state;
    const portico_field score = {"score", PORTICO_KIND_UNSIGNED, 2, 4, 1};
    const portico_state_fields fields = {sizeof fields, sizeof score, 1, 0, &score};
    const portico_session_type type = {
        .struct_size = sizeof type, .state_size = 4, .name = "session", .state_fields = &fields};
    return host->register_session_type(&type);
}

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "bad_fields", .version = "1",
                                         .load = module_load};

PORTICO_MODULE(info);
