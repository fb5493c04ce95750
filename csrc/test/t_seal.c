/* Sealing: round trips, known answers, every changed bit. */
#include "t.h"
#include "../core/b64.h"
#include "../core/seal.h"

static unsigned char key[COG_SEAL_KEY_SIZE];
static cog_mac *mac;

/* Into memory of just the size that is asked for. */
static cog_err open_tight(const unsigned char *with, cog_slice aad, const unsigned char *data, size_t n, char *text) {
    unsigned char *copy = t_tight(data, n);
    unsigned char *out = malloc(n > COG_SEAL_OVERHEAD ? n - COG_SEAL_OVERHEAD : 1);
    cog_err error = cog_unseal(mac, with, aad, (cog_slice){copy, n}, out);
    if (!error && text) {
        memcpy(text, out, n - COG_SEAL_OVERHEAD);
        text[n - COG_SEAL_OVERHEAD] = '\0';
    }
    free(copy);
    free(out);
    return error;
}

/* Sealed by node's crypto module, which shares no code of ours: key 00..1f, nonce a0..ab. */
static void test_foreign(void) {
    static const char *sealed[] = {
        "019fcec10a3878f8e1a0a1a2a3a4a5a6a7a8a9aaab43543b46eda113e40051c816a44b53568f753b9dbe9c0f2c",
        "019fcec10a3878f8e1a0a1a2a3a4a5a6a7a8a9aaab8a0374b8fdfd88102653a352469b5ee5"};
    static const char *aad[] = {"place", ""}, *text[] = {"a record", ""};
    for (int i = 0; i < 2; i++) {
        unsigned char octets[64];
        char opened[64];
        size_t n;
        CHECK_ERR(cog_hex_decode(sealed[i], strlen(sealed[i]), octets, &n), COG_OK);
        CHECK_ERR(open_tight(key, t_slice(aad[i]), octets, n, opened), COG_OK);
        CHECK(strcmp(opened, text[i]) == 0);
    }
}

static void test_round_trip(void) {
    static unsigned char text[5000], sealed[sizeof text + COG_SEAL_OVERHEAD], opened[sizeof text];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n <= sizeof text; n = n * 3 + 1) {
        CHECK_ERR(cog_seal(mac, key, t_slice("k"), (cog_slice){text, n}, sealed), COG_OK);
        CHECK_ERR(cog_unseal(mac, key, t_slice("k"), (cog_slice){sealed, n + COG_SEAL_OVERHEAD}, opened), COG_OK);
        CHECK(memcmp(text, opened, n) == 0);
        CHECK(n < 16 || memcmp(sealed + COG_SEAL_HEAD_SIZE, text, n) != 0);
    }
}

static void test_changed(void) {
    unsigned char sealed[16 + COG_SEAL_OVERHEAD];
    CHECK_ERR(cog_seal(mac, key, t_slice("place"), t_slice("0123456789abcdef"), sealed), COG_OK);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (unsigned char)(1u << bit % 8);
        cog_err wanted = bit < 8 ? COG_SEAL_FORMAT : bit < 72 ? COG_SEAL_KEY : COG_SEAL_TAMPERED;
        CHECK_ERR(open_tight(key, t_slice("place"), sealed, sizeof sealed, NULL), wanted);
        sealed[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    for (size_t n = 0; n < sizeof sealed; n++)
        CHECK_ERR(open_tight(key, t_slice("place"), sealed, n, NULL),
                  n < COG_SEAL_OVERHEAD ? COG_SEAL_FORMAT : COG_SEAL_TAMPERED);
    CHECK_ERR(open_tight(key, t_slice("plac"), sealed, sizeof sealed, NULL), COG_SEAL_TAMPERED);
    CHECK_ERR(open_tight(key, t_slice(""), sealed, sizeof sealed, NULL), COG_SEAL_TAMPERED);
    unsigned char other[COG_SEAL_KEY_SIZE] = {1};
    CHECK_ERR(open_tight(other, t_slice("place"), sealed, sizeof sealed, NULL), COG_SEAL_KEY);
    CHECK_ERR(open_tight(key, t_slice("place"), sealed, sizeof sealed, NULL), COG_OK);
}

/* A failed opening leaves nothing of the text behind. */
static void test_wiped(void) {
    unsigned char sealed[16 + COG_SEAL_OVERHEAD], out[16], zero[16] = {0};
    CHECK_ERR(cog_seal(mac, key, t_slice(""), t_slice("0123456789abcdef"), sealed), COG_OK);
    sealed[sizeof sealed - 1] ^= 1;
    memset(out, 'x', sizeof out);
    CHECK_ERR(cog_unseal(mac, key, t_slice(""), (cog_slice){sealed, sizeof sealed}, out), COG_SEAL_TAMPERED);
    CHECK(memcmp(out, zero, sizeof out) == 0);
}

static void test_nonces(void) {
    static unsigned char seen[500][COG_SEAL_NONCE_SIZE];
    unsigned char sealed[COG_SEAL_OVERHEAD];
    for (size_t i = 0; i < 500; i++) {
        CHECK_ERR(cog_seal(mac, key, t_slice(""), t_slice(""), sealed), COG_OK);
        memcpy(seen[i], sealed + 9, COG_SEAL_NONCE_SIZE);
        for (size_t j = 0; j < i; j++)
            if (memcmp(seen[i], seen[j], COG_SEAL_NONCE_SIZE) == 0) CHECK(!"a nonce came twice");
    }
}

static void test_limits(void) {
    unsigned char out[1];
    cog_slice large = {out, COG_SEAL_MAX + 1};
    CHECK_ERR(cog_seal(mac, key, t_slice(""), large, out), COG_TOO_LARGE);
    CHECK_ERR(cog_seal(mac, key, large, t_slice(""), out), COG_TOO_LARGE);
}

int main(void) {
    mac = cog_mac_new();
    CHECK(mac != NULL);
    for (size_t i = 0; i < sizeof key; i++) key[i] = (unsigned char)i;
    test_foreign();
    test_round_trip();
    test_changed();
    test_wiped();
    test_nonces();
    test_limits();
    cog_mac_free(mac);
    return T_END();
}
