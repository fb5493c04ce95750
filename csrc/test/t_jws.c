/* A token taken apart: its structure, its size, its header. */
#include "t_sign.h"
#include "../core/json.h"
#include "../core/jws.h"

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k\"}"

static cog_err opens(const char *text, size_t len) {
    cog_jws jws;
    unsigned char *tight = t_tight(text, len);
    cog_err error = cog_jws_open(&jws, (cog_slice){tight, len});
    if (!error) {
        CHECK(jws.header_len && jws.payload_len && jws.signature_len);
        cog_jws_close(&jws);
        cog_jws_close(&jws);
    }
    free(tight);
    return error;
}

static void test_structure(void) {
    static const char *const bad[] = {
        "", ".", "..", "...", "a", "YQ", "YQ.YQ", "YQ.YQ.", ".YQ.YQ", "YQ..YQ", "YQ.YQ.YQ.", "YQ.YQ.YQ.YQ", ".YQ.YQ.YQ",
        "YQ.YQ..YQ", "Y.YQ.YQ", "YQ.Y.YQ", "YQ.YQ.Y", "YR.YQ.YQ", "YQ.YR.YQ", "YQ.YQ.YR", "YQ=.YQ.YQ", "YQ==.YQ.YQ",
        "YQ.YQ.YQ==", "YQ.YQ.YQ\n", " YQ.YQ.YQ", "YQ.YQ .YQ", "YQ.+/8.YQ", "YQ%2EYQ%2EYQ", "YQ.YWE.YWF",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cog_err got = opens(bad[i], strlen(bad[i]));
        if (got != COG_MALFORMED) printf("%s\n", bad[i]);
        CHECK_ERR(got, COG_MALFORMED);
    }
    CHECK_ERR(opens("YQ.YQ.YQ", 8), COG_OK);
    CHECK_ERR(opens("YQ.YQ.YQ\0", 9), COG_MALFORMED);
    CHECK_ERR(opens("YQ.YQ\0.YQ", 9), COG_MALFORMED);
}

/* Sizes around the one that is kept without an allocation, and around the limit. */
static void test_sizes(void) {
    static char text[COG_TOKEN_MAX + 8];
    for (size_t len = COG_JWS_SMALL - 4; len < COG_JWS_SMALL + 8; len += 4) {
        memset(text, 'A', sizeof text);
        memcpy(text, "YQ.YQ.", 6);
        CHECK_ERR(opens(text, len + 2), COG_OK);
        text[len + 1] = '=';
        CHECK_ERR(opens(text, len + 2), COG_MALFORMED);
    }
    memset(text, 'A', sizeof text);
    memcpy(text, "YQ.YQ.", 6);
    CHECK_ERR(opens(text, COG_TOKEN_MAX), COG_OK);
    CHECK_ERR(opens(text, COG_TOKEN_MAX + 1), COG_TOO_LARGE);
    memset(text, 'A', sizeof text);
    CHECK_ERR(opens(text, COG_TOKEN_MAX), COG_MALFORMED);
    CHECK_ERR(opens(text, COG_TOKEN_MAX + 1), COG_TOO_LARGE);
}

static cog_err header(const char *text) {
    static char token[400000];
    cog_jws jws;
    cog_slice kid = {NULL, 0};
    char *at = t_b64url(token, text, strlen(text));
    strcpy(at, ".e30.AA");
    cog_err error = cog_jws_open(&jws, (cog_slice){(unsigned char *)token, strlen(token)});
    if (error) return error;
    error = cog_jws_header(&jws, t_seed, &kid);
    if (!error) CHECK(COG_IS(kid, "k"));
    cog_jws_close(&jws);
    return error;
}

static void test_header(void) {
    static const struct {
        const char *text;
        cog_err wanted;
    } cases[] = {
        {HEADER, COG_OK},
        {"{\"kid\":\"\\u006b\",\"\\u0061lg\":\"RS\\u003256\",\"typ\":7,\"enc\":\"x\",\"jwk\":{\"kid\":\"z\"}}", COG_OK},
        {"{\"x\":{\"alg\":\"none\",\"crit\":[]},\"alg\":\"RS256\",\"kid\":\"k\"}", COG_OK},
        {"[]", COG_HEADER_NOT_OBJECT}, {"[" HEADER "]", COG_HEADER_NOT_OBJECT}, {"7", COG_HEADER_NOT_OBJECT},
        {"\"x\"", COG_HEADER_NOT_OBJECT}, {"null", COG_HEADER_NOT_OBJECT}, {"[", COG_BAD_JSON}, {"7 7", COG_BAD_JSON},
        {"[]]", COG_BAD_JSON}, {HEADER "x", COG_BAD_JSON}, {"{\"alg\":\"RS256\",\"kid\":\"k\"", COG_BAD_JSON},
        {"{\"alg\":\"RS256\",\"kid\":}", COG_BAD_JSON}, {" ", COG_BAD_JSON}, {"{\"alg\":1e999}", COG_BAD_JSON},
        {"{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"k\"}", COG_DUPLICATE_KEY}, {"{\"a\":\"\xff\"}", COG_BAD_UTF8},
        {"{}", COG_ALG_NOT_ALLOWED}, {"{\"kid\":\"k\"}", COG_ALG_NOT_ALLOWED}, {"{\"alg\":\"\"}", COG_ALG_NOT_ALLOWED},
        {"{\"alg\":\"none\"}", COG_ALG_NOT_ALLOWED}, {"{\"alg\":\"RS256\\u0000\"}", COG_ALG_NOT_ALLOWED},
        {"{\"alg\":\"RS257\"}", COG_ALG_NOT_ALLOWED}, {"{\"alg\":[\"RS256\"]}", COG_ALG_NOT_ALLOWED},
        {"{\"alg\":null}", COG_ALG_NOT_ALLOWED}, {"{\"alg\":256}", COG_ALG_NOT_ALLOWED},
        {"{\"Alg\":\"RS256\"}", COG_ALG_NOT_ALLOWED}, {"{\"alg\":\"HS256\",\"crit\":[]}", COG_ALG_NOT_ALLOWED},
        {"{\"alg\\u0000\":\"RS256\",\"kid\":\"k\"}", COG_ALG_NOT_ALLOWED},
        {"{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[]}", COG_CRIT_UNSUPPORTED},
        {"{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":null}", COG_CRIT_UNSUPPORTED},
        {"{\"alg\":\"RS256\",\"crit\":[\"b64\"]}", COG_CRIT_UNSUPPORTED},
        {"{\"alg\":\"RS256\"}", COG_KID_MISSING}, {"{\"alg\":\"RS256\",\"Kid\":\"k\"}", COG_KID_MISSING},
        {"{\"alg\":\"RS256\",\"kid\":7}", COG_KID_INVALID}, {"{\"alg\":\"RS256\",\"kid\":null}", COG_KID_INVALID},
        {"{\"alg\":\"RS256\",\"kid\":[\"k\"]}", COG_KID_INVALID}, {"{\"alg\":\"RS256\",\"kid\":true}", COG_KID_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cog_err got = header(cases[i].text);
        if (got != cases[i].wanted) printf("%s\n", cases[i].text);
        CHECK_ERR(got, cases[i].wanted);
    }
}

int main(void) {
    test_structure();
    test_sizes();
    test_header();
    return T_END();
}
