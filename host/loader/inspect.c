/* inspect.c: see inspect.h. */
#include "loader/inspect.h"

#include "api/host_api.h"
#include "base/status.h"
#include "module/module.h"

static void print_messages(FILE *to, const char *indent, const registered_handler *table) {
    for (const registered_handler *m = table; m != NULL; m = m->hh.next) {
        fprintf(to, "%smessage    %u\n", indent, m->id);
    }
}

static void print_fields(FILE *to, const char *indent, const state_shape *s) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        char text[SHAPE_TEXT_MAX];
        shape_field_text(f, text, sizeof text);
        fprintf(to, "%sfield      %s: %s, offset %u, size %u\n", indent, f->name, text, f->offset,
                f->size * f->count);
    }
}

static void print_type(FILE *to, const registered_type *t) {
    fprintf(to, "type         %s%s, state %u bytes, version %u\n", t->name,
            t->owned ? "" : " (joined)", t->shape.size, t->shape.version);
    fprintf(to, "  calls     %s%s%s%s%s\n", t->on_open != NULL ? " on_open" : "",
            t->on_packet != NULL ? " on_packet" : "", t->on_close != NULL ? " on_close" : "",
            t->on_watermark != NULL ? " on_watermark" : "", t->migrate != NULL ? " migrate" : "");
    print_fields(to, "  ", &t->shape);
    for (const registered_handler *h = t->packets; h != NULL; h = h->hh.next) {
        fprintf(to, "  opcode     %u\n", h->id);
    }
    print_messages(to, "  ", t->messages);
}

static void print_room(FILE *to, const registered_room *r) {
    fprintf(to, "room type    %s, state %u bytes, version %u, members %u\n", r->name, r->shape.size,
            r->shape.version, r->max_members);
    fprintf(to, "  calls     %s%s%s%s%s\n", r->on_open != NULL ? " on_open" : "",
            r->on_join != NULL ? " on_join" : "", r->on_leave != NULL ? " on_leave" : "",
            r->on_close != NULL ? " on_close" : "", r->migrate != NULL ? " migrate" : "");
    print_fields(to, "  ", &r->shape);
    print_messages(to, "  ", r->messages);
}

static void print_module(FILE *to, const generation *g) {
    fprintf(to, "module       %s\n", g->name);
    fprintf(to, "version      %s\n", g->version);
    if (g->info.description != NULL) {
        fprintf(to, "description  %s\n", g->info.description);
    }
    fprintf(to, "abi          %u.%u (this host: %u.%u)\n", g->info.abi_major, g->info.abi_minor,
            PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR);
    fprintf(to, "file         %s\n", g->file);
    for (char **r = g->required; *r != NULL; r++) {
        fprintf(to, "requires     %s\n", *r);
    }
    fprintf(to, "state        %u bytes, version %u\n", g->shape.size, g->shape.version);
    print_fields(to, "", &g->shape);
    for (const registered_type *t = g->registry->types; t != NULL; t = t->next) {
        print_type(to, t);
    }
    for (const registered_room *r = g->registry->rooms; r != NULL; r = r->next) {
        print_room(to, r);
    }
    print_messages(to, "", g->registry->messages);
    for (const registered_handler *b = g->registry->blocking; b != NULL; b = b->hh.next) {
        fprintf(to, "blocking     %u\n", b->id);
    }
}

portico_status inspect_module(const char *file, FILE *to, char why[IMAGE_WHY_MAX]) {
    generation *g = NULL;
    portico_status status = image_open(file, &g, why);
    if (status != PORTICO_OK) {
        if (why[0] == '\0') {
            snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
        }
        return status;
    }
    module *m = module_create(g);
    if (m == NULL) {
        generation_free(g);
        return PORTICO_E_NO_MEMORY;
    }
    m->inspected = true;
    status = module_call_load(m, g, host_api(NULL), why, IMAGE_WHY_MAX);
    if (status == PORTICO_OK) {
        print_module(to, g);
        module_call_unload(m, g);
    }
    module_destroy(m); /* and g */
    return status;
}
