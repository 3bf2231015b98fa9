// Numbers as text, searching and sorting, small arithmetic.
#include "rom.h"

int abs(int v) { return v < 0 ? (int)-(unsigned)v : v; }
long labs(long v) { return v < 0 ? (long)-(unsigned long)v : v; }
typedef struct { int quot, rem; } Quotient;
Quotient div(int a, int b) { return (Quotient){a / b, a % b}; }
Quotient ldiv(int a, int b) { return (Quotient){a / b, a % b}; }

char *__utoa(unsigned v, char *to, int base) {
  char digits[33];
  int n = 0, i = 0;
  if (base < 2 || base > 36) {
    *to = 0;
    return NULL;
  }
  do {
    unsigned d = v % base;
    digits[n++] = d < 10 ? '0' + d : 'a' + d - 10;
  } while (v /= base);
  while (n) to[i++] = digits[--n];
  to[i] = 0;
  return to;
}
char *utoa(unsigned v, char *to, int base) { return __utoa(v, to, base); }
char *__itoa(int v, char *to, int base) {
  char *p = to;
  if (base == 10 && v < 0) *p++ = '-', v = -(unsigned)v;
  return __utoa(v, p, base) ? to : NULL;
}
char *itoa(int v, char *to, int base) { return __itoa(v, to, base); }

/// The number at the head of `s`: its magnitude, whether it is negative, too large, and where it ends (`s` when there is none).
static u32 scan(const char *s, int base, int *negative, int *large, const char **end) {
  const char *p = s;
  u32 v = 0;
  *end = s, *negative = 0, *large = 0;
  if (base == 1 || base < 0 || base > 36) return 0;
  while (*p == ' ' || (*p >= '\t' && *p <= '\r')) p++;
  if (*p == '-' || *p == '+') *negative = *p++ == '-';
  if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 32) == 'x') p += 2, base = 16;
  else if (base == 0) base = *p == '0' ? 8 : 10;
  for (;; p++) {
    u32 c = (u8)*p, d = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 26 ? (c | 32) - 'a' + 10 : 99;
    if (d >= (u32)base) return v;
    u64 next = (u64)v * base + d;
    if (next >> 32) *large = 1;
    v = next;
    *end = p + 1;
  }
}

int *__errno_of(void *reent);
#define ERANGE 34

long _strtol_r(void *reent, const char *s, char **end, int base) {
  int negative, large;
  const char *stop;
  u32 v = scan(s, base, &negative, &large, &stop);
  if (end) *end = (char *)stop;
  if (large || v > 0x7FFFFFFFu + negative) {
    *__errno_of(reent) = ERANGE;
    return negative ? (long)0x80000000 : 0x7FFFFFFF;
  }
  return negative ? -v : v;
}

unsigned long _strtoul_r(void *reent, const char *s, char **end, int base) {
  int negative, large;
  const char *stop;
  u32 v = scan(s, base, &negative, &large, &stop);
  if (end) *end = (char *)stop;
  if (large) {
    *__errno_of(reent) = ERANGE;
    return 0xFFFFFFFF;
  }
  return negative ? -v : v;
}

static void swap(u8 *a, u8 *b, size_t size) {
  if ((((u32)a | (u32)b | size) & 3) == 0)
    for (; size; size -= 4, a += 4, b += 4) {
      u32 t = *(u32 *)a;
      *(u32 *)a = *(u32 *)b, *(u32 *)b = t;
    }
  else
    for (; size; size--, a++, b++) {
      u8 t = *a;
      *a = *b, *b = t;
    }
}

typedef int Compare(const void *, const void *);

/// Heap sort: no recursion, no worst case.
void qsort(void *base, size_t count, size_t size, Compare *compare) {
  u8 *at = base;
  if (count < 2 || !size) return;
  for (size_t start = count / 2, end = count; end > 1;) {
    if (start) start--;
    else end--, swap(at, at + end * size, size);
    for (size_t root = start, child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && compare(at + child * size, at + (child + 1) * size) < 0) child++;
      if (compare(at + root * size, at + child * size) >= 0) break;
      swap(at + root * size, at + child * size, size);
    }
  }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size, Compare *compare) {
  const u8 *at = base;
  while (count) {
    const u8 *middle = at + count / 2 * size;
    int c = compare(key, middle);
    if (c == 0) return (void *)middle;
    if (c > 0) at = middle + size, count -= count / 2 + 1;
    else count /= 2;
  }
  return NULL;
}

u32 roundup2(u32 v, u32 to) { return (v + to - 1) & ~(to - 1); }
