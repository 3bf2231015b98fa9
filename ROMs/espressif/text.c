// Strings. Case and classes of characters are ASCII's.
#include "rom.h"

static int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
static int upper(int c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }

/// Whether one of the four bytes is zero.
static int has_zero(u32 v) { return ((v - 0x01010101) & ~v & 0x80808080) != 0; }

size_t strlen(const char *s) {
  const char *p = s;
  for (; (u32)p & 3; p++)
    if (!byte(p)) return p - s;
  while (!has_zero(*(const u32 *)p)) p += 4;
  while (byte(p)) p++;
  return p - s;
}

size_t strnlen(const char *s, size_t n) {
  size_t i = 0;
  while (i < n && s[i]) i++;
  return i;
}

int strcmp(const char *a, const char *b) {
  if ((((u32)a | (u32)b) & 3) == 0)
    while (*(const u32 *)a == *(const u32 *)b && !has_zero(*(const u32 *)a)) a += 4, b += 4;
  while (byte(a) && byte(a) == byte(b)) a++, b++;
  return byte(a) - byte(b);
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n; n--, a++, b++)
    if (byte(a) != byte(b) || !byte(a)) return byte(a) - byte(b);
  return 0;
}

int strcasecmp(const char *a, const char *b) {
  while (*a && lower((u8)*a) == lower((u8)*b)) a++, b++;
  return lower((u8)*a) - lower((u8)*b);
}

int strncasecmp(const char *a, const char *b, size_t n) {
  for (; n; n--, a++, b++) {
    int d = lower((u8)*a) - lower((u8)*b);
    if (d || !*a) return d;
  }
  return 0;
}

char *strcpy(char *to, const char *from) {
  char *d = to;
  if ((((u32)to | (u32)from) & 3) == 0)
    for (; !has_zero(*(const u32 *)from); d += 4, from += 4) *(u32 *)d = *(const u32 *)from;
  while ((*d++ = byte(from++))) {}
  return to;
}

char *strncpy(char *to, const char *from, size_t n) {
  size_t i = 0;
  for (; i < n && byte(from + i); i++) to[i] = byte(from + i);
  for (; i < n; i++) to[i] = 0;
  return to;
}

char *strcat(char *to, const char *from) {
  strcpy(to + strlen(to), from);
  return to;
}

char *strncat(char *to, const char *from, size_t n) {
  char *d = to + strlen(to);
  for (; n && *from; n--) *d++ = *from++;
  *d = 0;
  return to;
}

size_t strlcpy(char *to, const char *from, size_t size) {
  size_t length = strlen(from);
  if (size) {
    size_t n = length < size - 1 ? length : size - 1;
    memcpy(to, from, n);
    to[n] = 0;
  }
  return length;
}

size_t strlcat(char *to, const char *from, size_t size) {
  size_t used = strnlen(to, size);
  return used == size ? size + strlen(from) : used + strlcpy(to + used, from, size - used);
}

char *strchr(const char *s, int c) {
  for (;; s++) {
    if (*s == (char)c) return (char *)s;
    if (!*s) return NULL;
  }
}

char *strrchr(const char *s, int c) {
  const char *found = NULL;
  for (;; s++) {
    if (*s == (char)c) found = s;
    if (!*s) return (char *)found;
  }
}

static size_t span(const char *s, const char *set, int inside) {
  size_t n = 0;
  while (s[n] && (strchr(set, s[n]) != NULL) == inside) n++;
  return n;
}
size_t strspn(const char *s, const char *set) { return span(s, set, 1); }
size_t strcspn(const char *s, const char *set) { return span(s, set, 0); }

char *strpbrk(const char *s, const char *set) {
  s += strcspn(s, set);
  return *s ? (char *)s : NULL;
}

char *strstr(const char *s, const char *part) {
  size_t n = strlen(part);
  for (;; s++) {
    if (!strncmp(s, part, n)) return (char *)s;
    if (!*s) return NULL;
  }
}

char *strcasestr(const char *s, const char *part) {
  size_t n = strlen(part);
  for (;; s++) {
    if (!strncasecmp(s, part, n)) return (char *)s;
    if (!*s) return NULL;
  }
}

char *strsep(char **rest, const char *set) {
  char *s = *rest;
  if (!s) return NULL;
  char *end = s + strcspn(s, set);
  *rest = *end ? end + 1 : NULL;
  *end = 0;
  return s;
}

char *strtok_r(char *s, const char *set, char **rest) {
  if (!s) s = *rest;
  if (!s) return NULL;
  s += strspn(s, set);
  if (!*s) return *rest = NULL;
  char *end = s + strcspn(s, set);
  *rest = *end ? end + 1 : NULL;
  *end = 0;
  return s;
}

char *strlwr(char *s) {
  for (char *p = s; *p; p++) *p = lower((u8)*p);
  return s;
}
char *strupr(char *s) {
  for (char *p = s; *p; p++) *p = upper((u8)*p);
  return s;
}

void swab(const void *from, void *to, s32 n) {
  const u8 *s = from;
  u8 *d = to;
  for (; n > 1; n -= 2, s += 2, d += 2) {
    u8 a = s[0];
    d[0] = s[1], d[1] = a;
  }
}

int tolower(int c) { return lower(c); }
int toupper(int c) { return upper(c); }
int toascii(int c) { return c & 0x7F; }
