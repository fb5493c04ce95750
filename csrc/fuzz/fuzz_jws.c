/* Tokens: as they come (first octet even), or made of two JSON texts parted by a line feed (odd), which gets the
 * fuzzer past base64. No form may crash, and what splits is put together again by its parts. */
#include "fuzz.h"
#include "../core/b64.h"
#include "../core/verify.h"

static void check_parts(cog_slice token) {
    cog_slice parts[3];
    if (cog_jws_split(token, parts)) return;
    REQUIRE(parts[0].len && parts[1].len && parts[2].len);
    REQUIRE(parts[0].len + parts[1].len + parts[2].len + 2 == token.len);
    REQUIRE(parts[1].data[-1] == '.' && parts[2].data[-1] == '.');
}

static cog_err header_verdict(cog_slice token) {
    cog_jws jws;
    cog_slice kid;
    cog_err error = cog_jws_open(&jws, token);
    if (error) return error;
    error = cog_jws_header(&jws, fuzz_seed, &kid);
    if (!error) REQUIRE(kid.data >= jws.header && kid.data + kid.len <= jws.header + jws.header_len);
    cog_jws_close(&jws);
    return error;
}

static void check(cog_slice token) {
    cog_time times[3];
    unsigned char issuer[COG_ISSUER_MAX];
    size_t len;
    check_parts(token);
    cog_err header = header_verdict(token), claims = cog_jwt_issuer(fuzz_seed, token, issuer, &len);
    if (header) REQUIRE(claims == header);
    /* for some, since it costs as much as all of the above */
    if (token.len % 4 == 0 && cog_jwt_times(fuzz_seed, token, times) == COG_BAD_JSON) REQUIRE(claims != COG_OK);
}

/* header LF payload -> a token with a signature of three octets */
static void check_made(const uint8_t *data, size_t size) {
    const uint8_t *feed = size ? memchr(data, '\n', size) : NULL;
    if (!feed) return;
    size_t header = (size_t)(feed - data), payload = size - header - 1;
    size_t a = cog_b64url_size(header), b = cog_b64url_size(payload);
    char *token = malloc(a + b + 6);
    REQUIRE(token);
    cog_b64url_encode(data, header, token);
    token[a] = '.';
    cog_b64url_encode(feed + 1, payload, token + a + 1);
    memcpy(token + a + 1 + b, ".AAAA", 5);
    check((cog_slice){(unsigned char *)token, a + b + 6});
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    if (data[0] % 2) check_made(data + 1, size - 1);
    else check((cog_slice){data + 1, size - 1});
    return 0;
}
