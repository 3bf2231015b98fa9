#include "registers.h"
void __attribute__((noreturn)) usb_boot(uint32_t activity, uint32_t disabled) { (void)activity; (void)disabled; for (;;) __asm__ volatile("wfi"); }
