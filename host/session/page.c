/* page.c: see page.h. A session asks the reader's thread, and waits without a recv; the answer
 * finds it by its id, so a file that cannot be read now holds no session. */
#include "session/page.h"

#include "session/private.h"
#include "session/websocket.h"
#include "web/reader.h"

/* A file has been read, or not. Takes over the reference to `answer`. [reader's thread] */
static void page_on_answer(uint64_t id, shared *answer) {
    session *s = session_find(id);
    if (s != NULL) {
        os_mutex_lock(&s->lock);
        s->websocket->asks = false;
        if (answer != NULL && s->state == SESSION_HANDSHAKE) {
            s->websocket->page = answer;
            session_request_turn_locked(s, TURN_TRANSPORT);
            answer = NULL;
        } else {
            session_abort_locked(s, PORTICO_E_NO_MEMORY); /* or it has been closed */
        }
        os_mutex_unlock(&s->lock);
        session_release(s);
    }
    if (answer != NULL) {
        shared_release(answer);
    }
}

/* Takes over the reference to `answer`. */
static handshake_result page_queue(session *s, shared *answer) {
    if (answer == NULL) {
        session_abort(s, PORTICO_E_NO_MEMORY);
        return HANDSHAKE_REFUSED;
    }
    os_mutex_lock(&s->lock);
    (void)session_queue_shared_locked(s, answer); /* else it closes, or has closed */
    os_mutex_unlock(&s->lock);
    shared_release(answer);
    return HANDSHAKE_SERVED;
}

handshake_result page_ask(session *s, const http_head *head) {
    files_request request;
    if (!files_read_request(head, &request)) {
        return page_queue(s, files_missing(request.head_only));
    }
    s->websocket->served = true;
    os_mutex_lock(&s->lock);
    s->websocket->asks = true;
    os_mutex_unlock(&s->lock);
    if (!reader_ask(s->service->files, &request, page_on_answer, s->base.id)) {
        return page_queue(s, NULL);
    }
    return HANDSHAKE_MORE;
}

handshake_result page_send(session *s) {
    os_mutex_lock(&s->lock);
    shared *answer = s->websocket->page;
    s->websocket->page = NULL;
    os_mutex_unlock(&s->lock);
    return answer != NULL ? page_queue(s, answer) : HANDSHAKE_MORE;
}

bool page_waits_locked(const session *s) {
    return s->websocket != NULL && s->websocket->asks;
}
