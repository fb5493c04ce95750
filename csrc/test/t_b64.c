/* base64, base64url and hex: every value, every refusal. */
#include "t.h"
#include "../core/b64.h"

typedef cog_err decoder(const char *, size_t, unsigned char *, size_t *);

static cog_err decode(decoder *codec, const char *text, size_t n, char *out, size_t *len) {
    unsigned char *in = t_tight(text, n), *room = t_tight(text, cog_b64_room(n));
    cog_err error = codec((const char *)in, n, room, len);
    if (!error) memcpy(out, room, *len);
    free(in);
    free(room);
    return error;
}

static void decodes(decoder *codec, const char *text, const char *wanted) {
    char out[256];
    size_t len = 0;
    CHECK_ERR(decode(codec, text, strlen(text), out, &len), COG_OK);
    CHECK(len == strlen(wanted) && memcmp(out, wanted, len) == 0);
}

static void refuses(decoder *codec, const char *text, size_t n, cog_err wanted) {
    char out[256];
    size_t len = 77;
    CHECK_ERR(decode(codec, text, n, out, &len), wanted);
    CHECK(len == 77);
}

/* RFC 4648 section 10 */
static const char *const vectors[][3] = {
    {"", "", ""},           {"f", "Zg==", "66"},           {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"}, {"foob", "Zm9vYg==", "666f6f62"}, {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"},
};

/* Input and output are exactly as large as they must be. */
static void encodes(void (*codec)(const unsigned char *, size_t, char *), const char *text, const char *wanted) {
    unsigned char *in = t_tight(text, strlen(text));
    char *out = (char *)t_tight(wanted, strlen(wanted));
    memset(out, 0, strlen(wanted));
    codec(in, strlen(text), out);
    CHECK(memcmp(out, wanted, strlen(wanted)) == 0);
    free(in);
    free(out);
}

static void test_vectors(void) {
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *text = vectors[i][0], *coded = vectors[i][1], *hex = vectors[i][2];
        char bare[16] = "";
        memcpy(bare, coded, strcspn(coded, "="));
        CHECK(cog_b64_size(strlen(text)) == strlen(coded));
        CHECK(cog_b64url_size(strlen(text)) == strlen(bare));
        encodes(cog_b64_encode, text, coded);
        encodes(cog_b64url_encode, text, bare);
        encodes(cog_hex_encode, text, hex);
        decodes(cog_b64_decode, coded, text);
        decodes(cog_b64url_decode, bare, text);
        decodes(cog_hex_decode, hex, text);
    }
}

/* Each octet alone as each character of a quad and of both tails: only the 64 digits pass, and a tail only when
 * its unused bits are zero. */
static void test_every_character(const char *digits) {
    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr(digits, c) : NULL;
        for (size_t n = 2; n <= 4; n++) {
            for (size_t i = 0; i < n; i++) {
                char text[4] = {'A', 'A', 'A', 'A'}, out[8];
                size_t len;
                text[i] = (char)c;
                bool bits = n == 4 || i + 1 < n || (at && (at - digits) % (n == 2 ? 16 : 4) == 0);
                CHECK((decode(cog_b64url_decode, text, n, out, &len) == COG_OK) == (at && bits));
            }
        }
    }
}

static void test_url(void) {
    test_every_character("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    static const char *const bad[] = {"A", "AAAAA", "Zg=", "Zg==", "Zm9v=", "Zm9v Zm9v", "Zm9v\n", "+A", "/A", "Zh",
                                      "Zm9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(cog_b64url_decode, bad[i], strlen(bad[i]), COG_BAD_BASE64);
    refuses(cog_b64url_decode, "Zm9v\0", 5, COG_BAD_BASE64);
}

static void test_plain(void) {
    static const char *const bad[] = {"Zg", "Zg=", "Zm8", "=", "==", "===", "====", "Z===", "Zg==Zg==", "Zg=a", "Zh==",
                                      "Zm9=", "-_==", "Zm9v\n", "Zm9vZ", "A=A="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(cog_b64_decode, bad[i], strlen(bad[i]), COG_BAD_BASE64);
    decodes(cog_b64_decode, "++//", "\xfb\xef\xff");
    decodes(cog_b64url_decode, "--__", "\xfb\xef\xff");
}

static void test_hex(void) {
    decodes(cog_hex_decode, "0aF9fA", "\x0a\xf9\xfa");
    for (int c = 0; c < 256; c++) {
        char pair[2] = {(char)c, '0'}, swapped[2] = {'0', (char)c}, out[2];
        bool digit = c && strchr("0123456789abcdefABCDEF", c);
        size_t len;
        CHECK((decode(cog_hex_decode, pair, 2, out, &len) == COG_OK) == digit);
        CHECK((decode(cog_hex_decode, swapped, 2, out, &len) == COG_OK) == digit);
    }
    refuses(cog_hex_decode, "0", 1, COG_BAD_HEX);
    refuses(cog_hex_decode, "000", 3, COG_BAD_HEX);
}

/* Every length up to 70: what was encoded decodes to itself, and the sizes agree. */
static void test_round_trip(void) {
    unsigned char in[70], out[128];
    char text[160];
    for (size_t i = 0; i < sizeof in; i++) in[i] = (unsigned char)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof in; n++) {
        size_t len = 0;
        cog_b64_encode(in, n, text);
        CHECK(cog_b64_decode(text, cog_b64_size(n), out, &len) == COG_OK && len == n && !memcmp(in, out, n));
        CHECK(cog_b64_room(cog_b64_size(n)) >= n && cog_b64_room(cog_b64url_size(n)) == n);
        cog_b64url_encode(in, n, text);
        CHECK(cog_b64url_decode(text, cog_b64url_size(n), out, &len) == COG_OK && len == n && !memcmp(in, out, n));
        cog_hex_encode(in, n, text);
        CHECK(cog_hex_decode(text, 2 * n, out, &len) == COG_OK && len == n && !memcmp(in, out, n));
    }
}

int main(void) {
    test_vectors();
    test_url();
    test_plain();
    test_hex();
    test_round_trip();
    return T_END();
}
