/* layers.c: which layers a service has. See handshake.h. */
#include "session/handshake.h"
#include "session/secure.h"
#include "session/websocket.h"

const handshake_layer *const *handshake_of(const config_service *settings) {
    static const handshake_layer *const web[] = {&websocket_layer, NULL};
    static const handshake_layer *const secure[] = {&secure_layer, NULL};
    static const handshake_layer *const secure_web[] = {&secure_layer, &websocket_layer, NULL};
    if (settings->transport == CONFIG_TRANSPORT_WEBSOCKET) {
        return settings->tls.on ? secure_web : web;
    }
    return settings->tls.on ? secure : NULL;
}
