#include "srp_math.h"

#include "b64.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

void cog_srp_free(cog_srp *srp) {
    if (!srp) return;
    BN_clear_free(srp->a);
    BN_free(srp->A);
    OPENSSL_free(srp);
}

static cog_srp *new_empty(void) {
    cog_srp *srp = OPENSSL_zalloc(sizeof *srp);
    if (!srp) return NULL;
    srp->a = BN_new();
    srp->A = BN_new();
    if (srp->a && srp->A) {
        BN_set_flags(srp->a, BN_FLG_CONSTTIME);
        return srp;
    }
    cog_srp_free(srp);
    return NULL;
}

/* A = g^a, once a is there (`ready`). */
static cog_srp *finish(const cog_srp_group *group, cog_srp *srp, bool ready) {
    BN_CTX *ctx = BN_CTX_new();
    bool ok = ready && ctx && srp_power(group, srp->A, group->g, srp->a, ctx);
    BN_CTX_free(ctx);
    if (ok) return srp;
    cog_srp_free(srp);
    ERR_clear_error();
    return NULL;
}

cog_srp *cog_srp_new(const cog_srp_group *group, int bits) {
    if (bits < COG_SRP_BITS_MIN || bits > COG_SRP_BITS_MAX) return NULL;
    cog_srp *srp = new_empty();
    return finish(group, srp, srp && BN_priv_rand(srp->a, bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
}

cog_srp *cog_srp_fixed(const cog_srp_group *group, cog_slice a) {
    cog_srp *srp = new_empty();
    return finish(group, srp, srp && !srp_read_hex(a, SRP_FIXED_MAX, COG_BAD_HEX, srp->a));
}

size_t cog_srp_public(const cog_srp *srp, char hex[COG_SRP_HEX]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char octets[COG_SRP_PADDED];
    size_t n = 2 * srp_pad(srp->A, octets), len = 0;
    for (size_t i = 0; i < n; i++) {
        int value = i % 2 ? octets[i / 2] & 15 : octets[i / 2] >> 4;
        if (value || len) hex[len++] = digits[value];
    }
    return len;
}

/* S = (B - k*g^x)^(a + u*x), with w->b below N. The difference is the sum with N - k*g^x, since OpenSSL's subtraction
 * branches on the sign, which would tell something about x. */
static int make_s(const cog_srp_group *group, const cog_srp *srp, srp_work *w) {
    return srp_power(group, w->t, group->g, w->x, w->ctx) &&
           BN_mod_mul_montgomery(w->t, w->t, group->k, group->mont, w->ctx) && BN_sub(w->t, group->n, w->t) &&
           BN_mod_add_quick(w->b, w->b, w->t, group->n) && BN_mul(w->t, w->u, w->x, w->ctx) &&
           BN_add(w->t, w->t, srp->a) && srp_power(group, w->s, w->b, w->t, w->ctx);
}

cog_err srp_client_key(const cog_srp_group *group, cog_srp *srp, const cog_srp_identity *who, srp_work *w,
                       unsigned char key[SRP_KEY]) {
    if (srp->used) return COG_SRP_USED;
    cog_err error = srp_make_u(w, srp->A);
    if (error) return error;
    if (BN_is_zero(w->u)) return COG_SRP_BAD_U;
    srp->used = true;
    error = srp_make_x(w, who);
    if (!error) error = cog_crypto_outcome(BN_nnmod(w->b, w->b, group->n, w->ctx) && make_s(group, srp, w));
    if (!error) error = srp_make_key(w, key);
    BN_clear(srp->a);
    return error;
}

/* The numbers that the server sent. What no honest server sends is refused here. */
static cog_err read_numbers(const cog_srp_group *group, srp_work *w, const cog_srp_challenge *challenge) {
    cog_err error = srp_read_hex(challenge->b, COG_SRP_SIZE, COG_SRP_BAD_B, w->b);
    if (!error) error = srp_read_hex(challenge->salt, COG_SRP_SALT_MAX, COG_SRP_BAD_SALT, w->salt);
    if (!error) error = cog_crypto_outcome(BN_nnmod(w->t, w->b, group->n, w->ctx));
    return !error && BN_is_zero(w->t) ? COG_SRP_BAD_B : error;
}

static cog_err read_block(cog_slice text, unsigned char *out, cog_slice *block) {
    if (text.len == 0 || text.len > COG_SRP_BLOCK_MAX) return COG_SRP_BAD_BLOCK;
    block->data = out;
    return cog_b64_decode((const char *)text.data, text.len, out, &block->len) ? COG_SRP_BAD_BLOCK : COG_OK;
}

/* HMAC(K, domain || user || block || timestamp) */
static cog_err sign(srp_work *w, const unsigned char key[SRP_KEY], const cog_slice parts[4], char *signature) {
    unsigned char mac[COG_SHA256_SIZE];
    cog_err error = cog_hmac_sha256(w->mac, (cog_slice){key, SRP_KEY}, parts, 4, mac);
    if (!error) cog_b64_encode(mac, sizeof mac, signature);
    return error;
}

cog_err cog_srp_claim(const cog_srp_group *group, cog_srp *srp, const cog_srp_identity *who,
                      const cog_srp_challenge *challenge, char signature[COG_SRP_SIGNATURE_SIZE]) {
    srp_work w;
    unsigned char key[SRP_KEY], block[COG_SRP_BLOCK_MAX];
    cog_slice parts[] = {who->domain, who->user, {NULL, 0}, challenge->timestamp};
    cog_err error = srp_work_begin(&w);
    if (!error) error = read_numbers(group, &w, challenge);
    if (!error) error = read_block(challenge->block, block, &parts[2]);
    if (!error) error = srp_client_key(group, srp, who, &w, key);
    if (!error) error = sign(&w, key, parts, signature);
    OPENSSL_cleanse(key, sizeof key);
    srp_work_end(&w);
    return error;
}
