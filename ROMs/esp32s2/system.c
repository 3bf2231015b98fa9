// ESP32-S2: start, fuses, flash pads.
#include "chip.h"

extern u32 g_ticks_per_us_pro;
/// Locks that the vendor's C library keeps to itself.
u32 __tz_lock_object, __env_lock_object;

/// Source `source` of the interrupt matrix to interrupt `n`.
void intr_matrix_set(u32 cpu, u32 source, u32 n) {
  (void)cpu;
  if (source < 95) REG(0x3F4C2000 + 4 * source) = n;
}

u32 ets_get_xtal_freq(void) { return ets_get_detected_xtal_freq(); }
/// Of the bus: firmware leaves it in STORE5, twice, over 4096; the crystal's until then.
u32 ets_get_apb_freq(void) {
  u32 v = REG(RTC_STORE4 + 4), low = v & 0xFFFF;
  return low && v >> 16 == low ? low << 12 : ets_get_detected_xtal_freq();
}

void gpio_pad_hold(u32 gpio) {
  if (gpio < 22) REG(RTC_CNTL + 0xD4) |= 1u << gpio;
  else if (has_pad(gpio)) REG(RTC_CNTL + 0xD8) |= 1u << (gpio - 21);
}
void gpio_pad_unhold(u32 gpio) {
  if (gpio < 22) REG(RTC_CNTL + 0xD4) &= ~(1u << gpio);
  else if (has_pad(gpio)) REG(RTC_CNTL + 0xD8) &= ~(1u << (gpio - 21));
}
void gpio_pad_input_enable(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) |= 1 << 9;
}
void gpio_pad_input_disable(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) &= ~(1 << 9);
}
void gpio_pin_wakeup_enable(u32 gpio, u32 kind) {
  if (gpio < GPIO_COUNT && (kind == 4 || kind == 5)) REG(GPIO + 0x74 + 4 * gpio) = (REG(GPIO + 0x74 + 4 * gpio) & ~(7 << 7)) | kind << 7 | 1 << 10;
}
void gpio_pin_wakeup_disable(void) {
  for (u32 gpio = 0; gpio < GPIO_COUNT; gpio++)
    if (REG(GPIO + 0x74 + 4 * gpio) & 1 << 10) REG(GPIO + 0x74 + 4 * gpio) &= ~(1 << 10 | 7 << 7);
}

// ---- fuses

#define FUSE(word) REG(EFUSE + 0x2C + 4 * (word))
/// Pads of the flash chip, six bits each: clock, Q, D, CS, HD and behind these WP. 0: those of the pads SPI*.
u32 ets_efuse_get_spiconfig(void) { return (FUSE(7) >> 16 | FUSE(8) << 16) & 0x3FFFFFFF; }
u32 ets_efuse_get_wp_pad(void) { return ets_efuse_get_spiconfig() ? FUSE(8) >> 14 & 0x3F : 0x3F; }
u32 ets_efuse_get_opiconfig(void) { return ets_efuse_get_spiconfig() ? (FUSE(8) >> 20 | FUSE(9) << 12) & 0x3FFFFFFF : 0; }
u32 ets_efuse_secure_boot_enabled(void) { return FUSE(3) >> 20 & 1; }
u32 ets_efuse_download_modes_disabled(void) { return FUSE(4) & 1; }
u32 ets_efuse_security_download_modes_enabled(void) { return FUSE(4) >> 5 & 1; }
u32 ets_efuse_cache_encryption_enabled(void) {
  u32 bits = FUSE(2) >> 18 & 7;
  return (bits ^ bits >> 1 ^ bits >> 2) & 1;
}
/// Words of flags, how often the flash's encryption was switched, purposes of the keys.
int GetSecurityInfoProc(int *message, int *error, u8 *to) {
  (void)message, (void)error;
  u32 flags = ets_efuse_secure_boot_enabled() | (FUSE(3) >> 21 & 1) << 1 | ets_efuse_security_download_modes_enabled() << 2;
  for (int i = 0; i < 4; i++) to[i] = flags >> 8 * i;
  to[4] = FUSE(2) >> 18 & 7;
  for (u32 i = 0; i < 7; i++) to[5 + i] = i < 2 ? FUSE(2) >> (24 + 4 * i) & 15 : i < 6 ? FUSE(3) >> 4 * (i - 2) & 15 : 0;
  return 0;
}

// ---- flash

/// The pads SPI* to SPI, whose function is 0.
void esp_rom_spiflash_attach(u32 pins, u32 legacy) {
  (void)legacy;
  if (pins == 0)
    for (u32 gpio = 27; gpio <= 32; gpio++) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | 1 << 9;
}
void flash_attach(void) { esp_rom_spiflash_attach(ets_efuse_get_spiconfig(), 0); }
void spi_flash_boot_attach(u32 pins, u32 legacy) { esp_rom_spiflash_attach(pins, legacy); }
/// These pads are the flash's already.
void esp_rom_spiflash_select_qio_pins(u32 wp, u32 pins) { (void)wp, (void)pins; }
/// The chip's own word of what it is, by which its size is known.
void esp_rom_spi_flash_update_id(void) {
  u32 kept[3] = {REG(FLASH_SPI + 0x18), REG(FLASH_SPI + 0x1C), REG(FLASH_SPI + 0x20)};
  flash_controller_wait();
  REG(FLASH_SPI + 0x18) = 1u << 31 | 1 << 28;
  REG(FLASH_SPI + 0x20) = 7u << 28 | 0x9F;
  REG(FLASH_SPI + 0x28) = 23;
  REG(FLASH_SPI + 0x58) = 0;
  REG(FLASH_SPI) = 1 << 18;
  while (REG(FLASH_SPI)) {}
  u32 id = REG(FLASH_SPI + 0x58) & 0xFFFFFF;
  REG(FLASH_SPI + 0x18) = kept[0], REG(FLASH_SPI + 0x1C) = kept[1], REG(FLASH_SPI + 0x20) = kept[2];
  flashchip->device_id = (id & 0xFF) << 16 | (id & 0xFF00) | id >> 16;
}
// No flash of this machine is encrypted.
void esp_rom_spiflash_write_encrypted_enable(void) {}
void esp_rom_spiflash_write_encrypted_disable(void) {}
int esp_rom_spiflash_write_encrypted(u32 at, const u32 *data, u32 length) {
  (void)at, (void)data, (void)length;
  return 1;
}

// ---- start

/// RAM that an image may load to: not where this ROM keeps its variables and stack.
int is_ram(u32 at, u32 length) {
  static const u32 spans[][2] ROM_WORDS = {{0x3FFB0000, 0x3FFFC400}, {0x40020000, 0x4006C400}, {0x40070000, 0x40072000}, {0x50000000, 0x50002000}, {0x3FF9E000, 0x3FFA0000}};
  for (u32 i = 0; i < 5; i++)
    if (!(at & 3) && at >= spans[i][0] && at < spans[i][1] && length <= spans[i][1] - at) return 1;
  return 0;
}

void print_flash_mode(const u32 *header) {
  static const char modes[6][10] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"};
  u32 mode = header[0] >> 16 & 0xFF, speed = header[0] >> 24 & 15, divider = speed == 0xF ? 1 : speed + 2;
  ets_printf("SPIWP:0x%02x\n", 0xEE);
  ets_printf("mode:%s, clock div:%d\n", mode < 6 ? modes[mode] : "?", divider);
  u32 chip = header[3] & 0xFFFF;
  if (chip != 2 && chip != 0xFFFF) ets_printf("wrong chip id 0x%04x: an image for another chip of the family\n", chip);
}

static u32 user_start;
void ets_set_user_start(u32 entry) { user_start = entry; }

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
  static const char names[21][24] = {
      "NO_MEAN", "POWERON", "", "RTC_SW_SYS_RST", "", "DEEPSLEEP", "", "TG0WDT_SYS_RST", "TG1WDT_SYS_RST", "RTCWDT_SYS_RST", "INTRUSION_RST", "TG0WDT_CPU_RST",
      "RTC_SW_CPU_RST", "RTCWDT_CPU_RST", "", "RTCWDT_BROWN_OUT_RST", "RTCWDT_RTC_RST", "TG1WDT_CPU_RST", "SUPER_WDT_RST", "GLITCH_RTC_RST", "EFUSE_RST",
  };
  return cause < 21 ? names[cause] : "";
}

_Noreturn void start(void) {
  extern u8 tables_start[], tables_end[];
  memset(tables_start, 0, tables_end - tables_start);
  // The variables at fixed addresses.
  memset((void *)0x3FFFFC78, 0, 0x3FFFFD90 - 0x3FFFFC78);
  flashchip = &g_rom_flashchip;
  esp_rom_spiflash_config_param(0, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF);
  g_ticks_per_us_pro = ets_get_detected_xtal_freq() / 1000000;
  uartAttach();
  Uart_Init(0, ets_get_detected_xtal_freq());
  ets_install_uart_printf();

  u32 cause = rtc_get_reset_reason(0), straps = REG(GPIO + 0x38) & 0x3F, crc = REG(RTC_STORE4 + 12);
  if (cause == 5 && crc && crc == calc_rtc_memory_crc(0, 0x7FF)) {
    u32 stub = REG(RTC_STORE4 + 8);
    if (stub >= 0x40070000 && stub < 0x40072000) ((void (*)(void))stub)();
  }
  // GPIO0 low, or what firmware left in OPTION1.
  int download = !(straps & 8) || REG(RTC_CNTL + 0x128) & 1;
  ets_printf("ESP-ROM:%s\nBuild:%s\n", "esp32s2-rc4-20191025", "Oct 25 2019");
  ets_printf("rst:0x%x (%s),boot:0x%x (%s)\n", cause, reset_name(cause), straps, download ? "DOWNLOAD(USB/UART0/1/SPI)" : "SPI_FAST_FLASH_BOOT");
  if (download) {
    REG(RTC_CNTL + 0x128) = 0;
    ets_printf("waiting for download\n");
    uart_drain();
    download_mode();
  }
  Cache_MMU_Init();
  flash_attach();
  boot_from_flash(0x1000);
}
