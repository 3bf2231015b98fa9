// Integer arithmetic that the core has no instructions for, under the names that compilers call.
#include "rom.h"

typedef struct { u32 low, high; } Halves;
typedef union { u64 v; Halves h; } Long;

u64 __umulsidi3(u32 a, u32 b) {
  u32 al = (u16)a, ah = a >> 16, bl = (u16)b, bh = b >> 16;
  u32 low = al * bl, mid = ah * bl, mid2 = al * bh, high = ah * bh;
  mid += low >> 16;
  mid2 += (u16)mid;
  return (Long){.h = {mid2 << 16 | (u16)low, high + (mid >> 16) + (mid2 >> 16)}}.v;
}
// The compiler's own multiplication would call this; the core's instruction does it.
u32 __mulsi3(u32 a, u32 b) {
  u32 product;
  __asm__("mull %0, %1, %2" : "=a"(product) : "a"(a), "a"(b));
  return product;
}
u64 __muldi3(u64 a, u64 b) {
  Long x = {a}, y = {b}, p = {__umulsidi3(x.h.low, y.h.low)};
  p.h.high += x.h.low * y.h.high + x.h.high * y.h.low;
  return p.v;
}

int __clzsi2(u32 v) {
  int n = 0;
  if (!v) return 32;
  for (int step = 16; step; step >>= 1)
    if (!(v >> (32 - step))) n += step, v <<= step;
  return n;
}
int __clzdi2(u64 v) { return v >> 32 ? __clzsi2(v >> 32) : 32 + __clzsi2(v); }
int __ctzsi2(u32 v) { return 31 - __clzsi2(v & -v); }
int __ctzdi2(u64 v) { return (u32)v ? __ctzsi2(v) : 32 + __ctzsi2(v >> 32); }
int __ffssi2(u32 v) { return v ? 1 + __ctzsi2(v) : 0; }
int __ffsdi2(u64 v) { return v ? 1 + __ctzdi2(v) : 0; }
int __popcountsi2(u32 v) {
  v -= v >> 1 & 0x55555555;
  v = (v & 0x33333333) + (v >> 2 & 0x33333333);
  v = (v + (v >> 4)) & 0x0F0F0F0F;
  return (v + (v >> 8) + (v >> 16) + (v >> 24)) & 63;
}
int __popcountdi2(u64 v) { return __popcountsi2(v) + __popcountsi2(v >> 32); }
int __paritysi2(u32 v) { return __popcountsi2(v) & 1; }
int __paritydi2(u64 v) { return __popcountdi2(v) & 1; }
u32 __bswapsi2(u32 v) { return v << 24 | (v & 0xFF00) << 8 | (v >> 8 & 0xFF00) | v >> 24; }
u64 __bswapdi2(u64 v) {
  Long x = {v};
  return (Long){.h = {__bswapsi2(x.h.high), __bswapsi2(x.h.low)}}.v;
}
u64 __negdi2(u64 v) { return -v; }
int __cmpdi2(int64_t a, int64_t b) { return a < b ? 0 : a == b ? 1 : 2; }
int __ucmpdi2(u64 a, u64 b) { return a < b ? 0 : a == b ? 1 : 2; }
int64_t __absvdi2(int64_t v) { return v < 0 ? -v : v; }
s32 __absvsi2(s32 v) { return v < 0 ? -v : v; }

u64 __ashldi3(u64 v, u32 n) {
  Long x = {v};
  if (n >= 32) return (Long){.h = {0, x.h.low << (n & 31)}}.v;
  if (!n) return v;
  return (Long){.h = {x.h.low << n, x.h.high << n | x.h.low >> (32 - n)}}.v;
}
u64 __lshrdi3(u64 v, u32 n) {
  Long x = {v};
  if (n >= 32) return (Long){.h = {x.h.high >> (n & 31), 0}}.v;
  if (!n) return v;
  return (Long){.h = {x.h.low >> n | x.h.high << (32 - n), x.h.high >> n}}.v;
}
int64_t __ashrdi3(int64_t v, u32 n) {
  Long x = {v};
  if (n >= 32) return (Long){.h = {(s32)x.h.high >> (n & 31), (s32)x.h.high >> 31}}.v;
  if (!n) return v;
  return (Long){.h = {x.h.low >> n | x.h.high << (32 - n), (s32)x.h.high >> n}}.v;
}

/// A division by zero raises the illegal-instruction exception, as on the core without a divider.
static void by_zero(void) { __asm__ volatile("ill"); }

static u32 divide32(u32 a, u32 b, u32 *rest) {
  u32 q = 0;
  if (!b) by_zero();
  if (a >= b) {
    int n = __clzsi2(b) - __clzsi2(a);
    for (b <<= n;; b >>= 1) {
      q <<= 1;
      if (a >= b) a -= b, q |= 1;
      if (!n--) break;
    }
  }
  *rest = a;
  return q;
}
u32 __udivsi3(u32 a, u32 b) {
  u32 rest;
  return divide32(a, b, &rest);
}
u32 __umodsi3(u32 a, u32 b) {
  u32 rest;
  divide32(a, b, &rest);
  return rest;
}
s32 __divsi3(s32 a, s32 b) {
  u32 q = __udivsi3(a < 0 ? -(u32)a : (u32)a, b < 0 ? -(u32)b : (u32)b);
  return (a ^ b) < 0 ? -q : q;
}
s32 __modsi3(s32 a, s32 b) {
  u32 r = __umodsi3(a < 0 ? -(u32)a : (u32)a, b < 0 ? -(u32)b : (u32)b);
  return a < 0 ? -r : r;
}

static u64 divide64(u64 a, u64 b, u64 *rest) {
  u64 q = 0;
  if (!b) by_zero();
  if (!(a >> 32) && !(b >> 32)) {
    u32 r;
    q = divide32(a, b, &r);
    *rest = r;
    return q;
  }
  if (a >= b) {
    int n = __clzdi2(b) - __clzdi2(a);
    for (b <<= n;; b >>= 1) {
      q <<= 1;
      if (a >= b) a -= b, q |= 1;
      if (!n--) break;
    }
  }
  *rest = a;
  return q;
}
u64 __udivdi3(u64 a, u64 b) {
  u64 rest;
  return divide64(a, b, &rest);
}
u64 __umoddi3(u64 a, u64 b) {
  u64 rest;
  divide64(a, b, &rest);
  return rest;
}
u64 __udivmoddi4(u64 a, u64 b, u64 *rest) {
  u64 r, q = divide64(a, b, &r);
  if (rest) *rest = r;
  return q;
}
int64_t __divdi3(int64_t a, int64_t b) {
  u64 q = __udivdi3(a < 0 ? -(u64)a : (u64)a, b < 0 ? -(u64)b : (u64)b);
  return (a ^ b) < 0 ? -q : q;
}
int64_t __moddi3(int64_t a, int64_t b) {
  u64 r = __umoddi3(a < 0 ? -(u64)a : (u64)a, b < 0 ? -(u64)b : (u64)b);
  return a < 0 ? -r : r;
}
