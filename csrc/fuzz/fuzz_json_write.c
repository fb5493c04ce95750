/* Strings as JSON: what is written reads back as the same octets, exactly where the text is UTF-8; it stays within the
 * room that was asked for; and the check of typed text agrees about what UTF-8 is. */
#include "fuzz.h"
#include "../core/json.h"
#include "../core/json_write.h"
#include "../core/plain.h"
#include "../core/text.h"

static void read_back(unsigned char *text, size_t len, cog_slice wanted) {
    uint32_t names = cog_json_names((cog_slice){text, len});
    size_t need = cog_json_work(names);
    uint32_t *work = need ? malloc(need) : NULL;
    REQUIRE(work || !need);
    cog_json json;
    cog_json_init(&json, text, len, names, work, fuzz_seed);
    REQUIRE(cog_json_next(&json) == COG_JSON_STRING);
    REQUIRE(json.string.len == wanted.len);
    REQUIRE(wanted.len == 0 || memcmp(json.string.data, wanted.data, wanted.len) == 0);
    REQUIRE(cog_json_next(&json) == COG_JSON_END);
    free(work);
}

static void write_any(cog_slice text, size_t plain, unsigned char *out, size_t room) {
    unsigned char *end = cog_json_put_string(out, text, plain, true);
    REQUIRE(end && (size_t)(end - out) <= room);
}

static void check_text(cog_slice text, bool sound) {
    for (int form = 0; form < COG_FORM_COUNT; form++) {
        cog_text_fault fault = cog_text_check(text, (cog_form)form, 0, SIZE_MAX);
        bool nul = text.len && memchr(text.data, 0, text.len);
        REQUIRE((fault == COG_TEXT_NUL) == nul);
        REQUIRE(nul || (fault == COG_TEXT_NOT_UTF8) == !sound);
        REQUIRE(form != COG_FORM_ANY || fault != COG_TEXT_FORM);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    unsigned char *copy = fuzz_copy(data, size);
    cog_slice text = {copy, size};
    size_t plain = cog_json_plain(text), room = cog_json_string_room(text, plain);
    bool sound = cog_text_sound(text) == size;
    REQUIRE(plain <= size);
    unsigned char *out = malloc(room);
    REQUIRE(out);
    unsigned char *end = cog_json_put_string(out, text, plain, false);
    REQUIRE((end != NULL) == sound);
    REQUIRE(!end || (size_t)(end - out) <= room);
    if (end) read_back(out, (size_t)(end - out), text);
    write_any(text, plain, out, room);
    check_text(text, sound);
    free(out);
    free(copy);
    return 0;
}
