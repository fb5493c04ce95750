#define _DEFAULT_SOURCE 1               /* getentropy */
#define OPENSSL_SUPPRESS_DEPRECATED 1 /* SHA256_Init and its kin, see cog_fingerprint */
#include "mac.h"
#include "b64.h"
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_KEY_MAX = 128 };

struct cog_mac {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmac;
    unsigned char key[KEPT_KEY_MAX]; /* the key that `hmac` is set to, while has_key */
    size_t key_len;
    bool has_key;
};

static EVP_MAC_CTX *new_hmac(void) {
    char name[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (context && EVP_MAC_CTX_set_params(context, params)) return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

cog_mac *cog_mac_new(void) {
    cog_mac *mac = OPENSSL_zalloc(sizeof *mac);
    if (!mac) return NULL;
    mac->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    mac->digest = EVP_MD_CTX_new();
    mac->hmac = new_hmac();
    if (mac->sha256 && mac->digest && mac->hmac) return mac;
    cog_mac_free(mac);
    ERR_clear_error();
    return NULL;
}

void cog_mac_free(cog_mac *mac) {
    if (!mac) return;
    EVP_MAC_CTX_free(mac->hmac);
    EVP_MD_CTX_free(mac->digest);
    EVP_MD_free(mac->sha256);
    OPENSSL_clear_free(mac, sizeof *mac);
}

cog_err cog_sha256_parts(cog_mac *mac, const cog_slice *parts, size_t count, unsigned char out[COG_SHA256_SIZE]) {
    int ok = EVP_DigestInit_ex2(mac->digest, mac->sha256, NULL);
    for (size_t i = 0; ok && i < count; i++) ok = EVP_DigestUpdate(mac->digest, parts[i].data, parts[i].len);
    ok = ok && EVP_DigestFinal_ex(mac->digest, out, NULL);
    return cog_crypto_outcome(ok);
}

cog_err cog_sha256(cog_mac *mac, cog_slice text, unsigned char out[COG_SHA256_SIZE]) {
    return cog_sha256_parts(mac, &text, 1, out);
}

cog_err cog_fingerprint(cog_slice text, char out[COG_FINGERPRINT_SIZE]) {
    unsigned char digest[COG_SHA256_SIZE];
    SHA256_CTX context;
    bool ok = SHA256_Init(&context) && SHA256_Update(&context, text.data, text.len) && SHA256_Final(digest, &context);
    OPENSSL_cleanse(&context, sizeof context);
    if (!ok) return COG_CRYPTO;
    cog_hex_encode(digest, sizeof digest, out);
    return COG_OK;
}

static bool is_kept_key(const cog_mac *mac, cog_slice key) {
    return mac->has_key && cog_equal(key, (cog_slice){mac->key, mac->key_len});
}

static void keep_key(cog_mac *mac, cog_slice key) {
    OPENSSL_cleanse(mac->key, sizeof mac->key);
    mac->has_key = key.len > 0 && key.len <= sizeof mac->key;
    if (!mac->has_key) return;
    memcpy(mac->key, key.data, key.len);
    mac->key_len = key.len;
}

static int set_key(cog_mac *mac, cog_slice key) {
    if (is_kept_key(mac, key)) return EVP_MAC_init(mac->hmac, NULL, 0, NULL);
    mac->has_key = false;
    /* a NULL key would mean "the same as before" */
    const unsigned char *data = key.data ? key.data : (const unsigned char *)"";
    if (!EVP_MAC_init(mac->hmac, data, key.len, NULL)) return 0;
    keep_key(mac, key);
    return 1;
}

cog_err cog_hmac_sha256(cog_mac *mac, cog_slice key, const cog_slice *parts, size_t count,
                        unsigned char out[COG_SHA256_SIZE]) {
    size_t written;
    int ok = set_key(mac, key);
    for (size_t i = 0; ok && i < count; i++) ok = EVP_MAC_update(mac->hmac, parts[i].data, parts[i].len);
    ok = ok && EVP_MAC_final(mac->hmac, out, &written, COG_SHA256_SIZE);
    return cog_crypto_outcome(ok);
}

cog_err cog_hmac_sha1(cog_slice key, cog_slice text, unsigned char out[COG_SHA1_SIZE]) {
    if (key.len > INT_MAX) return COG_TOO_LARGE;
    const unsigned char *data = key.data ? key.data : (const unsigned char *)"";
    return cog_crypto_outcome(HMAC(EVP_sha1(), data, (int)key.len, text.data, text.len, out, NULL) != NULL);
}

cog_err cog_secret_hash(cog_mac *mac, cog_slice secret, cog_slice username, cog_slice client_id,
                        char out[COG_SECRET_HASH_SIZE]) {
    unsigned char digest[COG_SHA256_SIZE];
    const cog_slice parts[] = {username, client_id};
    cog_err error = cog_hmac_sha256(mac, secret, parts, 2, digest);
    if (!error) cog_b64_encode(digest, sizeof digest, out);
    OPENSSL_cleanse(digest, sizeof digest);
    return error;
}

bool cog_equal(cog_slice a, cog_slice b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

cog_err cog_random(unsigned char *out, size_t n) {
    return cog_crypto_outcome(RAND_bytes_ex(NULL, out, n, 0) > 0);
}

cog_err cog_uuid(char out[COG_UUID_SIZE]) {
    static const unsigned char group_sizes[] = {4, 2, 2, 2, 6};
    unsigned char id[16];
    /* From the system: a name for a request is no secret, and OpenSSL's generator takes long to start. */
    if (getentropy(id, sizeof id) != 0) return COG_CRYPTO;
    id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
    id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
    const unsigned char *from = id;
    for (size_t i = 0; i < sizeof group_sizes; from += group_sizes[i++]) {
        if (i) *out++ = '-';
        cog_hex_encode(from, group_sizes[i], out);
        out += 2 * group_sizes[i];
    }
    return COG_OK;
}
