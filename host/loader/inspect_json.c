/* inspect_json.c: see inspect_json.h. */
#include "loader/inspect_json.h"

#include "base/json.h"
#include "module/packet_layout.h"
#include "module/setting.h"
#include "module/settings.h"

/* Shapes nest up to SHAPE_DEPTH_MAX. */
static void write_state_fields(json *j, const state_shape *s) {
    json_begin(j, "fields", '[');
    for (uint32_t i = 0; i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        char text[SHAPE_TEXT_MAX];
        shape_field_text(f, text, sizeof text);
        json_begin(j, NULL, '{');
        json_text(j, "name", f->name);
        json_text(j, "type", text);
        json_number(j, "offset", f->offset);
        json_number(j, "size", f->size);
        json_number(j, "count", f->count);
        if (f->fields != NULL) {
            write_state_fields(j, f->fields);
        }
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_state(json *j, const state_shape *s) {
    json_begin(j, "state", '{');
    json_number(j, "size", s->size);
    json_number(j, "version", s->version);
    json_bool(j, "declared", s->declared);
    write_state_fields(j, s);
    json_end(j, '}');
}

/* ---- packets --------------------------------------------------------------------------------- */

static const char *part_name(uint32_t part) {
    static const char *const names[] = {[PORTICO_PART_FIXED] = "fixed",
                                        [PORTICO_PART_TEXT] = "text",
                                        [PORTICO_PART_BYTES] = "bytes",
                                        [PORTICO_PART_NUMBERS] = "numbers",
                                        [PORTICO_PART_ROWS] = "rows"};
    return names[part];
}

/* Layouts nest up to PACKET_DEPTH_MAX. */
static void write_fields(json *j, const packet_layout *l) {
    json_begin(j, "fields", '[');
    for (uint32_t i = 0; i < l->field_count; i++) {
        const packet_field *f = &l->fields[i];
        json_begin(j, NULL, '{');
        json_text(j, "name", f->name);
        json_text(j, "type", packet_field_type(f));
        json_text(j, "part", part_name(f->part));
        json_number(j, "offset", f->offset);
        json_number(j, "size", f->size);
        json_number(j, f->part == PORTICO_PART_FIXED ? "count" : "max", f->count);
        if (f->fields != NULL) {
            write_fields(j, f->fields);
        }
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_opcodes(json *j, const char *key, const registered_handler *table) {
    json_begin(j, key, '[');
    for (const registered_handler *h = table; h != NULL; h = h->hh.next) {
        json_begin(j, NULL, '{');
        json_number(j, "opcode", h->id);
        json_text(j, "name", h->name);
        json_number(j, "size_min", h->size_min);
        json_number(j, "size_max", h->size_max);
        if (h->layout != NULL) {
            json_text(j, "packet", h->layout->name);
            write_fields(j, h->layout);
        }
        json_end(j, '}');
    }
    json_end(j, ']');
}

/* ---- types ----------------------------------------------------------------------------------- */

static void write_handlers(json *j, const char *key, const registered_handler *table) {
    json_begin(j, key, '[');
    for (const registered_handler *h = table; h != NULL; h = h->hh.next) {
        json_begin(j, NULL, '{');
        json_number(j, "id", h->id);
        json_text(j, "name", h->name);
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_session_types(json *j, const registered_type *types) {
    json_begin(j, "session_types", '[');
    for (const registered_type *t = types; t != NULL; t = t->next) {
        json_begin(j, NULL, '{');
        json_text(j, "name", t->name);
        json_bool(j, "joined", !t->owned);
        json_bool(j, "on_open", t->on_open != NULL);
        json_bool(j, "on_packet", t->on_packet != NULL);
        json_bool(j, "on_close", t->on_close != NULL);
        json_bool(j, "on_watermark", t->on_watermark != NULL);
        json_bool(j, "migrate", t->migrate != NULL);
        write_state(j, &t->shape);
        write_opcodes(j, "opcodes", t->packets);
        write_opcodes(j, "sends", t->sends);
        write_handlers(j, "messages", t->messages);
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_room_types(json *j, const registered_room *rooms) {
    json_begin(j, "room_types", '[');
    for (const registered_room *r = rooms; r != NULL; r = r->next) {
        json_begin(j, NULL, '{');
        json_text(j, "name", r->name);
        json_number(j, "max_members", r->max_members);
        json_bool(j, "on_open", r->on_open != NULL);
        json_bool(j, "on_join", r->on_join != NULL);
        json_bool(j, "on_leave", r->on_leave != NULL);
        json_bool(j, "on_close", r->on_close != NULL);
        json_bool(j, "migrate", r->migrate != NULL);
        write_state(j, &r->shape);
        write_handlers(j, "messages", r->messages);
        json_end(j, '}');
    }
    json_end(j, ']');
}

/* `values`: with the value that applies by the section. */
static void write_settings(json *j, const portico_table *settings, bool values,
                           const config_module *section) {
    json_begin(j, "settings", '[');
    for (uint32_t i = 0; i < settings->count; i++) {
        const portico_setting s = setting_at(settings, i);
        char allowed[VALUE_ALLOWED_MAX];
        setting_allowed(&s, "", allowed);
        json_begin(j, NULL, '{');
        json_text(j, "key", s.key);
        json_text(j, "kind", setting_kind_name(s.kind));
        json_text(j, "default", s.fallback);
        json_text(j, "allowed", allowed);
        json_text(j, "help", s.help);
        if (values) {
            json_text(j, "value", settings_text(section, &s));
        }
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void write_members(json *j, const generation *g, bool values, const config_module *section) {
    char abi[16];
    (void)snprintf(abi, sizeof abi, "%u.%u", PORTICO_ABI_MAJOR, g->abi_minor);
    json_text(j, "module", g->name);
    json_text(j, "version", g->version);
    json_text(j, "description", g->info.description);
    json_text(j, "abi", abi);
    json_begin(j, "requires", '[');
    for (char **r = g->required; *r != NULL; r++) {
        json_text(j, NULL, *r);
    }
    json_end(j, ']');
    write_state(j, &g->shape);
    write_session_types(j, g->registry->types);
    write_room_types(j, g->registry->rooms);
    write_handlers(j, "messages", g->registry->messages);
    write_handlers(j, "jobs", g->registry->jobs);
    write_settings(j, &g->info.settings, values, section);
}

static void write_file(void *arg, const char *bytes, size_t size) {
    (void)fwrite(bytes, 1, size, arg);
}

void inspect_json(const generation *g, FILE *to) {
    json j = {.write = write_file, .arg = to};
    json_begin(&j, NULL, '{');
    write_members(&j, g, false, NULL);
    json_end(&j, '}');
}

void inspect_json_members(json *j, const generation *g, const config_module *section) {
    write_members(j, g, true, section);
}
