/* base64, base64url, hex: what decodes is the one spelling of its octets. The first octet chooses the codec. */
#include "fuzz.h"
#include "../core/b64.h"

static const struct {
    cog_err (*decode)(const char *, size_t, unsigned char *, size_t *);
    void (*encode)(const unsigned char *, size_t, char *);
    size_t (*size)(size_t);
} codecs[] = {
    {cog_b64_decode, cog_b64_encode, cog_b64_size},
    {cog_b64url_decode, cog_b64url_encode, cog_b64url_size},
};

static void check_hex(const char *text, size_t size) {
    unsigned char octets[2048];
    char again[4096];
    size_t len;
    if (size > sizeof again || cog_hex_decode(text, size, octets, &len)) return;
    cog_hex_encode(octets, len, again);
    REQUIRE(2 * len == size);
    for (size_t i = 0; i < size; i++) REQUIRE((text[i] | 0x20) == (again[i] | 0x20));
}

static void check(int codec, const char *text, size_t size) {
    size_t len, room = cog_b64_room(size);
    unsigned char *octets = malloc(room ? room : 1);
    char *again = malloc(size ? size : 1);
    REQUIRE(octets && again);
    if (codecs[codec].decode(text, size, octets, &len) == COG_OK) {
        REQUIRE(len <= room && codecs[codec].size(len) == size);
        codecs[codec].encode(octets, len, again);
        REQUIRE(size == 0 || memcmp(again, text, size) == 0);
    }
    free(octets);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const char *text = (const char *)data + 1;
    if (data[0] % 3 == 2) check_hex(text, size - 1);
    else check(data[0] % 3, text, size - 1);
    return 0;
}
