/* What a server sends for SRP: salt, B, SECRET_BLOCK and our timestamp, one line each. What is read from it is foreseen
 * by OpenSSL's own readers, and u by its own hash. A claim that stops after the checks costs microseconds; a whole one,
 * beside plain arithmetic, costs milliseconds, so inputs that begin with a '!' get one only now and then. */
#include "../core/b64.h"
#include "../core/srp_math.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
    WHOLE_FIRST = 64, /* whole claims before they become rare: more than a replay of the corpus has */
    WHOLE_RATE = 2048,
    HEX_MAX = 4096, /* digits that OpenSSL's reader is given: it takes quadratic time */
};

static const cog_slice NAME = {(const unsigned char *)"name", 4};
static const cog_srp_identity WHO = {{(const unsigned char *)"name", 4}, {(const unsigned char *)"name", 4},
                                     {(const unsigned char *)"name", 4}};
static const cog_slice SECRET = {(const unsigned char *)"123456789abcdef", 15};

static void must(bool condition) {
    if (!condition) abort();
}

static cog_slice next_line(const unsigned char **at, const unsigned char *end) {
    const unsigned char *stop = memchr(*at, '\n', (size_t)(end - *at));
    cog_slice line = {*at, (size_t)((stop ? stop : end) - *at)};
    *at = stop ? stop + 1 : end;
    return line;
}

/* ---- what is foreseen ---- */

/* The number of a text that is hex from end to end, and whose value has at most `max` octets; else NULL. */
static BIGNUM *number_of(cog_slice text, size_t max) {
    BIGNUM *number = NULL;
    size_t zeros = 0;
    while (zeros < text.len && text.data[zeros] == '0') zeros++;
    if (text.len == 0 || text.len - zeros > HEX_MAX) return NULL;
    char *copy = calloc(1, text.len - zeros + 2);
    must(copy != NULL);
    memcpy(copy, text.data + zeros, text.len - zeros);
    if (zeros == text.len) copy[0] = '0';
    bool is_hex = strlen(copy) == text.len - zeros + (zeros == text.len) &&
                  strspn(copy, "0123456789abcdefABCDEF") == strlen(copy);
    if (is_hex) must(BN_hex2bn(&number, copy) == (int)strlen(copy));
    free(copy);
    if (!number || BN_num_bytes(number) <= (int)max) return number;
    BN_free(number);
    return NULL;
}

/* Base64 that is what its octets are written as: OpenSSL's reader alone takes more than that. */
static bool is_base64(cog_slice text) {
    unsigned char octets[COG_SRP_BLOCK_MAX], again[COG_SRP_BLOCK_MAX + 1];
    if (text.len == 0 || text.len > COG_SRP_BLOCK_MAX || text.len % 4) return false;
    int n = EVP_DecodeBlock(octets, text.data, (int)text.len);
    if (n < 0) return false;
    if (text.data[text.len - 1] == '=') n -= 1 + (text.data[text.len - 2] == '=');
    return EVP_EncodeBlock(again, octets, n) == (int)text.len && memcmp(again, text.data, text.len) == 0;
}

static cog_err foresee(const cog_srp_group *group, const BIGNUM *b, const BIGNUM *salt, cog_slice block) {
    BIGNUM *rest = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    must(rest && ctx && (!b || BN_mod(rest, b, group->n, ctx)));
    cog_err verdict = !b                 ? COG_SRP_BAD_B
                      : !salt            ? COG_SRP_BAD_SALT
                      : BN_is_zero(rest) ? COG_SRP_BAD_B
                      : is_base64(block) ? COG_OK
                                         : COG_SRP_BAD_BLOCK;
    BN_free(rest), BN_CTX_free(ctx);
    return verdict;
}

static void compare_reader(cog_slice text, size_t max, const BIGNUM *theirs) {
    unsigned char padded[COG_SRP_PADDED];
    BIGNUM *ours = BN_new();
    must(ours != NULL);
    bool accepted = !srp_read_hex(text, max, COG_BAD_HEX, ours);
    must(accepted == (theirs != NULL));
    if (accepted) {
        must(BN_cmp(ours, theirs) == 0);
        size_t len = srp_pad(ours, padded);
        must(len > 0 && len <= max + 1 && padded[0] < 0x80);
        must(len == 1 || padded[0] != 0 || padded[1] >= 0x80);
    }
    BN_free(ours);
}

/* ---- a claim by plain arithmetic ---- */

/* PAD: as BigInteger.toByteArray of Java writes it. */
static cog_slice padded(const BIGNUM *n, unsigned char *out) {
    out[0] = 0;
    size_t len = (size_t)BN_bn2bin(n, out + 1);
    bool bare = len > 0 && out[1] < 0x80;
    return (cog_slice){out + bare, len + 1 - bare};
}

static void check_u(const cog_srp *srp, const BIGNUM *b, BIGNUM *u) {
    unsigned char text[2 * COG_SRP_PADDED], octets[COG_SRP_PADDED + 1], digest[32];
    srp_work w;
    cog_slice a = padded(srp->A, octets);
    memcpy(text, a.data, a.len);
    cog_slice part = padded(b, octets);
    memcpy(text + a.len, part.data, part.len);
    must(EVP_Digest(text, a.len + part.len, digest, NULL, EVP_sha256(), NULL) && BN_bin2bn(digest, 32, u));
    must(!srp_work_begin(&w) && BN_copy(w.b, b) && !srp_make_u(&w, srp->A) && BN_cmp(w.u, u) == 0);
    srp_work_end(&w);
}

/* K by S = (B - k*g^x)^(a + u*x) with OpenSSL's ordinary, variable-time functions. */
static void plain_key(const cog_srp_group *group, const BIGNUM *b, const BIGNUM *salt, const BIGNUM *u,
                      unsigned char key[SRP_KEY]) {
    srp_work w;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *base = BN_new(), *e = BN_new(), *k = BN_new();
    must(ctx && base && e && k && !srp_work_begin(&w) && BN_copy(w.salt, salt) && BN_copy(w.u, u));
    must(!srp_make_x(&w, &WHO) && BN_from_montgomery(k, group->k, group->mont, ctx));
    must(BN_mod_exp(base, group->g, w.x, group->n, ctx) && BN_mod_mul(base, base, k, group->n, ctx));
    must(BN_mod_sub(base, b, base, group->n, ctx) && BN_hex2bn(&k, (const char *)SECRET.data));
    must(BN_mul(e, u, w.x, ctx) && BN_add(e, e, k) && BN_mod_exp(w.s, base, e, group->n, ctx));
    must(!srp_make_key(&w, key));
    srp_work_end(&w);
    BN_free(base), BN_free(e), BN_free(k), BN_CTX_free(ctx);
}

static void check_whole(const cog_srp_group *group, const cog_srp_challenge *challenge, const BIGNUM *b,
                        const BIGNUM *salt, const BIGNUM *u) {
    char signature[COG_SRP_SIGNATURE_SIZE], expected[COG_SRP_SIGNATURE_SIZE + 1];
    unsigned char key[SRP_KEY], mac[32], block[COG_SRP_BLOCK_MAX];
    cog_slice parts[] = {NAME, NAME, {block, 0}, challenge->timestamp};
    cog_srp *srp = cog_srp_fixed(group, SECRET);
    cog_mac *hash = cog_mac_new();
    must(srp && hash && cog_srp_claim(group, srp, &WHO, challenge, signature) == COG_OK && srp->used);
    must(BN_is_zero(srp->a));
    plain_key(group, b, salt, u, key);
    must(!cog_b64_decode((const char *)challenge->block.data, challenge->block.len, block, &parts[2].len));
    must(!cog_hmac_sha256(hash, (cog_slice){key, SRP_KEY}, parts, 4, mac));
    EVP_EncodeBlock((unsigned char *)expected, mac, 32);
    must(memcmp(signature, expected, COG_SRP_SIGNATURE_SIZE) == 0);
    cog_mac_free(hash);
    cog_srp_free(srp);
}

/* ---- one input ---- */

static bool is_turn(void) {
    static unsigned long seen;
    return seen++ < WHOLE_FIRST || seen % WHOLE_RATE == 0;
}

static void check(const cog_srp_challenge *challenge, bool may_be_whole) {
    static cog_srp_group *group;
    static cog_srp *spent; /* answers no challenge any more, so that a claim ends where computing would begin */
    if (!group) must((group = cog_srp_group_new()) && (spent = cog_srp_fixed(group, SECRET)) && (spent->used = true));
    char signature[COG_SRP_SIGNATURE_SIZE];
    BIGNUM *b = number_of(challenge->b, COG_SRP_SIZE), *salt = number_of(challenge->salt, COG_SRP_SALT_MAX);
    BIGNUM *u = BN_new();
    compare_reader(challenge->b, COG_SRP_SIZE, b);
    compare_reader(challenge->salt, COG_SRP_SALT_MAX, salt);
    cog_err verdict = foresee(group, b, salt, challenge->block);
    must(cog_srp_claim(group, spent, &WHO, challenge, signature) == (verdict ? verdict : COG_SRP_USED));
    if (b) check_u(spent, b, u);
    if (!verdict && may_be_whole && is_turn()) check_whole(group, challenge, b, salt, u);
    BN_free(b), BN_free(salt), BN_free(u);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    const unsigned char *at = data, *end = data + size;
    bool may_be_whole = size > 0 && *at == '!';
    if (may_be_whole) at++;
    cog_srp_challenge challenge;
    challenge.salt = next_line(&at, end);
    challenge.b = next_line(&at, end);
    challenge.block = next_line(&at, end);
    challenge.timestamp = next_line(&at, end);
    check(&challenge, may_be_whole);
    return 0;
}
