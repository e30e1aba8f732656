/* mail.h: the packets that one client has to receive, and in which order.
 *
 * A module numbers what it sends and notes it here before it sends it, and afterwards how the send
 * went. The client reports what arrives: nothing that was not sent, nothing twice, in the order of
 * sending, and when the stream ends in good order, everything. */
#ifndef TEST_MAIL_H
#define TEST_MAIL_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mail_fate {
    MAIL_POSSIBLE, /* the send has not returned, or may not have included this client */
    MAIL_CERTAIN,  /* the host has accepted it for this client */
    MAIL_NEVER     /* the host has refused it */
} mail_fate;

typedef struct mail_packet {
    uint64_t number;
    mail_fate fate;
    bool arrived;
} mail_packet;

typedef struct mail {
    mail_packet *all;
    uint32_t count;
    uint32_t capacity;
    uint32_t at; /* those before it have arrived, or never will */
} mail;

/* Is about to be sent. */
void mail_note(mail *m, uint64_t number);

/* How the send went. */
void mail_sent(mail *m, uint64_t number, mail_fate fate);

/* Has arrived. */
void mail_arrived(mail *m, uint64_t number);

/* The stream has ended in good order. */
void mail_ended(const mail *m);

#endif
