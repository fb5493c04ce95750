/* The verdict on whole tokens: signature, key, the order of the checks; and what is read without a verdict. */
#include "t_claims.h"
#include "t_sign.h"

static cog_verifier verifier;
static EVP_PKEY *key;
static cog_policy *policy;

/* ---- signature --------------------------------------------------------------------------------------------------- */

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

/* ---- unverified -------------------------------------------------------------------------------------------------- */

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
    strcpy(payload, "{\"iss\":\"" ISS "\"," TIMES ",\"token_use\":\"access\",\"client_id\":\"c1\"");
    char *out = payload + strlen(payload);
    for (int i = 0; i < 3000; i++) out += sprintf(out, ",\"n%d\":%d", i, i);
    strcpy(out, "}");
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
    policy = t_policy(COG_USE_ACCESS);
}

int main(void) {
    set_up();
    test_signature();
    test_order();
    test_times_alone();
    test_issuer_alone();
    test_large();
    cog_policy_free(policy);
    cog_jwks_free((cog_jwks *)(uintptr_t)verifier.keys);
    cog_mac_free(verifier.mac);
    EVP_PKEY_free(key);
    return T_END();
}
