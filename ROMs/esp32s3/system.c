// ESP32-S3: start, clocks, USB Serial/JTAG, pins, fuses.
#include "chip.h"

#define GPIO 0x60004000
#define EFUSE 0x60007000
#define RTC_CNTL 0x60008000
#define IO_MUX 0x60009000
#define USB_SERIAL 0x60038000
#define SYSTEM 0x600C0000
#define INTERRUPT(cpu) ((cpu) ? 0x600C2800 : 0x600C2000)
#define STORE(n) REG(RTC_CNTL + ((n) < 4 ? 0x50 : 0xB0) + 4 * (n))

// ---- interrupts

/// Source `source` of the interrupt matrix to the CPU's interrupt `n`.
void intr_matrix_set(u32 cpu, u32 source, u32 n) {
  if (source < 99) REG(INTERRUPT(cpu) + 4 * source) = n;
}

// ---- clocks and resets

static u32 ticks_per_us;
void ets_update_cpu_frequency(u32 mhz) { ticks_per_us = mhz; }
u32 ets_get_cpu_frequency(void) { return ticks_per_us; }
void ets_delay_us(u32 us) {
  u32 start = RSR(ccount), ticks = us * ticks_per_us;
  while (RSR(ccount) - start < ticks) {}
}
u32 xthal_get_ccompare(u32 n) { return n == 0 ? RSR(ccompare0) : 0; }

/// Bits of STORE4, beside the crystal's frequency: the ROM says nothing.
#define SILENT (1 << 0 | 1 << 16)
/// The crystal: firmware leaves it in STORE4, twice, in MHz; 40 MHz until then.
u32 ets_get_xtal_freq(void) {
  u32 v = STORE(4) & ~SILENT, mhz = v & 0x7FFF;
  return (v >> 16 & 0x7FFF) == mhz && mhz >= 20 && mhz <= 60 ? mhz * 1000000 : 40000000;
}
u32 ets_get_xtal_div(void) { return (REG(SYSTEM + 0x60) & 0x3FF) + 1; }
void ets_set_xtal_div(u32 n) { REG(SYSTEM + 0x60) = (REG(SYSTEM + 0x60) & ~0x3FF) | ((n - 1) & 0x3FF); }
u32 ets_get_apb_freq(void) { return (REG(SYSTEM + 0x60) >> 10 & 3) == 1 ? 80000000 : ets_get_xtal_freq() / ets_get_xtal_div(); }

u32 rtc_get_reset_reason(u32 cpu) { return REG(RTC_CNTL + 0x38) >> (cpu ? 6 : 0) & 0x3F; }
u32 rtc_get_wakeup_cause(void) { return REG(RTC_CNTL + 0x130) & 0x1FFFF; }
void software_reset(void) { REG(RTC_CNTL) |= 1u << 31; }
void software_reset_cpu(u32 cpu) { REG(RTC_CNTL) |= cpu ? 1 << 4 : 1 << 5; }
_Noreturn void software_reset_chip(void) {
  uart_drain();
  software_reset();
  for (;;) {}
}
/// The watchdogs that guard a start from flash: that of the RTC, that of timer group 0 and the RTC's second one.
void disable_default_watchdog(void) {
  REG(RTC_CNTL + 0xB0) = 0x50D83AA1;
  REG(RTC_CNTL + 0x98) &= ~(1u << 31 | 1 << 12);
  REG(RTC_CNTL + 0xB0) = 0;
  REG(0x6001F064) = 0x50D83AA1;
  REG(0x6001F048) &= ~(1u << 31 | 1 << 14);
  REG(0x6001F064) = 0;
  REG(RTC_CNTL + 0xB8) = 0x8F1D312A;
  REG(RTC_CNTL + 0xB4) |= 1u << 31;
  REG(RTC_CNTL + 0xB8) = 0;
}

// Wake stubs: code in RTC fast memory that runs after deep sleep. STORE5: the length of what of that memory is checked, from its
// beginning on; STORE6: the stub's address; STORE7: the check sum.
static u32 fast_memory_sum(u32 words) {
  REG(SYSTEM + 0x50) = ((words - 1) & 0x7FF) << 20;
  REG(SYSTEM + 0x50) |= 1 << 8;
  while (!(REG(SYSTEM + 0x50) & 1u << 31)) {}
  u32 sum = REG(SYSTEM + 0x54);
  REG(SYSTEM + 0x50) &= ~(1 << 8);
  return sum;
}
static int is_length(u32 length) { return length && !(length & 3) && length <= 0x2000; }
void esp_rom_set_rtc_wake_addr(u32 entry, u32 length) {
  int on = entry && is_length(length);
  STORE(5) = on ? length : 0, STORE(6) = on ? entry : 0;
  STORE(7) = on ? fast_memory_sum(length / 4) : 0;
}
u32 esp_rom_get_rtc_wake_addr(void) {
  u32 length = STORE(5), entry = STORE(6);
  return entry && !(entry & 3) && is_length(length) && STORE(7) == fast_memory_sum(length / 4) ? entry : 0;
}

static void (*backup_lock)(void), (*backup_unlock)(void);
/// What a copy of registers before a sleep of the radio is locked by; no function here makes one.
void ets_apb_backup_init_lock_func(void (*lock)(void), void (*unlock)(void)) { backup_lock = lock, backup_unlock = unlock; }
static void (*ets_lock)(void), (*ets_unlock)(void);
void ets_install_lock(void (*lock)(void), void (*unlock)(void)) { ets_lock = lock, ets_unlock = unlock; }

static u32 *common_mutex, *common_recursive_mutex;
/// The locks of newlib's own objects.
void esp_rom_newlib_init_common_mutexes(u32 *mutex, u32 *recursive) { common_mutex = mutex, common_recursive_mutex = recursive; }

// ---- where text goes: UART0 and USB

extern u8 g_usb_print, g_uart_print;
static u8 is_downloading, usb_is_stuck;
#define USB_CAN_SEND (REG(USB_SERIAL + 4) & 2)

/// A host that does not listen is waited for once.
static void usb_put(u8 c) {
  if (!USB_CAN_SEND && !usb_is_stuck) {
    for (u32 i = 0; i < 50 && !USB_CAN_SEND; i++) ets_delay_us(100);
  }
  usb_is_stuck = !USB_CAN_SEND;
  if (usb_is_stuck) return;
  REG(USB_SERIAL) = c;
  if (c == '\n') REG(USB_SERIAL + 4) = 1;
}
int usb_uart_device_tx_one_char(u32 c) {
  usb_put(c);
  return 0;
}
void usb_uart_device_tx_flush(void) { REG(USB_SERIAL + 4) = 1; }
int usb_uart_device_rx_one_char(u8 *to) {
  if (!(REG(USB_SERIAL + 4) & 4)) return 1;
  *to = REG(USB_SERIAL);
  return 0;
}
u8 usb_uart_device_rx_one_char_block(void) {
  u8 c;
  while (usb_uart_device_rx_one_char(&c)) {}
  return c;
}
int put_other(u32 port, u8 c) {
  if (port != 4) return 1;
  if (is_downloading) while (!USB_CAN_SEND) {}
  usb_put(c);
  return 0;
}
void flush_other(u32 port) {
  if (port == 4) REG(USB_SERIAL + 4) = 1;
}
int get_other(u32 *port) {
  u8 c;
  if (usb_uart_device_rx_one_char(&c)) return -1;
  *port = 4;
  return c;
}
void uart_put(u8 c) {
  if (is_downloading) {
    uart_tx_one_char(c);
    return;
  }
  if (g_uart_print) uart_tx_one_char(c);
  if (g_usb_print && UartDev.port != 4) usb_put(c);
}
u8 ets_get_printf_channel(void) { return UartDev.port; }

// The USB controller through a reset: its flags outlive that, and with `persist` so do the controller and its pads.
static u32 persist_flags __attribute__((section(".kept")));
void chip_usb_set_persist_flags(u32 flags) { persist_flags = flags; }
u32 chip_usb_get_persist_flags(void) { return persist_flags; }
#define BOOT_DFU (1 << 30)
void chip_usb_dw_prepare_persist(void) { REG(RTC_CNTL + 0x120) |= 1 << 17 | 1 << 18; }
int usb_dc_prepare_persist(void) {
  chip_usb_dw_prepare_persist();
  return 0;
}

// ---- pins

#define PAD(gpio) REG(IO_MUX + 4 + 4 * (gpio))
static int has_pad(u32 gpio) { return gpio < 22 || (gpio > 25 && gpio < 49); }
static void select_pad(u32 gpio, u32 function) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | function << 12;
}

void gpio_output_set(u32 set, u32 clear, u32 enable, u32 disable) { REG(GPIO + 0x08) = set, REG(GPIO + 0x0C) = clear, REG(GPIO + 0x24) = enable, REG(GPIO + 0x28) = disable; }
void gpio_output_enable(u32 gpio) { REG(GPIO + (gpio < 32 ? 0x24 : 0x30)) = 1u << (gpio & 31); }
void gpio_output_disable(u32 gpio) { REG(GPIO + (gpio < 32 ? 0x28 : 0x34)) = 1u << (gpio & 31); }
u32 gpio_input_get(void) { return REG(GPIO + 0x3C); }
void gpio_matrix_in(u32 gpio, u32 signal, u32 invert) {
  if (signal < 256) REG(GPIO + 0x154 + 4 * signal) = (gpio & 0x3F) | (invert & 0xFF ? 1 << 6 : 0) | 1 << 7;
}
void gpio_bypass_matrix_in(u32 gpio, u32 signal) {
  (void)gpio;
  if (signal < 256) REG(GPIO + 0x154 + 4 * signal) &= ~(1 << 7);
}
void gpio_matrix_out(u32 gpio, u32 signal, u32 invert, u32 invert_enable) {
  if (!has_pad(gpio)) return;
  gpio_output_enable(gpio);
  REG(GPIO + 0x554 + 4 * gpio) = (signal & 0x1FF) | (invert & 0xFF ? 1 << 9 : 0) | (invert_enable & 0xFF ? 1 << 11 : 0);
}
void gpio_pad_select_gpio(u32 gpio) { select_pad(gpio, 1); }
void gpio_pad_set_drv(u32 gpio, u32 strength) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(3 << 10)) | (strength & 3) << 10;
}
void gpio_pad_pullup(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(1 << 7)) | 1 << 8;
}
void gpio_pad_pulldown(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(1 << 8)) | 1 << 7;
}
void gpio_pad_input_enable(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) |= 1 << 9;
}
void gpio_pad_input_disable(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) &= ~(1 << 9);
}
static void hold(u32 gpio, int on) {
  u32 at = RTC_CNTL + (gpio < 22 ? 0xD8 : 0xDC), bit = 1u << (gpio < 22 ? gpio : gpio - 21);
  if (!has_pad(gpio)) return;
  if (on) REG(at) |= bit;
  else REG(at) &= ~bit;
}
void gpio_pad_hold(u32 gpio) { hold(gpio, 1); }
void gpio_pad_unhold(u32 gpio) { hold(gpio, 0); }

// ---- fuses

/// Field of the fuses' read registers: word from RD_WR_DIS on, bit, width.
static u32 fuse(u32 word, u32 bit, u32 width) { return REG(EFUSE + 0x2C + 4 * word) >> bit & ((1u << width) - 1); }
/// The flash's pads: six bits each for CLK, Q, D, CS and HD; 0: the usual ones. They and WP's lie in block 1, from its bit 48 on.
u32 ets_efuse_get_spiconfig(void) { return fuse(7, 16, 16) | (REG(EFUSE + 0x4C) & 0x3FFF) << 16; }
u32 ets_efuse_get_wp_pad(void) { return fuse(8, 14, 6); }
u32 ets_efuse_flash_octal_mode(void) { return fuse(4, 9, 1); }
u32 ets_efuse_get_uart_print_control(void) { return fuse(4, 6, 2); }
u32 ets_efuse_usb_serial_jtag_print_is_disabled(void) { return fuse(4, 2, 1); }
u32 ets_efuse_usb_print_is_disabled(void) { return fuse(4, 2, 1); }
u32 ets_efuse_download_modes_disabled(void) { return fuse(4, 0, 1); }
u32 ets_efuse_usb_download_mode_disabled(void) { return fuse(4, 4, 1); }
u32 ets_efuse_security_download_modes_enabled(void) { return fuse(4, 5, 1); }
u32 ets_efuse_secure_boot_enabled(void) { return fuse(3, 20, 1); }
/// An odd number of the three fuses.
u32 ets_efuse_cache_encryption_enabled(void) {
  u32 n = fuse(2, 18, 3);
  return (n ^ n >> 1 ^ n >> 2) & 1;
}

// ---- the flash's pads: SPICS1 to SPID, whose first function is SPI

void esp_rom_spiflash_attach(u32 pins, u32 legacy) {
  (void)legacy;
  if (pins == 0)
    for (u32 gpio = 26; gpio <= 32; gpio++) select_pad(gpio, 0);
}
void flash_attach(void) { esp_rom_spiflash_attach(0, 0); }
void esp_rom_spiflash_select_qio_pins(u32 wp, u32 pins) {
  (void)wp;
  if (pins == 0) select_pad(27, 0), select_pad(28, 0);
}
/// SPIIO4 to SPIIO7 and SPIDQS.
void esp_rom_opiflash_pin_config(void) {
  flash_attach();
  for (u32 gpio = 33; gpio <= 37; gpio++) select_pad(gpio, 4);
}

// ---- start

/// ets_rom_layout_t of ESP-IDF's rom_layout.h: what of the RAM is the ROM's. Of the radio and of USB nothing is kept here, so those spans are empty.
#define RESERVED 0x3FCEEE34
static const u32 layout[40] = {
    0x3FCE9704, RESERVED, 0x3FCE9710, 0x3FCEB710, 0x3FCEB710, 0x3FCED710, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED,
    RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED,
    RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, RESERVED, 0x3FCEF130, 0x3FCEF174,
};
const u32 *const layout_pointer __attribute__((section(".layout_pointer"), used)) = layout;

static FlashData flash_data;

/// RAM that an image may load to: not where this ROM keeps its variables and stacks.
int is_ram(u32 at, u32 length) {
  static const u32 spans[][2] ROM_WORDS = {{0x3FC88000, 0x3FCE9700}, {0x3FCF0000, 0x3FD00000}, {0x40370000, 0x403D9700}, {0x50000000, 0x50002000}, {0x600FE000, 0x60100000}};
  for (u32 i = 0; i < 5; i++)
    if (!(at & 3) && at >= spans[i][0] && at < spans[i][1] && length <= spans[i][1] - at) return 1;
  return 0;
}

void print_flash_mode(const u32 *header) {
  static const char modes[6][10] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"};
  u32 mode = header[0] >> 16 & 0xFF, speed = header[0] >> 24 & 15, size = header[0] >> 28;
  if (size < 8) flashchip->chip_size = 0x100000u << size;
  ets_printf("SPIWP:0x%02x\nmode:%s, clock div:%d\n", header[2] & 0xFF, mode < 6 ? modes[mode] : "?", speed == 15 ? 1 : speed < 3 ? speed + 2 : 2);
  u32 chip = header[3] & 0xFFFF;
  if (chip != SECURITY_INFO_CHIP) ets_printf("wrong chip id 0x%04x: an image for another chip of the family\n", chip);
}

static u32 user_start;
void ets_set_user_start(u32 entry) { user_start = entry; }
/// Where the other core goes on; it waits for this.
#define APP_BOOT REG(SYSTEM + 4)
void ets_set_appcpu_boot_addr(u32 entry) { APP_BOOT = entry; }

_Noreturn void start_app(void) {
  while (!APP_BOOT) {}
  ((void (*)(void))APP_BOOT)();
  for (;;) {}
}

_Noreturn void run_image(u32 entry) {
  uart_drain();
  ((void (*)(void))entry)();
  ets_printf("user code done\n");
  for (;;) {}
}
/// After a download the code runs as an image would; it may name where to go on when it returns.
_Noreturn void run_downloaded(u32 entry) {
  ((void (*)(void))entry)();
  run_image(user_start ? user_start : entry);
}

static const char *reset_name(u32 cause) {
  static const char names[24][24] = {
      "NO_MEAN", "POWERON", "", "RTC_SW_SYS_RST", "", "DSLEEP", "", "TG0WDT_SYS_RST", "TG1WDT_SYS_RST", "RTCWDT_SYS_RST", "INTRUSION_RESET", "TG0WDT_CPU_RST",
      "RTC_SW_CPU_RST", "RTCWDT_CPU_RST", "", "BROWNOUT_RST", "RTCWDT_RTC_RST", "TG1WDT_CPU_RST", "SUPER_WDT_RST", "GLITCH_RTC_RST", "EFUSE_RST", "USB_UART_CHIP_RESET",
      "USB_JTAG_CHIP_RESET", "POWER_GLITCH_RST",
  };
  return cause < 24 ? names[cause] : "";
}

_Noreturn void start(void) {
  u32 cause = rtc_get_reset_reason(0), straps = REG(GPIO + 0x38) & 0x3F, dfu = 0;
  ets_set_xtal_div(1);
  ets_update_cpu_frequency(ets_get_apb_freq() / 1000000);
  rom_spiflash_legacy_data = &flash_data;
  rom_spiflash_legacy_funcs = &plain_flash;
  esp_rom_spiflash_config_param(0, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF);
  uartAttach();
  Uart_Init(0, UART_CLOCK);
  g_uart_print = 1, g_usb_print = !ets_efuse_usb_print_is_disabled();
  if (cause == 3) dfu = persist_flags & BOOT_DFU;
  persist_flags = 0;

  if (cause == 5) {
    u32 stub = esp_rom_get_rtc_wake_addr();
    if (stub >= 0x600FE000 && stub < 0x60100000) ((void (*)(void))stub)();
  }
  if (!(STORE(4) & SILENT)) ets_install_uart_printf();
  int download = !(straps & 8) || REG(RTC_CNTL + 0x12C) & 1 || dfu;
  ets_printf("ESP-ROM:esp32s3-20210327\nBuild:Mar 27 2021\nrst:0x%x (%s),boot:0x%x (%s)\n", cause, reset_name(cause), straps, download ? "DOWNLOAD(USB/UART0)" : "SPI_FAST_FLASH_BOOT");
  if (download) {
    disable_default_watchdog();
    REG(RTC_CNTL + 0x12C) = 0;
    ets_printf("waiting for download\n");
    uart_drain();
    is_downloading = 1;
    download_mode();
  }
  flash_attach();
  ROM_Boot_Cache_Init();
  boot_from_flash(0);
}
