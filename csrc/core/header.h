/* One field of a raw HTTP header block (RFC 9110 section 5): lines of "Name: value", parted by CRLF or LF. */
#ifndef COG_HEADER_H
#define COG_HEADER_H

#include "../cognito.h"

/* The first field of that name, in any case, without the white space around its value; false: no such field. */
bool cog_header_find(cog_slice block, cog_slice name, cog_slice *value);

#endif
