// ESP32-S3: the caches of flash and PSRAM and their memory management unit (technical reference manual, chapter 4), by the names that
// ESP-IDF's rom/cache.h has.
#include "chip.h"

#define EXTMEM 0x600C4000
#define MMU(n) REG(0x600C5000 + 4 * (n))
#define INVALID (1 << 14)
#define IN_PSRAM (1 << 15)
// Registers of the instruction cache and, at the same place in their list, of the data cache.
enum { dcache, icache };
#define CTRL(c) REG(EXTMEM + ((c) ? 0x60 : 0x00))
#define CTRL1(c) REG(EXTMEM + ((c) ? 0x64 : 0x04))
#define PRELOCK(c, at) REG(EXTMEM + ((c) ? 0x6C : 0x0C) + (at))
#define LOCK(c, at) REG(EXTMEM + ((c) ? 0x7C : 0x1C) + (at))
#define SYNC(c, at) REG(EXTMEM + ((c) ? 0x88 : 0x28) + (at))
#define OCCUPY(at) REG(EXTMEM + 0x34 + (at))
#define PRELOAD(c, at) REG(EXTMEM + ((c) ? 0x94 : 0x40) + (at))
#define AUTOLOAD(c, at) REG(EXTMEM + ((c) ? 0xA0 : 0x4C) + (at))
#define STATE(c) (REG(EXTMEM + 0x130) >> ((c) ? 0 : 12) & 0xFFF)
#define FREEZE(c) REG(EXTMEM + ((c) ? 0x154 : 0x150))
#define SRAM_USAGE REG(0x600C1014)

/// What firmware has called around an operation on cached data.
typedef struct { void (*start)(void), (*end)(void); } Callbacks;
extern Callbacks rom_cache_op_cb;
static void begin(void) {
  if (rom_cache_op_cb.start) rom_cache_op_cb.start();
}
static void finish(void) {
  if (rom_cache_op_cb.end) rom_cache_op_cb.end();
}

u32 Cache_Get_ICache_Line_Size(void) { return CTRL(icache) & 1 << 3 ? 32 : 16; }
u32 Cache_Get_DCache_Line_Size(void) { return 16u << (CTRL(dcache) >> 3 & 3); }
static u32 line_size(int c) { return c ? Cache_Get_ICache_Line_Size() : Cache_Get_DCache_Line_Size(); }

/// struct cache_mode of cache.h; which cache is asked for stands in `is_icache`.
typedef struct { u32 size; u16 line; u8 ways, is_icache; } Mode;
void Cache_Get_Mode(Mode *m) {
  int c = m->is_icache;
  m->size = (c ? 0x4000 : 0x8000) << (CTRL(c) >> 2 & 1);
  m->line = line_size(c);
  m->ways = c && CTRL(c) & 2 ? 8 : 4;
}
void Cache_Set_ICache_Mode(u32 size, u32 ways, u32 line) { CTRL(icache) = (CTRL(icache) & ~14) | (size & 1) << 2 | (ways & 1) << 1 | (line & 1) << 3; }
void Cache_Set_DCache_Mode(u32 size, u32 ways, u32 line) {
  (void)ways;
  CTRL(dcache) = (CTRL(dcache) & ~28) | (size & 1) << 2 | (line & 3) << 3;
}
void Cache_Set_Default_Mode(void) { Cache_Set_ICache_Mode(0, 1, 1), Cache_Set_DCache_Mode(0, 0, 1); }
/// Banks of the SRAM that the caches take: 16 KiB each for instructions, 32 KiB each for data.
void Cache_Occupy_ICache_MEMORY(u32 low, u32 high) { SRAM_USAGE = (SRAM_USAGE & ~3) | (low ? 1 : 0) | (high ? 2 : 0); }
void Cache_Occupy_DCache_MEMORY(u32 low, u32 high) { SRAM_USAGE = (SRAM_USAGE & ~12) | (low ? 4 : 0) | (high ? 8 : 0); }
void Cache_Owner_Init(void) { Cache_Occupy_ICache_MEMORY(1, 0), Cache_Occupy_DCache_MEMORY(1, 0); }

u32 Cache_Address_Through_ICache(u32 at) { return at >= 0x42000000 && at < 0x44000000; }
u32 Cache_Address_Through_DCache(u32 at) { return at >= 0x3C000000 && at < 0x3E000000; }

static void synchronise(int c, u32 at, u32 lines, u32 operation) {
  SYNC(c, 4) = at;
  SYNC(c, 8) = lines;
  SYNC(c, 0) |= operation;
  while (!(SYNC(c, 0) & (c ? 2 : 8))) {}
}
void Cache_Invalidate_ICache_Items(u32 at, u32 lines) { synchronise(icache, at, lines, 1); }
void Cache_Invalidate_DCache_Items(u32 at, u32 lines) { synchronise(dcache, at, lines, 1); }
void Cache_WriteBack_Items(u32 at, u32 lines) { synchronise(dcache, at, lines, 2); }
void Cache_Clean_Items(u32 at, u32 lines) { synchronise(dcache, at, lines, 4); }
/// Of the whole cache: no line is named.
void Cache_Invalidate_ICache_All(void) { synchronise(icache, 0, 0, 1); }
void Cache_Invalidate_DCache_All(void) { synchronise(dcache, 0, 0, 1); }
void Cache_WriteBack_All(void) { synchronise(dcache, 0, 0, 2); }
void Cache_Clean_All(void) { synchronise(dcache, 0, 0, 4); }

/// An operation on the lines of a span of bytes; 1 when the span is in no cache.
static int over(u32 at, u32 size, void (*on_instructions)(u32, u32), void (*on_data)(u32, u32)) {
  void (*f)(u32, u32) = Cache_Address_Through_ICache(at) ? on_instructions : Cache_Address_Through_DCache(at) ? on_data : NULL;
  if (!f || size > 0x2000000) return 1;
  u32 line = line_size(Cache_Address_Through_ICache(at)), first = at & ~(line - 1);
  begin();
  if (size) f(first, (at + size - first + line - 1) / line);
  finish();
  return 0;
}
int Cache_Invalidate_Addr(u32 at, u32 size) { return over(at, size, Cache_Invalidate_ICache_Items, Cache_Invalidate_DCache_Items); }
int Cache_Clean_Addr(u32 at, u32 size) { return over(at, size, NULL, Cache_Clean_Items); }
int Cache_WriteBack_Addr(u32 at, u32 size) { return over(at, size, NULL, Cache_WriteBack_Items); }

static void lock_lines(int c, u32 at, u32 lines, u32 operation) {
  LOCK(c, 4) = at;
  LOCK(c, 8) = lines;
  LOCK(c, 0) |= operation;
  while (!(LOCK(c, 0) & 4)) {}
}
void Cache_Lock_ICache_Items(u32 at, u32 lines) { lock_lines(icache, at, lines, 1); }
void Cache_Unlock_ICache_Items(u32 at, u32 lines) { lock_lines(icache, at, lines, 2); }
void Cache_Lock_DCache_Items(u32 at, u32 lines) { lock_lines(dcache, at, lines, 1); }
void Cache_Unlock_DCache_Items(u32 at, u32 lines) { lock_lines(dcache, at, lines, 2); }
int Cache_Lock_Addr(u32 at, u32 size) { return over(at, size, Cache_Lock_ICache_Items, Cache_Lock_DCache_Items); }
int Cache_Unlock_Addr(u32 at, u32 size) { return over(at, size, Cache_Unlock_ICache_Items, Cache_Unlock_DCache_Items); }
void Cache_Occupy_Items(u32 at, u32 lines) {
  OCCUPY(4) = at;
  OCCUPY(8) = lines;
  OCCUPY(0) |= 1;
  while (!(OCCUPY(0) & 2)) {}
}
int Cache_Occupy_Addr(u32 at, u32 size) { return over(at, size, NULL, Cache_Occupy_Items); }

// Autoload: what was on is told, and given back later.
static u32 suspend_autoload(int c) {
  u32 on = AUTOLOAD(c, 0) & 4;
  if (on) AUTOLOAD(c, 0) &= ~4;
  while (!(AUTOLOAD(c, 0) & 8)) {}
  return on;
}
static void resume_autoload(int c, u32 on) { AUTOLOAD(c, 0) |= on & 4; }
u32 Cache_Suspend_ICache_Autoload(void) { return suspend_autoload(icache); }
void Cache_Resume_ICache_Autoload(u32 on) { resume_autoload(icache, on); }
u32 Cache_Suspend_DCache_Autoload(void) { return suspend_autoload(dcache); }
void Cache_Resume_DCache_Autoload(u32 on) { resume_autoload(dcache, on); }
void Cache_Enable_ICache_Autoload(void) { AUTOLOAD(icache, 0) |= 4; }
void Cache_Disable_ICache_Autoload(void) { suspend_autoload(icache); }
void Cache_Enable_DCache_Autoload(void) { AUTOLOAD(dcache, 0) |= 4; }
void Cache_Disable_DCache_Autoload(void) { suspend_autoload(dcache); }

static u32 start_preload(int c, u32 at, u32 size, u32 order) {
  u32 on = suspend_autoload(c);
  PRELOAD(c, 4) = at;
  PRELOAD(c, 8) = size;
  PRELOAD(c, 0) = (PRELOAD(c, 0) & ~4) | (order & 1) << 2 | 1;
  return on;
}
u32 Cache_Start_ICache_Preload(u32 at, u32 size, u32 order) { return start_preload(icache, at, size, order); }
u32 Cache_ICache_Preload_Done(void) { return PRELOAD(icache, 0) >> 1 & 1; }
void Cache_End_ICache_Preload(u32 on) { resume_autoload(icache, on); }
u32 Cache_Start_DCache_Preload(u32 at, u32 size, u32 order) { return start_preload(dcache, at, size, order); }
u32 Cache_DCache_Preload_Done(void) { return PRELOAD(dcache, 0) >> 1 & 1; }
void Cache_End_DCache_Preload(u32 on) { resume_autoload(dcache, on); }

// On and off
static void stop(int c) {
  CTRL(c) &= ~1;
  while (STATE(c) != 1) {}
}
static void go(int c, u32 on) { CTRL(c) |= 1, resume_autoload(c, on); }
u32 Cache_Suspend_ICache(void) {
  u32 on = suspend_autoload(icache);
  stop(icache);
  return on;
}
u32 Cache_Suspend_DCache(void) {
  u32 on = suspend_autoload(dcache);
  stop(dcache);
  return on;
}
void Cache_Resume_ICache(u32 on) { go(icache, on); }
void Cache_Resume_DCache(u32 on) { go(dcache, on); }
u32 Cache_Disable_ICache(void) {
  u32 on = Cache_Suspend_ICache();
  Cache_Invalidate_ICache_All();
  return on;
}
u32 Cache_Disable_DCache(void) {
  u32 on = Cache_Suspend_DCache();
  Cache_Invalidate_DCache_All();
  return on;
}
void Cache_Enable_ICache(u32 on) { go(icache, on); }
void Cache_Enable_DCache(u32 on) { go(dcache, on); }
void Cache_Enable_Default_ICache_Mode(void) { Cache_Set_ICache_Mode(0, 1, 1), Cache_Enable_ICache(0); }
static void freeze(int c, u32 mode) {
  FREEZE(c) = (mode & 1) << 1 | 1;
  while (!(FREEZE(c) & 4)) {}
}
static void melt(int c) {
  FREEZE(c) &= ~1;
  while (FREEZE(c) & 4) {}
}
void Cache_Freeze_ICache_Enable(u32 mode) { freeze(icache, mode); }
void Cache_Freeze_ICache_Disable(void) { melt(icache); }
void Cache_Freeze_DCache_Enable(u32 mode) { freeze(dcache, mode); }
void Cache_Freeze_DCache_Disable(void) { melt(dcache); }
/// No core reaches the caches; the data bus of both does.
void Cache_Mask_All(void) { CTRL1(icache) |= 3, CTRL1(dcache) |= 3; }
void Cache_UnMask_Dram0(void) { CTRL1(dcache) &= ~3; }

/// Sizes in bytes, ways in number, as an application was built for; its lines too.
void config_instruction_cache_mode(u32 size, u32 ways, u32 line) {
  u32 on = Cache_Disable_ICache();
  Cache_Occupy_ICache_MEMORY(1, size == 0x8000 ? 2 : 0);
  Cache_Set_ICache_Mode(size == 0x8000, ways == 8, line == 32);
  Cache_Invalidate_ICache_All();
  Cache_Enable_ICache(on);
}
void config_data_cache_mode(u32 size, u32 ways, u32 line) {
  u32 on = Cache_Disable_DCache();
  Cache_Occupy_DCache_MEMORY(1, size == 0x10000 ? 2 : 0);
  Cache_Set_DCache_Mode(size == 0x10000, ways == 8, line == 64 ? 2 : line == 32 ? 1 : 0);
  Cache_Invalidate_DCache_All();
  Cache_Enable_DCache(on);
}

// The table of pages of 64 KiB, one for both buses
void Cache_MMU_Init(void) {
  for (u32 i = 0; i < 512; i++) MMU(i) = INVALID;
}
/// `count` pages of `size` KiB from `physical`, all the same one when `fixed`; `what`: 0 flash, IN_PSRAM or INVALID. 0, or which argument is wrong.
static int set_pages(u32 base, u32 what, u32 virtual, u32 physical, u32 size, u32 count, u32 fixed) {
  if ((virtual | physical) & 0xFFFF) return 2;
  if (size != 64) return 3;
  if (virtual < base || virtual >= base + 0x2000000 || count > (base + 0x2000000 - virtual) >> 16) return 4;
  for (u32 i = 0; i < count; i++) MMU(((virtual - base) >> 16) + i) = what | ((physical >> 16) + (fixed ? 0 : i));
  return 0;
}
int Cache_Ibus_MMU_Set(u32 what, u32 virtual, u32 physical, u32 size, u32 count, u32 fixed) { return set_pages(0x42000000, what, virtual, physical, size, count, fixed); }
int Cache_Dbus_MMU_Set(u32 what, u32 virtual, u32 physical, u32 size, u32 count, u32 fixed) { return set_pages(0x3C000000, what, virtual, physical, size, count, fixed); }

// What an application says of its own pages: the instructions' come first in the table.
static u32 irom_end, drom_end, instruction_pages, rodata_pages, rodata_start, rodata_end;
static int instruction_offset, rodata_offset;
void Cache_Set_IDROM_MMU_Size(u32 irom, u32 drom) { irom_end = irom, drom_end = irom + drom; }
u32 Cache_Get_IROM_MMU_End(void) { return irom_end; }
u32 Cache_Get_DROM_MMU_End(void) { return drom_end; }
void Cache_Set_IDROM_MMU_Info(u32 pages, u32 data_pages, u32 start, u32 end, int offset, int data_offset) {
  instruction_pages = pages, rodata_pages = data_pages, rodata_start = start, rodata_end = end, instruction_offset = offset, rodata_offset = data_offset;
}
int flash2spiram_instruction_offset(void) { return instruction_offset; }
int flash2spiram_rodata_offset(void) { return rodata_offset; }
u32 flash_instr_rodata_start_page(u32 bus) { return bus ? rodata_start >> 16 & 0x1FF : 0; }
u32 flash_instr_rodata_end_page(u32 bus) { return bus ? rodata_end >> 16 & 0x1FF : instruction_pages; }

void ROM_Boot_Cache_Init(void) {
  Cache_Suspend_ICache(), Cache_Suspend_DCache();
  Cache_Owner_Init();
  Cache_MMU_Init();
  Cache_Set_Default_Mode();
  Cache_Invalidate_ICache_All(), Cache_Invalidate_DCache_All();
  Cache_Enable_ICache(0), Cache_Enable_DCache(0);
  Cache_UnMask_Dram0();
}
