#define _POSIX_C_SOURCE 200809L
#include "t.h"
#include "../core/b64.h"
#include "../core/srp_math.h"

#include <openssl/rand.h>
#include <sys/wait.h>
#include <unistd.h>

static cog_srp_group *group;

static cog_srp_challenge challenge_of(const char *salt, const char *b, const char *block, const char *timestamp) {
    return (cog_srp_challenge){t_slice(salt), t_slice(b), t_slice(block), t_slice(timestamp)};
}

static cog_srp_identity identity(const char *domain, const char *user, const char *password) {
    return (cog_srp_identity){t_slice(domain), t_slice(user), t_slice(password)};
}

static BIGNUM *hex_number(const char *hex) {
    BIGNUM *n = NULL;
    if (!BN_hex2bn(&n, hex)) abort();
    return n;
}

static bool equals_hex(const BIGNUM *n, const char *hex) {
    BIGNUM *wanted = hex_number(hex);
    bool same = BN_cmp(n, wanted) == 0;
    BN_free(wanted);
    return same;
}

/* ---- a server of our own, from RFC 5054 and plain BN calls: it shares no step with the code under test ---- */

typedef struct {
    BN_CTX *ctx;
    BIGNUM *n, *g, *k, *v, *b, *B;
} server;

static void hash_into(BIGNUM *out, const unsigned char *text, size_t len) {
    unsigned char digest[32];
    if (!EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) || !BN_bin2bn(digest, 32, out)) abort();
}

/* What BigInteger.toByteArray of Java gives, which is where Cognito's padding comes from. */
static size_t java_bytes(const BIGNUM *n, unsigned char *out) {
    out[0] = 0;
    size_t len = (size_t)BN_bn2bin(n, out + 1);
    if (len > 0 && out[1] < 0x80) {
        memmove(out, out + 1, len);
        return len;
    }
    return len + 1;
}

static void server_open(server *s, const BIGNUM *v) {
    unsigned char text[2 * COG_SRP_PADDED];
    s->ctx = BN_CTX_new();
    s->n = BN_get_rfc3526_prime_3072(NULL);
    s->g = hex_number("2");
    s->k = BN_new(), s->b = BN_new(), s->B = BN_new();
    s->v = BN_dup(v);
    size_t len = java_bytes(s->n, text);
    len += java_bytes(s->g, text + len);
    hash_into(s->k, text, len);
}

static void server_close(server *s) {
    BN_free(s->n), BN_free(s->g), BN_free(s->k), BN_free(s->v), BN_free(s->b), BN_free(s->B);
    BN_CTX_free(s->ctx);
}

/* B = k*v + g^b */
static void server_draw(server *s) {
    BIGNUM *kv = BN_new();
    BN_rand(s->b, 256, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    BN_mod_exp(s->B, s->g, s->b, s->n, s->ctx);
    BN_mod_mul(kv, s->k, s->v, s->n, s->ctx);
    BN_mod_add(s->B, s->B, kv, s->n, s->ctx);
    BN_free(kv);
}

static void hmac(const void *key, size_t key_len, const unsigned char *text, size_t len, unsigned char *out) {
    size_t written;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, text, len, out, 32, &written)) abort();
}

/* S = (A * v^u)^b; returns u. */
static BIGNUM *server_secret(server *s, const BIGNUM *A, BIGNUM *S) {
    unsigned char text[2 * COG_SRP_PADDED];
    BIGNUM *u = BN_new();
    size_t len = java_bytes(A, text);
    hash_into(u, text, len + java_bytes(s->B, text + len));
    BN_mod_exp(S, s->v, u, s->n, s->ctx);
    BN_mod_mul(S, S, A, s->n, s->ctx);
    BN_mod_exp(S, S, s->b, s->n, s->ctx);
    return u;
}

static void server_s(server *s, const BIGNUM *A, BIGNUM *S) {
    BN_free(server_secret(s, A, S));
}

/* The signature that the server expects. */
static void server_sign(server *s, const char *A_hex, const char *domain, const char *user, const char *block,
                        const char *timestamp, char signature[45]) {
    unsigned char text[4096], pad_s[COG_SRP_PADDED], pad_u[33], prk[32], okm[32], mac[32];
    BIGNUM *A = hex_number(A_hex), *S = BN_new(), *u = server_secret(s, A, S);
    hmac(pad_u, java_bytes(u, pad_u), pad_s, java_bytes(S, pad_s), prk);
    hmac(prk, 32, (const unsigned char *)"Caldera Derived Key\x01", 20, okm);
    size_t len = (size_t)snprintf((char *)text, sizeof text, "%s%s", domain, user);
    int decoded = EVP_DecodeBlock(text + len, (const unsigned char *)block, (int)strlen(block));
    len += (size_t)decoded - (strchr(block, '=') ? strlen(strchr(block, '=')) : 0);
    len += (size_t)snprintf((char *)text + len, sizeof text - len, "%s", timestamp);
    hmac(okm, 16, text, len, mac);
    EVP_EncodeBlock((unsigned char *)signature, mac, 32);
    BN_free(A), BN_free(u), BN_free(S);
}

/* ---- known answers ---- */

static void test_k(void) {
    BIGNUM *k = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    BN_from_montgomery(k, group->k, group->mont, ctx);
    CHECK(equals_hex(k, "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"));
    CHECK(equals_hex(group->g, "2") && BN_num_bits(group->n) == 3072);
    BN_free(k);
    BN_CTX_free(ctx);
}

static void check_pad(const char *hex, const char *wanted) {
    unsigned char octets[COG_SRP_PADDED];
    char text[2 * COG_SRP_PADDED + 1];
    BIGNUM *n = BN_new();
    CHECK_ERR(srp_read_hex(t_slice(hex), COG_SRP_SIZE, COG_SRP_BAD_B, n), COG_OK);
    size_t len = srp_pad(n, octets);
    cog_hex_encode(octets, len, text);
    text[2 * len] = '\0';
    CHECK(strcmp(text, wanted) == 0);
    BN_free(n);
}

static void test_pad(void) {
    check_pad("0", "00");
    check_pad("0000", "00");
    check_pad("7f", "7f");
    check_pad("80", "0080");
    check_pad("ff", "00ff");
    check_pad("100", "0100");
    check_pad("7FFF", "7fff");
    check_pad("0000008000", "008000");
    check_pad("123abcd", "0123abcd");
    check_pad("8123abcd", "008123abcd");
}

/* One known sign-in: what the vector names is compared. */
typedef struct {
    const char *domain, *user, *password, *a, *salt, *b, *block, *timestamp;
    const char *A, *x, *u, *S, *key, *signature;
} known;

static void check_numbers(const known *k, cog_srp *srp) {
    srp_work w;
    unsigned char key[SRP_KEY];
    char hex[2 * SRP_KEY + 1] = "";
    cog_srp_identity who = identity(k->domain, k->user, k->password);
    CHECK_ERR(srp_work_begin(&w), COG_OK);
    CHECK_ERR(srp_read_hex(t_slice(k->salt), COG_SRP_SALT_MAX, COG_SRP_BAD_SALT, w.salt), COG_OK);
    CHECK_ERR(srp_read_hex(t_slice(k->b), COG_SRP_SIZE, COG_SRP_BAD_B, w.b), COG_OK);
    CHECK_ERR(srp_client_key(group, srp, &who, &w, key), COG_OK);
    if (k->x) CHECK(equals_hex(w.x, k->x));
    if (k->u) CHECK(equals_hex(w.u, k->u));
    if (k->S) CHECK(equals_hex(w.s, k->S));
    cog_hex_encode(key, SRP_KEY, hex);
    if (k->key) CHECK(strcmp(hex, k->key) == 0);
    CHECK(BN_is_zero(srp->a));
    srp_work_end(&w);
}

static void check_signature(const known *k, cog_srp *srp) {
    char signature[COG_SRP_SIGNATURE_SIZE];
    cog_srp_identity who = identity(k->domain, k->user, k->password);
    cog_srp_challenge challenge = challenge_of(k->salt, k->b, k->block, k->timestamp);
    CHECK_ERR(cog_srp_claim(group, srp, &who, &challenge, signature), COG_OK);
    CHECK(strlen(k->signature) == 44 && memcmp(signature, k->signature, 44) == 0);
    CHECK(BN_is_zero(srp->a));
    CHECK_ERR(cog_srp_claim(group, srp, &who, &challenge, signature), COG_SRP_USED);
}

static void check_known(const known *k) {
    char hex[COG_SRP_HEX + 1];
    cog_srp *srp = cog_srp_fixed(group, t_slice(k->a));
    hex[cog_srp_public(srp, hex)] = '\0';
    if (k->A) CHECK(strcmp(hex, k->A) == 0);
    check_numbers(k, srp);
    cog_srp_free(srp);
    if (!k->signature) return;
    srp = cog_srp_fixed(group, t_slice(k->a));
    check_signature(k, srp);
    cog_srp_free(srp);
}

/* V1 to V3 of the project's reference. b0 is a fixed number, B = k*v + g^b0 with the verifier of the password. */
static void make_b(const known *k, const char *b, char *hex) {
    unsigned char salt[16], v[COG_SRP_PADDED];
    size_t len = 0;
    server s;
    cog_srp_identity who = identity(k->domain, k->user, k->password);
    CHECK_ERR(cog_hex_decode(k->salt, 32, salt, &len), COG_OK);
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, 16}, v, &len), COG_OK);
    BIGNUM *number = BN_bin2bn(v, (int)len, NULL), *b0 = hex_number(b);
    server_open(&s, number);
    BN_mod_exp(s.B, s.g, b0, s.n, s.ctx);
    BN_mod_mul(number, s.k, s.v, s.n, s.ctx);
    BN_mod_add(s.B, s.B, number, s.n, s.ctx);
    char *text = BN_bn2hex(s.B);
    strcpy(hex, text);
    OPENSSL_free(text);
    server_close(&s);
    BN_free(number), BN_free(b0);
}

static void check_a_hash(const char *a, size_t length, const char *wanted) {
    unsigned char octets[COG_SRP_PADDED], digest[32];
    char hex[65] = "";
    cog_srp *srp = cog_srp_fixed(group, t_slice(a));
    size_t len = java_bytes(srp->A, octets);
    CHECK(len == length);
    EVP_Digest(octets, len, digest, NULL, EVP_sha256(), NULL);
    cog_hex_encode(digest, 32, hex);
    CHECK(strcmp(hex, wanted) == 0);
    cog_srp_free(srp);
}

static void test_v1_v2(void) {
    char up[257], down[257], plus7[257], b[2 * COG_SRP_SIZE + 2], block[1369];
    unsigned char octets[1024];
    for (int i = 0; i < 128; i++) sprintf(up + 2 * i, "%02x", i + 1), sprintf(down + 2 * i, "%02x", 128 - i);
    memcpy(plus7, up, sizeof up), memcpy(plus7 + 254, "87", 2);
    for (int i = 0; i < 1024; i++) octets[i] = (unsigned char)i;
    EVP_EncodeBlock((unsigned char *)block, octets, 1024);
    known v1 = {"AbCdEf123", "0b6bd0e0-6f3a-4c1e-9d55-3f1a5a2f7c11", "P@ssw0rd! \xc3\xbcn\xc3\xaf", up,
                "101112131415161718191a1b1c1d1e1f", b, block, "Mon Jan 5 09:07:03 UTC 2026", NULL,
                "30f72588ea2a305f0a69c8235294ec0f4363d2598432c0f670f60be0bdb09882",
                "2c9ef2868fcc5f1c39fc9b5c19191cf5017301a75c623d1e155a00a20b0b9ffb", NULL,
                "9cbf31ad44ee812915dbaacb2f57e333", "RolcEazpQ0Tw0JHcC3Vw+RJfC7FCYi9Qpn7YoBNGcd4="};
    make_b(&v1, down, b);
    check_known(&v1);
    check_a_hash(up, 385, "742b9fbe8b911d0ba377225e083b83e6e6e6cb3ee36e9d882305913172110484");
    known v2 = {"AbCdEf123", "u", "pw", plus7, "2ab204d76cdcec4609d290441fed2eec", b, "eA==",
                "Sat Feb 28 23:59:59 UTC 2026", NULL,
                "3dd82caab1f63a7550ef34f6c8bf140f73a6def4bb9587368c3fc1c01ed5e075",
                "d231537deab6ee1e0c34cc1a08ec0b171776cdbd9637417d1fa26a70b6a5ba83", NULL,
                "e44b62c95e226a9420e4da83436ad9fb", "HfGG89Uw4aAzqy7sXasmHOfTDetSqGy6ghC3Z6rc3Ew="};
    make_b(&v2, down, b);
    check_known(&v2);
    check_a_hash(plus7, 383, "b933cb4ba28719cea5c578f7d45802bff2970e5410fbf4f37112bd18490fc7c3");
}

static void test_v3(void) {
    unsigned char octets[40], salt[16] = {0x80}, v[COG_SRP_PADDED], digest[32];
    char password[57], hex[65] = "";
    size_t len = 0;
    for (int i = 0; i < 40; i++) octets[i] = (unsigned char)i;
    for (int i = 1; i < 16; i++) salt[i] = (unsigned char)i;
    EVP_EncodeBlock((unsigned char *)password, octets, 40);
    cog_srp_identity who = identity("-ABCDEFGH", "us-east-1_0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", password);
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, 16}, v, &len), COG_OK);
    CHECK(len == 383);
    EVP_Digest(v, len, digest, NULL, EVP_sha256(), NULL);
    cog_hex_encode(digest, 32, hex);
    CHECK(strcmp(hex, "05d4ffbe9490d897cc1e8218f2a701d9fd411f2191e485869b7455a364e06ece") == 0);
}

/* ---- the vectors of the shared data; a scanner is enough, since the file has no escapes in what we read ---- */

static char *field(const char *vector, const char *end, const char *name) {
    static char room[24][4096];
    static int next;
    char key[64];
    snprintf(key, sizeof key, "\"%s\": \"", name);
    const char *at = strstr(vector, key);
    if (!at || at >= end) return NULL;
    at += strlen(key);
    size_t len = strcspn(at, "\"");
    char *out = room[next++ % 24];
    if (len >= sizeof room[0]) abort();
    memcpy(out, at, len);
    out[len] = '\0';
    return out;
}

static char *as_hex(char *decimal) {
    static char room[2][2048];
    static int next;
    if (!decimal) return NULL;
    BIGNUM *n = NULL;
    BN_dec2bn(&n, decimal);
    char *hex = BN_bn2hex(n), *out = room[next++ % 2];
    strcpy(out, hex + strspn(hex, "0"));
    for (char *c = out; *c; c++) *c = (char)(*c >= 'A' ? *c | 0x20 : *c);
    OPENSSL_free(hex);
    BN_free(n);
    return out;
}

static void check_exchange(const char *v, const char *end) {
    char key[33] = "";
    bool device = field(v, end, "device_key") != NULL;
    known k = {field(v, end, device ? "device_group_key" : "pool_name"), field(v, end, device ? "device_key" : "username"),
               field(v, end, device ? "device_password" : "password"), field(v, end, "a_hex"), field(v, end, "salt_hex"),
               field(v, end, "srp_b_hex"), field(v, end, "secret_block"), field(v, end, "timestamp"),
               field(v, end, "A_hex"), field(v, end, "x_hex"), field(v, end, "u_hex"), field(v, end, "S_hex"),
               field(v, end, "hkdf_hex"), field(v, end, "signature")};
    if (!k.a) k.a = as_hex(field(v, end, "a_dec"));
    if (!k.A) k.A = as_hex(field(v, end, "A_dec"));
    char *b64 = field(v, end, "hkdf_base64");
    unsigned char octets[18];
    size_t len;
    if (b64 && !cog_b64_decode(b64, strlen(b64), octets, &len)) cog_hex_encode(octets, 16, key), k.key = key;
    check_known(&k);
}

static void check_u(const char *v, const char *end) {
    srp_work w;
    cog_srp *srp = cog_srp_fixed(group, t_slice("1"));
    CHECK_ERR(srp_work_begin(&w), COG_OK);
    srp_read_hex(t_slice(field(v, end, "A_hex")), COG_SRP_SIZE, COG_BAD_HEX, srp->A);
    srp_read_hex(t_slice(field(v, end, "B_hex")), COG_SRP_SIZE, COG_BAD_HEX, w.b);
    CHECK_ERR(srp_make_u(&w, srp->A), COG_OK);
    char *hex = field(v, end, "u_hex");
    CHECK(equals_hex(w.u, hex ? hex : as_hex(field(v, end, "u_dec"))));
    srp_work_end(&w);
    cog_srp_free(srp);
}

static void check_verifier(const char *v, const char *end) {
    unsigned char salt[64], out[COG_SRP_PADDED];
    char text[517] = "", *salt_text = field(v, end, "salt_base64");
    size_t salt_len = 0, len = 0;
    CHECK_ERR(cog_b64_decode(salt_text, strlen(salt_text), salt, &salt_len), COG_OK);
    cog_srp_identity who = identity(field(v, end, "device_group_key"), field(v, end, "device_key"),
                                    field(v, end, "device_password"));
    CHECK_ERR(cog_srp_verifier(group, &who, (cog_slice){salt, salt_len}, out, &len), COG_OK);
    cog_b64_encode(out, len, text);
    CHECK(strcmp(text, field(v, end, "verifier_base64")) == 0);
}

static void check_vector(const char *v, const char *end, int *seen) {
    const char *kind = field(v, end, "kind");
    int before = *seen;
    ++*seen;
    if (!strcmp(kind, "user_srp") || !strcmp(kind, "device_srp")) check_exchange(v, end);
    else if (!strcmp(kind, "device_verifier")) check_verifier(v, end);
    else if (!strcmp(kind, "u")) check_u(v, end);
    else if (!strcmp(kind, "pad_hex")) check_pad(field(v, end, "hex"), field(v, end, "padded"));
    else *seen = before; /* k, secret_hash and timestamp are looked at elsewhere */
}

/* Returns false where the data is not at hand. */
static bool test_vectors(void) {
    FILE *file = fopen("../shared/data/srp-vectors.json", "rb");
    if (!file) return false;
    char *text = calloc(1, 1 << 20);
    size_t got = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    int seen = 0;
    for (char *v = strstr(text, "\"id\": \""), *next; v; v = next) {
        next = strstr(v + 1, "\"id\": \"");
        check_vector(v, next ? next : text + got, &seen);
    }
    CHECK(seen == 21);
    free(text);
    return true;
}

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
    for (int i = 0; i < 8; i++) refuse("01", no_hex[i], "eA==", COG_SRP_BAD_B), refuse(no_hex[i], "2", "eA==", COG_SRP_BAD_SALT);
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
    test_k();
    test_pad();
    test_v1_v2();
    test_v3();
    bool has_data = test_vectors();
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
    if (has_data) return T_END();
    printf("SKIPPED the vectors: ../shared/data/srp-vectors.json is not there\n");
    printf("%d passed, %d failed, 1 skipped\n", t_passed, t_failed);
    return t_failed != 0;
}
