#include "jwk.h"
#include "b64.h"
#include "reader.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

enum {
    MODULUS_MAX = COG_RSA_BITS_MAX / 8,
    MODULUS_TEXT_MAX = (MODULUS_MAX + 1) / 3 * 4 + 4, /* a leading zero octet is forgiven */
    EXPONENT_BITS_MAX = 33,                           /* 3 <= e < 2^33: a larger one only costs time */
    EXPONENT_TEXT_MAX = 12,
};

struct cog_key {
    cog_slice kid;
    EVP_PKEY_CTX *verify; /* NULL: unusable */
    size_t size;          /* of a signature */
};

struct cog_jwks {
    unsigned char *text; /* the kids lie in it */
    size_t text_len, count;
    bool has_keys;
    cog_key keys[COG_JWKS_KEYS_MAX];
};

/* ---- one key from its numbers ------------------------------------------------------------------------------------ */

/* An unsigned big-endian number without leading zeros. */
static cog_slice decode_number(cog_slice text, unsigned char *room, size_t text_max) {
    cog_slice none = {NULL, 0}, number = {room, 0};
    if (text.len > text_max || cog_b64url_decode((const char *)text.data, text.len, room, &number.len)) return none;
    while (number.len && number.data[0] == 0) number.data++, number.len--;
    return number;
}

static size_t bits(cog_slice number) {
    size_t count = 8 * number.len;
    for (unsigned top = 0x80; number.len && !(number.data[0] & top); top >>= 1) count--;
    return count;
}

static bool is_odd(cog_slice number) {
    return number.len && (number.data[number.len - 1] & 1);
}

static unsigned remainder_by(cog_slice number, unsigned prime) {
    unsigned rest = 0;
    for (size_t i = 0; i < number.len; i++) rest = (rest << 8 | number.data[i]) % prime;
    return rest;
}

/* Whether some power of 65537 leaves this rest. */
static bool is_power(unsigned rest, unsigned prime) {
    unsigned power = 1;
    do {
        if (power == rest) return true;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}

/* Moduli of certain smart cards (CVE-2017-15361) are products of primes of the form k * M + 65537^a mod M and can be
 * factored. They show it by leaving powers of 65537 as the rests by M's small primes; of other moduli one in 2^27 does
 * so too. */
static bool is_fingerprinted(cog_slice n) {
    static const unsigned char primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
    for (size_t i = 0; i < sizeof primes; i++)
        if (!is_power(remainder_by(n, primes[i]), primes[i])) return false;
    return true;
}

/* e = 1 makes every text its own signature, an even modulus or exponent is no RSA key, a short one is weak and a
 * long one lets a stranger burn our time. */
static bool is_sound(cog_slice n, cog_slice e) {
    size_t size = bits(n);
    return size >= COG_RSA_BITS_MIN && size <= COG_RSA_BITS_MAX && is_odd(n) && is_odd(e) && bits(e) >= 2 &&
           bits(e) <= EXPONENT_BITS_MAX && !is_fingerprinted(n);
}

static OSSL_PARAM *key_params(const BIGNUM *n, const BIGNUM *e) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (builder && n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    return params;
}

static EVP_PKEY *make_key(OSSL_PARAM *params) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (context && params && EVP_PKEY_fromdata_init(context) > 0)
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *import_key(cog_slice n, cog_slice e) {
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL), *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    OSSL_PARAM *params = key_params(modulus, exponent);
    EVP_PKEY *key = make_key(params);
    OSSL_PARAM_free(params);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* Set up once: a fresh context for each signature would cost a sixth of the verification. */
static EVP_PKEY_CTX *new_verifier(EVP_PKEY *key) {
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    if (context && EVP_PKEY_verify_init(context) > 0 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static void set_up(cog_key *key, cog_slice n_text, cog_slice e_text) {
    unsigned char n_room[MODULUS_TEXT_MAX], e_room[EXPONENT_TEXT_MAX];
    cog_slice n = decode_number(n_text, n_room, sizeof n_room), e = decode_number(e_text, e_room, sizeof e_room);
    if (!is_sound(n, e)) return;
    EVP_PKEY *pkey = import_key(n, e);
    key->verify = new_verifier(pkey);
    key->size = (bits(n) + 7) / 8;
    EVP_PKEY_free(pkey); /* the context holds it */
    ERR_clear_error();
}

/* ---- the set's text ---------------------------------------------------------------------------------------------- */

/* One entry as it is read. A member of a wrong type or value makes the key unusable. */
struct entry {
    cog_slice kid, kty, n, e;
    bool has_kid, unusable;
};

static bool text_is(cog_json *json, cog_json_event value, const char *wanted) {
    return value == COG_JSON_STRING && cog_slice_is(json->string, wanted, strlen(wanted));
}

/* key_ops: an array with "verify" in it. */
static bool allows_verify(cog_json *json, cog_json_event value) {
    bool found = false;
    if (value != COG_JSON_ARRAY) return cog_json_skip(json, value) && false;
    while ((value = cog_json_next(json)) != COG_JSON_ARRAY_END) {
        found |= text_is(json, value, "verify");
        if (!cog_json_skip(json, value)) return false;
    }
    return found;
}

/* False when the value is no string. */
static bool take_text(cog_json *json, cog_json_event value, cog_slice *text) {
    if (value == COG_JSON_STRING) *text = json->string;
    return value == COG_JSON_STRING;
}

static bool read_key_member(cog_json *json, struct entry *entry) {
    cog_slice name = json->string;
    cog_json_event value = cog_json_next(json);
    if (COG_IS(name, "key_ops")) {
        entry->unusable |= !allows_verify(json, value);
        return json->error == COG_OK;
    }
    bool good = true;
    if (COG_IS(name, "kid")) entry->has_kid = take_text(json, value, &entry->kid);
    else if (COG_IS(name, "n")) good = take_text(json, value, &entry->n);
    else if (COG_IS(name, "e")) good = take_text(json, value, &entry->e);
    else if (COG_IS(name, "kty")) good = take_text(json, value, &entry->kty);
    else if (COG_IS(name, "use")) good = text_is(json, value, "sig");
    else if (COG_IS(name, "alg")) good = text_is(json, value, "RS256");
    entry->unusable |= !good;
    return cog_json_skip(json, value);
}

static void add_entry(cog_jwks *jwks, const struct entry *entry) {
    if (!entry->has_kid) return;
    cog_key *key = &jwks->keys[jwks->count++];
    key->kid = entry->kid;
    if (!entry->unusable && COG_IS(entry->kty, "RSA")) set_up(key, entry->n, entry->e);
}

static bool read_entry(cog_json *json, cog_jwks *jwks, cog_json_event first) {
    struct entry entry = {.has_kid = false};
    if (first != COG_JSON_OBJECT) return cog_json_skip(json, first);
    while (cog_json_next(json) == COG_JSON_NAME)
        if (!read_key_member(json, &entry)) return false;
    if (json->error) return false;
    add_entry(jwks, &entry);
    return true;
}

static bool read_keys(cog_json *json, cog_jwks *jwks) {
    cog_json_event event;
    for (size_t i = 0; (event = cog_json_next(json)) != COG_JSON_ARRAY_END; i++)
        if (i == COG_JWKS_KEYS_MAX || !read_entry(json, jwks, event)) return false;
    jwks->has_keys = true;
    return true;
}

static bool read_member(cog_json *json, void *jwks) {
    bool is_keys = COG_IS(json->string, "keys");
    cog_json_event value = cog_json_next(json);
    if (is_keys && value == COG_JSON_ARRAY) return read_keys(json, jwks);
    return cog_json_skip(json, value);
}

static cog_err read_set(cog_jwks *jwks, const unsigned char *seed) {
    cog_err error = cog_read_object(jwks->text, jwks->text_len, seed, read_member, jwks, COG_JWKS_INVALID);
    if (error == COG_MEMORY) return error;
    return error || !jwks->has_keys ? COG_JWKS_INVALID : COG_OK;
}

cog_err cog_jwks_read(cog_slice text, const unsigned char *seed, cog_jwks **jwks) {
    if (text.len == 0 || text.len > COG_JWKS_MAX) return COG_JWKS_INVALID;
    cog_jwks *set = OPENSSL_zalloc(sizeof *set);
    if (!set) return COG_MEMORY;
    set->text = OPENSSL_malloc(text.len);
    set->text_len = text.len;
    if (set->text) memcpy(set->text, text.data, text.len);
    cog_err error = set->text ? read_set(set, seed) : COG_MEMORY;
    if (error) cog_jwks_free(set);
    else *jwks = set;
    return error;
}

void cog_jwks_free(cog_jwks *jwks) {
    if (!jwks) return;
    for (size_t i = 0; i < jwks->count; i++) EVP_PKEY_CTX_free(jwks->keys[i].verify);
    OPENSSL_free(jwks->text);
    OPENSSL_free(jwks);
}

/* ---- use --------------------------------------------------------------------------------------------------------- */

size_t cog_jwks_usable(const cog_jwks *jwks) {
    size_t usable = 0;
    for (size_t i = 0; i < jwks->count; i++) usable += jwks->keys[i].verify != NULL;
    return usable;
}

cog_err cog_jwks_find(const cog_jwks *jwks, cog_slice kid, const cog_key **key) {
    cog_err error = COG_KID_UNKNOWN;
    for (size_t i = 0; i < jwks->count; i++) {
        const cog_key *candidate = &jwks->keys[i];
        if (candidate->kid.len != kid.len || memcmp(candidate->kid.data, kid.data, kid.len) != 0) continue;
        *key = candidate;
        if (candidate->verify) return COG_OK;
        error = COG_KEY_UNUSABLE;
    }
    return error;
}

cog_err cog_key_verify(const cog_key *key, cog_mac *mac, cog_slice input, cog_slice signature) {
    unsigned char digest[COG_SHA256_SIZE];
    if (signature.len != key->size) return COG_BAD_SIGNATURE;
    cog_err error = cog_sha256(mac, input, digest);
    if (error) return error;
    if (EVP_PKEY_verify(key->verify, signature.data, signature.len, digest, sizeof digest) > 0) return COG_OK;
    ERR_clear_error();
    return COG_BAD_SIGNATURE;
}
