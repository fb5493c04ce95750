/* SRP against a server of our own: hostile values, sign-ins with numbers nobody chose, devices, randomness.
 * usage: t_srp [ROUNDS] */
#define _POSIX_C_SOURCE 200809L
#include "t_srp.h"
#include "../core/b64.h"

#include <openssl/rand.h>
#include <sys/wait.h>
#include <unistd.h>

static cog_srp_group *group;

/* ---- what no honest server sends ---- */

static void refuse(const char *salt, const char *b, const char *block, cog_err wanted) {
    char signature[COG_SRP_SIGNATURE_SIZE];
    cog_srp *srp = cog_srp_new(group, COG_SRP_BITS_MIN);
    cog_srp_identity who = identity("pool", "user", "password");
    unsigned char *tight[3] = {t_tight(salt, strlen(salt)), t_tight(b, strlen(b)), t_tight(block, strlen(block))};
    cog_srp_challenge challenge = {{tight[0], strlen(salt)}, {tight[1], strlen(b)}, {tight[2], strlen(block)},
                                   t_slice("Sat Feb 28 23:59:59 UTC 2026")};
    CHECK_ERR(cog_srp_claim(group, srp, &who, &challenge, signature), wanted);
    CHECK(srp->used == (wanted == COG_OK));
    for (int i = 0; i < 3; i++) free(tight[i]);
    cog_srp_free(srp);
}

static void test_refusals(void) {
    char *n = BN_bn2hex(group->n), long_text[2 * COG_SRP_BLOCK_MAX];
    BIGNUM *twice = BN_dup(group->n);
    BN_lshift1(twice, twice);
    char *n2 = BN_bn2hex(twice);
    const char *zero[] = {"0", "00", "0000000000", n, n2, ""};
    for (int i = 0; i < 6; i++) refuse("01", zero[i], "eA==", COG_SRP_BAD_B);
    const char *no_hex[] = {"g", "0x12", "-12", "12 ", " 12", "1\xff", "12\n", "\xc3\xa9"};
    for (int i = 0; i < 8; i++) {
        refuse("01", no_hex[i], "eA==", COG_SRP_BAD_B);
        refuse(no_hex[i], "2", "eA==", COG_SRP_BAD_SALT);
    }
    memset(long_text, '1', sizeof long_text);
    long_text[769] = '\0';
    refuse("01", long_text, "eA==", COG_SRP_BAD_B); /* 385 octets */
    long_text[769] = '1', long_text[129] = '\0';
    refuse(long_text, "2", "eA==", COG_SRP_BAD_SALT); /* 65 octets */
    refuse("", "2", "eA==", COG_SRP_BAD_SALT);
    memcpy(long_text, "0000000000", 10), long_text[129] = '1', long_text[138] = '\0';
    refuse(long_text, "2", "eA==", COG_OK); /* 64 octets behind ten zeros */
    memset(long_text, '0', 10000), strcpy(long_text + 10000, "2");
    refuse("0", long_text, "eA==", COG_OK);
    const char *no_block[] = {"", "e", "eA=", "eB==", "=", "====", "e A==", "eA==\n"};
    for (int i = 0; i < 8; i++) refuse("01", "2", no_block[i], COG_SRP_BAD_BLOCK);
    memset(long_text, 'A', sizeof long_text), long_text[COG_SRP_BLOCK_MAX + 4] = '\0';
    refuse("01", "2", long_text, COG_SRP_BAD_BLOCK);
    long_text[COG_SRP_BLOCK_MAX] = '\0';
    refuse("01", "2", long_text, COG_OK);
    BN_free(twice);
    OPENSSL_free(n), OPENSSL_free(n2);
}

static void test_long_salt(void) {
    static const unsigned char salt[COG_SRP_SALT_MAX + 1] = {1};
    unsigned char v[COG_SRP_PADDED];
    size_t len;
    cog_srp_identity who = identity("pool", "user", "password");
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, COG_SRP_SALT_MAX}, v, &len), COG_OK);
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, COG_SRP_SALT_MAX + 1}, v, &len), COG_SRP_BAD_SALT);
}

/* B between N and 2^3072 comes from no server that we know, and is reduced; the hash takes it as it came. S by plain
 * arithmetic, x and u from the code that other tests check. */
static void test_b_above_n(void) {
    srp_work w;
    unsigned char key[SRP_KEY], other[SRP_KEY];
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *b = BN_dup(group->n), *base = BN_new(), *e = BN_new(), *k = BN_new();
    cog_srp_identity who = identity("pool", "user", "password");
    cog_srp *srp = cog_srp_fixed(group, t_slice("abcdef0123456789"));
    if (srp_work_begin(&w) || !BN_add_word(b, 5) || !BN_set_word(w.salt, 7) || !BN_copy(w.b, b)) abort();
    BN_copy(e, srp->a);
    CHECK_ERR(srp_client_key(group, srp, &who, &w, key), COG_OK);
    BN_from_montgomery(k, group->k, group->mont, ctx);
    BN_mod_exp(base, group->g, w.x, group->n, ctx);
    BN_mod_mul(base, base, k, group->n, ctx);
    BN_mod_sub(base, b, base, group->n, ctx);
    BN_mul(k, w.u, w.x, ctx);
    BN_add(e, e, k);
    BN_mod_exp(w.s, base, e, group->n, ctx);
    CHECK_ERR(srp_make_key(&w, other), COG_OK);
    CHECK(memcmp(key, other, SRP_KEY) == 0);
    BN_free(b), BN_free(base), BN_free(e), BN_free(k), BN_CTX_free(ctx);
    srp_work_end(&w);
    cog_srp_free(srp);
}

/* ---- sign-ins with numbers nobody chose, and with shapes that are asked for ---- */

static size_t octets_of(const BIGNUM *n) {
    return (size_t)BN_num_bytes(n);
}

/* What a shape may name: A and B of 383 octets or less (a leading zero octet), an odd number of digits, a top bit. */
typedef enum { ANY, SHORT_A, SHORT_B, SHORT_S, ODD_A, ODD_B, HIGH_A, HIGH_B, SHAPES } shape;

static bool is_odd(const BIGNUM *n) {
    return (BN_num_bits(n) + 3) / 4 % 2 == 1;
}

static bool drawn_as(shape wanted, const BIGNUM *A, server *s) {
    bool shaped = true;
    BIGNUM *S = BN_new();
    switch (wanted) {
    case SHORT_A: shaped = octets_of(A) < COG_SRP_SIZE; break;
    case SHORT_B: shaped = octets_of(s->B) < COG_SRP_SIZE; break;
    case SHORT_S: server_s(s, A, S), shaped = octets_of(S) < COG_SRP_SIZE; break;
    case ODD_A: shaped = is_odd(A); break;
    case ODD_B: shaped = is_odd(s->B); break;
    case HIGH_A: shaped = BN_num_bits(A) == 3072; break;
    case HIGH_B: shaped = BN_num_bits(s->B) == 3072; break;
    default: break;
    }
    BN_free(S);
    return shaped;
}

static void random_text(char *out, size_t n) {
    unsigned char octets[64];
    RAND_bytes(octets, (int)n);
    for (size_t i = 0; i < n; i++) out[i] = (char)('!' + octets[i] % 90);
    out[n] = '\0';
}

typedef struct {
    char domain[10], user[40], password[40], salt_hex[33];
    server s;
} account;

static void account_open(account *a) {
    unsigned char salt[16], v[COG_SRP_PADDED];
    size_t len = 0;
    random_text(a->domain, 9), random_text(a->user, 36), random_text(a->password, 12);
    RAND_bytes(salt, 16);
    if (salt[15] & 1) salt[0] = 0; /* half of them are short numbers */
    cog_srp_identity who = identity(a->domain, a->user, a->password);
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, 16}, v, &len), COG_OK);
    cog_hex_encode(salt, 16, a->salt_hex);
    a->salt_hex[32] = '\0';
    BIGNUM *number = BN_bin2bn(v, (int)len, NULL);
    server_open(&a->s, number);
    BN_free(number);
}

/* One sign-in. For the shape of an A both sides draw again, else the server alone. */
static void sign_in(account *a, shape wanted) {
    char A[COG_SRP_HEX + 1], expected[45], signature[45] = "";
    cog_srp *srp = cog_srp_new(group, COG_SRP_BITS);
    for (server_draw(&a->s); !drawn_as(wanted, srp->A, &a->s); server_draw(&a->s)) {
        if (wanted != SHORT_A && wanted != ODD_A && wanted != HIGH_A) continue;
        cog_srp_free(srp);
        srp = cog_srp_new(group, COG_SRP_BITS);
    }
    A[cog_srp_public(srp, A)] = '\0';
    char *B = BN_bn2hex(a->s.B);
    const char *unpadded = B + (B[0] == '0'); /* BN_bn2hex writes whole octets */
    cog_srp_identity who = identity(a->domain, a->user, a->password);
    cog_srp_challenge challenge = challenge_of(a->salt_hex, unpadded, "c2VjcmV0", "Sat Feb 28 23:59:59 UTC 2026");
    server_sign(&a->s, A, a->domain, a->user, "c2VjcmV0", "Sat Feb 28 23:59:59 UTC 2026", expected);
    CHECK_ERR(cog_srp_claim(group, srp, &who, &challenge, signature), COG_OK);
    CHECK(strcmp(signature, expected) == 0);
    OPENSSL_free(B);
    cog_srp_free(srp);
}

static void test_random(int rounds) {
    for (int i = 0; i < rounds; i++) {
        account a;
        account_open(&a);
        sign_in(&a, ANY);
        server_close(&a.s);
    }
}

static void test_shapes(void) {
    account a;
    account_open(&a);
    for (shape s = ANY; s < SHAPES; s++) sign_in(&a, s);
    char wrong[] = "no such password";
    strcpy(a.password, wrong);
    char A[COG_SRP_HEX + 1], expected[45], signature[45] = "";
    cog_srp *srp = cog_srp_new(group, 1024);
    A[cog_srp_public(srp, A)] = '\0';
    server_draw(&a.s);
    char *B = BN_bn2hex(a.s.B);
    cog_srp_identity who = identity(a.domain, a.user, a.password);
    cog_srp_challenge challenge = challenge_of(a.salt_hex, B, "c2VjcmV0", "t");
    server_sign(&a.s, A, a.domain, a.user, "c2VjcmV0", "t", expected);
    CHECK_ERR(cog_srp_claim(group, srp, &who, &challenge, signature), COG_OK);
    CHECK(strcmp(signature, expected) != 0); /* the wrong password is seen */
    OPENSSL_free(B);
    cog_srp_free(srp);
    server_close(&a.s);
}

/* ---- devices ---- */

/* Sent as two's complement, as the server's BigInteger reads it: the top bit is never set. */
static bool is_positive(const char *sent) {
    unsigned char octets[COG_SRP_PADDED + 3];
    size_t len;
    return !cog_b64_decode(sent, strlen(sent), octets, &len) && len > 0 && octets[0] < 0x80;
}

static void flip(char *text) {
    text[8] = text[8] == 'A' ? 'B' : 'A';
}

static void test_device(int rounds) {
    cog_slice group_key = t_slice("-ABCDEFGH"), key = t_slice("us-east-1_0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    cog_srp_device first, device;
    CHECK_ERR(cog_srp_device_new(group, group_key, key, &first), COG_OK);
    for (int i = 0; i < rounds; i++) {
        CHECK_ERR(cog_srp_device_new(group, group_key, key, &device), COG_OK);
        CHECK(strlen(device.password) == 56 && strcmp(device.password, first.password) != 0);
        CHECK(is_positive(device.salt) && is_positive(device.verifier));
        CHECK(strlen(device.salt) <= 24 && strcmp(device.salt, first.salt) != 0);
    }
    char *parts[] = {device.password, device.salt, device.verifier};
    for (int i = 0; i < 3; i++) {
        cog_srp_device spoilt = device;
        flip((char *)&spoilt + (parts[i] - (char *)&device));
        CHECK_ERR(cog_srp_device_prove(group, group_key, key, &spoilt), COG_SRP_SELFTEST);
    }
    CHECK_ERR(cog_srp_device_prove(group, group_key, t_slice("another"), &device), COG_SRP_SELFTEST);
    CHECK_ERR(cog_srp_device_prove(group, group_key, key, &device), COG_OK);
}

/* ---- randomness ---- */

static void test_bits(void) {
    CHECK(cog_srp_new(group, 255) == NULL);
    CHECK(cog_srp_new(group, 1025) == NULL);
    int lengths[] = {256, 320, 1024};
    for (int i = 0; i < 3; i++) {
        int longest = 0;
        for (int j = 0; j < 20; j++) {
            cog_srp *srp = cog_srp_new(group, lengths[i]);
            int bits = BN_num_bits(srp->a);
            CHECK(bits <= lengths[i] && bits > lengths[i] - 40);
            longest = bits > longest ? bits : longest;
            cog_srp_free(srp);
        }
        CHECK(longest > lengths[i] - 8);
    }
}

static int compare_octets(const void *a, const void *b) {
    return memcmp(a, b, 16);
}

static void test_distinct(size_t count) {
    char hex[COG_SRP_HEX], *seen = malloc(16 * count);
    if (!seen) abort();
    for (size_t i = 0; i < count; i++) {
        cog_srp *srp = cog_srp_new(group, COG_SRP_BITS_MIN);
        cog_srp_public(srp, hex);
        memcpy(seen + 16 * i, hex, 16);
        cog_srp_free(srp);
    }
    qsort(seen, count, 16, compare_octets);
    size_t same = 0;
    for (size_t i = 1; i < count; i++) same += memcmp(seen + 16 * (i - 1), seen + 16 * i, 16) == 0;
    CHECK(same == 0);
    free(seen);
}

/* A child process shares the parent's generator state: what it draws must differ all the same. */
static void test_fork(void) {
    enum { CHILDREN = 100 };
    static char seen[CHILDREN + 1][COG_SRP_HEX + 1];
    int ends[2];
    if (pipe(ends)) abort();
    for (int i = 0; i <= CHILDREN; i++) {
        pid_t pid = i == CHILDREN ? 0 : fork();
        if (pid == 0) {
            char hex[COG_SRP_HEX + 1] = "";
            cog_srp *srp = cog_srp_new(group, COG_SRP_BITS);
            cog_srp_public(srp, hex);
            cog_srp_free(srp);
            if (write(ends[1], hex, sizeof hex) != sizeof hex) abort();
            if (i < CHILDREN) _exit(0);
        }
        if (read(ends[0], seen[i], sizeof seen[i]) != sizeof seen[i]) abort();
        if (pid) waitpid(pid, NULL, 0);
        for (int j = 0; j < i; j++) CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    close(ends[0]), close(ends[1]);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 10;
    group = cog_srp_group_new();
    if (!group) abort();
    test_refusals();
    test_long_salt();
    test_b_above_n();
    test_random(rounds);
    test_shapes();
    test_device(rounds);
    test_bits();
    test_distinct((size_t)rounds * 50);
    test_fork();
    cog_srp_group_free(group);
    return T_END();
}
