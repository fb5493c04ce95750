/* Every allocation of every call fails in turn, once and for good: no crash, no leak, never a better verdict. All of
 * the core's allocations and OpenSSL's go through the hook. */
#include "t_sign.h"
#include "../core/srp.h"
#include "../core/verify.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

static long countdown = -1, live;
static bool sticky, hit;

static bool fails(void) {
    if (countdown < 0) return false;
    if (countdown > 0) {
        countdown--;
        return false;
    }
    hit = true;
    if (!sticky) countdown = -1;
    return true;
}

static void *hook_malloc(size_t n, const char *file, int line) {
    (void)file, (void)line;
    void *p = fails() ? NULL : malloc(n);
    live += p != NULL;
    return p;
}

static void *hook_realloc(void *old, size_t n, const char *file, int line) {
    (void)file, (void)line;
    if (fails()) return NULL;
    void *p = realloc(old, n);
    live += p && !old;
    return p;
}

static void hook_free(void *p, const char *file, int line) {
    (void)file, (void)line;
    live -= p != NULL;
    free(p);
}

static EVP_PKEY *key;
static char set_text[20000], small_token[8192], large_token[60000], forged_token[8192];
static cog_mac *mac;
static cog_jwks *keys;
static cog_policy *policy;
static cog_srp_group *group;

/* ---- the calls; each frees what it made -------------------------------------------------------------------------- */

static cog_err call_mac(void) {
    cog_mac *made = cog_mac_new();
    unsigned char out[COG_SHA256_SIZE];
    cog_slice text = t_slice("x");
    cog_err error = made ? cog_hmac_sha256(made, text, &text, 1, out) : COG_MEMORY;
    cog_mac_free(made);
    return error;
}

static cog_err call_sha1(void) {
    unsigned char out[COG_SHA1_SIZE];
    return cog_hmac_sha1(t_slice("k"), t_slice("x"), out);
}

static cog_err call_kept(void) {
    char out[COG_SECRET_HASH_SIZE];
    unsigned char digest[COG_SHA256_SIZE];
    cog_err error = cog_secret_hash(mac, t_slice("secret"), t_slice("a"), t_slice("b"), out);
    return error ? error : cog_sha256(mac, t_slice("x"), digest);
}

static cog_err call_random(void) {
    char out[COG_UUID_SIZE];
    return cog_uuid(out);
}

/* A key that could not be built for want of memory is unusable; the set is then no better than without it. */
static cog_err call_jwks(void) {
    cog_jwks *made = NULL;
    const cog_key *found;
    cog_err error = cog_jwks_read(t_slice(set_text), t_seed, &made);
    if (!error) error = cog_jwks_find(made, t_slice("k"), &found);
    cog_jwks_free(made);
    return error;
}

static cog_err call_jwks_many_names(void) {
    static char text[20000];
    cog_jwks *made = NULL;
    char *out = text + sprintf(text, "{\"keys\":[],\"x\":{\"a\":0");
    for (int i = 0; i < 200; i++) out += sprintf(out, ",\"n%d\":%d", i, i);
    strcpy(out, "}}");
    cog_err error = cog_jwks_read(t_slice(text), t_seed, &made);
    cog_jwks_free(made);
    return error;
}

static cog_err call_policy(void) {
    cog_policy *made = cog_policy_new();
    cog_err error = made ? cog_policy_add(made, COG_GROUPS, t_slice("g")) : COG_MEMORY;
    cog_policy_free(made);
    return error;
}

static cog_err verify(const char *token) {
    cog_verifier verifier = {mac, t_seed, keys};
    return cog_jwt_verify(&verifier, policy, 1750000000, t_slice(token));
}

static cog_err call_small(void) {
    return verify(small_token);
}

static cog_err call_large(void) {
    return verify(large_token);
}

static cog_err call_forged(void) {
    return verify(forged_token);
}

static cog_err call_times(void) {
    cog_time times[3];
    return cog_jwt_times(t_seed, t_slice(large_token), times);
}

static cog_err call_issuer(void) {
    unsigned char issuer[COG_ISSUER_MAX];
    size_t len;
    return cog_jwt_issuer(t_seed, t_slice(large_token), issuer, &len);
}

static cog_err call_srp_group(void) {
    cog_srp_group *made = cog_srp_group_new();
    cog_srp_group_free(made);
    return made ? COG_OK : COG_MEMORY;
}

static cog_err call_srp(void) {
    char hex[COG_SRP_HEX], signature[COG_SRP_SIGNATURE_SIZE];
    const cog_srp_identity who = {t_slice("pool"), t_slice("user"), t_slice("password")};
    const cog_srp_challenge challenge = {t_slice("12"), t_slice("abc"), t_slice("eA=="), t_slice("now")};
    cog_srp *srp = cog_srp_new(group, COG_SRP_BITS_MIN);
    if (!srp) return COG_MEMORY;
    CHECK(cog_srp_public(srp, hex) > 0);
    cog_err error = cog_srp_claim(group, srp, &who, &challenge, signature);
    cog_srp_free(srp);
    return error;
}

static cog_err call_srp_device(void) {
    cog_srp_device device;
    return cog_srp_device_new(group, t_slice("group"), t_slice("key"), &device);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static long points;

static cog_err fail_at(cog_err (*call)(void), long n) {
    hit = false;
    countdown = n;
    cog_err error = call();
    countdown = -1;
    return error;
}

/* Fails the n-th allocation and then lets the call succeed, which brings back what a kept context has lost; twice,
 * since OpenSSL keeps some things for good when it first meets them. False: there are fewer allocations. */
static bool check_at(const char *name, cog_err (*call)(void), cog_err usual, long n) {
    long before = 0;
    for (int round = 0; round < 2; round++) {
        before = live;
        cog_err got = fail_at(call, n);
        bool sound = got == usual || got == COG_MEMORY || got == COG_CRYPTO || got == COG_KEY_UNUSABLE ||
                     got == COG_BAD_SIGNATURE;
        bool drained = ERR_peek_error() == 0;
        if (!sound || !drained) printf("%s, allocation %ld: %s\n", name, n, cog_err_name(got));
        CHECK(sound && drained && call() == usual);
    }
    if (live > before) printf("%s, allocation %ld: %ld left behind\n", name, n, live - before);
    CHECK(live <= before);
    points += hit;
    return hit;
}

static void walk(const char *name, cog_err (*call)(void), cog_err usual) {
    CHECK_ERR(call(), usual);
    for (int mode = 0; mode < 2; mode++) {
        sticky = mode == 1;
        for (long n = 0; check_at(name, call, usual, n);) n++;
    }
}

static void set_up(void) {
    char jwk[8192];
    static char payload[40000];
    key = t_key(2048, 65537);
    t_jwk(key, "k", "\"kty\":\"RSA\",\"key_ops\":[\"verify\"]", jwk);
    sprintf(set_text, "{\"keys\":[%s]}", jwk);
    strcpy(payload, "{\"iss\":\"i\",\"exp\":1750000100,\"token_use\":\"access\",\"client_id\":\"c\"");
    char *out = payload + strlen(payload);
    strcpy(out, "}");
    t_token(key, "{\"alg\":\"RS256\",\"kid\":\"k\"}", payload, small_token);
    for (int i = 0; i < 500; i++) out += sprintf(out, ",\"n%d\":%d", i, i);
    strcpy(out, "}");
    t_token(key, "{\"alg\":\"RS256\",\"kid\":\"k\"}", payload, large_token);
    strcpy(forged_token, small_token);
    char *last = forged_token + strlen(forged_token) - 20;
    *last = *last == 'A' ? 'B' : 'A';
    mac = cog_mac_new();
    policy = cog_policy_new();
    group = cog_srp_group_new();
    if (!mac || !policy || !group || cog_jwks_read(t_slice(set_text), t_seed, &keys)) abort();
    if (cog_policy_add(policy, COG_ISSUERS, t_slice("i")) || cog_policy_add(policy, COG_CLIENTS, t_slice("c"))) abort();
}

int main(void) {
    if (!CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free)) return puts("0 passed, 1 failed"), 1;
    set_up();
    walk("mac", call_mac, COG_OK);
    walk("sha1", call_sha1, COG_OK);
    walk("kept", call_kept, COG_OK);
    walk("random", call_random, COG_OK);
    walk("jwks", call_jwks, COG_OK);
    walk("jwks names", call_jwks_many_names, COG_OK);
    walk("policy", call_policy, COG_OK);
    walk("small", call_small, COG_OK);
    walk("large", call_large, COG_OK);
    walk("forged", call_forged, COG_BAD_SIGNATURE);
    walk("times", call_times, COG_OK);
    walk("issuer", call_issuer, COG_OK);
    walk("SRP group", call_srp_group, COG_OK);
    walk("SRP", call_srp, COG_OK);
    walk("SRP device", call_srp_device, COG_OK);
    printf("%ld allocations failed\n", points);
    cog_policy_free(policy);
    cog_srp_group_free(group);
    cog_jwks_free(keys);
    cog_mac_free(mac);
    EVP_PKEY_free(key);
    return T_END();
}
