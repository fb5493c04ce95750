#include "header.h"

#include <string.h>

static unsigned char lower(unsigned char c) {
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool starts_with_field(cog_slice line, cog_slice name) {
    if (line.len <= name.len || line.data[name.len] != ':') return false;
    for (size_t i = 0; i < name.len; i++)
        if (lower(line.data[i]) != lower(name.data[i])) return false;
    return true;
}

static bool is_space(unsigned char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static cog_slice trim(cog_slice text) {
    while (text.len && is_space(text.data[0])) text.data++, text.len--;
    while (text.len && is_space(text.data[text.len - 1])) text.len--;
    return text;
}

bool cog_header_find(cog_slice block, cog_slice name, cog_slice *value) {
    while (block.len) {
        const unsigned char *end = memchr(block.data, '\n', block.len);
        cog_slice line = {block.data, end ? (size_t)(end - block.data) : block.len};
        if (starts_with_field(line, name)) {
            *value = trim((cog_slice){line.data + name.len + 1, line.len - name.len - 1});
            return true;
        }
        size_t used = line.len + (end ? 1 : 0);
        block.data += used;
        block.len -= used;
    }
    return false;
}
