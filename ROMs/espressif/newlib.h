// What the ROM shares with the C library in firmware (newlib, with small reentrancy structures). Memory, locks and files are the
// firmware's, by a table that it sets up and that chip.h finds.
#pragma once
#include "rom.h"

typedef struct Reent Reent;
typedef struct File File;

/// struct syscall_stub_table of ESP-IDF's rom/libc_stubs.h
typedef struct {
  Reent *(*getreent)(void);
  void *(*malloc)(Reent *, size_t);
  void (*free)(Reent *, void *);
  void *(*realloc)(Reent *, void *, size_t);
  void *(*calloc)(Reent *, size_t, size_t);
  void (*abort)(void);
  void *system, *rename;
  u32 (*times)(Reent *, void *);
  int (*gettimeofday)(Reent *, void *, void *);
  void *raise, *unlink, *link;
  int (*stat)(Reent *, const char *, void *);
  int (*fstat)(Reent *, int, void *);
  void *(*sbrk)(Reent *, s32);
  void *getpid, *kill, *exit;
  int (*close)(Reent *, int);
  int (*open)(Reent *, const char *, int, int);
  s32 (*write)(Reent *, int, const void *, u32);
  s32 (*lseek)(Reent *, int, s32, int);
  s32 (*read)(Reent *, int, void *, u32);
  void (*lock_init)(u32 *), (*lock_init_recursive)(u32 *), (*lock_close)(u32 *), (*lock_close_recursive)(u32 *);
  void (*lock_acquire)(u32 *), (*lock_acquire_recursive)(u32 *);
  int (*lock_try)(u32 *), (*lock_try_recursive)(u32 *);
  void (*lock_release)(u32 *), (*lock_release_recursive)(u32 *);
} Syscalls;

/// struct __sFILE
struct File {
  u8 *p;
  int r, w;
  short flags, file;
  struct { u8 *base; int size; } buffer;
  int line_size;
  Reent *data;
  void *cookie;
  int (*read)(Reent *, void *, char *, int), (*write)(Reent *, void *, const char *, int);
  s32 (*seek)(Reent *, void *, s32, int);
  int (*close)(Reent *, void *);
  struct { u8 *base; int size; } unget;
  u8 *saved_p;
  int saved_r;
  u8 unget_buffer[3], one[1];
  struct { u8 *base; int size; } line;
  int block_size;
  s32 offset;
  u32 lock, state[2];
  int flags2;
};
_Static_assert(sizeof(File) == 104 && offsetof(File, lock) == 88 && offsetof(File, cookie) == 32, "newlib's FILE");

typedef struct Glue Glue;
struct Glue { Glue *next; int count; File *files; };
/// struct _reent
struct Reent {
  int error;
  File *in, *out, *err;
  int increment;
  char *emergency;
  int initialised, category;
  const char *locale;
  void *mp;
  void (*cleanup)(Reent *);
  int gamma_sign, convert_length;
  char *convert_buffer;
  struct { u16 seed[3], multiply[3], add; u16 pad; u64 next; } *random;
  u32 others[39];
  Glue glue;
};
_Static_assert(offsetof(Reent, random) == 56 && offsetof(Reent, glue) == 216, "newlib's struct _reent");
extern Reent *_global_impure_ptr;
extern File __sf_fake_stdin, __sf_fake_stdout, __sf_fake_stderr;

enum { line_buffered = 1, unbuffered = 2, reading = 4, writing = 8, both = 0x10, at_end = 0x20, failed = 0x40, own_buffer = 0x80, appending = 0x100, string = 0x200, optimised = 0x400, no_optimise = 0x800, at_offset = 0x1000 };
Reent *__getreent(void);
