/* What the tests of SRP share: the core's structures from texts, numbers in hex, and a server. */
#ifndef T_SRP_H
#define T_SRP_H

#include "t.h"
#include "../core/b64.h"
#include "../core/srp_math.h"

#include <openssl/evp.h>

static inline cog_srp_challenge challenge_of(const char *salt, const char *b, const char *block,
                                             const char *timestamp) {
    return (cog_srp_challenge){t_slice(salt), t_slice(b), t_slice(block), t_slice(timestamp)};
}

static inline cog_srp_identity identity(const char *domain, const char *user, const char *password) {
    return (cog_srp_identity){t_slice(domain), t_slice(user), t_slice(password)};
}

static inline BIGNUM *hex_number(const char *hex) {
    BIGNUM *n = NULL;
    if (!BN_hex2bn(&n, hex)) abort();
    return n;
}

static inline bool equals_hex(const BIGNUM *n, const char *hex) {
    BIGNUM *wanted = hex_number(hex);
    bool same = BN_cmp(n, wanted) == 0;
    BN_free(wanted);
    return same;
}

/* ---- a server of our own, from RFC 5054 and plain BN calls: it shares no step with the code under test ---- */

typedef struct {
    BN_CTX *ctx;
    BIGNUM *n, *g, *k, *v, *b, *B;
} server;

static inline void hash_into(BIGNUM *out, const unsigned char *text, size_t len) {
    unsigned char digest[32];
    if (!EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) || !BN_bin2bn(digest, 32, out)) abort();
}

/* What BigInteger.toByteArray of Java gives, which is where Cognito's padding comes from. */
static inline size_t java_bytes(const BIGNUM *n, unsigned char *out) {
    out[0] = 0;
    size_t len = (size_t)BN_bn2bin(n, out + 1);
    if (len > 0 && out[1] < 0x80) {
        memmove(out, out + 1, len);
        return len;
    }
    return len + 1;
}

static inline void server_open(server *s, const BIGNUM *v) {
    unsigned char text[2 * COG_SRP_PADDED];
    s->ctx = BN_CTX_new();
    s->n = BN_get_rfc3526_prime_3072(NULL);
    s->g = hex_number("2");
    s->k = BN_new(), s->b = BN_new(), s->B = BN_new();
    s->v = BN_dup(v);
    size_t len = java_bytes(s->n, text);
    len += java_bytes(s->g, text + len);
    hash_into(s->k, text, len);
}

static inline void server_close(server *s) {
    BN_free(s->n), BN_free(s->g), BN_free(s->k), BN_free(s->v), BN_free(s->b), BN_free(s->B);
    BN_CTX_free(s->ctx);
}

/* B = k*v + g^b */
static inline void server_draw(server *s) {
    BIGNUM *kv = BN_new();
    BN_rand(s->b, 256, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    BN_mod_exp(s->B, s->g, s->b, s->n, s->ctx);
    BN_mod_mul(kv, s->k, s->v, s->n, s->ctx);
    BN_mod_add(s->B, s->B, kv, s->n, s->ctx);
    BN_free(kv);
}

static inline void hmac(const void *key, size_t key_len, const unsigned char *text, size_t len, unsigned char *out) {
    size_t written;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, text, len, out, 32, &written)) abort();
}

/* S = (A * v^u)^b; returns u. */
static inline BIGNUM *server_secret(server *s, const BIGNUM *A, BIGNUM *S) {
    unsigned char text[2 * COG_SRP_PADDED];
    BIGNUM *u = BN_new();
    size_t len = java_bytes(A, text);
    hash_into(u, text, len + java_bytes(s->B, text + len));
    BN_mod_exp(S, s->v, u, s->n, s->ctx);
    BN_mod_mul(S, S, A, s->n, s->ctx);
    BN_mod_exp(S, S, s->b, s->n, s->ctx);
    return u;
}

static inline void server_s(server *s, const BIGNUM *A, BIGNUM *S) {
    BN_free(server_secret(s, A, S));
}

/* The signature that the server expects. */
static inline void server_sign(server *s, const char *A_hex, const char *domain, const char *user, const char *block,
                        const char *timestamp, char signature[45]) {
    unsigned char text[4096], pad_s[COG_SRP_PADDED], pad_u[33], prk[32], okm[32], mac[32];
    BIGNUM *A = hex_number(A_hex), *S = BN_new(), *u = server_secret(s, A, S);
    hmac(pad_u, java_bytes(u, pad_u), pad_s, java_bytes(S, pad_s), prk);
    hmac(prk, 32, (const unsigned char *)"Caldera Derived Key\x01", 20, okm);
    size_t len = (size_t)snprintf((char *)text, sizeof text, "%s%s", domain, user);
    int decoded = EVP_DecodeBlock(text + len, (const unsigned char *)block, (int)strlen(block));
    len += (size_t)decoded - (strchr(block, '=') ? strlen(strchr(block, '=')) : 0);
    len += (size_t)snprintf((char *)text + len, sizeof text - len, "%s", timestamp);
    hmac(okm, 16, text, len, mac);
    EVP_EncodeBlock((unsigned char *)signature, mac, 32);
    BN_free(A), BN_free(u), BN_free(S);
}

#endif
