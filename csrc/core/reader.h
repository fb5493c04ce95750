/* The walk over the members of one JSON object, with the work space that the reader needs. */
#ifndef COG_READER_H
#define COG_READER_H

#include "json.h"

/* Takes the member that json->string names; its value is unread, and must be read whole. False: json->error. */
typedef bool cog_member(cog_json *json, void *context);

/* Reads the whole text (used up), which must be one object: COG_MEMORY, the reader's error, or `not_object`. */
cog_err cog_read_object(unsigned char *text, size_t len, const unsigned char *seed, cog_member *member, void *context,
                        cog_err not_object);

#endif
