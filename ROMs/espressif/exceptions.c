// Exceptions and interrupts for firmware without an operating system, as the boot ROMs of chips with register windows offer them.
#include "windowed.h"

typedef struct { u32 pc, ps, sar, unused, a[16], cause, lbeg, lend, lcount; } Frame;
typedef void ExceptionHandler(Frame *, u32 cause);
typedef void InterruptHandler(void *);
static ExceptionHandler *exception_handlers[64];
static struct { InterruptHandler *handler; void *argument; } interrupts[32];
static u32 enabled_interrupts[2];

static void fatal_exception(Frame *f, u32 cause) {
  ets_install_uart_printf();
  ets_printf("Fatal exception (%d): \nepc1=0x%08x, epc2=0x%08x, epc3=0x%08x, excvaddr=0x%08x, depc=0x%08x\n", cause, f->pc, RSR(epc2), RSR(epc3), RSR(excvaddr), RSR(depc));
  for (;;) {}
}

static void serve_interrupts(void) {
  u32 pending;
  while ((pending = RSR(interrupt) & RSR(intenable))) {
    u32 n = 0;
    while (!(pending & 1)) pending >>= 1, n++;
    WSR(intclear, 1u << n);
    if (interrupts[n].handler) interrupts[n].handler(interrupts[n].argument);
    else WSR(intenable, RSR(intenable) & ~(1u << n));
  }
}

void serve_exception(Frame *f, u32 cause) {
  if (cause == 4) serve_interrupts();
  else if (cause < 64 && exception_handlers[cause]) exception_handlers[cause](f, cause);
  else fatal_exception(f, cause);
}

ExceptionHandler *xtos_set_exception_handler(u32 cause, ExceptionHandler *handler) {
  if (cause > 63) return NULL;
  ExceptionHandler *old = exception_handlers[cause];
  exception_handlers[cause] = handler;
  return old;
}

void ets_isr_attach(u32 n, InterruptHandler *handler, void *argument) {
  if (n < 32) interrupts[n].handler = handler, interrupts[n].argument = argument;
}
void ets_isr_mask(u32 mask) { WSR(intenable, enabled_interrupts[this_core()] &= ~mask); }
void ets_isr_unmask(u32 mask) { WSR(intenable, enabled_interrupts[this_core()] |= mask); }
void ets_intr_lock(void) {
  u32 old;
  __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
}
void ets_intr_unlock(void) {
  u32 old;
  __asm__ volatile("rsil %0, 0" : "=a"(old)::"memory");
}
void ets_waiti0(void) { __asm__ volatile("waiti 0"); }
u32 xthal_get_ccount(void) { return RSR(ccount); }
u32 xthal_get_interrupt(void) { return RSR(interrupt); }
void xthal_set_intclear(u32 mask) { WSR(intclear, mask); }
