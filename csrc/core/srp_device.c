/* The verifier of a new device, and the self-test that proves it before it is sent. */
#include "srp_math.h"

#include "b64.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

static cog_slice text_slice(const char *text) {
    return (cog_slice){(const unsigned char *)text, strlen(text)};
}

cog_err cog_srp_verifier(const cog_srp_group *group, const cog_srp_identity *who, cog_slice salt,
                         unsigned char out[COG_SRP_PADDED], size_t *len) {
    srp_work w;
    if (salt.len > COG_SRP_SALT_MAX) return COG_SRP_BAD_SALT;
    cog_err error = srp_work_begin(&w);
    if (!error) error = cog_crypto_outcome(BN_bin2bn(salt.data, (int)salt.len, w.salt) != NULL);
    if (!error) error = srp_make_x(&w, who);
    if (!error) error = cog_crypto_outcome(srp_power(group, w.t, group->g, w.x, w.ctx));
    if (!error) *len = srp_pad(w.t, out);
    srp_work_end(&w);
    return error;
}

/* ---- the self-test: the server's half, which nothing else needs ---- */

/* B = k*v + g^b */
static int server_b(const cog_srp_group *group, const BIGNUM *v, const BIGNUM *b, srp_work *w) {
    return BN_mod_mul_montgomery(w->t, v, group->k, group->mont, w->ctx) &&
           srp_power(group, w->b, group->g, b, w->ctx) && BN_mod_add_quick(w->b, w->b, w->t, group->n);
}

/* S = (A * v^u)^b */
static int server_s(const cog_srp_group *group, const cog_srp *srp, const BIGNUM *v, const BIGNUM *b, srp_work *w) {
    return srp_power(group, w->t, v, w->u, w->ctx) && BN_mod_mul(w->t, w->t, srp->A, group->n, w->ctx) &&
           srp_power(group, w->s, w->t, b, w->ctx);
}

static cog_err compare_keys(const cog_srp_group *group, cog_srp *srp, const cog_srp_identity *who, const BIGNUM *v,
                            const BIGNUM *b, srp_work *w) {
    unsigned char ours[SRP_KEY], theirs[SRP_KEY];
    cog_err error = srp_client_key(group, srp, who, w, ours);
    if (!error) error = cog_crypto_outcome(server_s(group, srp, v, b, w));
    if (!error) error = srp_make_key(w, theirs);
    if (!error && CRYPTO_memcmp(ours, theirs, SRP_KEY) != 0) error = COG_SRP_SELFTEST;
    OPENSSL_cleanse(ours, sizeof ours);
    OPENSSL_cleanse(theirs, sizeof theirs);
    return error;
}

static cog_err round_trip(const cog_srp_group *group, const cog_srp_identity *who, const BIGNUM *v, srp_work *w) {
    cog_srp *srp = cog_srp_new(group, COG_SRP_BITS_MIN);
    BIGNUM *b = BN_CTX_get(w->ctx);
    bool ok = srp && b && BN_priv_rand(b, COG_SRP_BITS_MIN, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
              server_b(group, v, b, w);
    cog_err error = cog_crypto_outcome(ok);
    if (!error) error = compare_keys(group, srp, who, v, b, w);
    cog_srp_free(srp);
    return error;
}

/* A padded number in base64, as it is sent, of at most `max` octets. */
static cog_err read_sent(const char *text, size_t max, BIGNUM *number) {
    unsigned char octets[COG_SRP_PADDED + 3];
    size_t len, chars = strlen(text);
    if (cog_b64_room(chars) > sizeof octets || cog_b64_decode(text, chars, octets, &len) || len > max)
        return COG_SRP_SELFTEST;
    return cog_crypto_outcome(BN_bin2bn(octets, (int)len, number) != NULL);
}

cog_err cog_srp_device_prove(const cog_srp_group *group, cog_slice group_key, cog_slice key,
                             const cog_srp_device *device) {
    srp_work w;
    const cog_srp_identity who = {group_key, key, text_slice(device->password)};
    cog_err error = srp_work_begin(&w);
    BIGNUM *v = error ? NULL : BN_CTX_get(w.ctx);
    if (!error) error = cog_crypto_outcome(v != NULL);
    if (!error) error = read_sent(device->salt, COG_SRP_DEVICE_SALT + 1, w.salt);
    if (!error) error = read_sent(device->verifier, COG_SRP_PADDED, v);
    if (!error && BN_cmp(v, group->n) >= 0) error = COG_SRP_SELFTEST;
    if (!error) error = round_trip(group, &who, v, &w);
    srp_work_end(&w);
    return error;
}

/* ---- a new device ---- */

static void put_b64(const unsigned char *octets, size_t n, char *out) {
    cog_b64_encode(octets, n, out);
    out[cog_b64_size(n)] = '\0';
}

static cog_err draw_password(char *password) {
    unsigned char octets[COG_SRP_DEVICE_PASSWORD];
    if (RAND_priv_bytes(octets, sizeof octets) != 1) return cog_crypto_outcome(0);
    put_b64(octets, sizeof octets, password);
    OPENSSL_cleanse(octets, sizeof octets);
    return COG_OK;
}

/* Sends the salt as the padded number that it is: the leading zero octets of what was drawn do not count. */
static cog_err draw_salt(unsigned char octets[COG_SRP_DEVICE_SALT], char *sent) {
    unsigned char padded[COG_SRP_DEVICE_SALT + 1];
    BIGNUM *number = NULL;
    if (RAND_bytes(octets, COG_SRP_DEVICE_SALT) == 1) number = BN_bin2bn(octets, COG_SRP_DEVICE_SALT, NULL);
    if (!number) return cog_crypto_outcome(0);
    put_b64(padded, srp_pad(number, padded), sent);
    BN_free(number);
    return COG_OK;
}

cog_err cog_srp_device_new(const cog_srp_group *group, cog_slice group_key, cog_slice key, cog_srp_device *device) {
    unsigned char salt[COG_SRP_DEVICE_SALT], v[COG_SRP_PADDED];
    size_t len;
    cog_err error = draw_password(device->password);
    if (!error) error = draw_salt(salt, device->salt);
    if (error) return error;
    const cog_srp_identity who = {group_key, key, text_slice(device->password)};
    error = cog_srp_verifier(group, &who, (cog_slice){salt, sizeof salt}, v, &len);
    if (error) return error;
    put_b64(v, len, device->verifier);
    return cog_srp_device_prove(group, group_key, key, device);
}
