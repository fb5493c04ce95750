/* Strict base64 (RFC 4648 section 4, padded), base64url (section 5, unpadded) and hex. Strict: one spelling per
 * value. No foreign character, no white space, no missing or added padding, unused bits are zero. */
#ifndef COG_B64_H
#define COG_B64_H

#include "../cognito.h"

/* Octets that the encoders write, and the most that the decoders can write, for n octets of input. */
size_t cog_b64_size(size_t n);
size_t cog_b64url_size(size_t n);
size_t cog_b64_room(size_t n);

/* `out` has the room said above and may not overlap the input; nothing is terminated by a NUL. */
void cog_b64_encode(const unsigned char *in, size_t n, char *out);
void cog_b64url_encode(const unsigned char *in, size_t n, char *out);
void cog_hex_encode(const unsigned char *in, size_t n, char *out); /* 2n digits, lower case */

/* COG_BAD_BASE64, COG_BAD_HEX. After a failure `out` holds garbage and *len is not set. */
cog_err cog_b64_decode(const char *in, size_t n, unsigned char *out, size_t *len);
cog_err cog_b64url_decode(const char *in, size_t n, unsigned char *out, size_t *len);
cog_err cog_hex_decode(const char *in, size_t n, unsigned char *out, size_t *len); /* n / 2 octets, either case */

#endif
