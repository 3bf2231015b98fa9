// What the boot ROMs of ESP8266 and ESP32 share.
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#define REG(address) (*(volatile u32 *)(address))
#define SECTION_RAM __attribute__((section(".bss")))
/// Constant words that are kept in ROM beside the code, where only 32-bit loads reach.
#define ROM_WORDS __attribute__((section(".text.words")))
/// A byte by a load of its word: code memory and, on the ESP8266, flash take no other, and firmware passes texts and blocks
/// that lie there before it has a handler that makes up for it.
static inline u8 byte(const void *at) { return *(const volatile u32 *)((u32)at & ~3) >> 8 * ((u32)at & 3); }

// memory.c, text.c
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void bzero(void *to, size_t n);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *to, const char *from, size_t n);

// print.c
int ets_printf(const char *format, ...);
int ets_vprintf(void (*put)(char), const char *format, va_list arguments);
void ets_write_char(char c);
void ets_install_putc1(void (*put)(char));
void ets_install_putc2(void (*put)(char));

// Of each chip: system.c
void uart_put(u8 c);
int uart_get(void);  // a byte, or -1
void ets_delay_us(u32 us);
void ets_install_uart_printf(void);
_Noreturn void software_reset_chip(void);
_Noreturn void run_image(u32 entry);
int is_ram(u32 address, u32 length);

// flash.c
typedef struct { u32 device_id, chip_size, block_size, sector_size, page_size, status_mask; } FlashChip;
void flash_wake(void);
int flash_wait(void);
int flash_read(u32 address, void *to, u32 length);
int flash_write(u32 address, const void *from, u32 length);
int flash_erase_sector(u32 address);
int flash_erase_block(u32 address);

// loader.c
_Noreturn void boot_from_flash(u32 offset);

// download.c
_Noreturn void download_mode(void);

// Hashes and ciphers
typedef struct { u32 state[4], bits[2]; u8 block[64]; } MD5;
void MD5Init(MD5 *);
void MD5Update(MD5 *, const u8 *data, u32 length);
void MD5Final(u8 digest[16], MD5 *);
typedef struct { u32 state[5], count[2]; u8 block[64]; } SHA1;

// inflate.c
typedef struct Inflate Inflate;
