/* mail.c: see mail.h. */
#include "sim/mail.h"

#include "sim/world.h"

#include <stdlib.h>

void mail_note(mail *m, uint64_t number) {
    if (m->count == m->capacity) {
        m->capacity = m->capacity == 0 ? 64 : 2 * m->capacity;
        m->all = realloc(m->all, m->capacity * sizeof *m->all);
        CHECK(m->all != NULL);
    }
    m->all[m->count++] = (mail_packet){.number = number};
}

void mail_sent(mail *m, uint64_t number, mail_fate fate) {
    uint32_t i = m->count;
    do {
        CHECK(i > 0);
    } while (m->all[--i].number != number);
    if (fate == MAIL_NEVER && m->all[i].arrived) {
        sim_fail("packet %llu was refused, and has arrived", (unsigned long long)number);
    }
    m->all[i].fate = fate;
    if (fate == MAIL_CERTAIN && i < m->at && !m->all[i].arrived) {
        sim_fail("packet %llu was accepted, and a later one has arrived before it",
                 (unsigned long long)number);
    }
}

void mail_arrived(mail *m, uint64_t number) {
    for (; m->at < m->count && m->all[m->at].number != number; m->at++) {
        if (m->all[m->at].fate == MAIL_CERTAIN) {
            sim_fail("packet %llu arrives before packet %llu, which was sent earlier",
                     (unsigned long long)number, (unsigned long long)m->all[m->at].number);
        }
    }
    if (m->at == m->count || m->all[m->at].fate == MAIL_NEVER) {
        sim_fail("packet %llu arrives, and was not sent here, or arrives twice",
                 (unsigned long long)number);
    }
    m->all[m->at++].arrived = true;
}

void mail_ended(const mail *m) {
    for (uint32_t i = m->at; i < m->count; i++) {
        if (m->all[i].fate == MAIL_CERTAIN) {
            sim_fail("the stream has ended, and packet %llu was sent and has not arrived",
                     (unsigned long long)m->all[i].number);
        }
    }
}
