#include "reader.h"

#include <openssl/crypto.h>

cog_err cog_reader_open(cog_reader *reader, unsigned char *text, size_t len, const unsigned char *seed) {
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

void cog_reader_close(cog_reader *reader) {
    OPENSSL_free(reader->block);
    reader->block = NULL;
}

cog_err cog_read_object(cog_json *json, cog_member *member, void *context, cog_err not_object) {
    cog_json_event first = cog_json_next(json);
    bool object = first == COG_JSON_OBJECT;
    if (!object && !cog_json_skip(json, first)) return json->error;
    while (object && cog_json_next(json) == COG_JSON_NAME)
        if (!member(json, context)) return json->error;
    if (cog_json_next(json) != COG_JSON_END) return json->error;
    return object ? COG_OK : not_object;
}

cog_err cog_read_object_text(unsigned char *text, size_t len, const unsigned char *seed, cog_member *member,
                             void *context, cog_err not_object) {
    cog_reader reader;
    cog_err error = cog_reader_open(&reader, text, len, seed);
    if (error) return error;
    error = cog_read_object(&reader.json, member, context, not_object);
    cog_reader_close(&reader);
    return error;
}
