/* How a transfer failed: the kinds by name, and what libcurl says put into them. */
#include "impl.h"

#include <string.h>

const char *http_kind_name(http_kind kind) {
    static const char *const names[] = {
        [HTTP_OK] = "ok",
        [HTTP_CONFIG] = "config",
        [HTTP_DNS] = "dns",
        [HTTP_CONNECT] = "connect",
        [HTTP_TLS] = "tls",
        [HTTP_TIMEOUT] = "timeout",
        [HTTP_NETWORK] = "network",
        [HTTP_BAD_RESPONSE] = "bad_response",
        [HTTP_TOO_LARGE] = "response_too_large",
    };
    return names[kind];
}

static const char *default_message(const http_transfer *t, http_kind kind) {
    if (kind != HTTP_TIMEOUT) return http_kind_name(kind);
    return t->sent > 0 ? "no whole answer within the deadline" : "no connection within the deadline";
}

static bool is_retryable(http_kind kind) {
    return kind == HTTP_DNS || kind == HTTP_CONNECT || kind == HTTP_TIMEOUT || kind == HTTP_NETWORK;
}

void http_transfer_fail(http_transfer *t, http_kind kind, const char *message) {
    if (message == NULL) message = default_message(t, kind);
    t->message[0] = '\0';
    strncat(t->message, message, sizeof t->message - 1);
    t->result = (http_result){
        .kind = kind,
        .message = t->message,
        .maybe_processed = t->sent > 0,
        .retryable = is_retryable(kind),
    };
}

/* ---- connecting ---- */

static bool says(const http_link *link, const char *word) {
    return strstr(link->error, word) != NULL;
}

/* A handshake that was cut off says nothing about the peer's certificate. */
static http_kind judge_handshake(const http_link *link) {
    bool cut = says(link, "SSL_ERROR_SYSCALL") || says(link, "reset by peer") ||
               says(link, "unexpected eof") || says(link, "Broken pipe");
    return cut ? HTTP_CONNECT : HTTP_TLS;
}

static http_kind judge(const http_link *link, CURLcode code) {
    if (link->refused) return HTTP_CONFIG;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_DNS;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return HTTP_TLS;
    case CURLE_SSL_CONNECT_ERROR:
        return judge_handshake(link);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return HTTP_CONFIG;
    default:
        return HTTP_CONNECT;
    }
}

void http_transfer_judge(http_transfer *t, CURLcode code) {
    const http_link *link = t->link;
    http_kind kind = judge(link, code);
    const char *message = link->error[0] != '\0' ? link->error : curl_easy_strerror(code);
    if (kind == HTTP_TIMEOUT) message = NULL;
    if (link->refused) message = "http is spoken only to a loopback address";
    http_transfer_fail(t, kind, message);
}
