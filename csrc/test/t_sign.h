/* Keys and tokens for tests: what the core cannot do, sign. */
#ifndef T_SIGN_H
#define T_SIGN_H

#include "t.h"
#include "../core/b64.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

static const unsigned char t_seed[COG_SEED_SIZE + 1] = "0123456789abcdef";

static inline EVP_PKEY *t_key(unsigned bits, unsigned long exponent) {
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!e || !context || !BN_set_word(e, exponent) || EVP_PKEY_keygen_init(context) <= 0 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) <= 0 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) <= 0 || EVP_PKEY_keygen(context, &key) <= 0)
        abort();
    EVP_PKEY_CTX_free(context);
    BN_free(e);
    return key;
}

static inline char *t_b64url(char *out, const void *data, size_t n) {
    cog_b64url_encode(data, n, out);
    out += cog_b64url_size(n);
    *out = '\0';
    return out;
}

/* A number of the key as base64url text. */
static inline void t_number(EVP_PKEY *key, const char *name, char *out) {
    unsigned char octets[2048];
    BIGNUM *number = NULL;
    if (!EVP_PKEY_get_bn_param(key, name, &number)) abort();
    int n = BN_bn2bin(number, octets);
    t_b64url(out, octets, (size_t)n);
    BN_free(number);
}

/* A JWK: {"kid":..., "n":..., "e":..., <members>} */
static inline void t_jwk(EVP_PKEY *key, const char *kid, const char *members, char *out) {
    char n[4096], e[64];
    t_number(key, OSSL_PKEY_PARAM_RSA_N, n);
    t_number(key, OSSL_PKEY_PARAM_RSA_E, e);
    sprintf(out, "{\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s%s}", kid, n, e, *members ? "," : "", members);
}

static inline size_t t_signature(EVP_PKEY *key, const EVP_MD *hash, const char *input, unsigned char *out) {
    size_t len = 2048;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(context, NULL, hash, NULL, key) <= 0 ||
        EVP_DigestSign(context, out, &len, (const unsigned char *)input, strlen(input)) <= 0)
        abort();
    EVP_MD_CTX_free(context);
    return len;
}

/* header.payload.signature over texts as they are */
static inline cog_slice t_token(EVP_PKEY *key, const char *header, const char *payload, char *out) {
    unsigned char signature[2048];
    char *at = t_b64url(out, header, strlen(header));
    *at++ = '.';
    at = t_b64url(at, payload, strlen(payload));
    size_t len = t_signature(key, EVP_sha256(), out, signature);
    *at++ = '.';
    at = t_b64url(at, signature, len);
    return (cog_slice){(unsigned char *)out, (size_t)(at - out)};
}

#endif
