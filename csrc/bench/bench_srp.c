/*
 * The plain C programs beside which the library's SRP and SECRET_HASH are measured, on the same OpenSSL.
 *
 *   bench_srp srp N BITS    the client's half of N sign-ins: A from BITS random bits, x, S, K, signature; constant-time
 *                           exponentiation, one kept Montgomery context
 *   bench_srp hash N        N times base64(HMAC-SHA256(secret, username || client id)) with one kept EVP_MAC context
 *
 * Prints microseconds of CPU and of wall time for one.
 */
#include "clocks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 64 }; /* user names that are hashed in turn */

static BIGNUM *n, *g, *k, *a, *A, *B, *u, *x, *t, *s;
static BN_MONT_CTX *mont;
static BN_CTX *ctx;

static void must(int ok) {
    if (ok) return;
    fprintf(stderr, "bench_srp: OpenSSL failed\n");
    exit(1);
}

static size_t pad(const BIGNUM *number, unsigned char *out) {
    int len = BN_num_bits(number) / 8 + 1;
    must(BN_bn2binpad(number, out, len) == len);
    return (size_t)len;
}

static void hash(BIGNUM *out, const unsigned char *text, size_t len) {
    unsigned char digest[32];
    must(EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) && BN_bin2bn(digest, 32, out) != NULL);
}

static void mac(const void *key, size_t key_len, const unsigned char *text, size_t len, unsigned char *out) {
    must(HMAC(EVP_sha256(), key, (int)key_len, text, len, out, NULL) != NULL);
}

static void prepare(void) {
    unsigned char text[800];
    n = BN_get_rfc3526_prime_3072(NULL);
    BIGNUM **numbers[] = {&g, &k, &a, &A, &B, &u, &x, &t, &s};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) must((*numbers[i] = BN_new()) != NULL);
    mont = BN_MONT_CTX_new();
    ctx = BN_CTX_new();
    must(BN_set_word(g, 2) && BN_MONT_CTX_set(mont, n, ctx));
    size_t len = pad(n, text);
    len += pad(g, text + len);
    hash(k, text, len);
    must(BN_rand_range(B, n));
    BN_set_flags(a, BN_FLG_CONSTTIME);
    BN_set_flags(x, BN_FLG_CONSTTIME);
    BN_set_flags(t, BN_FLG_CONSTTIME);
}

static void power(BIGNUM *r, const BIGNUM *base, const BIGNUM *e) {
    must(BN_mod_exp_mont_consttime(r, base, e, n, ctx, mont));
}

static void sign_in(int bits) {
    static const char salt[] = "792ec146f4726797719027c266e79aec", name[] = "AbCdEf123alice:correct horse battery";
    unsigned char text[2048], digest[32], shared[400];
    must(BN_priv_rand(a, bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
    power(A, g, a);
    size_t len = pad(A, text);
    hash(u, text, len + pad(B, text + len));
    must(EVP_Digest(name, sizeof name - 1, digest, NULL, EVP_sha256(), NULL));
    must(BN_hex2bn(&t, salt));
    len = pad(t, text);
    memcpy(text + len, digest, 32);
    hash(x, text, len + 32);
    power(t, g, x);
    must(BN_mod_mul(t, t, k, n, ctx) && BN_mod_sub(s, B, t, n, ctx) && BN_mul(t, u, x, ctx) && BN_add(t, t, a));
    power(s, s, t);
    len = pad(u, text);
    mac(text, len, shared, pad(s, shared), digest);
    mac(digest, 32, (const unsigned char *)"Caldera Derived Key\x01", 20, digest);
    memset(text, 'b', 1300);
    mac(digest, 16, text, 1300, digest);
    EVP_EncodeBlock(text, digest, 32);
}

static void secret_hash(EVP_MAC_CTX *kept, const char *username) {
    static const char client[] = "1h57kf5cpq17m0eml12EXAMPLE";
    unsigned char digest[32], text[48];
    size_t len;
    must(EVP_MAC_init(kept, NULL, 0, NULL) && EVP_MAC_update(kept, (const unsigned char *)username, strlen(username)) &&
         EVP_MAC_update(kept, (const unsigned char *)client, sizeof client - 1) &&
         EVP_MAC_final(kept, digest, &len, sizeof digest));
    EVP_EncodeBlock(text, digest, 32);
}

static EVP_MAC_CTX *new_mac(void) {
    static const unsigned char key[] = "secretsecretsecretsecretsecretsecretsecretsecret123";
    char name[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *kept = EVP_MAC_CTX_new(hmac);
    must(kept != NULL && EVP_MAC_init(kept, key, sizeof key - 1, params));
    EVP_MAC_free(hmac);
    return kept;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int is_srp = strcmp(argv[1], "srp") == 0, count = atoi(argv[2]), bits = argc > 3 ? atoi(argv[3]) : 320;
    EVP_MAC_CTX *kept = new_mac();
    prepare();
    if (is_srp) sign_in(bits);
    char usernames[NAMES][16];
    for (int i = 0; i < NAMES; i++) snprintf(usernames[i], sizeof usernames[i], "user%d", i);
    double cpu_start = cpu(), wall_start = wall();
    for (int i = 0; i < count; i++) {
        if (is_srp) sign_in(bits);
        else secret_hash(kept, usernames[i % NAMES]);
    }
    printf("%.3f %.3f\n", (cpu() - cpu_start) / count, (wall() - wall_start) / count);
    return 0;
}
