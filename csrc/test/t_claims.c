/* The verdict on claims, one after the other. */
#include "t_claims.h"

#include <math.h>

static const unsigned char seed[COG_SEED_SIZE + 1] = "0123456789abcdef";
static cog_policy *policy;

static cog_err claims_at(double clock, const char *text) {
    unsigned char *payload = t_tight(text, strlen(text));
    cog_err error = cog_claims_judge(policy, seed, clock, payload, strlen(text), NULL, 0);
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
    policy = t_policy(use);
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

/* What stands in `text` as the value of the i-th wanted claim. */
static bool stands(const char *text, const cog_wanted *wanted, const char *value) {
    return wanted->len == strlen(value) && memcmp(text + wanted->at, value, wanted->len) == 0;
}

static void test_wanted(void) {
    const char *text = with(GOOD_ISS,
                            TIMES ",\"sco\\u0070e\":\"a\\u0062 c\",\"n\": [\"\\u0061\", {\"n\":1}] ,\"z\":-1.5e0",
                            GOOD_REST ",\"nul\":null,\"scope2\":{}");
    cog_wanted wanted[] = {{.name = t_slice("scope")}, {.name = t_slice("n")}, {.name = t_slice("exp")},
                           {.name = t_slice("absent")}, {.name = t_slice("nul")}, {.name = t_slice("scop")},
                           {.name = t_slice("z")}, {.name = t_slice("scope2")}};
    size_t len = strlen(text);
    unsigned char *payload = t_tight(text, len);
    new_policy(COG_USE_ACCESS);
    CHECK_ERR(cog_claims_judge(policy, seed, now, payload, len, wanted, sizeof wanted / sizeof *wanted), COG_OK);
    free(payload);
    CHECK(stands(text, &wanted[0], "\"a\\u0062 c\""));
    CHECK(stands(text, &wanted[1], " [\"\\u0061\", {\"n\":1}]"));
    CHECK(stands(text, &wanted[2], "1750000100"));
    CHECK(wanted[3].len == 0 && wanted[5].len == 0);
    CHECK(stands(text, &wanted[4], "null"));
    CHECK(stands(text, &wanted[6], "-1.5e0"));
    CHECK(stands(text, &wanted[7], "{}"));
}

static void test_issuer(void) {
    static const struct {
        const char *iss;
        cog_err wanted;
    } cases[] = {
        {"\"x\":0", COG_CLAIM_MISSING}, {"\"iss\\u0000\":\"" ISS "\"", COG_CLAIM_MISSING},
        {"\"iss\":null", COG_CLAIM_TYPE}, {"\"iss\":[\"" ISS "\"]", COG_CLAIM_TYPE},
        {"\"iss\":{}", COG_CLAIM_TYPE}, {"\"iss\":\"\"", COG_ISS_MISMATCH},
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
    static const char *const ranges[] = {"-1", "-1e-9", "253402300800", "253402300799.1", "9223372036854775807",
                                         "1e20"};
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
    static const char access[] = "\"token_use\":\"access\",\"client_id\":\"c1\"";
    static const char id[] = "\"token_use\":\"id\",\"aud\":\"c1\"";
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

int main(void) {
    test_payload();
    test_wanted();
    test_issuer();
    test_time();
    test_future_iat();
    test_use();
    test_client();
    test_groups_and_scopes();
    test_types();
    test_fresh_policy();
    cog_policy_free(policy);
    return T_END();
}
