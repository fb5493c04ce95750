/* The strict reader: every text ends in END or FAIL within a bounded number of events, the depth is within its limit,
 * and reading it piece by piece and skipping it whole come to the same verdict. */
#include "fuzz.h"
#include "../core/json.h"

struct input {
    const uint8_t *data;
    size_t size;
    unsigned char *copy;
    uint32_t *work, names;
    cog_json json;
};

static void start(struct input *in) {
    if (in->size) memcpy(in->copy, in->data, in->size);
    cog_json_init(&in->json, in->copy, in->size, in->names, in->work, fuzz_seed);
}

static cog_err walk(struct input *in) {
    cog_json_event event;
    start(in);
    for (size_t count = 0; (event = cog_json_next(&in->json)) > COG_JSON_END; count++) {
        REQUIRE(count <= 2 * in->size && in->json.depth <= COG_JSON_DEPTH_MAX);
        if (event != COG_JSON_NAME && event != COG_JSON_STRING) continue;
        REQUIRE(in->json.string.data >= in->copy);
        REQUIRE(in->json.string.data + in->json.string.len <= in->copy + in->size);
    }
    REQUIRE(cog_json_next(&in->json) == event);
    REQUIRE((event == COG_JSON_FAIL) == (in->json.error != COG_OK));
    return in->json.error;
}

static cog_err skip(struct input *in) {
    start(in);
    bool whole = cog_json_skip(&in->json, cog_json_next(&in->json)) && cog_json_next(&in->json) == COG_JSON_END;
    REQUIRE(whole == (in->json.error == COG_OK));
    return in->json.error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t names = cog_json_names((cog_slice){data, size});
    size_t need = cog_json_work(names);
    struct input in = {.data = data, .size = size, .names = names, .copy = fuzz_copy(data, size)};
    in.work = need ? malloc(need) : NULL;
    REQUIRE(in.work || !need);
    cog_err verdict = walk(&in);
    /* for some, since it doubles the time of an execution */
    if (size % 8 == 0) REQUIRE(verdict == skip(&in));
    free(in.work);
    free(in.copy);
    return 0;
}
