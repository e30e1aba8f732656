/* mailbox.c: see mailbox.h. */
#include "module/mailbox.h"

#include "module/call.h"
#include "module/state_ask.h"
#include "run/begun.h"
#include "run/inbox.h"
#include "run/meter.h"
#include "run/turns.h"
#include "run/request.h"
#include "run/schedule.h"

#include <stdio.h>
#include <stdlib.h>

struct mailbox {
    entity base; /* first */
    strand strand;
    inbox inbox;
    module *module; /* held */
    atomic_bool closed;
    atomic_bool held;   /* its messages wait */
    strand_errand look; /* a state_ask waits */
    bool started;       /* control thread */
};

static void mailbox_free(entity *e) {
    struct mailbox *b = (struct mailbox *)e;
    module *m = b->module;
    free(b);
    module_release(m);
}

/* Inside the gate. */
static void mailbox_call(struct mailbox *b, message *m) {
    const generation *g = module_generation(b->module);
    const registered_handler *handler = registry_find_handler(g->registry->messages, m->id);
    if (handler == NULL) {
        message_refuse(m);
        return;
    }
    turns_waited(b->module->watch_name, m->posted_ns);
    uint64_t began_ns = meter_begin();
    const portico_message shown = message_show(m);
    call c = {.kind = CALL_MODULE_MESSAGE,
              .number = m->id,
              .fn.handler = handler->call,
              .state = g->state,
              .state_size = g->shape.size,
              .entity = b->base.id,
              .data = m->bytes,
              .size = m->size,
              .shown = &shown};
    if (call_make(&c)) {
        meter_end(began_ns, 0, METER_MODULE_MESSAGE, b->module->name, m->id);
    } else {
        request_fault(m->request);
    }
}

/* If the mailbox is held, parks the message. False: it is not. */
static bool mailbox_waits(struct mailbox *b, work *w) {
    if (!atomic_load(&b->held)) {
        return false;
    }
    strand_park(&b->strand, w);
    if (!atomic_load(&b->held)) { /* by now, and the strand was not parked yet */
        strand_revive(&b->strand);
    }
    return true;
}

static void mailbox_on_message(work *w) {
    message *m = (message *)w;
    struct mailbox *b = (struct mailbox *)m->to;
    if (mailbox_waits(b, w)) {
        return;
    }
    if (!atomic_load(&b->closed) && m->begun != BEGUN_UNDONE) {
        passage p = module_enter(b->module, call_what(CALL_MODULE_MESSAGE), m->id, b->base.id);
        if (p == GATE_PARK) {
            strand_park(&b->strand, w);
            if (!gate_parks(&b->module->gate)) {
                strand_revive(&b->strand);
            }
            return;
        }
        if (p == GATE_PASSED) {
            mailbox_call(b, m);
            module_leave(b->module);
        }
    }
    message_free(m);
}

/* Answers all asks for the module's own state. While its code is being exchanged it does not: the
 * asker asks again. */
static void mailbox_answer(void *arg) {
    struct mailbox *b = arg;
    state_ask *a = NULL;
    if (!gate_enter_to_read(&b->module->gate)) {
        return;
    }
    generation *g = module_generation(b->module);
    while ((a = state_ask_take(b->base.id)) != NULL) {
        if (g->shape.size > 0) {
            state_ask_add(a, g, NULL, &g->shape, g->state, NULL);
        }
        state_ask_give(a);
    }
    gate_leave(&b->module->gate);
}

bool mailbox_ask(uint64_t id) {
    entity *e = entity_find_kind(id, ENTITY_MODULE);
    if (e == NULL) {
        return false;
    }
    struct mailbox *b = (struct mailbox *)e;
    strand_errand_ask(&b->strand, &b->look);
    entity_release(e);
    return true;
}

COLD static void mailbox_refuse(struct mailbox *b, uint32_t waiting) {
    char to[TEXT_IDENTIFIER_MAX + 16];
    snprintf(to, sizeof to, "module %s", b->module->name);
    inbox_refuse(&b->inbox, ENTITY_MODULE, module_current_quota(), to, waiting);
}

static portico_status mailbox_take(entity *e, message *m) {
    struct mailbox *b = (struct mailbox *)e;
    if (atomic_load(&b->closed)) {
        return PORTICO_E_GONE;
    }
    uint32_t waiting = strand_count(&b->strand);
    portico_status status = inbox_admit(&b->inbox, ENTITY_MODULE, m, waiting);
    if (status != PORTICO_OK) {
        mailbox_refuse(b, waiting);
        return status;
    }
    m->work.run = mailbox_on_message;
    strand_push(&b->strand, &m->work);
    return PORTICO_OK;
}

portico_status mailbox_open(module *m, os_port *port) {
    struct mailbox *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    b->module = m;
    b->inbox.quota = m->quota;
    strand_errand_init(&b->look, mailbox_answer, b);
    b->base.kind = ENTITY_MODULE;
    b->base.free = mailbox_free;
    b->base.take = mailbox_take;
    strand_init(&b->strand, &b->base, port);
    strand_pause(&b->strand);
    if (!entity_add(&b->base, 1)) {
        free(b);
        return PORTICO_E_NO_MEMORY;
    }
    module_hold(m);
    m->mailbox = b;
    m->self = b->base.id;
    return PORTICO_OK;
}

void mailbox_start(module *m) {
    struct mailbox *b = m->mailbox;
    if (!b->started) {
        b->started = true;
        strand_resume(&b->strand);
    }
}

void mailbox_pause(module *m) {
    atomic_store(&m->mailbox->held, true);
}

void mailbox_resume(module *m) {
    struct mailbox *b = m->mailbox;
    if (atomic_exchange(&b->held, false)) {
        strand_revive(&b->strand);
    }
}

void mailbox_close(module *m) {
    struct mailbox *b = m->mailbox;
    if (b != NULL) {
        atomic_store(&b->closed, true);
        mailbox_resume(m);
        mailbox_start(m); /* drops what a `start` that failed has posted */
        m->mailbox = NULL;
        requests_end(&b->base);
        schedules_end(&b->base);
        entity_release(&b->base);
    }
}

static void undo(void *arg, work *w) {
    if (w->run != mailbox_on_message) {
        return;
    }
    message *m = (message *)w;
    m->begun = m->begun == *(const uint32_t *)arg ? BEGUN_UNDONE : m->begun;
}

void mailbox_undo(module *m, uint32_t begun) {
    if (m->mailbox != NULL) {
        strand_each(&m->mailbox->strand, undo, &begun);
    }
}

void mailbox_revive(module *m) {
    if (m->mailbox != NULL) {
        strand_revive(&m->mailbox->strand);
    }
}

uint64_t mailbox_sweep(entity *e, uint64_t now_ms) {
    (void)now_ms;
    strand_kick(&((struct mailbox *)e)->strand);
    return ENTITY_SWEEP_LATER;
}

typedef struct mailbox_visit {
    void (*each)(void *arg, const char *name, uint32_t waiting);
    void *arg;
} mailbox_visit;

static void visit_mailbox(void *arg, entity *e) {
    const mailbox_visit *visit = arg;
    struct mailbox *b = (struct mailbox *)e;
    visit->each(visit->arg, b->module->name, strand_count(&b->strand));
}

void mailboxes_each(void (*each)(void *arg, const char *name, uint32_t waiting), void *arg) {
    mailbox_visit visit = {.each = each, .arg = arg};
    entity_each(ENTITY_MODULE, visit_mailbox, &visit);
}
