#include "jws.h"
#include "b64.h"
#include "reader.h"

#include <openssl/crypto.h>
#include <string.h>

cog_err cog_jws_split(cog_slice token, cog_slice parts[3]) {
    if (token.len > COG_TOKEN_MAX) return COG_TOO_LARGE;
    for (int i = 0; i < 2; i++) {
        const unsigned char *dot = token.len ? memchr(token.data, '.', token.len) : NULL;
        if (!dot || dot == token.data) return COG_MALFORMED;
        parts[i] = (cog_slice){token.data, (size_t)(dot - token.data)};
        token = (cog_slice){dot + 1, token.len - parts[i].len - 1};
    }
    parts[2] = token;
    return token.len ? COG_OK : COG_MALFORMED; /* a third dot is no base64url */
}

static cog_err decode_part(cog_slice part, unsigned char **to, unsigned char **decoded, size_t *len) {
    *decoded = *to;
    if (cog_b64url_decode((const char *)part.data, part.len, *to, len)) return COG_MALFORMED;
    *to += *len;
    return COG_OK;
}

static cog_err decode_parts(cog_jws *jws, const cog_slice parts[3], bool all) {
    unsigned char *to = jws->block ? jws->block : jws->small, *start = to;
    cog_err error = decode_part(parts[1], &to, &jws->payload, &jws->payload_len);
    jws->header = jws->signature = NULL;
    if (all && !error) error = decode_part(parts[0], &to, &jws->header, &jws->header_len);
    if (all && !error) error = decode_part(parts[2], &to, &jws->signature, &jws->signature_len);
    /* what stood in the way of a part may have come behind some of it */
    jws->used = error ? parts[0].len + parts[1].len + parts[2].len : (size_t)(to - start);
    return error;
}

static cog_err open_parts(cog_jws *jws, cog_slice token, bool all) {
    cog_slice parts[3];
    cog_err error = cog_jws_split(token, parts);
    if (error) return error;
    jws->input = (cog_slice){token.data, parts[0].len + 1 + parts[1].len};
    jws->block = NULL;
    if (token.len > sizeof jws->small) {
        jws->block = OPENSSL_malloc(token.len);
        if (!jws->block) return COG_MEMORY;
    }
    error = decode_parts(jws, parts, all);
    if (error) cog_jws_close(jws);
    return error;
}

cog_err cog_jws_open(cog_jws *jws, cog_slice token) {
    return open_parts(jws, token, true);
}

cog_err cog_jws_open_payload(cog_jws *jws, cog_slice token) {
    return open_parts(jws, token, false);
}

void cog_jws_close(cog_jws *jws) {
    OPENSSL_cleanse(jws->block ? jws->block : jws->small, jws->used);
    OPENSSL_free(jws->block);
    jws->block = NULL;
    jws->used = 0;
}

/* What a header says of the three members that we understand; all others are never used, a key of the token's own
 * (jwk, jku, x5c, x5u) least of all. */
struct header {
    bool rs256, has_crit;
    cog_json_event kid_kind; /* COG_JSON_END: no kid */
    cog_slice kid;
};

static bool read_member(cog_json *json, void *context) {
    struct header *header = context;
    cog_slice name = json->string;
    cog_json_event value = cog_json_next(json);
    if (COG_IS(name, "alg")) {
        header->rs256 = value == COG_JSON_STRING && COG_IS(json->string, "RS256");
    } else if (COG_IS(name, "crit")) {
        header->has_crit = true;
    } else if (COG_IS(name, "kid")) {
        header->kid_kind = value;
        header->kid = json->string;
    }
    return cog_json_skip(json, value);
}

cog_err cog_jws_header(cog_jws *jws, const unsigned char *seed, cog_slice *kid) {
    struct header header = {.kid_kind = COG_JSON_END};
    cog_err error =
        cog_read_object(jws->header, jws->header_len, seed, read_member, &header, COG_HEADER_NOT_OBJECT);
    if (error) return error == COG_NUMBER_RANGE ? COG_BAD_JSON : error;
    if (!header.rs256) return COG_ALG_NOT_ALLOWED;
    if (header.has_crit) return COG_CRIT_UNSUPPORTED;
    if (header.kid_kind == COG_JSON_END) return COG_KID_MISSING;
    *kid = header.kid;
    return header.kid_kind == COG_JSON_STRING ? COG_OK : COG_KID_INVALID;
}
