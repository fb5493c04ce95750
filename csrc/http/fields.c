#include "impl.h"

#include <string.h>
#include <strings.h>

void http_fields_begin(http_fields *fields) {
    fields->cursor = 0;
    fields->changed = false;
}

static bool is_sound(const char *text, size_t length) {
    if (memchr(text, ':', length) == NULL) return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool is_same(const http_fields *fields, const char *text, size_t length) {
    int i = fields->cursor;
    return !fields->changed && i < fields->count &&
           fields->start[i + 1] - fields->start[i] == length + 1 &&
           memcmp(fields->text.data + fields->start[i], text, length) == 0;
}

static bool has_credentials(const char *text, size_t length) {
    static const char name[] = "authorization:";
    return length >= sizeof name - 1 && strncasecmp(text, name, sizeof name - 1) == 0;
}

/* From here on the lines differ. Until http_fields_end libcurl has no list to read. */
static void part_with_list(http_fields *fields) {
    fields->text.length = fields->start[fields->cursor];
    fields->changed = true;
    fields->count = 0;
    fields->node[0].data = NULL;
}

bool http_fields_add(http_fields *fields, const char *text, size_t length) {
    if (is_same(fields, text, length)) {
        fields->cursor++;
        return true;
    }
    if (fields->cursor == HTTP_MAX_FIELDS || !is_sound(text, length)) return false;
    if (!fields->changed) part_with_list(fields);
    if (has_credentials(text, length)) fields->secret = true;
    if (!http_bytes_add(&fields->text, text, length, HTTP_MAX_FIELD_BYTES)) return false;
    if (!http_bytes_add(&fields->text, "", 1, HTTP_MAX_FIELD_BYTES)) return false;
    fields->start[++fields->cursor] = fields->text.length;
    return true;
}

static void link_nodes(http_fields *fields) {
    for (int i = 0; i < fields->count; i++) {
        fields->node[i].data = fields->text.data + fields->start[i];
        fields->node[i].next = &fields->node[i + 1];
    }
    /* libcurl would hold back a large body until the server has agreed to it */
    fields->node[fields->count].data = (char *)"Expect:";
    fields->node[fields->count].next = NULL;
}

struct curl_slist *http_fields_end(http_fields *fields) {
    if (!fields->changed && fields->cursor == fields->count && fields->node[0].data != NULL)
        return NULL;
    fields->count = fields->cursor;
    link_nodes(fields);
    return fields->node;
}

void http_fields_done(http_fields *fields) {
    if (!fields->secret) return;
    http_bytes_free(&fields->text);
    fields->count = 0;
    fields->node[0].data = NULL;
    fields->secret = false;
}
