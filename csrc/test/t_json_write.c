/* JSON strings and integers as they are written. */
#include "t.h"
#include "../core/json_write.h"
#include "../core/plain.h"

/* Writes into a room of exactly the size that was asked for. */
static void writes(const char *text, size_t len, const char *wanted) {
    unsigned char *tight = t_tight(text, len);
    cog_slice slice = {tight, len};
    size_t plain = cog_json_plain(slice), room = cog_json_string_room(slice, plain);
    unsigned char *out = malloc(room);
    if (!out) abort();
    unsigned char *end = cog_json_put_string(out, slice, plain, false);
    CHECK((end == NULL) == (wanted == NULL));
    if (end && wanted) {
        CHECK((size_t)(end - out) <= room);
        CHECK((size_t)(end - out) == strlen(wanted) && memcmp(out, wanted, strlen(wanted)) == 0);
    }
    free(out);
    free(tight);
}

static void writes_text(const char *text, const char *wanted) {
    writes(text, strlen(text), wanted);
}

static void each_octet(void) {
    for (unsigned c = 1; c < 0x80; c++) {
        char text[2] = {(char)c, '\0'};
        const char *named = strchr("\"\\\b\f\n\r\t", (int)c), *wanted = t_format("\"%s\"", text);
        if (named) wanted = t_format("\"\\%c\"", "\"\\bfnrt"[named - strchr("\"\\\b\f\n\r\t", '"')]);
        else if (c < 0x20) wanted = t_format("\"\\u%04x\"", c);
        writes_text(text, wanted);
        CHECK(cog_json_plain(t_slice(text)) == (wanted[1] == (char)c && wanted[2] == '"'));
    }
    for (unsigned c = 0x80; c < 0x100; c++) {
        char text[2] = {(char)c, '\0'};
        writes_text(text, NULL);
    }
}

static void strings(void) {
    writes_text("", "\"\"");
    writes("a\0b", 3, "\"a\\u0000b\"");
    writes_text("0123456789abcdef0123456789abcdef\n", "\"0123456789abcdef0123456789abcdef\\n\"");
    writes_text("0123456789abcde\"f0123456789abcdef", "\"0123456789abcde\\\"f0123456789abcdef\"");
    writes_text("\n\n\n\n\n\n", "\"\\n\\n\\n\\n\\n\\n\"");
    writes_text("\x01\x02", "\"\\u0001\\u0002\"");
    writes_text("\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80\"");
    static const char *const broken[] = {"\xc3", "\xe2\x98", "\xf0\x9f\x98", "\xc0\xaf", "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\x80", "\xe0\x80\x80",
                                         "\xf0\x80\x80\x80", "\xc3\x28"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) writes_text(broken[i], NULL);
}

static void octets(void) {
    static const char text[] = "a\xff\"\xed\xa0\x80\xc3\xa9\xc3", wanted[] = "\"a\xff\\\"\xed\xa0\x80\xc3\xa9\xc3\"";
    unsigned char out[64];
    cog_slice slice = {(const unsigned char *)text, sizeof text - 1};
    unsigned char *end = cog_json_put_string(out, slice, cog_json_plain(slice), true);
    CHECK(end == out + sizeof wanted - 1 && memcmp(out, wanted, sizeof wanted - 1) == 0);
}

static void plain(void) {
    CHECK(cog_json_plain((cog_slice){NULL, 0}) == 0);
    for (size_t place = 0; place < 40; place++) {
        char text[41];
        memset(text, 'x', sizeof text);
        text[place] = '"';
        CHECK(cog_json_plain((cog_slice){(unsigned char *)text, sizeof text}) == place);
        text[place] = (char)0xff;
        CHECK(cog_json_plain((cog_slice){(unsigned char *)text, sizeof text}) == place);
    }
}

static void integer(int64_t value, const char *wanted) {
    unsigned char out[COG_JSON_INTEGER_ROOM];
    unsigned char *end = cog_json_put_integer(out, value);
    CHECK((size_t)(end - out) == strlen(wanted) && memcmp(out, wanted, strlen(wanted)) == 0);
}

int main(void) {
    each_octet();
    strings();
    octets();
    plain();
    integer(0, "0");
    integer(-1, "-1");
    integer(1700000000, "1700000000");
    integer(INT64_MAX, "9223372036854775807");
    integer(INT64_MIN, "-9223372036854775808");
    return T_END();
}
