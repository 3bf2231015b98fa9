// BOOTSEL mode. The emulator is told that the board waits for a program over USB; there is nothing to do but to wait.

#include "registers.h"

void __attribute__((noreturn)) usb_boot(uint32_t activity, uint32_t disabled) {
  register uint32_t r0 __asm__("r0") = activity;
  register uint32_t r1 __asm__("r1") = disabled;
  __asm__ volatile(".hword 0xb140" ::"r"(r0), "r"(r1));
  for (;;) __asm__ volatile("wfi");
}
