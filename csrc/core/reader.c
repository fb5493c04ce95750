#include "reader.h"

#include <openssl/crypto.h>

/* The work space lies in the structure for ordinary texts, else in one allocation; so it may not be moved. */
struct reader {
    cog_json json;
    uint32_t *block;
    uint32_t small[320];
};

static cog_err open_reader(struct reader *reader, unsigned char *text, size_t len, const unsigned char *seed) {
    uint32_t names = cog_json_names((cog_slice){text, len});
    size_t size = cog_json_work(names);
    reader->block = NULL;
    if (size > sizeof reader->small) {
        reader->block = OPENSSL_malloc(size);
        if (!reader->block) return COG_MEMORY;
    }
    cog_json_init(&reader->json, text, len, names, reader->block ? reader->block : reader->small, seed);
    return COG_OK;
}

static cog_err read_members(cog_json *json, cog_member *member, void *context, cog_err not_object) {
    cog_json_event first = cog_json_next(json);
    bool object = first == COG_JSON_OBJECT;
    if (!object && !cog_json_skip(json, first)) return json->error;
    while (object && cog_json_next(json) == COG_JSON_NAME)
        if (!member(json, context)) return json->error;
    if (cog_json_next(json) != COG_JSON_END) return json->error;
    return object ? COG_OK : not_object;
}

cog_err cog_read_object(unsigned char *text, size_t len, const unsigned char *seed, cog_member *member, void *context,
                        cog_err not_object) {
    struct reader reader;
    cog_err error = open_reader(&reader, text, len, seed);
    if (error) return error;
    error = read_members(&reader.json, member, context, not_object);
    OPENSSL_free(reader.block);
    return error;
}
