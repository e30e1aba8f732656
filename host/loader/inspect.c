/* inspect.c: see inspect.h. */
#include "loader/inspect.h"

#include "base/status.h"
#include "loader/client_code.h"
#include "loader/inspect_json.h"
#include "module/packet_layout.h"
#include "module/settings.h"

static void print_handlers(FILE *to, const char *indent, const char *word,
                           const registered_handler *table) {
    for (const registered_handler *h = table; h != NULL; h = h->hh.next) {
        fprintf(to, "%s%-10s %u%s%s\n", indent, word, h->id, h->name[0] != '\0' ? " " : "",
                h->name);
    }
}

static void print_opcodes(FILE *to, const char *word, const registered_handler *table) {
    for (const registered_handler *h = table; h != NULL; h = h->hh.next) {
        fprintf(to, "  %-10s %u%s%s: ", word, h->id, h->name[0] != '\0' ? " " : "", h->name);
        if (h->layout != NULL) {
            char text[1024];
            packet_layout_text(h->layout, text, sizeof text);
            fprintf(to, "%s\n", text);
        } else if (h->size_max == UINT32_MAX) {
            fprintf(to, "%u bytes or more\n", h->size_min);
        } else {
            fprintf(to, "%u to %u bytes\n", h->size_min, h->size_max);
        }
    }
}

/* Fields of structs within are indented below theirs. Shapes nest up to SHAPE_DEPTH_MAX. */
static void print_fields(FILE *to, const char *indent, const state_shape *s, int depth) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        char text[SHAPE_TEXT_MAX];
        shape_field_text(f, text, sizeof text);
        fprintf(to, "%sfield      %*s%s: %s, offset %u, size %u\n", indent, 2 * depth, "", f->name,
                text, f->offset, f->size * f->count);
        if (f->fields != NULL) {
            print_fields(to, indent, f->fields, depth + 1);
        }
    }
}

static void print_type(FILE *to, const registered_type *t) {
    fprintf(to, "type         %s%s, state %u bytes, version %u\n", t->name,
            t->owned ? "" : " (joined)", t->shape.size, t->shape.version);
    fprintf(to, "  calls     %s%s%s%s%s\n", t->on_open != NULL ? " on_open" : "",
            t->on_packet != NULL ? " on_packet" : "", t->on_close != NULL ? " on_close" : "",
            t->on_watermark != NULL ? " on_watermark" : "", t->migrate != NULL ? " migrate" : "");
    print_fields(to, "  ", &t->shape, 0);
    print_opcodes(to, "opcode", t->packets);
    print_opcodes(to, "sends", t->sends);
    print_handlers(to, "  ", "message", t->messages);
}

static void print_room(FILE *to, const registered_room *r) {
    fprintf(to, "room type    %s, state %u bytes, version %u, members %u\n", r->name, r->shape.size,
            r->shape.version, r->max_members);
    fprintf(to, "  calls     %s%s%s%s%s\n", r->on_open != NULL ? " on_open" : "",
            r->on_join != NULL ? " on_join" : "", r->on_leave != NULL ? " on_leave" : "",
            r->on_close != NULL ? " on_close" : "", r->migrate != NULL ? " migrate" : "");
    print_fields(to, "  ", &r->shape, 0);
    print_handlers(to, "  ", "message", r->messages);
}

static void print_module(FILE *to, const generation *g) {
    fprintf(to, "module       %s\n", g->name);
    fprintf(to, "version      %s\n", g->version);
    if (g->info.description != NULL) {
        fprintf(to, "description  %s\n", g->info.description);
    }
    fprintf(to, "abi          %u.%u (this host: %u.%u)\n", PORTICO_ABI_MAJOR, g->abi_minor,
            PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR);
    fprintf(to, "file         %s\n", g->file);
    for (char **r = g->required; *r != NULL; r++) {
        fprintf(to, "requires     %s\n", *r);
    }
    fprintf(to, "state        %u bytes, version %u\n", g->shape.size, g->shape.version);
    print_fields(to, "", &g->shape, 0);
    for (const registered_type *t = g->registry->types; t != NULL; t = t->next) {
        print_type(to, t);
    }
    for (const registered_room *r = g->registry->rooms; r != NULL; r = r->next) {
        print_room(to, r);
    }
    print_handlers(to, "", "message   ", g->registry->messages);
    print_handlers(to, "", "job       ", g->registry->jobs);
    if (g->info.settings.count > 0) {
        fprintf(to, "\n");
        settings_print(&g->info.settings, g->name, to);
    }
}

portico_status inspect_module(const char *file, inspect_form form, const char *language, FILE *to,
                              char why[IMAGE_WHY_MAX]) {
    generation *g = NULL;
    portico_status status = image_open(file, &g, why);
    if (status != PORTICO_OK) {
        if (why[0] == '\0') {
            snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
        }
        return status;
    }
    switch (form) {
    case INSPECT_TEXT: print_module(to, g); break;
    case INSPECT_JSON: inspect_json(g, to); break;
    case INSPECT_CLIENT: status = client_code_write(g, language, to); break;
    }
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    generation_free(g);
    return status;
}
