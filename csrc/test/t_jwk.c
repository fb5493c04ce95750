/* Key sets: which keys may verify, and what spoils one. */
#include "t_sign.h"
#include "../core/jwk.h"

static cog_mac *mac;
static EVP_PKEY *key;
static char n_text[4096];

static cog_jwks *read_set(const char *text) {
    cog_jwks *keys = NULL;
    unsigned char *tight = t_tight(text, strlen(text));
    CHECK_ERR(cog_jwks_read((cog_slice){tight, strlen(text)}, t_seed, &keys), COG_OK);
    free(tight);
    if (!keys) abort();
    return keys;
}

static void refuses(const char *text, size_t len) {
    cog_jwks *keys = NULL;
    unsigned char *tight = t_tight(text, len);
    CHECK_ERR(cog_jwks_read((cog_slice){tight, len}, t_seed, &keys), COG_JWKS_INVALID);
    CHECK(keys == NULL);
    free(tight);
}

static cog_err finds(const char *entries, const char *kid) {
    const cog_key *found = NULL;
    cog_jwks *keys = read_set(t_format("{\"keys\":[%s]}", entries));
    cog_err error = cog_jwks_find(keys, t_slice(kid), &found);
    CHECK((error == COG_OK) <= (cog_jwks_usable(keys) > 0));
    cog_jwks_free(keys);
    return error;
}

/* The verdict on an entry of these members. */
static cog_err entry(const char *members) {
    return finds(t_format("{\"kid\":\"k\"%s%s}", *members ? "," : "", members), "k");
}

/* The verdict on an RSA entry with this n and e. */
static cog_err numbers(const char *n, const char *e) {
    return entry(t_format("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", n, e));
}

static void test_documents(void) {
    static const char *const bad[] = {
        "", " ", "null", "[]", "7", "\"keys\"", "{}", "{\"Keys\":[]}", "{\"keys\":{}}", "{\"keys\":null}",
        "{\"keys\":7}", "{\"keys\":[]", "{\"keys\":[]}x", "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[{\"a\":1,\"a\":1}]}", "{\"keys\":[{]}", "{\"keys\":[{\"n\":1e999}]}",
        "{\"x\":{\"keys\":[]}}", "{\"keys\":[{\"key_ops\":[}]}", "{\"keys\":[[}]}", "{\"keys\":[{\"key_ops\":{]}]}",
        "{\"keys\":[{\"kid\":}]}", "{\"keys\":[{\"kid\"", "{\"x\":}", "{\"keys\":[{\"key_ops\":[[}]]}]}",
        "{\"keys\":[{\"key_ops\":",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuses(bad[i], strlen(bad[i]));
    CHECK_ERR(finds("", "k"), COG_KID_UNKNOWN);
}

static void test_limits(void) {
    static char text[COG_JWKS_MAX + 2];
    size_t len = (size_t)sprintf(text, "{\"keys\":[{\"kid\":\"0\"}");
    for (int i = 1; i < COG_JWKS_KEYS_MAX; i++) len += (size_t)sprintf(text + len, ",{\"kid\":\"%d\"}", i);
    strcpy(text + len, "]}");
    cog_jwks *full = read_set(text);
    CHECK(cog_jwks_usable(full) == 0);
    cog_jwks_free(full);
    strcpy(text + len, ",7]}");
    refuses(text, strlen(text));
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"keys\":[]}", 11);
    text[COG_JWKS_MAX] = '\0';
    cog_jwks_free(read_set(text));
    refuses(text, COG_JWKS_MAX + 1);
}

static void test_members(void) {
    char sound[8192];
    snprintf(sound, sizeof sound, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"", n_text);
    static const char *const good[] = {
        "", "\"use\":\"sig\"", "\"alg\":\"RS256\"", "\"key_ops\":[\"verify\"]", "\"key_ops\":[\"sign\",\"verify\"]",
        "\"use\":\"sig\",\"alg\":\"RS256\",\"key_ops\":[\"verify\"],\"x5c\":[\"AA\"],\"x\":{\"n\":1},\"d\":null",
        "\"key_ops\":[7,{\"a\":[]},\"verify\"]",
    };
    static const char *const bad[] = {
        "\"use\":\"enc\"", "\"use\":\"\"", "\"use\":\"Sig\"", "\"use\":null", "\"use\":7", "\"use\":[\"sig\"]",
        "\"alg\":\"RS512\"", "\"alg\":\"PS256\"", "\"alg\":\"rs256\"", "\"alg\":\"\"", "\"alg\":null", "\"alg\":{}",
        "\"alg\":\"RS256\\u0000\"", "\"key_ops\":[]", "\"key_ops\":[\"encrypt\"]", "\"key_ops\":\"verify\"",
        "\"key_ops\":null", "\"key_ops\":{\"verify\":\"verify\"}", "\"key_ops\":[[\"verify\"]]",
        "\"key_ops\":[\"Verify\"]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_ERR(entry(t_format("%s%s%s", sound, *good[i] ? "," : "", good[i])), COG_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERR(entry(t_format("%s,%s", sound, bad[i])), COG_KEY_UNUSABLE);
        CHECK_ERR(entry(t_format("%s,%s", bad[i], sound)), COG_KEY_UNUSABLE);
    }
}

static void test_types(void) {
    static const char *const kty[] = {
        "\"rsa\"", "\"EC\"", "\"oct\"", "7", "null", "[\"RSA\"]", "\"RSA\\u0000\"", "\"\"",
    };
    for (size_t i = 0; i < sizeof kty / sizeof *kty; i++) {
        CHECK_ERR(entry(t_format("\"kty\":%s,\"n\":\"%s\",\"e\":\"AQAB\"", kty[i], n_text)), COG_KEY_UNUSABLE);
    }
    CHECK_ERR(entry(t_format("\"n\":\"%s\",\"e\":\"AQAB\"", n_text)), COG_KEY_UNUSABLE);
    CHECK_ERR(entry(t_format("\"kty\":\"RSA\",\"n\":\"%s\"", n_text)), COG_KEY_UNUSABLE);
    CHECK_ERR(entry(t_format("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":65537", n_text)), COG_KEY_UNUSABLE);
    CHECK_ERR(entry("\"kty\":\"RSA\",\"e\":\"AQAB\""), COG_KEY_UNUSABLE);
    CHECK_ERR(entry("\"kty\":\"RSA\",\"n\":[],\"e\":\"AQAB\""), COG_KEY_UNUSABLE);
    CHECK_ERR(entry(""), COG_KEY_UNUSABLE);
}

/* A modulus of so many bits that ends in `last`; not a product of two primes, which nobody can see. */
static cog_err modulus(unsigned bits, unsigned char last, const char *e) {
    unsigned char octets[1100] = {0};
    char text[1500];
    size_t len = (bits + 7) / 8;
    memset(octets, 0xa5, len);
    octets[0] = (unsigned char)(1u << ((bits - 1) % 8));
    octets[len - 1] = last;
    t_b64url(text, octets, len);
    return numbers(text, e);
}

static void test_numbers(void) {
    CHECK_ERR(numbers(n_text, "AQAB"), COG_OK);
    CHECK_ERR(numbers(n_text, "Aw"), COG_OK);         /* 3 */
    CHECK_ERR(numbers(n_text, "AAEAAQ"), COG_OK);     /* leading zero */
    CHECK_ERR(numbers(n_text, "Af____8"), COG_OK);    /* 2^33 - 1 */
    CHECK_ERR(numbers(n_text, "AAAAAf____8"), COG_OK);
    CHECK_ERR(numbers(n_text, "AAAAAAAAAQAB"), COG_OK);
    static const char *const bad[] = {
        "", "AA", "AQ", "Ag", "BA", "AQAA", "AgAAAAE", "AQAAAAAAAAAB", "AQAB=", "AQAB==", "AQA B", "+QAB", "AQAC", "A",
        "AR", "AQABA", "AAAAAAAAAAAAAQAB", "AA\\u0000",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK_ERR(numbers(n_text, bad[i]), COG_KEY_UNUSABLE);
    CHECK_ERR(modulus(2047, 1, "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(modulus(2048, 1, "AQAB"), COG_OK);
    CHECK_ERR(modulus(2048, 0, "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(modulus(2049, 1, "AQAB"), COG_OK);
    CHECK_ERR(modulus(8192, 1, "AQAB"), COG_OK);
    CHECK_ERR(modulus(8193, 1, "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(modulus(8700, 1, "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(modulus(1024, 1, "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(numbers("", "AQAB"), COG_KEY_UNUSABLE);
    CHECK_ERR(numbers("AA", "AQAB"), COG_KEY_UNUSABLE);
}

/* A leading zero octet of a modulus of the largest size is still read. */
static void test_leading_zero(void) {
    unsigned char octets[1025] = {0};
    char text[1500];
    memset(octets + 1, 0xff, 1024);
    t_b64url(text, octets, sizeof octets);
    CHECK_ERR(numbers(text, "AQAB"), COG_OK);
}

/* The verdict on an odd modulus of 2048 bits that leaves `rest` when divided by `product`, which is odd. */
static cog_err with_rest(const BIGNUM *product, const BIGNUM *rest, BN_CTX *context) {
    unsigned char octets[256];
    char text[400];
    BIGNUM *n = BN_new(), *low = BN_new();
    BN_one(n);
    BN_lshift(n, n, 2047);
    BN_mod(low, n, product, context);
    BN_sub(n, n, low);
    BN_add(n, n, product);
    BN_add(n, n, rest);
    if (!BN_is_odd(n)) BN_add(n, n, product);
    t_b64url(text, octets, (size_t)BN_bn2bin(n, octets));
    BN_free(n);
    BN_free(low);
    return numbers(text, "AQAB");
}

/* Moduli that are powers of 65537 modulo the primes that tell keys of CVE-2017-15361, and others. */
static void test_fingerprint(void) {
    static const unsigned primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
    BN_CTX *context = BN_CTX_new();
    BIGNUM *product = BN_new(), *rest = BN_new();
    BN_one(product);
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) BN_mul_word(product, primes[i]);
    BN_one(rest);
    for (int power = 0; power < 40; power++) {
        CHECK_ERR(with_rest(product, rest, context), COG_KEY_UNUSABLE);
        BN_mul_word(rest, 65537);
        BN_mod(rest, rest, product, context);
    }
    for (unsigned word = 2; word < 60; word++) {
        BN_set_word(rest, word);
        CHECK_ERR(with_rest(product, rest, context), COG_OK);
    }
    BN_free(product);
    BN_free(rest);
    BN_CTX_free(context);
}

static void test_kids(void) {
    char good[8192];
    t_jwk(key, "k", "\"kty\":\"RSA\"", good);
    CHECK_ERR(finds(good, "k"), COG_OK);
    CHECK_ERR(finds(good, "K"), COG_KID_UNKNOWN);
    CHECK_ERR(finds(good, "kk"), COG_KID_UNKNOWN);
    CHECK_ERR(finds(good, ""), COG_KID_UNKNOWN);
    const char *others = "{\"kid\":\"k\"},7,null,\"x\",[{}],{\"kid\":[\"k\"]},{\"kid\":7},{}";
    CHECK_ERR(finds(t_format("%s,%s", others, good), "k"), COG_OK);
    CHECK_ERR(finds(t_format("%s,{\"kid\":\"k\"}", good), "k"), COG_OK);
    t_jwk(key, "k\\u0000", "\"kty\":\"RSA\"", good);
    CHECK_ERR(finds(good, "k"), COG_KID_UNKNOWN);
    t_jwk(key, "", "\"kty\":\"RSA\"", good);
    CHECK_ERR(finds(good, ""), COG_OK);
    CHECK_ERR(finds(t_format("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", n_text), ""), COG_KID_UNKNOWN);
}

static void test_usable(void) {
    char good[8192];
    t_jwk(key, "k", "\"kty\":\"RSA\"", good);
    const char *set = t_format("{\"a\":[1],\"keys\":[%s,{\"kid\":\"x\"},%s],\"b\":{}}", good, good);
    cog_jwks *keys = read_set(set);
    CHECK(cog_jwks_usable(keys) == 2);
    cog_jwks_free(keys);
    cog_jwks_free(NULL);
}

static void verifies(unsigned bits, unsigned long exponent) {
    static const char input[] = "some input";
    unsigned char signature[2048];
    char jwk[8192];
    const cog_key *found;
    EVP_PKEY *own = t_key(bits, exponent);
    t_jwk(own, "k", "\"kty\":\"RSA\"", jwk);
    const char *set = t_format("{\"keys\":[%s]}", jwk);
    cog_jwks *keys = read_set(set);
    CHECK_ERR(cog_jwks_find(keys, t_slice("k"), &found), COG_OK);
    size_t len = t_signature(own, EVP_sha256(), input, signature);
    for (int again = 0; again < 2; again++) {
        CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len}), COG_OK);
        CHECK_ERR(cog_key_verify(found, mac, t_slice("some inpuT"), (cog_slice){signature, len}), COG_BAD_SIGNATURE);
        CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len - 1}), COG_BAD_SIGNATURE);
        CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, 0}), COG_BAD_SIGNATURE);
    }
    signature[len] = 0;
    CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len + 1}), COG_BAD_SIGNATURE);
    signature[len / 2] ^= 1;
    CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len}), COG_BAD_SIGNATURE);
    len = t_signature(own, EVP_sha512(), input, signature);
    CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len}), COG_BAD_SIGNATURE);
    memset(signature, 0, len);
    CHECK_ERR(cog_key_verify(found, mac, t_slice(input), (cog_slice){signature, len}), COG_BAD_SIGNATURE);
    cog_jwks_free(keys);
    EVP_PKEY_free(own);
}

int main(void) {
    mac = cog_mac_new();
    key = t_key(2048, 65537);
    t_number(key, OSSL_PKEY_PARAM_RSA_N, n_text);
    test_documents();
    test_limits();
    test_members();
    test_types();
    test_numbers();
    test_leading_zero();
    test_fingerprint();
    test_kids();
    test_usable();
    verifies(2048, 65537);
    verifies(2056, 3);
    verifies(2049, 17);
    EVP_PKEY_free(key);
    cog_mac_free(mac);
    return T_END();
}
