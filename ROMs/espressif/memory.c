// Blocks of memory.
#include "rom.h"

void *memcpy(void *to, const void *from, size_t n) {
  u8 *d = to;
  const u8 *s = from;
  if ((((u32)d | (u32)s) & 3) == 0) {
    u32 *dw = (u32 *)d;
    const u32 *sw = (const u32 *)s;
    for (; n >= 16; n -= 16, dw += 4, sw += 4) {
      u32 a = sw[0], b = sw[1], c = sw[2], e = sw[3];
      dw[0] = a, dw[1] = b, dw[2] = c, dw[3] = e;
    }
    for (; n >= 4; n -= 4) *dw++ = *sw++;
    d = (u8 *)dw, s = (const u8 *)sw;
  } else if (n >= 8) {
    for (; (u32)d & 3; n--) *d++ = byte(s++);
    u32 shift = 8 * ((u32)s & 3);
    if (!shift) return memcpy(d, s, n), to;
    // Each word out of two.
    const u32 *sw = (const u32 *)((u32)s & ~3);
    for (u32 low = *sw++; n >= 4; n -= 4, d += 4, s += 4) {
      u32 high = *sw++;
      *(u32 *)d = low >> shift | high << (32 - shift), low = high;
    }
  }
  while (n--) *d++ = byte(s++);
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  u8 *d = to;
  const u8 *s = from;
  if (d - s >= 0 && (size_t)(d - s) < n) {
    d += n, s += n;
    if ((((u32)d | (u32)s) & 3) == 0)
      for (; n >= 4; n -= 4) d -= 4, s -= 4, *(u32 *)d = *(const u32 *)s;
    while (n--) *--d = byte(--s);
    return to;
  }
  if ((u32)(s - d) < 16) {  // memcpy reads ahead of what it writes
    if ((((u32)d | (u32)s) & 3) == 0)
      for (; n >= 4; n -= 4, d += 4, s += 4) *(u32 *)d = *(const u32 *)s;
    while (n--) *d++ = byte(s++);
    return to;
  }
  return memcpy(to, from, n);
}

void *memset(void *to, int value, size_t n) {
  u8 *d = to;
  u32 word = (u8)value * 0x01010101u;
  while (n && (u32)d & 3) *d++ = value, n--;
  u32 *w = (u32 *)d;
  for (; n >= 16; n -= 16, w += 4) w[0] = word, w[1] = word, w[2] = word, w[3] = word;
  for (; n >= 4; n -= 4) *w++ = word;
  for (d = (u8 *)w; n; n--) *d++ = value;
  return to;
}

void bzero(void *to, size_t n) { memset(to, 0, n); }

int memcmp(const void *a, const void *b, size_t n) {
  const u8 *p = a, *q = b;
  if ((((u32)p | (u32)q) & 3) == 0)
    while (n >= 4 && *(const u32 *)p == *(const u32 *)q) p += 4, q += 4, n -= 4;
  for (; n; n--, p++, q++)
    if (byte(p) != byte(q)) return byte(p) - byte(q);
  return 0;
}

void *memchr(const void *at, int value, size_t n) {
  for (const u8 *p = at; n; n--, p++)
    if (*p == (u8)value) return (void *)p;
  return NULL;
}

void *memrchr(const void *at, int value, size_t n) {
  for (const u8 *p = (const u8 *)at + n; n; n--)
    if (*--p == (u8)value) return (void *)p;
  return NULL;
}

void *memccpy(void *to, const void *from, int value, size_t n) {
  u8 *d = to;
  for (const u8 *s = from; n; n--)
    if ((*d++ = *s++) == (u8)value) return d;
  return NULL;
}

void bcopy(const void *from, void *to, size_t n) { memmove(to, from, n); }
