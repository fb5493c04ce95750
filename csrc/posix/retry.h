/* A call that a signal interrupted is made again, but not for ever: a process under a storm of
 * signals gets -EINTR in the end and does not hang. */
#ifndef COGNITO_POSIX_RETRY_H
#define COGNITO_POSIX_RETRY_H

#include <errno.h>

#define POS_RETRY(result, call)                                                                    \
    do {                                                                                           \
        int pos_turns = 0;                                                                         \
        do {                                                                                       \
            (result) = (call);                                                                     \
        } while ((result) < 0 && errno == EINTR && ++pos_turns < 100);                             \
    } while (0)

#endif
