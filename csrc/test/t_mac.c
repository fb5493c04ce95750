/* Digests, MACs, SECRET_HASH, random octets, the constant-time compare. */
#include "t.h"
#include "../core/b64.h"
#include "../core/mac.h"

static void check_hex(const unsigned char *got, size_t n, const char *wanted) {
    char text[128];
    cog_hex_encode(got, n, text);
    CHECK(strlen(wanted) == 2 * n && memcmp(text, wanted, 2 * n) == 0);
}

static cog_slice repeat(unsigned char *room, int octet, size_t n) {
    memset(room, octet, n);
    return (cog_slice){room, n};
}

/* RFC 4231 cases 1, 2, 3 and 6 (a key longer than the block) */
static void test_hmac_sha256(cog_mac *mac) {
    unsigned char key[131], text[50], out[32];
    cog_slice hi = t_slice("Hi There");
    CHECK_ERR(cog_hmac_sha256(mac, repeat(key, 0x0b, 20), &hi, 1, out), COG_OK);
    check_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    cog_slice parts[] = {t_slice("what do ya want "), t_slice("for nothing?")};
    for (int again = 0; again < 3; again++) {
        CHECK_ERR(cog_hmac_sha256(mac, t_slice("Jefe"), parts, 2, out), COG_OK);
        check_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    cog_slice dd = repeat(text, 0xdd, 50);
    CHECK_ERR(cog_hmac_sha256(mac, repeat(key, 0xaa, 20), &dd, 1, out), COG_OK);
    check_hex(out, 32, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    cog_slice large = t_slice("Test Using Larger Than Block-Size Key - Hash Key First");
    for (int again = 0; again < 2; again++) {
        CHECK_ERR(cog_hmac_sha256(mac, repeat(key, 0xaa, 131), &large, 1, out), COG_OK);
        check_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}

/* An empty key is a key of its own, not "the same as before". */
static void test_empty_key(cog_mac *mac) {
    static const char wanted[] = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    unsigned char out[32];
    cog_slice empty = {NULL, 0};
    CHECK_ERR(cog_hmac_sha256(mac, t_slice("Jefe"), NULL, 0, out), COG_OK);
    CHECK_ERR(cog_hmac_sha256(mac, empty, &empty, 1, out), COG_OK);
    check_hex(out, 32, wanted);
    CHECK_ERR(cog_hmac_sha256(mac, t_slice(""), NULL, 0, out), COG_OK);
    check_hex(out, 32, wanted);
}

static void test_digests(cog_mac *mac) {
    unsigned char out[32];
    CHECK_ERR(cog_sha256(mac, t_slice("abc"), out), COG_OK);
    check_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_ERR(cog_sha256(mac, t_slice(""), out), COG_OK);
    check_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    unsigned char key[20]; /* RFC 2202 cases 1 and 2 */
    CHECK_ERR(cog_hmac_sha1(repeat(key, 0x0b, 20), t_slice("Hi There"), out), COG_OK);
    check_hex(out, 20, "b617318655057264e28bc0b6fb378c8ef146be00");
    CHECK_ERR(cog_hmac_sha1(t_slice("Jefe"), t_slice("what do ya want for nothing?"), out), COG_OK);
    check_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    CHECK_ERR(cog_hmac_sha1((cog_slice){NULL, 0}, t_slice(""), out), COG_OK);
    check_hex(out, 20, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
    CHECK_ERR(cog_hmac_sha1((cog_slice){key, (size_t)1 << 31}, t_slice(""), out), COG_TOO_LARGE);
}

static void test_fingerprint(void) {
    char out[COG_FINGERPRINT_SIZE];
    CHECK_ERR(cog_fingerprint(t_slice("abc"), out), COG_OK);
    CHECK(memcmp(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", sizeof out) == 0);
    CHECK_ERR(cog_fingerprint((cog_slice){NULL, 0}, out), COG_OK);
    CHECK(memcmp(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", sizeof out) == 0);
}

static void test_secret_hash(cog_mac *mac) {
    char out[COG_SECRET_HASH_SIZE];
    unsigned char digest[32];
    char wanted[COG_SECRET_HASH_SIZE];
    cog_slice joined = t_slice("alice1h57kf5cpq17m0eml12EXAMPLE");
    CHECK_ERR(cog_hmac_sha256(mac, t_slice("secret"), &joined, 1, digest), COG_OK);
    cog_b64_encode(digest, 32, wanted);
    CHECK_ERR(cog_secret_hash(mac, t_slice("secret"), t_slice("alice"), t_slice("1h57kf5cpq17m0eml12EXAMPLE"), out),
              COG_OK);
    CHECK(memcmp(out, wanted, sizeof out) == 0);
}

static void test_equal(void) {
    CHECK(cog_equal(t_slice("abc"), t_slice("abc")));
    CHECK(!cog_equal(t_slice("abc"), t_slice("abd")));
    CHECK(!cog_equal(t_slice("abc"), t_slice("ab")));
    CHECK(!cog_equal(t_slice("ab"), t_slice("abc")));
    CHECK(cog_equal((cog_slice){NULL, 0}, t_slice("")));
}

static void test_random(void) {
    unsigned char a[32] = {0}, b[32] = {0};
    CHECK_ERR(cog_random(a, 32), COG_OK);
    CHECK_ERR(cog_random(b, 32), COG_OK);
    CHECK(memcmp(a, b, 32) != 0);
    char id[COG_UUID_SIZE], other[COG_UUID_SIZE];
    CHECK_ERR(cog_uuid(id), COG_OK);
    CHECK_ERR(cog_uuid(other), COG_OK);
    CHECK(memcmp(id, other, sizeof id) != 0);
    CHECK(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
    CHECK(id[14] == '4' && strchr("89ab", id[19]));
}

int main(void) {
    cog_mac *mac = cog_mac_new();
    if (!mac) return puts("0 passed, 1 failed"), 1;
    test_hmac_sha256(mac);
    test_empty_key(mac);
    test_digests(mac);
    test_fingerprint();
    test_secret_hash(mac);
    test_equal();
    test_random();
    cog_mac_free(mac);
    cog_mac_free(NULL);
    return T_END();
}
