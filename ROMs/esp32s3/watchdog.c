// ESP32-S3: the watchdogs of the RTC and of the timer groups, by the names of ESP-IDF's hal/wdt_hal.h.
#include "chip.h"

typedef struct { u32 which; u32 *device; } Watchdog;  // wdt_hal_context_t: 0 the RTC's, 1 and 2 those of timer groups
/// Where each has: the word with EN at 31, then its stages' times; FEED, the key that opens them, the interrupts' enables and clear.
typedef struct { u16 config, times, feed, key, enable, clear; } Places;
static const Places places[2] = {{0x98, 0x9C, 0xAC, 0xB0, 0x40, 0x4C}, {0x48, 0x50, 0x60, 0x64, 0x70, 0x7C}};
#define P (&places[w->which != 0])
#define AT(place) REG((u32)w->device + P->place)
#define INTERRUPT (w->which ? 1 << 2 : 1 << 3)

/// Interrupt, reset of the core, of the system, of the RTC too: three bits a stage for the RTC's, two for the others.
static void set_action(Watchdog *w, u32 stage, u32 action) {
  u32 width = w->which ? 2 : 3, bit = (w->which ? 29 : 28) - width * stage, mask = (1u << width) - 1;
  AT(config) = (AT(config) & ~(mask << bit)) | (action & mask) << bit;
}
void wdt_hal_write_protect_disable(Watchdog *w) { AT(key) = 0x50D83AA1; }
void wdt_hal_write_protect_enable(Watchdog *w) { AT(key) = 0; }
void wdt_hal_disable(Watchdog *w) { AT(config) &= ~(1u << 31); }
void wdt_hal_feed(Watchdog *w) { AT(feed) = 1u << 31; }
void wdt_hal_enable(Watchdog *w) {
  wdt_hal_feed(w);
  AT(config) |= 1u << 31;
}
u32 wdt_hal_is_enabled(Watchdog *w) { return AT(config) >> 31; }
void wdt_hal_set_flashboot_en(Watchdog *w, u32 on) {
  u32 bit = w->which ? 1 << 14 : 1 << 12;
  AT(config) = (AT(config) & ~bit) | (on & 0xFF ? bit : 0);
}
void wdt_hal_handle_intr(Watchdog *w) {
  wdt_hal_feed(w);
  AT(clear) = INTERRUPT;
}
void wdt_hal_config_stage(Watchdog *w, u32 stage, u32 ticks, u32 action) {
  if (stage > 3) return;
  // A fuse multiplies the first stage of the RTC's by two to sixteen.
  if (!w->which && !stage) ticks >>= 1 + (REG(0x60007034) >> 16 & 3);
  *(volatile u32 *)((u32)w->device + P->times + 4 * stage) = ticks;
  set_action(w, stage, action);
}
void wdt_hal_init(Watchdog *w, u32 which, u32 divider, u32 interrupts) {
  w->which = which, w->device = (u32 *)(which == 0 ? 0x60008000 : which == 1 ? 0x6001F000 : 0x60020000);
  wdt_hal_write_protect_disable(w);
  wdt_hal_disable(w);
  for (u32 i = 0; i < 4; i++) set_action(w, i, 0);
  AT(clear) = INTERRUPT;
  AT(enable) = (AT(enable) & ~INTERRUPT) | (interrupts & 0xFF ? INTERRUPT : 0);
  // Both cores may be reset, for 3.2 us; the RTC's stands still in sleep and does not reset the chip by itself.
  if (which) {
    AT(config) = (AT(config) & ~(63 << 15)) | 63 << 15;
    *(volatile u32 *)((u32)w->device + 0x4C) = divider << 16;
  } else AT(config) = (AT(config) & ~(0x1FF | 63 << 13)) | 1 << 9 | 3 << 10 | 63 << 13;
  wdt_hal_write_protect_enable(w);
}
void wdt_hal_deinit(Watchdog *w) {
  wdt_hal_write_protect_disable(w);
  wdt_hal_feed(w);
  wdt_hal_disable(w);
  AT(clear) = INTERRUPT;
  AT(enable) &= ~INTERRUPT;
  wdt_hal_write_protect_enable(w);
  w->device = NULL;
}
