/* A JWS in compact form (RFC 7515 section 7.1), taken apart. Size and structure are judged by cog_jws_open, the
 * header by cog_jws_header; nothing here says that the token is genuine. */
#ifndef COG_JWS_H
#define COG_JWS_H

#include "../cognito.h"

/* Octets of a token of ordinary size are kept in the structure itself, larger ones in one allocation. */
enum { COG_JWS_SMALL = 4096 };

typedef struct {
    cog_slice input;                        /* what was signed: header "." payload, as received */
    unsigned char *header, *payload, *signature; /* decoded */
    size_t header_len, payload_len, signature_len;

    unsigned char *block; /* NULL: in `small` */
    size_t used;          /* octets to wipe */
    unsigned char small[COG_JWS_SMALL];
} cog_jws;

/* COG_TOO_LARGE, COG_MALFORMED, COG_MEMORY. The token must outlive `jws`. After a failure nothing is to be closed. */
cog_err cog_jws_open(cog_jws *jws, cog_slice token);
/* The same without judging header and signature, which are left NULL. */
cog_err cog_jws_open_payload(cog_jws *jws, cog_slice token);
void cog_jws_close(cog_jws *jws); /* wipes; twice is fine */

/* The three parts, still coded: exactly two dots, no part empty. */
cog_err cog_jws_split(cog_slice token, cog_slice parts[3]);

/* Judges the header: JSON first (COG_BAD_JSON and its like, COG_HEADER_NOT_OBJECT), then alg, crit and kid. The
 * header's octets are used up; *kid points into them. */
cog_err cog_jws_header(cog_jws *jws, const unsigned char *seed, cog_slice *kid);

#endif
