// ESP32-S2: what the shared sources need to know of it.
#pragma once
#include "../espressif/windowed.h"
#include "../espressif/newlib.h"
#include "../espressif/uart.h"

#define ONE_CORE
#define SYSTEM 0x3F4C0000
#define EFUSE 0x3F41A000

#define UART(n) (0x3F400000 + 0x10000 * (n))
#define UART_TX_FIFO(n) (0x60000000 + 0x10000 * (n))
#define UART_COUNT 0x3FF
#define UART_SENDING(n) (REG(UART(n) + 0x1C) & 0x3FF << 16 || REG(UART(n) + 0x68) >> 4 & 15)
#define UART_CONF0 (1 << 27 | 1 << 28)
#define UART_SOURCE 37
#define UART_CLOCK ets_get_detected_xtal_freq()
u32 ets_get_detected_xtal_freq(void);
u32 rtc_get_reset_reason(u32 cpu);
u32 calc_rtc_memory_crc(u32 at, u32 length);

extern Syscalls *syscall_table_ptr_pro;
static inline Syscalls *syscalls(void) { return syscall_table_ptr_pro; }

#define RTC_CNTL 0x3F408000
#define RTC_RESET_STATE (RTC_CNTL + 0x38)
#define RTC_WAKEUP_CAUSE (RTC_CNTL + 0x12C)
#define RTC_WAKEUP_CAUSES 0x1FFFF
#define RTC_STORE4 (RTC_CNTL + 0xBC)
#define RTC_FAST_MEMORY 0x3FF9E000

#define GPIO 0x3F404000
#define GPIO_COUNT 54
#define GPIO_HIGH_MASK 0x3FFFFF
#define GPIO_IN_SELECT(signal) (GPIO + 0x154 + 4 * (signal))
#define GPIO_OUT_SELECT(gpio) (GPIO + 0x554 + 4 * (gpio))
#define PAD_FUNCTION_GPIO 1
#define PAD(gpio) REG(0x3F409004 + 4 * (gpio))
static inline int has_pad(u32 gpio) { return gpio < 47 && (gpio < 22 || gpio > 25); }

// SPI1, the controller for commands to the flash chip.
#define FLASH_SPI 0x3F402000
#define FLASH_SPI_CLOCK 0x14
#define FLASH_SPI_USER 0x18
#define FLASH_SPI_W0 0x58
#define FLASH_RD_STATUS REG(FLASH_SPI + 0x2C)
#define FLASH_WR_STATUS FLASH_RD_STATUS
#define FLASH_ADDRESS(a) (a)
#define FLASH_DIVIDER(n) (((n) - 1) << 16 | ((n) / 2 - 1) << 8 | ((n) - 1))
// SPI0, the cache's.
#define CACHE_SPI 0x3F403000

extern FlashChip g_rom_flashchip, *flashchip;

static inline void flash_controller_wait(void) {
  while (REG(FLASH_SPI + 0x54) & 7) {}
}
void flash_start_read(u32 address, u32 length);
int esp_rom_spiflash_config_param(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask);
void flash_attach(void);
void Cache_MMU_Init(void);
void flash_unlock(void);
int flash_erase(u32 address, u32 length);

#define IMAGE_HEADER 24
#define OTHER_IMAGE 0
#define OTHER_HINT "is this an ESP32-S3 or ESP8266 image, or one that was written 0x1000 too low?"
void print_flash_mode(const u32 *header);
static inline void print_segment(u32 address, u32 length, u32 at) { (void)at, ets_printf("load:0x%08x,len:0x%x\n", address, length); }
static inline void print_segment_end(u32 length, u32 at, u32 sum) { (void)length, (void)at, (void)sum; }
static inline void print_bad_sum(u32 sum, u32 kept) { ets_printf("csum err:0x%x!=0x%x\nthe image's bytes do not give the checksum at its end\n", kept, sum); }
static inline void print_entry(u32 entry, u32 sum) { (void)sum, ets_printf("entry 0x%08x\n", entry); }

#define HAS_SPI_ATTACH
#define SECURITY_INFO_BYTES 12
int GetSecurityInfoProc(int *message, int *error, u8 *to);
// Below the stack and clear of where flasher programs load.
#define DOWNLOAD_BUFFER 0x3FFEAC00
#define INFLATE_STATE 0x3FFEC800
#define INFLATE_WINDOW 0x3FFF0000
#define STATUS_BYTES 4
#define SYNC_VALUE 0x20120707
_Noreturn void run_downloaded(u32 entry);
int tinfl_decompress(Inflate *s, const u8 *in, u32 *in_size, u8 *base, u8 *out, u32 *out_size, u32 flags);

/// Clock and reset of the SHA accelerator.
#define SHA 0x6003B000
static inline void sha_power(int on) {
  if (on) REG(SYSTEM + 0x44) |= 1 << 2 | 1 << 6, REG(SYSTEM + 0x4C) &= ~(1 << 2 | 1 << 6 | 1 << 5 | 1 << 4);
  else REG(SYSTEM + 0x44) &= ~(1 << 2 | 1 << 6), REG(SYSTEM + 0x4C) |= 1 << 2 | 1 << 6;
}
