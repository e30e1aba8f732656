/* call.c: see call.h. */
#include "call.h"

bool call_packet(session *s, const portico_packet *packet) {
    uint32_t part = 0;
    portico_on_packet handler = s->layout->parts[0].type->on_packet;
    const layout_handler *h = layout_find(s->layout, packet->opcode);
    if (h != NULL) {
        part = h->part;
        handler = h->handler->call;
    }
    if (handler == NULL) {
        return false;
    }
    module *before = module_enter(s->layout->parts[part].module, "opcode", packet->opcode, s->base.id);
    handler(s->base.id, s->attachments[part].state, packet);
    module_leave(before);
    return true;
}

void call_message(session *s, message *m) {
    for (uint32_t i = 0; i < s->layout->part_count; i++) {
        const registered_message *handler = registry_find_message(s->layout->parts[i].type->messages, m->id);
        if (handler != NULL && s->attachments[i].opened) {
            message_deliver(m, s->layout->parts[i].module, handler->call, s->attachments[i].state);
            return;
        }
    }
}

portico_status call_open(session *s, uint32_t part) {
    portico_status status = PORTICO_OK;
    const registered_type *type = s->layout->parts[part].type;
    s->attachments[part].opened = true;
    if (type->on_open != NULL) {
        module *before = module_enter(s->layout->parts[part].module, "on_open", 0, s->base.id);
        status = type->on_open(s->base.id, s->attachments[part].state);
        module_leave(before);
    }
    return status;
}

void call_close(session *s, uint32_t part, portico_status reason) {
    const registered_type *type = s->layout->parts[part].type;
    if (s->attachments[part].opened && type->on_close != NULL) {
        module *before = module_enter(s->layout->parts[part].module, "on_close", 0, s->base.id);
        type->on_close(s->base.id, s->attachments[part].state, reason);
        module_leave(before);
    }
    s->attachments[part].opened = false;
}

void call_watermark(session *s, uint32_t part, uint32_t queued_bytes, bool above) {
    const registered_type *type = s->layout->parts[part].type;
    if (s->attachments[part].opened && type->on_watermark != NULL) {
        module *before = module_enter(s->layout->parts[part].module, "on_watermark", 0, s->base.id);
        type->on_watermark(s->base.id, s->attachments[part].state, queued_bytes, above);
        module_leave(before);
    }
}
