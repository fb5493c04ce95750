#include "seal.h"
#include "crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { FORMAT = 1, AT_ID = 1, AT_NONCE = AT_ID + COG_SEAL_ID_SIZE, AES_KEY_SIZE = 32 };

static const char KEY_LABEL[] = "lua-cognito seal 1: AES-256-GCM key";
static const char ID_LABEL[] = "lua-cognito seal 1: key id";

static cog_err derive(cog_mac *mac, const unsigned char *key, const char *label, unsigned char out[COG_SHA256_SIZE]) {
    cog_slice secret = {key, COG_SEAL_KEY_SIZE}, text = {(const unsigned char *)label, strlen(label)};
    return cog_hmac_sha256(mac, secret, &text, 1, out);
}

static cog_err write_head(cog_mac *mac, const unsigned char *key, unsigned char head[COG_SEAL_HEAD_SIZE]) {
    unsigned char id[COG_SHA256_SIZE];
    cog_err error = derive(mac, key, ID_LABEL, id);
    if (error) return error;
    head[0] = FORMAT;
    memcpy(head + AT_ID, id, COG_SEAL_ID_SIZE);
    return cog_random(head + AT_NONCE, COG_SEAL_NONCE_SIZE);
}

/* Everything before the nonce, then the caller's aad: the nonce is authenticated by its use. */
static int start(EVP_CIPHER_CTX *ctx, int sealing, const unsigned char *aes_key, const unsigned char *head,
                 cog_slice aad) {
    int n;
    return EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), aes_key, head + AT_NONCE, sealing, NULL) &&
           EVP_CipherUpdate(ctx, NULL, &n, head, AT_NONCE) &&
           (aad.len == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.data, (int)aad.len));
}

static int encrypt(EVP_CIPHER_CTX *ctx, cog_slice text, unsigned char *out, unsigned char *tag) {
    int n;
    return (text.len == 0 || EVP_CipherUpdate(ctx, out, &n, text.data, (int)text.len)) &&
           EVP_CipherFinal_ex(ctx, tag, &n) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, COG_SEAL_TAG_SIZE, tag);
}

static int decrypt(EVP_CIPHER_CTX *ctx, cog_slice text, const unsigned char *tag, unsigned char *out) {
    unsigned char copy[COG_SEAL_TAG_SIZE], nothing[EVP_MAX_BLOCK_LENGTH];
    int n;
    memcpy(copy, tag, sizeof copy);
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, COG_SEAL_TAG_SIZE, copy) &&
           (text.len == 0 || EVP_CipherUpdate(ctx, out, &n, text.data, (int)text.len)) &&
           EVP_CipherFinal_ex(ctx, nothing, &n) > 0;
}

cog_err cog_seal(cog_mac *mac, const unsigned char key[COG_SEAL_KEY_SIZE], cog_slice aad, cog_slice text,
                 unsigned char *out) {
    unsigned char aes_key[AES_KEY_SIZE];
    if (text.len > COG_SEAL_MAX || aad.len > COG_SEAL_MAX) return COG_TOO_LARGE;
    cog_err error = write_head(mac, key, out);
    if (!error) error = derive(mac, key, KEY_LABEL, aes_key);
    if (error) return error;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *body = out + COG_SEAL_HEAD_SIZE;
    int ok = ctx && start(ctx, 1, aes_key, out, aad) && encrypt(ctx, text, body, body + text.len);
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(aes_key, sizeof aes_key);
    return cog_crypto_outcome(ok);
}

static cog_err check_head(cog_mac *mac, const unsigned char *key, cog_slice aad, cog_slice sealed) {
    unsigned char id[COG_SHA256_SIZE];
    if (sealed.len < COG_SEAL_OVERHEAD || sealed.data[0] != FORMAT) return COG_SEAL_FORMAT;
    if (sealed.len - COG_SEAL_OVERHEAD > COG_SEAL_MAX || aad.len > COG_SEAL_MAX) return COG_TOO_LARGE;
    cog_err error = derive(mac, key, ID_LABEL, id);
    if (error) return error;
    return memcmp(id, sealed.data + AT_ID, COG_SEAL_ID_SIZE) == 0 ? COG_OK : COG_SEAL_KEY;
}

cog_err cog_unseal(cog_mac *mac, const unsigned char key[COG_SEAL_KEY_SIZE], cog_slice aad, cog_slice sealed,
                   unsigned char *out) {
    unsigned char aes_key[AES_KEY_SIZE];
    cog_err error = check_head(mac, key, aad, sealed);
    if (!error) error = derive(mac, key, KEY_LABEL, aes_key);
    if (error) return error;
    cog_slice body = {sealed.data + COG_SEAL_HEAD_SIZE, sealed.len - COG_SEAL_OVERHEAD};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int ready = ctx && start(ctx, 0, aes_key, sealed.data, aad);
    int ok = ready && decrypt(ctx, body, body.data + body.len, out);
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(aes_key, sizeof aes_key);
    if (!ok) OPENSSL_cleanse(out, body.len);
    error = cog_crypto_outcome(ok);
    return error && ready ? COG_SEAL_TAMPERED : error;
}
