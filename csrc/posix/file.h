/* What file.c and record.c share. */
#ifndef COGNITO_POSIX_FILE_H
#define COGNITO_POSIX_FILE_H

#include "posix.h"

int pos_is_plain_name(const char *name);

void pos_take_stamp(const struct stat *st, struct pos_stamp *stamp);

/* Writes from the file's start on, whatever the descriptor's position is: a child made by fork shares that. */
int pos_write_all(int fd, const char *data, size_t size);

/* Makes a new file whole, private and durable; its name is not. */
int pos_fill(int fd, const char *data, size_t size, struct pos_stamp *stamp);

int pos_sync(int fd);

/* Gives a file another name, in place of what has it now. */
int pos_give_name(int folder, const char *from, const char *to);

#endif
