// ESP32-S2: the caches (EXTMEM) and their MMU (rom/cache.h of ESP-IDF).
#include "chip.h"

#define EXTMEM 0x61800000
#define DCACHE_CTRL REG(EXTMEM + 0x00)
#define ICACHE_CTRL REG(EXTMEM + 0x40)
#define DCACHE_BUSES REG(EXTMEM + 0x04)
#define ICACHE_BUSES REG(EXTMEM + 0x44)
#define CACHE_STATE REG(EXTMEM + 0x11C)
#define MMU(n) REG(0x61801000 + 4 * (n))
#define PRO_CACHE_1 REG(0x3F4C107C)
enum { enable = 1 << 0, full_size = 1 << 2, long_lines = 1 << 3, invalidate = 1 << 8, flush = 1 << 10, clean = 1 << 12, autoload = 1 << 18, preload = 1 << 20 };
enum { invalid = 1 << 14 };
enum { unaligned = 2, bad_page = 3, out_of_range = 4 };

void Cache_MMU_Init(void) {
  for (u32 i = 0; i < 0x180; i++) MMU(i) = invalid;
}

/// The entry of a page: 64 of each of the six buses, which begin at multiples of 4 MiB.
static int entry_of(u32 address, int data) {
  static const u32 buses[6] ROM_WORDS = {0x40000000, 0x40400000, 0x3F000000, 0x3FC00000, 0x3F800000, 0x3F400000};
  for (int i = data ? 3 : 0; i < (data ? 6 : 3); i++)
    if (address - buses[i] < 0x400000) return 64 * i + ((address - buses[i]) >> 16);
  return -1;
}
static int set(int data, u32 memory, u32 address, u32 physical, u32 size, u32 count, u32 fixed) {
  if ((address | physical) & 0xFFFF) return unaligned;
  if (size != 64) return bad_page;
  int at = entry_of(address, data);
  if (at < 0 || count > 64 * (data ? 6 : 3) - at) return out_of_range;
  for (u32 i = 0; i < count; i++) MMU(at + i) = memory | ((physical >> 16) + (fixed ? 0 : i));
  return 0;
}
int Cache_Ibus_MMU_Set(u32 memory, u32 address, u32 physical, u32 size, u32 count, u32 fixed) { return set(0, memory, address, physical, size, count, fixed); }
int Cache_Dbus_MMU_Set(u32 memory, u32 address, u32 physical, u32 size, u32 count, u32 fixed) { return set(1, memory, address, physical, size, count, fixed); }

/// What each of the first four blocks of SRAM serves.
void Cache_Allocate_SRAM(u32 a, u32 b, u32 c, u32 d) { PRO_CACHE_1 = (a & 15) | (b & 15) << 4 | (c & 15) << 8 | (d & 15) << 12; }

typedef struct { u32 size; u16 line; u8 ways, is_icache; } Mode;
void Cache_Get_Mode(Mode *m) {
  u32 c = m->is_icache ? ICACHE_CTRL : DCACHE_CTRL;
  m->size = c & full_size ? 16384 : 8192, m->line = c & long_lines ? 32 : 16, m->ways = 4;
}
static u32 mode(u32 control, u32 size, u32 line) { return (control & ~(full_size | long_lines)) | (size ? full_size : 0) | (line ? long_lines : 0); }
void Cache_Set_ICache_Mode(u32 size, u32 ways, u32 line) { (void)ways, ICACHE_CTRL = mode(ICACHE_CTRL, size, line); }
void Cache_Set_DCache_Mode(u32 size, u32 ways, u32 line) { (void)ways, DCACHE_CTRL = mode(DCACHE_CTRL, size, line); }
u32 Cache_Get_ICache_Line_Size(void) { return ICACHE_CTRL & long_lines ? 32 : 16; }
u32 Cache_Get_DCache_Line_Size(void) { return DCACHE_CTRL & long_lines ? 32 : 16; }

u32 Cache_Address_Through_ICache(u32 address) { return (address >= 0x40080000 && address < 0x40800000) || address - 0x3F000000 < 0x400000; }
u32 Cache_Address_Through_DCache(u32 address) { return address >= 0x3F500000 && address < 0x3FF80000; }

/// Starts what the bit `what` asks of all lines, or of those that the MEM_SYNC registers name, and waits until the bit beside says that it is done.
#define DO(control, what)              \
  do {                                 \
    (control) |= (what);               \
    while (!((control) & (what) << 1)) {} \
  } while (0)
static void some(int data, u32 what, u32 address, u32 size) {
  u32 at = EXTMEM + (data ? 0x1C : 0x5C);
  REG(at) = address, REG(at + 4) = size;
  if (data) DO(DCACHE_CTRL, what);
  else DO(ICACHE_CTRL, what);
}
void Cache_Invalidate_ICache_All(void) { some(0, invalidate, 0, 0); }
void Cache_Invalidate_DCache_All(void) { some(1, invalidate, 0, 0); }
void Cache_Clean_All(void) { some(1, clean, 0, 0); }
void Cache_WriteBack_All(void) { some(1, flush, 0, 0); }
void Cache_Invalidate_ICache_Items(u32 address, u32 lines) {
  if (Cache_Address_Through_ICache(address)) some(0, invalidate, address, lines * Cache_Get_ICache_Line_Size());
}
void Cache_Invalidate_DCache_Items(u32 address, u32 lines) {
  if (Cache_Address_Through_DCache(address)) some(1, invalidate, address, lines * Cache_Get_DCache_Line_Size());
}
void Cache_Clean_Items(u32 address, u32 lines) {
  if (Cache_Address_Through_DCache(address)) some(1, clean, address, lines * Cache_Get_DCache_Line_Size());
}
void Cache_WriteBack_Items(u32 address, u32 lines) {
  if (Cache_Address_Through_DCache(address)) some(1, flush, address, lines * Cache_Get_DCache_Line_Size());
}
int Cache_Invalidate_Addr(u32 address, u32 size) {
  if (size > 0x400000) return 1;
  if (Cache_Address_Through_ICache(address)) some(0, invalidate, address, size);
  if (Cache_Address_Through_DCache(address)) some(1, invalidate, address, size);
  return 0;
}
static int data_only(u32 what, u32 address, u32 size) {
  if (size > 0x400000) return 1;
  if (Cache_Address_Through_DCache(address)) some(1, what, address, size);
  return 0;
}
int Cache_Clean_Addr(u32 address, u32 size) { return data_only(clean, address, size); }
int Cache_WriteBack_Addr(u32 address, u32 size) { return data_only(flush, address, size); }

void Cache_Mask_All(void) { ICACHE_BUSES |= 7, DCACHE_BUSES |= 7; }
void Cache_UnMask_Drom0(void) { ICACHE_BUSES &= ~4; }

// On and off. Each answers whether the cache loaded ahead by itself.
u32 Cache_Suspend_ICache_Autoload(void) {
  u32 was = ICACHE_CTRL & autoload;
  ICACHE_CTRL &= ~autoload;
  return was;
}
u32 Cache_Suspend_DCache_Autoload(void) {
  u32 was = DCACHE_CTRL & autoload;
  DCACHE_CTRL &= ~autoload;
  return was;
}
void Cache_Resume_ICache_Autoload(u32 on) { ICACHE_CTRL |= on ? autoload : 0; }
void Cache_Resume_DCache_Autoload(u32 on) { DCACHE_CTRL |= on ? autoload : 0; }
u32 Cache_Suspend_ICache(void) {
  u32 was = Cache_Suspend_ICache_Autoload();
  while ((CACHE_STATE & 0xFFF) != 1) {}
  ICACHE_CTRL &= ~enable;
  return was;
}
u32 Cache_Suspend_DCache(void) {
  u32 was = Cache_Suspend_DCache_Autoload();
  while ((CACHE_STATE >> 12 & 0xFFF) != 1) {}
  DCACHE_CTRL &= ~enable;
  return was;
}
void Cache_Resume_ICache(u32 on) { ICACHE_CTRL |= enable, Cache_Resume_ICache_Autoload(on); }
void Cache_Resume_DCache(u32 on) { DCACHE_CTRL |= enable, Cache_Resume_DCache_Autoload(on); }
u32 Cache_Disable_ICache(void) {
  u32 was = Cache_Suspend_ICache();
  Cache_Invalidate_ICache_All();
  return was;
}
u32 Cache_Disable_DCache(void) {
  u32 was = Cache_Suspend_DCache();
  Cache_Invalidate_DCache_All();
  return was;
}
void Cache_Enable_ICache(u32 on) { Cache_Resume_ICache(on); }
void Cache_Enable_DCache(u32 on) { Cache_Resume_DCache(on); }

/// 8 KiB of the first block for the instruction cache, with lines of 16 bytes.
void Cache_Set_Default_Mode(void) {
  Cache_Allocate_SRAM(1, 0, 0, 0);
  Cache_Set_ICache_Mode(0, 0, 0);
  Cache_Invalidate_ICache_All();
}
/// The same for data, from the second block.
void Cache_Enable_Defalut_DCache_Mode(void) {
  Cache_Allocate_SRAM(1, 4, 0, 0);
  Cache_Set_DCache_Mode(0, 0, 0);
  Cache_Invalidate_DCache_All();
  DCACHE_BUSES &= ~7;
  Cache_Enable_DCache(0);
}
