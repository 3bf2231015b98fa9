// ESP32-S3: what the shared sources need to know of it.
#pragma once
#include "../espressif/windowed.h"
#include "../espressif/newlib.h"
#include "../espressif/uart.h"

extern Syscalls *syscall_table_ptr;
static inline Syscalls *syscalls(void) { return syscall_table_ptr; }

#define UART(n) ((n) == 0 ? 0x60000000 : (n) == 1 ? 0x60010000 : 0x6002E000)
#define UART_TX_FIFO(n) UART(n)
#define UART_COUNT 0x3FF
#define UART_SENDING(n) (REG(UART(n) + 0x6C) & 0xF0)
#define UART_CONF0 (1 << 28)
// The crystal, undivided.
#define UART_CLK_CONF 0x3700000
#define UART_SOURCE 27
#define UART_CLOCK ets_get_xtal_freq()
u32 ets_get_xtal_freq(void);
// Beside the UARTs: 4, the USB Serial/JTAG controller.
#define UART_OTHERS
int put_other(u32 port, u8 c);
void flush_other(u32 port);
int get_other(u32 *port);

// SPI1, the controller for commands to the flash chip, and SPI0, the cache's.
#define FLASH_SPI 0x60002000
#define CACHE_SPI 0x60003000
#define FLASH_SPI_CLOCK 0x14
#define FLASH_SPI_USER 0x18
#define FLASH_SPI_W0 0x58
#define FLASH_RD_STATUS REG(FLASH_SPI + 0x2C)
#define FLASH_WR_STATUS FLASH_RD_STATUS
#define FLASH_ADDRESS(a) (a)
#define FLASH_DIVIDER(n) (((n) - 1) << 16 | ((n) / 2 - 1) << 8 | ((n) - 1))
static inline void flash_controller_wait(void) {
  while (REG(FLASH_SPI + 0x54) & 7) {}
}

/// esp_rom_spiflash_legacy_data_t of ESP-IDF's esp_rom_spiflash.h
typedef struct { FlashChip chip; u8 dummy_length_plus[3], signals; } FlashData;
extern FlashData *rom_spiflash_legacy_data;
#define flashchip (&rom_spiflash_legacy_data->chip)
void flash_start_read(u32 address, u32 length);
int esp_rom_spiflash_config_param(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask);
void flash_attach(void);
void flash_unlock(void);
int flash_erase(u32 address, u32 length);

#define SHA 0x6003B000
/// PERIP_CLK_EN1 and PERIP_RST_EN1 of SYSTEM; the blocks for HMAC and signatures keep it in reset with theirs.
static inline void sha_power(int on) {
  if (on) REG(0x600C001C) |= 1 << 2, REG(0x600C0024) &= ~(1 << 2 | 1 << 4 | 1 << 5);
  else REG(0x600C0024) |= 1 << 2, REG(0x600C001C) &= ~(1 << 2);
}

#define IMAGE_HEADER 24
#define OTHER_IMAGE 0x1000
#define OTHER_HINT "is this an ESP32 or ESP32-S2 image, or one that was written 0x1000 too high?"
void print_flash_mode(const u32 *header);
static inline void print_segment(u32 address, u32 length, u32 at) { (void)at, ets_printf("load:0x%08x,len:0x%x\n", address, length); }
static inline void print_segment_end(u32 length, u32 at, u32 sum) { (void)length, (void)at, (void)sum; }
static inline void print_bad_sum(u32 sum, u32 kept) { ets_printf("Checksum failed. Calculated 0x%x stored 0x%x\n", sum, kept); }
static inline void print_entry(u32 entry, u32 sum) { (void)sum, ets_printf("entry 0x%08x\n", entry); }

#define HAS_SPI_ATTACH
#define SECURITY_INFO_CHIP 9
// In the shared buffers that the vendor's ROM has for download mode: 0x3FCD7E00 to 0x3FCE9704.
#define DOWNLOAD_BUFFER 0x3FCD8000
#define INFLATE_STATE 0x3FCDA000
#define INFLATE_WINDOW 0x3FCE0000
#define STATUS_BYTES 4
#define SYNC_VALUE 0x20120707
_Noreturn void run_downloaded(u32 entry);
int tinfl_decompress(Inflate *s, const u8 *in, u32 *in_size, u8 *base, u8 *out, u32 *out_size, u32 flags);

// cache.c, octal.c
void ROM_Boot_Cache_Init(void);
typedef struct SPIFlashFunctions SPIFlashFunctions;
extern const SPIFlashFunctions *rom_spiflash_legacy_funcs;
extern const SPIFlashFunctions plain_flash;
