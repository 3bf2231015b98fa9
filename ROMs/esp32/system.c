// ESP32: start, flash pads, cache.
#include "chip.h"

#define EFUSE 0x3FF5A000
#define MMU(cpu) ((cpu) ? 0x3FF12000 : 0x3FF10000)
#define CACHE_CTRL(cpu) REG(DPORT + ((cpu) ? 0x58 : 0x40))

// ---- interrupts

/// Source `source` of the interrupt matrix to the CPU's interrupt `n`.
void intr_matrix_set(u32 cpu, u32 source, u32 n) {
  if (source < 69) REG(DPORT + (cpu ? 0x218 : 0x104) + 4 * source) = n;
}

extern u32 g_ticks_per_us_pro, g_ticks_per_us_app;
u32 ets_get_xtal_scale(void) { return 0; }

// ---- pads of the flash

// No flash of this machine is encrypted.
void esp_rom_spiflash_write_encrypted_enable(void) {}
int esp_rom_spiflash_prepare_encrypted_data(u32 at, u32 *data) {
  (void)at, (void)data;
  return 1;
}
void esp_rom_spiflash_write_encrypted_disable(void) {}

/// The pads SD_CLK, SD_DATA0 … 3 and SD_CMD to SPI, whose function is 1; and the controllers' plain mode.
void esp_rom_spiflash_attach(u32 pins, u32 legacy) {
  (void)legacy;
  if (pins == 0)
    for (u32 gpio = 6; gpio <= 11; gpio++) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | 1 << 12 | 1 << 9;
}
void flash_attach(void) { esp_rom_spiflash_attach(0, 0); }
void esp_rom_spiflash_select_qio_pins(u32 wp, u32 pins) {
  (void)wp;
  if (pins == 0) PAD(9) = (PAD(9) & ~(7 << 12)) | 1 << 12, PAD(10) = (PAD(10) & ~(7 << 12)) | 1 << 12;
}
/// The pins of the flash chip that eFuse names; 0: those of the pads SD_*.
u32 ets_efuse_get_spiconfig(void) { return REG(EFUSE + 0x14) & 0xFFFFF; }
void ets_efuse_read_op(void) {
  REG(EFUSE + 0xFC) = 0x5AA5;
  REG(EFUSE + 0x104) = 1;
  while (REG(EFUSE + 0x104)) {}
}
void ets_efuse_program_op(void) {
  REG(EFUSE + 0xFC) = 0x5A5A;
  REG(EFUSE + 0x104) = 2;
  while (REG(EFUSE + 0x104)) {}
}

// ---- cache

void mmu_init(u32 cpu) {
  for (u32 i = 0; i < 2048; i++) REG(MMU(cpu) + 4 * i) = 0;
}

/// `count` pages of `size` KiB from flash at `physical` to `virtual`. 0, or what is wrong with the arguments.
int cache_flash_mmu_set(u32 cpu, u32 process, u32 virtual, u32 physical, u32 size, u32 count) {
  if (process > 7 && size != 64) return 5;
  if (size != 64 && size != 32 && size != 16 && size != 8) return 3;
  u32 shift = size == 64 ? 16 : size == 32 ? 15 : size == 16 ? 14 : 13, mask = (1 << shift) - 1;
  if (virtual & mask) return 1;
  if (physical & mask) return 2;
  u32 index;
  if (virtual >= 0x3F400000 && virtual < 0x3F800000) index = (virtual - 0x3F400000) >> 16;
  else if (virtual >= 0x40000000 && virtual < 0x40C00000) index = 64 + ((virtual - 0x40000000) >> 16);
  else if (virtual >= 0x3F800000 && virtual < 0x3FC00000) index = 1152 + ((virtual - 0x3F800000) >> 15);
  else return 4;
  if (count > 256 || index + count > 2048) return 4;
  if (process > 1 && process < 8) index += 256 * (process - 1);
  for (u32 i = 0; i < count && index + i < 2048; i++) REG(MMU(cpu) + 4 * (index + i)) = (physical >> shift) + i;
  return 0;
}
int cache_sram_mmu_set(u32 cpu, u32 process, u32 virtual, u32 physical, u32 size, u32 count) {
  (void)process;
  if (size != 32 || (virtual & 0x7FFF) || virtual < 0x3F800000 || virtual >= 0x3FC00000) return 1;
  for (u32 i = 0; i < count; i++) REG(MMU(cpu) + 4 * (1152 + ((virtual - 0x3F800000) >> 15) + i)) = (physical >> 15) + i;
  return 0;
}
void Cache_Flush(u32 cpu) {
  CACHE_CTRL(cpu) &= ~(1 << 4);
  CACHE_CTRL(cpu) |= 1 << 4;
  while (!(CACHE_CTRL(cpu) & 1 << 5)) {}
  CACHE_CTRL(cpu) &= ~(1 << 4);
}
void Cache_Read_Enable(u32 cpu) { CACHE_CTRL(cpu) |= 1 << 3; }
void Cache_Read_Disable(u32 cpu) {
  CACHE_CTRL(cpu) &= ~(1 << 3);
  while (REG(CACHE_SPI + 0xF8) & 7) {}
}
void Cache_Read_Init(u32 cpu) { Cache_Read_Disable(cpu), Cache_Flush(cpu); }

// ---- accelerators: clocks and resets of DPORT's PERI_CLK_EN and PERI_RST_EN

static void accelerator(u32 mask, int on) {
  if (on) REG(DPORT + 0x1C) |= mask, REG(DPORT + 0x20) &= ~mask;
  else REG(DPORT + 0x20) |= mask, REG(DPORT + 0x1C) &= ~mask;
}
void ets_aes_enable(void) { accelerator(1 << 0, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4); }
void ets_aes_disable(void) { accelerator(1 << 0, 0); }
void ets_sha_enable(void) { accelerator(1 << 1, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4); }
void ets_sha_disable(void) { accelerator(1 << 1, 0); }
void ets_bigint_enable(void) { accelerator(1 << 2, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4), REG(DPORT + 0x3C) &= ~1; }
void ets_bigint_disable(void) { accelerator(1 << 2, 0); }

// ---- start

/// RAM that an image may load to: not where this ROM keeps its variables and stack.
int is_ram(u32 at, u32 length) {
  static const u32 spans[][2] ROM_WORDS = {{0x3FFAE700, 0x3FFE0000}, {0x3FFE8000, 0x40000000}, {0x40070000, 0x400C2000}, {0x50000000, 0x50002000}, {0x3FF80000, 0x3FF82000}};
  for (u32 i = 0; i < 5; i++)
    if (!(at & 3) && at >= spans[i][0] && at < spans[i][1] && length <= spans[i][1] - at) return 1;
  return 0;
}

void print_flash_mode(const u32 *header) {
  static const char modes[6][10] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"};
  u32 mode = header[0] >> 16 & 0xFF, speed = header[0] >> 24 & 15, size = header[0] >> 28;
  u32 drive = header[2] >> 8;
  u32 divider = speed == 15 ? 1 : speed == 0 ? 2 : speed == 1 ? 3 : 4;
  if (size < 6) g_rom_flashchip.chip_size = 0x100000u << size;
  ets_printf("configsip: %d, SPIWP:0x%02x\n", ets_efuse_get_spiconfig(), header[2] & 0xFF);
  ets_printf("clk_drv:0x%02x,q_drv:0x%02x,d_drv:0x%02x,cs0_drv:0x%02x,hd_drv:0x%02x,wp_drv:0x%02x\n", drive & 15, drive >> 4 & 15, drive >> 8 & 15, drive >> 12 & 15, drive >> 16 & 15, drive >> 20 & 15);
  ets_printf("mode:%s, clock div:%d\n", mode < 6 ? modes[mode] : "?", divider);
  u32 chip = header[3] & 0xFFFF;
  if (chip && chip != 0xFFFF) ets_printf("wrong chip id 0x%04x: an image for another chip of the family\n", chip);
}

static u32 user_start;
void ets_set_user_start(u32 entry) { user_start = entry; }
void ets_set_startup_callback(u32 callback) { (void)callback; }
/// Where the other core goes on; it waits for this.
#define APP_BOOT REG(DPORT + 0x38)
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
  static const char names[17][24] = {
      "NO_MEAN", "POWERON_RESET", "", "SW_RESET", "OWDT_RESET", "DEEPSLEEP_RESET", "SDIO_RESET", "TG0WDT_SYS_RESET", "TG1WDT_SYS_RESET", "RTCWDT_SYS_RESET",
      "INTRUSION_RESET", "TGWDT_CPU_RESET", "SW_CPU_RESET", "RTCWDT_CPU_RESET", "EXT_CPU_RESET", "RTCWDT_BROWN_OUT_RESET", "RTCWDT_RTC_RESET",
  };
  return cause < 17 ? names[cause] : "";
}

_Noreturn void start(void) {
  esp_rom_spiflash_config_param(0, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF);
  g_ticks_per_us_pro = g_ticks_per_us_app = ets_get_detected_xtal_freq() / 1000000;
  radio_start();
  uartAttach();
  Uart_Init(0, ets_get_detected_xtal_freq());
  ets_install_uart_printf();

  u32 cause = rtc_get_reset_reason(0), straps = REG(GPIO + 0x38) & 0x3F;
  if (cause == 5 && REG(RTC_CNTL + 0xBC) && REG(RTC_CNTL + 0xBC) == calc_rtc_memory_crc(0, 0x7FF)) {
    u32 stub = REG(RTC_CNTL + 0xB8);
    if (stub >= 0x400C0000 && stub < 0x400C2000) ((void (*)(void))stub)();
  }
  int fast = (straps & 0x10) != 0, download = !fast && !(straps & 8);
  const char *mode = fast ? "SPI_FAST_FLASH_BOOT" : !download ? "SPI_FLASH_BOOT"
      : (straps & 3) == 0 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_FEI_FEO_V1)" : (straps & 3) == 1 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_FEI_REO_V1)"
      : (straps & 3) == 2 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_FEO_V1)" : "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)";
  ets_printf("ets %s\n", "Jul 29 2019 12:21:46");
  ets_printf("\nrst:0x%x (%s),boot:0x%x (%s)\n", cause, reset_name(cause), straps, mode);
  if (download) {
    ets_printf("waiting for download\n");
    uart_drain();
    download_mode();
  }
  flash_attach();
  boot_from_flash(0x1000);
}
