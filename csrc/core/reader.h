/* A JSON reader that brings its own work space, and the walk over one object's members. */
#ifndef COG_READER_H
#define COG_READER_H

#include "json.h"

/* The work space lies in the structure for ordinary texts, else in one allocation; so it may not be moved. */
typedef struct {
    cog_json json;
    uint32_t *block;
    uint32_t small[320];
} cog_reader;

/* COG_MEMORY; then nothing is to be closed. */
cog_err cog_reader_open(cog_reader *reader, unsigned char *text, size_t len, const unsigned char *seed);
void cog_reader_close(cog_reader *reader);

/* Takes the member that json->string names; its value is unread, and must be read whole. False: json->error. */
typedef bool cog_member(cog_json *json, void *context);

/* Reads the whole text, which must be one object: the reader's error, or `not_object`. */
cog_err cog_read_object(cog_json *json, cog_member *member, void *context, cog_err not_object);

/* The same for a text that is read once and by this alone. */
cog_err cog_read_object_text(unsigned char *text, size_t len, const unsigned char *seed, cog_member *member,
                             void *context, cog_err not_object);

#endif
