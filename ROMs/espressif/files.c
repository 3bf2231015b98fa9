// The C library's files and locks of the ROMs of ESP32 and ESP32-S2.
#include "chip.h"

// ---- locks

extern u32 __sfp_lock, __sinit_lock, __tz_lock_object, __env_lock_object;
void __sfp_lock_acquire(void) { syscalls()->lock_acquire_recursive(&__sfp_lock); }
void __sfp_lock_release(void) { syscalls()->lock_release_recursive(&__sfp_lock); }
void __sinit_lock_acquire(void) { syscalls()->lock_acquire_recursive(&__sinit_lock); }
void __sinit_lock_release(void) { syscalls()->lock_release_recursive(&__sinit_lock); }
void __tz_lock(void) { syscalls()->lock_acquire(&__tz_lock_object); }
void __tz_unlock(void) { syscalls()->lock_release(&__tz_lock_object); }
void __env_lock(void) { syscalls()->lock_acquire_recursive(&__env_lock_object); }
void __env_unlock(void) { syscalls()->lock_release_recursive(&__env_lock_object); }
static void lock(File *f) {
  if (!(f->flags & string)) syscalls()->lock_acquire_recursive(&f->lock);
}
static void unlock(File *f) {
  if (!(f->flags & string)) syscalls()->lock_release_recursive(&f->lock);
}

// ---- files

int __sread(Reent *r, File *f, char *to, int n) {
  s32 got = syscalls()->read(r, f->file, to, n);
  if (got >= 0) f->offset += got;
  else f->flags &= ~at_offset;
  return got;
}
int __seofread(Reent *r, File *f, char *to, int n) {
  (void)r, (void)f, (void)to, (void)n;
  return 0;
}
int __swrite(Reent *r, File *f, const char *from, int n) {
  if (f->flags & appending) syscalls()->lseek(r, f->file, 0, 2);
  f->flags &= ~at_offset;
  return syscalls()->write(r, f->file, from, n);
}
s32 __sseek(Reent *r, File *f, s32 offset, int whence) {
  s32 at = syscalls()->lseek(r, f->file, offset, whence);
  if (at == -1) f->flags &= ~at_offset;
  else f->flags |= at_offset, f->offset = at;
  return at;
}
int __sclose(Reent *r, File *f) { return syscalls()->close(r, f->file); }

static void open_standard(File *f, int flags, int file) {
  f->p = NULL, f->r = f->w = 0;
  f->flags = flags, f->flags2 = 0, f->file = file;
  f->buffer.base = NULL, f->buffer.size = 0, f->line_size = 0;
  memset(f->state, 0, 8);
  f->cookie = f;
  f->read = (void *)__sread, f->write = (void *)__swrite, f->seek = (void *)__sseek, f->close = (void *)__sclose;
  syscalls()->lock_init_recursive(&f->lock);
}

void _cleanup_r(Reent *);
void __sinit(Reent *);

Glue *__sfmoreglue(Reent *r, int count) {
  Glue *g = syscalls()->malloc(r, sizeof(Glue) + count * sizeof(File));
  if (!g) return NULL;
  g->next = NULL, g->count = count, g->files = (File *)(g + 1);
  memset(g->files, 0, count * sizeof(File));
  return g;
}

/// A file that is not in use, of those of the process.
File *__sfp(Reent *r) {
  __sfp_lock_acquire();
  if (!_global_impure_ptr->initialised) __sinit(_global_impure_ptr);
  for (Glue *g = &_global_impure_ptr->glue;; g = g->next) {
    for (int i = 0; i < g->count; i++) {
      File *f = &g->files[i];
      if (f->flags) continue;
      f->file = -1, f->flags = 1, f->flags2 = 0;
      syscalls()->lock_init_recursive(&f->lock);
      __sfp_lock_release();
      f->p = NULL, f->r = f->w = 0;
      f->buffer.base = NULL, f->buffer.size = 0, f->line_size = 0;
      memset(f->state, 0, 8);
      f->unget.base = NULL, f->unget.size = 0, f->line.base = NULL, f->line.size = 0;
      return f;
    }
    if (!g->next && !(g->next = __sfmoreglue(r, 4))) break;
  }
  __sfp_lock_release();
  r->error = 12;
  return NULL;
}

void __sinit(Reent *r) {
  __sinit_lock_acquire();
  if (!r->initialised) {
    r->cleanup = _cleanup_r;
    r->glue.next = NULL, r->glue.count = 0, r->glue.files = NULL;
    if (r == _global_impure_ptr) r->initialised = 1;
    r->in = __sfp(r), r->out = __sfp(r), r->err = __sfp(r);
    if (r->in) open_standard(r->in, reading, 0);
    if (r->out) open_standard(r->out, writing, 1);
    if (r->err) open_standard(r->err, writing | unbuffered, 2);
    r->initialised = 1;
  }
  __sinit_lock_release();
}

/// The standard files are named by placeholders until the thread has them.
static File *real(Reent *r, File *f) {
  if (r && !r->initialised) __sinit(r);
  return f == &__sf_fake_stdin ? r->in : f == &__sf_fake_stdout ? r->out : f == &__sf_fake_stderr ? r->err : f;
}

int __sflush_r(Reent *r, File *f) {
  if (!(f->flags & writing)) {
    // What was read ahead is given back to the file.
    f->flags |= no_optimise;
    if ((f->r > 0 || f->saved_r > 0) && f->seek) {
      int kept = r->error;
      s32 at = f->flags & at_offset ? f->offset : f->seek(r, f->cookie, 0, 1);
      if (at == -1 && r->error) {
        if (r->error == 29 || r->error == 22) {
          r->error = kept;
          return 0;
        }
        f->flags |= failed;
        return -1;
      }
      if (f->flags & reading) {
        at -= f->r;
        if (f->unget.base) at -= f->saved_r;
      }
      at = f->seek(r, f->cookie, at, 0);
      if (at == -1 && r->error) {
        f->flags |= failed;
        return -1;
      }
      f->flags &= ~no_optimise;
      f->r = 0, f->p = f->buffer.base;
      if (f->flags & at_offset) f->offset = at;
      r->error = kept;
      if (f->unget.base) {
        if (f->unget.base != f->unget_buffer) syscalls()->free(r, f->unget.base);
        f->unget.base = NULL;
      }
    }
    return 0;
  }
  u8 *p = f->buffer.base;
  if (!p) return 0;
  int n = f->p - p;
  f->p = p;
  f->w = f->flags & (line_buffered | unbuffered) ? 0 : f->buffer.size;
  while (n > 0) {
    int done = f->write(r, f->cookie, (char *)p, n);
    if (done <= 0) {
      f->flags |= failed;
      return -1;
    }
    p += done, n -= done;
  }
  return 0;
}

int _fflush_r(Reent *r, File *f) {
  f = real(r, f);
  if (!f->flags) return 0;
  lock(f);
  int result = __sflush_r(r, f);
  unlock(f);
  return result;
}

/// Calls for every file in use, from the structure's list on.
int _fwalk(Reent *r, int (*call)(File *)) {
  int result = 0;
  for (Glue *g = &r->glue; g; g = g->next)
    for (int i = 0; i < g->count; i++)
      if ((u16)g->files[i].flags > 1 && g->files[i].file != -1) result |= call(&g->files[i]);
  return result;
}
int _fwalk_reent(Reent *r, int (*call)(Reent *, File *)) {
  int result = 0;
  for (Glue *g = &r->glue; g; g = g->next)
    for (int i = 0; i < g->count; i++)
      if ((u16)g->files[i].flags > 1 && g->files[i].file != -1) result |= call(r, &g->files[i]);
  return result;
}
int fflush(File *f) { return f ? _fflush_r(__getreent(), f) : _fwalk_reent(_global_impure_ptr, _fflush_r); }

int _fclose_r(Reent *r, File *f) {
  if (!f) return 0;
  f = real(r, f);
  lock(f);
  if (!f->flags) {
    unlock(f);
    return 0;
  }
  int result = __sflush_r(r, f);
  if (f->close && f->close(r, f->cookie) < 0) result = -1;
  if (f->flags & own_buffer) syscalls()->free(r, f->buffer.base);
  if (f->unget.base) {
    if (f->unget.base != f->unget_buffer) syscalls()->free(r, f->unget.base);
    f->unget.base = NULL;
  }
  if (f->line.base) syscalls()->free(r, f->line.base), f->line.base = NULL;
  __sfp_lock_acquire();
  f->flags = 0;
  unlock(f);
  syscalls()->lock_close_recursive(&f->lock);
  __sfp_lock_release();
  return result;
}
int fclose(File *f) { return _fclose_r(__getreent(), f); }

void _cleanup_r(Reent *r) { _fwalk_reent(r, _fclose_r); }
void _cleanup(void) { _cleanup_r(_global_impure_ptr); }

/// A buffer: as large as the file's blocks; terminals are written by lines.
void __smakebuf_r(Reent *r, File *f) {
  int size = 1024, terminal = 0;
  if (f->flags & unbuffered) {
    f->buffer.base = f->p = f->one, f->buffer.size = 1;
    return;
  }
  u32 status[32];
  if (f->file >= 0 && syscalls()->fstat(r, f->file, status) >= 0) {
    u32 mode = status[1] & 0xF000;  // st_mode, behind st_dev and st_ino
    terminal = mode == 0x2000;
    if (!terminal) f->flags |= no_optimise;
  } else f->flags |= no_optimise;
  if (terminal) size = 1024;
  u8 *p = syscalls()->malloc(r, size);
  if (!p) {
    if (f->flags & string) return;
    f->flags = (f->flags & ~3) | unbuffered;
    f->buffer.base = f->p = f->one, f->buffer.size = 1;
    return;
  }
  r->cleanup = _cleanup_r;
  f->flags |= own_buffer;
  f->buffer.base = f->p = p, f->buffer.size = size;
  if (terminal) f->flags = (f->flags & ~3) | line_buffered;
}

/// Makes the file one that can be written.
int __swsetup_r(Reent *r, File *f) {
  f = real(r, f);
  if (!(f->flags & writing)) {
    if (!(f->flags & both)) {
      r->error = 9;
      f->flags |= failed;
      return -1;
    }
    if (f->flags & reading) {
      if (f->unget.base) {
        if (f->unget.base != f->unget_buffer) syscalls()->free(r, f->unget.base);
        f->unget.base = NULL;
      }
      f->flags &= ~(reading | at_end);
      f->r = 0, f->p = f->buffer.base;
    }
    f->flags |= writing;
  }
  if (!f->buffer.base && (!(f->flags & string) || f->flags & own_buffer)) __smakebuf_r(r, f);
  if (f->flags & line_buffered) f->w = 0, f->line_size = -f->buffer.size;
  else f->w = f->flags & unbuffered ? 0 : f->buffer.size;
  if (!f->buffer.base && f->flags & own_buffer) {
    f->flags |= failed;
    return -1;
  }
  return 0;
}

static int must_set_up(Reent *r, File *f) { return (!(f->flags & writing) || !f->buffer.base) && __swsetup_r(r, f); }

/// Writes a byte for which there was no room, or that ends a line.
int __swbuf_r(Reent *r, int c, File *f) {
  f = real(r, f);
  f->w = f->line_size;
  if (must_set_up(r, f)) return -1;
  c &= 0xFF;
  int n = f->p - f->buffer.base;
  if (n >= f->buffer.size) {
    if (_fflush_r(r, f)) return -1;
    n = 0;
  }
  f->w--;
  *f->p++ = c;
  if (++n == f->buffer.size || (f->flags & line_buffered && c == '\n'))
    if (_fflush_r(r, f)) return -1;
  return c;
}
int __swbuf(int c, File *f) { return __swbuf_r(__getreent(), c, f); }

static int put_byte(Reent *r, int c, File *f) {
  if (--f->w >= 0 || (f->w >= f->line_size && (u8)c != '\n')) return *f->p++ = c;
  return __swbuf_r(r, c, f);
}

typedef struct { const u8 *base; size_t length; } Piece;
typedef struct { Piece *pieces; int count, left; } Pieces;

static int grow(Reent *r, File *f, int n) {
  // A string that is allocated: half as much again, with room for the end.
  int used = f->p - f->buffer.base, size = f->buffer.size * 3 / 2;
  if (size < used + n + 1) size = used + n + 1;
  u8 *p;
  if (f->flags & optimised) {
    p = syscalls()->malloc(r, size);
    if (p) memcpy(p, f->buffer.base, used), f->flags = (f->flags & ~(optimised | own_buffer)) | own_buffer;
  } else {
    p = syscalls()->realloc(r, f->buffer.base, size);
    if (!p) syscalls()->free(r, f->buffer.base), f->flags &= ~own_buffer;
  }
  if (!p) {
    r->error = 12;
    f->flags |= failed;
    return -1;
  }
  f->buffer.base = p, f->p = p + used, f->buffer.size = size, f->w = size - used;
  return 0;
}

int __sfvwrite_r(Reent *r, File *f, Pieces *u) {
  if (!u->left) return 0;
  if (must_set_up(r, f)) return -1;
  for (Piece *piece = u->pieces; u->left; piece++) {
    const u8 *p = piece->base;
    size_t n = piece->length;
    while (n) {
      int done;
      if (f->flags & string) {
        if ((int)n >= f->w && f->flags & (own_buffer | optimised) && grow(r, f, n)) return -1;
        done = (int)n < f->w ? (int)n : f->w;
        memmove(f->p, p, done);
        f->w -= done, f->p += done;
        done = n;
      } else if (f->flags & unbuffered) {
        done = f->write(r, f->cookie, (const char *)p, n);
        if (done <= 0) {
          f->flags |= failed;
          return -1;
        }
      } else {
        int line = 0;
        size_t limit = n;
        if (f->flags & line_buffered) {
          size_t i = 0;
          while (i < n && p[i] != '\n') i++;
          line = i < n, limit = line ? i + 1 : n;
        }
        int room = f->buffer.size - (f->p - f->buffer.base);
        if (f->p == f->buffer.base && (int)limit >= f->buffer.size) {
          done = f->write(r, f->cookie, (const char *)p, limit / f->buffer.size * f->buffer.size);
          if (done <= 0) {
            f->flags |= failed;
            return -1;
          }
          if (line && (size_t)done == limit && _fflush_r(r, f)) return -1;
        } else {
          done = (int)limit < room ? (int)limit : room;
          memmove(f->p, p, done);
          f->p += done;
          if (!(f->flags & line_buffered)) f->w -= done;
          if ((f->p - f->buffer.base == f->buffer.size || (line && (size_t)done == limit)) && _fflush_r(r, f)) return -1;
        }
      }
      p += done, n -= done, u->left -= done;
    }
  }
  return 0;
}

/// Fills the buffer of a file that is read. 0, or -1 at its end.
int __srefill_r(Reent *r, File *f) {
  f = real(r, f);
  f->r = 0;
  if (f->flags & at_end) return -1;
  if (!(f->flags & reading)) {
    if (!(f->flags & both)) {
      r->error = 9;
      f->flags |= failed;
      return -1;
    }
    if (f->flags & writing) {
      if (_fflush_r(r, f)) return -1;
      f->flags &= ~writing;
      f->w = 0, f->line_size = 0;
    }
    f->flags |= reading;
  } else if (f->unget.base) {
    if (f->unget.base != f->unget_buffer) syscalls()->free(r, f->unget.base);
    f->unget.base = NULL;
    if ((f->r = f->saved_r)) {
      f->p = f->saved_p;
      return 0;
    }
  }
  if (!f->buffer.base) __smakebuf_r(r, f);
  if (f->flags & (line_buffered | unbuffered)) {
    // Whatever waits in files written by lines is shown before the program waits for input.
    short flags = f->flags;
    f->flags = 1;
    File *out = r->out;
    if (out && (out->flags & (line_buffered | writing)) == (line_buffered | writing)) _fflush_r(r, out);
    f->flags = flags;
  }
  f->p = f->buffer.base;
  f->r = f->read(r, f->cookie, (char *)f->p, f->buffer.size);
  f->flags &= ~at_offset;
  if (f->r > 0) return 0;
  f->flags |= f->r ? failed : at_end;
  f->r = 0;
  return -1;
}

/// More room for bytes given back to a file.
int __submore(Reent *r, File *f) {
  u8 *p;
  int size = f->unget.size;
  if (f->unget.base == f->unget_buffer) {
    if (!(p = syscalls()->malloc(r, 1024))) return -1;
    f->unget.base = p, f->unget.size = 1024;
    p += 1024 - 3;
    memcpy(p, f->unget_buffer, 3);
    f->p = p;
    return 0;
  }
  if (!(p = syscalls()->realloc(r, f->unget.base, 2 * size))) return -1;
  memcpy(p + size, p, size);
  f->p = p + size, f->unget.base = p, f->unget.size = 2 * size;
  return 0;
}

// Characters wider than a byte: the locale is "C".
int __ascii_wctomb(Reent *r, char *to, u32 c) {
  if (!to) return 0;
  if (c > 0xFF) {
    r->error = 138;
    return -1;
  }
  *to = c;
  return 1;
}
int __ascii_mbtowc(Reent *r, u32 *to, const char *s, size_t n, void *state) {
  (void)r, (void)state;
  if (!s) return 0;
  if (!n) return -2;
  if (to) *to = (u8)*s;
  return *s != 0;
}
int __fputwc(Reent *r, u32 c, File *f) {
  if (c > 0xFF) {
    r->error = 138;
    f->flags |= failed;
    return -1;
  }
  return put_byte(r, c, f) < 0 ? -1 : (int)c;
}
int _fputwc_r(Reent *r, u32 c, File *f) {
  f = real(r, f);
  lock(f);
  if (!(f->flags & 0x2000)) f->flags |= 0x2000, f->flags2 |= 0x2000;  // wide
  int result = __fputwc(r, c, f);
  unlock(f);
  return result;
}

/// struct lconv: a point, and nothing else
static const struct { const char *texts[10]; u8 limits[14]; } conventions = {{".", "", "", "", "", "", "", "", "", ""}, {127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127}};
const void *_localeconv_r(Reent *r) {
  (void)r;
  return &conventions;
}
const void *localeconv(void) { return &conventions; }
const char *_setlocale_r(Reent *r, int category, const char *name) {
  (void)r, (void)category;
  return !name || !*name || (name[0] == 'C' && !name[1]) || (name[0] == 'P' && name[1] == 'O') ? "C" : NULL;
}
const char *setlocale(int category, const char *name) { return _setlocale_r(NULL, category, name); }
int __locale_mb_cur_max(void) { return 1; }
const char *__locale_charset(void) { return "ISO-8859-1"; }
