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

static bool says(const http_transfer *t, const char *word) {
    return strstr(t->error, word) != NULL;
}

/* A handshake that was cut off says nothing about the peer's certificate. */
static http_kind judge_handshake(const http_transfer *t) {
    bool cut = says(t, "SSL_ERROR_SYSCALL") || says(t, "reset by peer") ||
               says(t, "unexpected eof") || says(t, "Broken pipe");
    return cut ? HTTP_CONNECT : HTTP_TLS;
}

/* Errors that mean different things before and after the request was on its way. */
static http_kind judge_by_time(const http_transfer *t, CURLcode code) {
    if (t->sends == 0) {
        bool config = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
        return config ? HTTP_CONFIG : HTTP_CONNECT;
    }
    switch (code) {
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, or no HTTP at all */
    case CURLE_BAD_FUNCTION_ARGUMENT:
        return HTTP_BAD_RESPONSE;
    case CURLE_OUT_OF_MEMORY: /* what libcurl says of a header line over its own limit */
#if LIBCURL_VERSION_NUM >= 0x080000
    case CURLE_TOO_LARGE:
#endif
        return t->complete ? HTTP_NETWORK : HTTP_TOO_LARGE;
    case CURLE_RECV_ERROR:
        return says(t, "chunk") ? HTTP_BAD_RESPONSE : HTTP_NETWORK;
    default:
        return HTTP_NETWORK;
    }
}

static http_kind judge(const http_transfer *t, CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_DNS;
    case CURLE_COULDNT_CONNECT:
        return HTTP_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return HTTP_TLS;
    case CURLE_SSL_CONNECT_ERROR:
        return judge_handshake(t);
    default:
        return judge_by_time(t, code);
    }
}

static bool is_retryable(http_kind kind) {
    return kind == HTTP_DNS || kind == HTTP_CONNECT || kind == HTTP_TIMEOUT || kind == HTTP_NETWORK;
}

static void fail(http_transfer *t, http_kind kind, const char *message) {
    t->result.kind = kind;
    t->result.message = message;
    t->result.maybe_processed = t->sends > 0;
    t->result.retryable = is_retryable(kind);
}

static void succeed(http_transfer *t) {
    t->result.head = t->head.data;
    t->result.head_length = t->head.length;
    t->result.body = t->body.data;
    t->result.body_length = t->body.length;
}

static const char *describe(const http_transfer *t, http_kind kind, CURLcode code) {
    if (kind == HTTP_TIMEOUT)
        return t->sends > 0 ? "no whole answer within the deadline"
                            : "no connection within the deadline";
    if (kind == HTTP_TOO_LARGE) return "the header of the answer is over the limit";
    return t->error[0] != '\0' ? t->error : curl_easy_strerror(code);
}

void http_transfer_judge(http_transfer *t, CURLcode code) {
    t->result = (http_result){0};
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->result.status);
    if (t->kind != HTTP_OK) {
        fail(t, t->kind, t->reason);
    } else if (code != CURLE_OK) {
        http_kind kind = judge(t, code);
        fail(t, kind, describe(t, kind, code));
    } else if (t->encoded) {
        fail(t, HTTP_BAD_RESPONSE, "the answer is compressed, which was not asked for");
    } else if (t->result.status < 200) {
        fail(t, HTTP_BAD_RESPONSE, "the answer has no status that ends a request");
    } else {
        succeed(t);
    }
}

void http_transfer_refuse(http_transfer *t, const char *reason) {
    t->sends = 0;
    fail(t, HTTP_CONFIG, reason);
}
