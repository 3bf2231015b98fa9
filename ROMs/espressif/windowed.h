// Special registers of the cores with register windows.
#pragma once
#include "rom.h"

#define RSR(name) ({ u32 v; __asm__ volatile("rsr %0, " #name : "=a"(v)); v; })
#define WSR(name, v) __asm__ volatile("wsr %0, " #name "\n rsync" ::"a"(v) : "memory")

/// 0: PRO, or the only one; 1: APP.
static inline u32 this_core(void) {
  u32 v;
  __asm__("rsr %0, prid" : "=a"(v));
  return v >> 13 & 1;
}
