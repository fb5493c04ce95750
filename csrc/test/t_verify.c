#include "t_sign.h"
#include "../core/json.h"
#include "../core/verify.h"

#include <math.h>

#define ISS "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool"
#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k\"}"
#define TIMES "\"exp\":1750000100,\"iat\":1750000000"
#define ACCESS "{\"iss\":\"" ISS "\"," TIMES ",\"token_use\":\"access\",\"client_id\":\"c1\"}"

static const double now = 1750000000;
static cog_verifier verifier;
static EVP_PKEY *key;
static cog_policy *policy;

/* ---- structure and header ------------------------------------------------------------------------------------------ */

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

/* ---- signature ----------------------------------------------------------------------------------------------------- */

static cog_slice make(const char *head, const char *payload) {
    static char tokens[4][100000];
    static int turn;
    return t_token(key, head, payload, tokens[turn++ % 4]);
}

static cog_err judge(cog_slice token) {
    cog_jws jws;
    cog_err verdict = cog_jwt_verify(&verifier, policy, now, token);
    cog_err signature = cog_jws_verify(&verifier, token, &jws);
    if (signature == COG_OK) cog_jws_close(&jws);
    else CHECK(signature == verdict);
    return verdict;
}

static void test_signature(void) {
    cog_slice token = make(HEADER, ACCESS);
    CHECK_ERR(judge(token), COG_OK);
    CHECK_ERR(judge(make("{\"alg\":\"RS256\",\"kid\":\"other\"}", ACCESS)), COG_KID_UNKNOWN);
    CHECK_ERR(judge(make("{\"alg\":\"RS256\",\"kid\":\"weak\"}", ACCESS)), COG_KEY_UNUSABLE);
    CHECK_ERR(judge(make("{\"alg\":\"none\",\"kid\":\"k\"}", ACCESS)), COG_ALG_NOT_ALLOWED);
    unsigned char *copy = t_tight(token.data, token.len);
    for (size_t i = 0; i < token.len; i += 1 + i % 13) {
        unsigned char kept = copy[i];
        copy[i] = kept == 'A' ? 'B' : 'A';
        CHECK(judge((cog_slice){copy, token.len}) != COG_OK);
        copy[i] = kept;
    }
    CHECK_ERR(judge((cog_slice){copy, token.len}), COG_OK);
    for (size_t cut = 1; cut < 400; cut += 7) CHECK(judge((cog_slice){copy, token.len - cut}) != COG_OK);
    free(copy);
    cog_verifier no_keys = verifier;
    no_keys.keys = NULL;
    CHECK_ERR(cog_jwt_verify(&no_keys, policy, now, token), COG_KID_UNKNOWN);
    CHECK_ERR(cog_jwt_verify(&no_keys, policy, now, t_slice("a.b")), COG_MALFORMED);
}

/* No claim is looked at before the signature: wrong claims under a wrong signature are a wrong signature. */
static void test_order(void) {
    char text[4096];
    cog_slice token = make(HEADER, "{\"exp\":1}");
    memcpy(text, token.data, token.len);
    text[token.len - 10] = text[token.len - 10] == 'A' ? 'B' : 'A';
    CHECK_ERR(judge((cog_slice){(unsigned char *)text, token.len}), COG_BAD_SIGNATURE);
    token = make(HEADER, "no json");
    CHECK_ERR(judge(token), COG_BAD_JSON);
    memcpy(text, token.data, token.len);
    text[token.len - 10] = text[token.len - 10] == 'A' ? 'B' : 'A';
    CHECK_ERR(judge((cog_slice){(unsigned char *)text, token.len}), COG_BAD_SIGNATURE);
}

/* ---- claims -------------------------------------------------------------------------------------------------------- */

static cog_err claims_at(double clock, const char *text) {
    unsigned char *payload = t_tight(text, strlen(text));
    cog_err error = cog_claims_judge(policy, t_seed, clock, payload, strlen(text));
    free(payload);
    return error;
}

static cog_err claims(const char *text) {
    return claims_at(now, text);
}

/* Claims with the given ones in place of the usual ones for access tokens. */
static const char *with(const char *iss, const char *times, const char *rest) {
    return t_format("{%s,%s,%s}", iss, times, rest);
}

#define GOOD_ISS "\"iss\":\"" ISS "\""
#define GOOD_REST "\"token_use\":\"access\",\"client_id\":\"c1\""

static void new_policy(cog_token_use use) {
    cog_policy_free(policy);
    policy = cog_policy_new();
    if (!policy || cog_policy_add(policy, COG_ISSUERS, t_slice(ISS)) || cog_policy_add(policy, COG_CLIENTS, t_slice("c1")))
        abort();
    cog_policy_use(policy, use);
}

static void test_payload(void) {
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(claims(ACCESS), COG_OK);
    CHECK_ERR(claims("[" ACCESS "]"), COG_PAYLOAD_NOT_OBJECT);
    CHECK_ERR(claims("\"x\""), COG_PAYLOAD_NOT_OBJECT);
    CHECK_ERR(claims("[}"), COG_BAD_JSON);
    CHECK_ERR(claims(""), COG_BAD_JSON);
    CHECK_ERR(claims("{\"a\":1,\"a\":1}"), COG_DUPLICATE_KEY);
    CHECK_ERR(claims(with(GOOD_ISS, TIMES, GOOD_REST ",\"x\":[1e999]")), COG_CLAIM_RANGE);
    CHECK_ERR(claims(with(GOOD_ISS, TIMES, GOOD_REST ",\"x\":[1,{\"iss\":7}],\"exp2\":\"\"")), COG_OK);
    CHECK_ERR(claims(with(GOOD_ISS, TIMES, GOOD_REST ",\"x\":{]}")), COG_BAD_JSON);
}

static void test_issuer(void) {
    static const struct {
        const char *iss;
        cog_err wanted;
    } cases[] = {
        {"\"x\":0", COG_CLAIM_MISSING}, {"\"iss\\u0000\":\"" ISS "\"", COG_CLAIM_MISSING}, {"\"iss\":null", COG_CLAIM_TYPE},
        {"\"iss\":[\"" ISS "\"]", COG_CLAIM_TYPE}, {"\"iss\":{}", COG_CLAIM_TYPE}, {"\"iss\":\"\"", COG_ISS_MISMATCH},
        {"\"iss\":\"" ISS "/\"", COG_ISS_MISMATCH}, {"\"iss\":\"" ISS "\\u0000\"", COG_ISS_MISMATCH},
        {"\"i\\u0073s\":\"" ISS "\"", COG_OK},
    };
    new_policy(COG_USE_ACCESS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_ERR(claims(with(cases[i].iss, TIMES, GOOD_REST)), cases[i].wanted);
    CHECK_ERR(cog_policy_add(policy, COG_ISSUERS, t_slice("")), COG_OK);
    CHECK_ERR(claims(with("\"iss\":\"\"", TIMES, GOOD_REST)), COG_OK);
    CHECK_ERR(claims(ACCESS), COG_OK);
}

static cog_err times(const char *members) {
    return claims(with(GOOD_ISS, members, GOOD_REST));
}

static void test_time(void) {
    new_policy(COG_USE_ACCESS);
    for (int leeway = 0; leeway <= 300; leeway += 150) {
        cog_policy_leeway(policy, leeway);
        long edge = 1750000000L - leeway, start = 1750000000L + leeway;
        CHECK_ERR(times(t_format("\"exp\":%ld", edge)), COG_EXPIRED);
        CHECK_ERR(times(t_format("\"exp\":%ld.001", edge)), COG_OK);
        CHECK_ERR(times(t_format("\"exp\":%ld", edge + 1)), COG_OK);
        CHECK_ERR(times(t_format("\"exp\":1750001000,\"nbf\":%ld", start)), COG_OK);
        CHECK_ERR(times(t_format("\"exp\":1750001000,\"nbf\":%ld.001", start)), COG_NOT_YET_VALID);
        CHECK_ERR(times(t_format("\"exp\":1750001000,\"nbf\":%ld", start + 1)), COG_NOT_YET_VALID);
    }
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(times("\"x\":0"), COG_CLAIM_MISSING);
    CHECK_ERR(times("\"exp\":1.7500001e9"), COG_OK);
    CHECK_ERR(times("\"exp\":253402300799"), COG_OK);
    CHECK_ERR(times("\"exp\":0"), COG_EXPIRED);
    CHECK_ERR(times("\"exp\":-0.0"), COG_EXPIRED);
    CHECK_ERR(times("\"exp\":1750000100,\"nbf\":0,\"iat\":253402300799"), COG_OK);
    static const char *const names[] = {"exp", "nbf", "iat"};
    static const char *const ranges[] = {"-1", "-1e-9", "253402300800", "253402300799.1", "9223372036854775807", "1e20"};
    static const char *const types[] = {"\"1750000100\"", "null", "true", "[1750000100]", "{}"};
    for (size_t i = 0; i < 3; i++) {
        const char *exp = i ? "\"exp\":1750000100," : "";
        for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++)
            CHECK_ERR(times(t_format("%s\"%s\":%s", exp, names[i], ranges[k])), COG_CLAIM_RANGE);
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            CHECK_ERR(times(t_format("%s\"%s\":%s", exp, names[i], types[k])), COG_CLAIM_TYPE);
    }
    CHECK_ERR(claims_at(NAN, ACCESS), COG_EXPIRED);
    CHECK_ERR(claims_at(-INFINITY, with(GOOD_ISS, TIMES ",\"nbf\":1", GOOD_REST)), COG_NOT_YET_VALID);
}

static void test_future_iat(void) {
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":1750000500"), COG_OK);
    cog_policy_max_future_iat(policy, 0);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":1750000000"), COG_OK);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":1750000001"), COG_NOT_YET_VALID);
    CHECK_ERR(times("\"exp\":1750001000"), COG_OK);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":-1"), COG_CLAIM_RANGE);
    cog_policy_max_future_iat(policy, 60);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":1750000060"), COG_OK);
    CHECK_ERR(times("\"exp\":1750001000,\"iat\":1750000061"), COG_NOT_YET_VALID);
}

static cog_err rest(const char *members) {
    return claims(with(GOOD_ISS, TIMES, members));
}

static void test_use(void) {
    static const char access[] = "\"token_use\":\"access\",\"client_id\":\"c1\"", id[] = "\"token_use\":\"id\",\"aud\":\"c1\"";
    static const struct {
        cog_token_use use;
        cog_err access, id;
    } cases[] = {
        {COG_USE_ACCESS, COG_OK, COG_TOKEN_USE_MISMATCH},
        {COG_USE_ID, COG_TOKEN_USE_MISMATCH, COG_OK},
        {COG_USE_EITHER, COG_OK, COG_OK},
    };
    for (size_t i = 0; i < 3; i++) {
        new_policy(cases[i].use);
        CHECK_ERR(rest(access), cases[i].access);
        CHECK_ERR(rest(id), cases[i].id);
        CHECK_ERR(rest("\"client_id\":\"c1\",\"aud\":\"c1\""), COG_CLAIM_MISSING);
        CHECK_ERR(rest("\"token_use\":\"refresh\",\"client_id\":\"c1\",\"aud\":\"c1\""), COG_TOKEN_USE_MISMATCH);
        CHECK_ERR(rest("\"token_use\":\"\",\"client_id\":\"c1\",\"aud\":\"c1\""), COG_TOKEN_USE_MISMATCH);
        CHECK_ERR(rest("\"token_use\":[\"access\"],\"client_id\":\"c1\",\"aud\":\"c1\""), COG_CLAIM_TYPE);
    }
}

static void test_client(void) {
    static const struct {
        const char *members;
        cog_err wanted, any;
    } cases[] = {
        {"\"token_use\":\"access\",\"client_id\":\"c2\"", COG_CLIENT_ID_MISMATCH, COG_OK},
        {"\"token_use\":\"access\",\"client_id\":\"c1\\u0000\"", COG_CLIENT_ID_MISMATCH, COG_OK},
        {"\"token_use\":\"access\",\"client_id\":\"\"", COG_CLIENT_ID_MISMATCH, COG_OK},
        {"\"token_use\":\"access\",\"client_id\":null", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"access\",\"client_id\":[\"c1\"]", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"access\",\"aud\":\"c1\"", COG_CLAIM_MISSING, COG_OK},
        {"\"token_use\":\"id\",\"aud\":\"c2\"", COG_AUD_MISMATCH, COG_OK},
        {"\"token_use\":\"id\",\"aud\":[\"c2\",\"c1\"]", COG_OK, COG_OK},
        {"\"token_use\":\"id\",\"aud\":[\"c1\"]", COG_OK, COG_OK},
        {"\"aud\":[\"c1\",\"x\"],\"token_use\":\"id\"", COG_OK, COG_OK},
        {"\"aud\":[\"c1\"],\"token_use\":\"id\",\"sub\":7", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"id\",\"aud\":[\"c2\"]", COG_AUD_MISMATCH, COG_OK},
        {"\"token_use\":\"id\",\"aud\":[]", COG_AUD_MISMATCH, COG_OK},
        {"\"token_use\":\"id\",\"aud\":[\"c1\",7]", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"id\",\"aud\":[[\"c1\"]]", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"id\",\"aud\":{\"c1\":\"c1\"}", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"id\",\"aud\":7", COG_CLAIM_TYPE, COG_CLAIM_TYPE},
        {"\"token_use\":\"id\",\"client_id\":\"c1\"", COG_CLAIM_MISSING, COG_OK},
        {"\"token_use\":\"id\",\"aud\":[\"c1\",}", COG_BAD_JSON, COG_BAD_JSON},
        {"\"token_use\":\"id\",\"aud\":[\"c1\",{]}", COG_BAD_JSON, COG_BAD_JSON},
    };
    for (int any = 0; any < 2; any++) {
        new_policy(COG_USE_EITHER);
        if (any) cog_policy_any_client(policy);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            CHECK_ERR(rest(cases[i].members), any ? cases[i].any : cases[i].wanted);
    }
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(cog_policy_add(policy, COG_CLIENTS, t_slice("c2")), COG_OK);
    CHECK_ERR(rest(cases[0].members), COG_OK);
    CHECK_ERR(rest(GOOD_REST), COG_OK);
}

static void test_groups_and_scopes(void) {
#define MORE(members) rest(GOOD_REST "," members)
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(MORE("\"cognito:groups\":7,\"scope\":\"x\""), COG_OK);
    CHECK_ERR(MORE("\"scope\":[\"x\"]"), COG_CLAIM_TYPE);
    if (cog_policy_add(policy, COG_GROUPS, t_slice("g1")) || cog_policy_add(policy, COG_GROUPS, t_slice("g2"))) abort();
    CHECK_ERR(MORE("\"cognito:groups\":[\"x\",\"g2\"]"), COG_OK);
    CHECK_ERR(MORE("\"cognito:groups\":[\"g1\"]"), COG_OK);
    CHECK_ERR(MORE("\"cognito:groups\":[\"G1\",\"g\",\"g11\",\"c1\"]"), COG_GROUPS_MISMATCH);
    CHECK_ERR(MORE("\"cognito:groups\":[]"), COG_GROUPS_MISMATCH);
    CHECK_ERR(MORE("\"groups\":[\"g1\"]"), COG_GROUPS_MISMATCH);
    CHECK_ERR(MORE("\"cognito:groups\":\"g1\""), COG_CLAIM_TYPE);
    CHECK_ERR(MORE("\"cognito:groups\":[\"g1\",null]"), COG_CLAIM_TYPE);
    CHECK_ERR(MORE("\"cognito:groups\":{\"g1\":\"g1\"}"), COG_CLAIM_TYPE);
    new_policy(COG_USE_ACCESS);
    if (cog_policy_add(policy, COG_SCOPES, t_slice("a")) || cog_policy_add(policy, COG_SCOPES, t_slice("b/c"))) abort();
    CHECK_ERR(MORE("\"scope\":\"a\""), COG_OK);
    CHECK_ERR(MORE("\"scope\":\"x b/c\""), COG_OK);
    CHECK_ERR(MORE("\"scope\":\"x  a y\""), COG_OK);
    CHECK_ERR(MORE("\"scope\":\"aa x b\""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"scope\":\"A\""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"scope\":\"x \""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"scope\":\"a\\tx\""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"scope\":\"\""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"x\":\"a\""), COG_SCOPE_MISMATCH);
    CHECK_ERR(MORE("\"scope\":[\"a\"]"), COG_CLAIM_TYPE);
}

static void test_types(void) {
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(MORE("\"sub\":\"s\",\"jti\":\"j\",\"scope\":\"s\""), COG_OK);
    CHECK_ERR(MORE("\"sub\":7"), COG_CLAIM_TYPE);
    CHECK_ERR(MORE("\"jti\":null"), COG_CLAIM_TYPE);
    CHECK_ERR(MORE("\"scope\":true"), COG_CLAIM_TYPE);
}

static void test_fresh_policy(void) {
    cog_policy_free(NULL);
    cog_policy_free(policy);
    policy = cog_policy_new();
    if (!policy) abort();
    CHECK_ERR(claims(ACCESS), COG_ISS_MISMATCH);
    if (cog_policy_add(policy, COG_ISSUERS, t_slice(ISS))) abort();
    CHECK_ERR(claims(ACCESS), COG_CLIENT_ID_MISMATCH);
    CHECK_ERR(rest("\"token_use\":\"id\",\"aud\":\"c1\""), COG_TOKEN_USE_MISMATCH);
}

/* ---- unverified ---------------------------------------------------------------------------------------------------- */

static void test_times_alone(void) {
    cog_time found[3];
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "{\"exp\":12,\"nbf\":1.5}"), found), COG_OK);
    CHECK(found[0].present && found[0].is_integer && found[0].integer == 12);
    CHECK(!found[1].present);
    CHECK(found[2].present && !found[2].is_integer && found[2].real == 1.5);
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "{\"aud\":[1],\"cognito:groups\":[{}]}"), found), COG_OK);
    CHECK(!found[0].present && !found[1].present && !found[2].present);
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "{\"exp\":\"12\"}"), found), COG_CLAIM_TYPE);
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "{\"iat\":-1}"), found), COG_CLAIM_RANGE);
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "{\"nbf\":1e999}"), found), COG_CLAIM_RANGE);
    CHECK_ERR(cog_jwt_times(t_seed, make("x", "[12]"), found), COG_PAYLOAD_NOT_OBJECT);
    CHECK_ERR(cog_jwt_times(t_seed, t_slice("x"), found), COG_MALFORMED);
    CHECK_ERR(cog_jwt_times(t_seed, t_slice("!.eyJleHAiOjEyfQ.A"), found), COG_OK);
    CHECK(found[0].present && found[0].integer == 12);
    CHECK_ERR(cog_jwt_times(t_seed, t_slice("YQ.eyJleHAiOjEyfR.YQ"), found), COG_MALFORMED);
}

static void test_issuer_alone(void) {
    unsigned char issuer[COG_ISSUER_MAX];
    size_t len;
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, ACCESS), issuer, &len), COG_OK);
    CHECK(len == strlen(ISS) && memcmp(issuer, ISS, len) == 0);
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, "{}"), issuer, &len), COG_CLAIM_MISSING);
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, "{\"iss\":7}"), issuer, &len), COG_CLAIM_TYPE);
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, "[]"), issuer, &len), COG_PAYLOAD_NOT_OBJECT);
    CHECK_ERR(cog_jwt_issuer(t_seed, make("{}", ACCESS), issuer, &len), COG_ALG_NOT_ALLOWED);
    CHECK_ERR(cog_jwt_issuer(t_seed, t_slice("x"), issuer, &len), COG_MALFORMED);
    const char *longest = t_format("{\"iss\":\"%0*d\"}", COG_ISSUER_MAX, 0);
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, longest), issuer, &len), COG_OK);
    CHECK(len == COG_ISSUER_MAX);
    longest = t_format("{\"iss\":\"%0*d\"}", COG_ISSUER_MAX + 1, 0);
    CHECK_ERR(cog_jwt_issuer(t_seed, make(HEADER, longest), issuer, &len), COG_ISS_MISMATCH);
}

/* A token of the largest size whose payload has many names, which needs work space of its own. */
static void test_large(void) {
    static char payload[40000];
    char *out = payload + sprintf(payload, "{\"iss\":\"" ISS "\"," TIMES ",\"token_use\":\"access\",\"client_id\":\"c1\"");
    for (int i = 0; i < 3000; i++) out += sprintf(out, ",\"n%d\":%d", i, i);
    strcpy(out, "}");
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(judge(make(HEADER, payload)), COG_OK);
    strcpy(out, ",\"n7\":0}");
    CHECK_ERR(judge(make(HEADER, payload)), COG_DUPLICATE_KEY);
}

static void set_up(void) {
    char strong[8192], weak[8192];
    EVP_PKEY *small = t_key(1024, 65537);
    cog_jwks *keys = NULL;
    key = t_key(2048, 65537);
    t_jwk(key, "k", "\"kty\":\"RSA\"", strong);
    t_jwk(small, "weak", "\"kty\":\"RSA\"", weak);
    const char *set = t_format("{\"keys\":[%s,%s]}", weak, strong);
    if (cog_jwks_read(t_slice(set), t_seed, &keys)) abort();
    verifier = (cog_verifier){cog_mac_new(), t_seed, keys};
    EVP_PKEY_free(small);
    new_policy(COG_USE_ACCESS);
}

int main(void) {
    set_up();
    test_structure();
    test_sizes();
    test_header();
    test_signature();
    test_order();
    test_payload();
    test_issuer();
    test_time();
    test_future_iat();
    test_use();
    test_client();
    test_groups_and_scopes();
    test_types();
    test_fresh_policy();
    test_times_alone();
    test_issuer_alone();
    test_large();
    cog_policy_free(policy);
    cog_jwks_free((cog_jwks *)(uintptr_t)verifier.keys);
    cog_mac_free(verifier.mac);
    EVP_PKEY_free(key);
    return T_END();
}
