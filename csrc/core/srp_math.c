/* What both sides of SRP compute with: padded numbers, the three hashes, the group. */
#include "srp_math.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

/* ---- numbers ---- */

cog_err srp_work_begin(srp_work *w) {
    memset(w, 0, sizeof *w);
    w->mac = cog_mac_new();
    w->ctx = BN_CTX_new();
    if (!w->mac || !w->ctx) return cog_crypto_outcome(0);
    BN_CTX_start(w->ctx);
    w->salt = BN_CTX_get(w->ctx);
    w->b = BN_CTX_get(w->ctx);
    w->u = BN_CTX_get(w->ctx);
    w->x = BN_CTX_get(w->ctx);
    w->t = BN_CTX_get(w->ctx);
    w->s = BN_CTX_get(w->ctx);
    if (!w->s) return cog_crypto_outcome(0);
    BN_set_flags(w->x, BN_FLG_CONSTTIME);
    BN_set_flags(w->t, BN_FLG_CONSTTIME);
    return COG_OK;
}

/* BN_CTX_free clears all numbers that it lent. */
void srp_work_end(srp_work *w) {
    BN_CTX_free(w->ctx);
    cog_mac_free(w->mac);
    memset(w, 0, sizeof *w);
}

size_t srp_pad(const BIGNUM *number, unsigned char *out) {
    int len = BN_num_bits(number) / 8 + 1;
    return BN_bn2binpad(number, out, len) == len ? (size_t)len : 0;
}

static int hex_value(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Fills out[max] from its end; the octets before are zero. False for text that is no such number. */
static bool hex_octets(cog_slice text, unsigned char *out, size_t max) {
    size_t digits = 0;
    memset(out, 0, max);
    for (size_t i = text.len; i-- > 0; digits++) {
        int value = hex_value(text.data[i]);
        if (value < 0 || (value > 0 && digits >= 2 * max)) return false;
        if (digits >= 2 * max) continue;
        unsigned char *octet = out + max - 1 - digits / 2;
        *octet = (unsigned char)(*octet | value << (digits % 2 ? 4 : 0));
    }
    return digits > 0;
}

cog_err srp_read_hex(cog_slice text, size_t max, cog_err complaint, BIGNUM *number) {
    unsigned char octets[SRP_FIXED_MAX];
    bool is_number = hex_octets(text, octets, max);
    cog_err error = is_number ? cog_crypto_outcome(BN_bin2bn(octets, (int)max, number) != NULL) : complaint;
    OPENSSL_cleanse(octets, sizeof octets);
    return error;
}

/* ---- hashes ---- */

cog_err srp_make_u(srp_work *w, const BIGNUM *A) {
    unsigned char a[COG_SRP_PADDED], b[COG_SRP_PADDED], hash[COG_SHA256_SIZE];
    const cog_slice parts[] = {{a, srp_pad(A, a)}, {b, srp_pad(w->b, b)}};
    cog_err error = cog_sha256_parts(w->mac, parts, 2, hash);
    return error ? error : cog_crypto_outcome(BN_bin2bn(hash, sizeof hash, w->u) != NULL);
}

cog_err srp_make_x(srp_work *w, const cog_srp_identity *who) {
    unsigned char salt[COG_SRP_SALT_MAX + 1], inner[COG_SHA256_SIZE], outer[COG_SHA256_SIZE];
    const cog_slice colon = {(const unsigned char *)":", 1};
    const cog_slice names[] = {who->domain, who->user, colon, who->password};
    const cog_slice parts[] = {{salt, srp_pad(w->salt, salt)}, {inner, sizeof inner}};
    cog_err error = cog_sha256_parts(w->mac, names, 4, inner);
    if (!error) error = cog_sha256_parts(w->mac, parts, 2, outer);
    if (!error) error = cog_crypto_outcome(BN_bin2bn(outer, sizeof outer, w->x) != NULL);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    return error;
}

cog_err srp_make_key(srp_work *w, unsigned char key[SRP_KEY]) {
    static const unsigned char info[] = "Caldera Derived Key\x01";
    unsigned char u[COG_SHA256_SIZE + 1], s[COG_SRP_PADDED], prk[COG_SHA256_SIZE], okm[COG_SHA256_SIZE];
    const cog_slice salt = {u, srp_pad(w->u, u)}, secret = {s, srp_pad(w->s, s)};
    const cog_slice prk_slice = {prk, sizeof prk}, info_slice = {info, sizeof info - 1};
    cog_err error = cog_hmac_sha256(w->mac, salt, &secret, 1, prk);
    if (!error) error = cog_hmac_sha256(w->mac, prk_slice, &info_slice, 1, okm);
    if (!error) memcpy(key, okm, SRP_KEY);
    OPENSSL_cleanse(s, sizeof s);
    OPENSSL_cleanse(prk, sizeof prk);
    OPENSSL_cleanse(okm, sizeof okm);
    return error;
}

/* ---- the group ---- */

/* k = H(PAD(N) || PAD(g)) */
static bool make_k(cog_srp_group *group, srp_work *w) {
    static const unsigned char g = 2;
    unsigned char n[COG_SRP_PADDED], hash[COG_SHA256_SIZE];
    const cog_slice parts[] = {{n, srp_pad(group->n, n)}, {&g, 1}};
    return !cog_sha256_parts(w->mac, parts, 2, hash) && BN_bin2bn(hash, sizeof hash, group->k) &&
           BN_to_montgomery(group->k, group->k, group->mont, w->ctx);
}

static bool group_fill(cog_srp_group *group, srp_work *w) {
    group->n = BN_get_rfc3526_prime_3072(NULL);
    group->g = BN_new();
    group->k = BN_new();
    group->mont = BN_MONT_CTX_new();
    return group->n && group->g && group->k && group->mont && BN_set_word(group->g, 2) &&
           BN_MONT_CTX_set(group->mont, group->n, w->ctx) && make_k(group, w);
}

cog_srp_group *cog_srp_group_new(void) {
    srp_work w;
    cog_srp_group *group = OPENSSL_zalloc(sizeof *group);
    bool ok = !srp_work_begin(&w) && group && group_fill(group, &w);
    srp_work_end(&w);
    if (ok) return group;
    cog_srp_group_free(group);
    ERR_clear_error();
    return NULL;
}

void cog_srp_group_free(cog_srp_group *group) {
    if (!group) return;
    BN_free(group->n);
    BN_free(group->g);
    BN_free(group->k);
    BN_MONT_CTX_free(group->mont);
    OPENSSL_free(group);
}

int srp_power(const cog_srp_group *group, BIGNUM *r, const BIGNUM *base, const BIGNUM *e, BN_CTX *ctx) {
    return BN_mod_exp_mont_consttime(r, base, e, group->n, ctx, group->mont);
}
