// Clocks, delays and resets of the ESP32 series. Where the registers lie, chip.h says.
#include "chip.h"

extern u32 g_ticks_per_us_pro;
#ifdef ONE_CORE
void ets_update_cpu_frequency(u32 mhz) { g_ticks_per_us_pro = mhz; }
u32 ets_get_cpu_frequency(void) { return g_ticks_per_us_pro; }
#else
extern u32 g_ticks_per_us_app;
void ets_update_cpu_frequency(u32 mhz) { g_ticks_per_us_pro = g_ticks_per_us_app = mhz; }
u32 ets_get_cpu_frequency(void) { return this_core() ? g_ticks_per_us_app : g_ticks_per_us_pro; }
#endif

void ets_delay_us(u32 us) {
  u32 start = RSR(ccount), ticks = us * ets_get_cpu_frequency();
  while (RSR(ccount) - start < ticks) {}
}

/// The crystal: firmware leaves it in STORE4, twice, in MHz; 40 MHz until then.
u32 ets_get_detected_xtal_freq(void) {
  u32 v = REG(RTC_STORE4), mhz = v & 0x7FFF;
  return (v >> 16 & 0x7FFF) == mhz && mhz >= 20 && mhz <= 60 ? mhz * 1000000 : 40000000;
}

u32 rtc_get_reset_reason(u32 cpu) { return REG(RTC_RESET_STATE) >> (cpu ? 6 : 0) & 0x3F; }
u32 rtc_get_wakeup_cause(void) { return REG(RTC_WAKEUP_CAUSE) & RTC_WAKEUP_CAUSES; }
void software_reset(void) { REG(RTC_CNTL) |= 1u << 31; }
void software_reset_cpu(u32 cpu) { REG(RTC_CNTL) |= cpu ? 1 << 4 : 1 << 5; }
_Noreturn void software_reset_chip(void) {
  uart_drain();
  software_reset();
  for (;;) {}
}

// Wake stubs: code in RTC fast memory, at STORE6, that runs after deep sleep when STORE7 fits the memory.
u32 calc_rtc_memory_crc(u32 at, u32 length) {
  u32 sum = 0xFFFFFFFF;
  const u32 *w = (const u32 *)(RTC_FAST_MEMORY + 4 * (at & 0x7FF));
  for (u32 i = 0; i <= length && i < 0x800; i++) sum = (sum << 1 | sum >> 31) ^ w[i];
  return sum;
}
void set_rtc_memory_crc(void) { REG(RTC_STORE4 + 12) = calc_rtc_memory_crc(0, 0x7FF); }
