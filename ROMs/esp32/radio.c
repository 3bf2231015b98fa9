// The radio's part of the ROM: functions that set, tune and measure its blocks, which firmware fetches as a table with
// phy_get_romfuncs and partly replaces. So they call each other through the table. Blocks: FE and FE2 (the front end), AGC, NRX
// (the receiver), BB (the baseband), WIFI, SENS, and those on the analog bus.
#include "chip.h"

#define WIFI(at) REG(0x3FF20000 + (at))
#define FE2(at) REG(0x60005000 + (at))
#define FE(at) REG(0x60006000 + (at))
#define SENS(at) REG(0x60008800 + (at))
#define ANALOG(at) REG(0x6000E000 + (at))
#define AGC(at) REG(0x6001C000 + (at))
#define NRX(at) REG(0x6001CC00 + (at))
#define BB(at) REG(0x6001D000 + (at))
#define RTC_MEMORY 0x60021000
/// Changes the bits of `mask` to those of `value`.
#define SET(reg, mask, value) ((reg) = ((reg) & ~(mask)) | (value))

typedef int8_t s8;
typedef int16_t s16;
typedef int64_t s64;
typedef struct {
  void (*phy_disable_agc)(void), (*phy_enable_agc)(void), (*disable_agc)(void), (*enable_agc)(void), (*phy_disable_cca)(void), (*phy_enable_cca)(void);
  u32 (*pow_usr)(u32 base, u32 n), (*gen_rx_gain_table)(u32 *table, u32 size, const u16 *gains, const s8 *steps, u32 count, u32 print);
  void (*set_loopback_gain)(u32, u32, u32), (*set_cal_rxdc)(u32, u32, const u32 *), (*loopback_mode_en)(u32 on);
  s32 (*get_data_sat)(s32 v, s32 high, s32 low);
  void (*set_pbus_mem)(void), (*write_gain_mem)(u32 low, u32 high, u32 at), (*rx_gain_force)(u32 on, u32 gain), (*set_txclk_en)(u32 on), (*set_rxclk_en)(u32 on);
  void (*start_tx_tone_step)(u32 on, s32 step, u32 attenuation, u32 on2, s32 step2, u32 attenuation2);
  void (*start_tx_tone)(u32 on, s32 frequency, u32 attenuation, u32 on2, s32 frequency2, u32 attenuation2), (*stop_tx_tone)(u32 which);
  void (*bb_bss_bw_40_en)(u32 on), (*clk_force_on_vit)(u32 on), (*bb_rx_ht20_cen_bcov_en)(u32 on), (*bb_tx_ht20_cen)(u32 on);
  void (*spur_reg_write_one_tone)(u32 n, s32 tone), (*spur_coef_cfg)(u32, u32 mhz, s32 width), (*bb_wdg_test_en)(u32, u32, u32, u32, u32, u32);
  u32 (*mhz2ieee)(u32 mhz, u32 flags);
  void (*bb_bss_cbw40_dig)(u32 on), (*cbw2040_cfg)(u32 on), (*noise_floor_auto_set)(void);
  s32 (*phy_get_noisefloor)(void), (*check_noise_floor)(void);
  void (*set_noise_floor)(s32), (*chip_v7_rx_rifs_en)(u32 on);
  u32 (*rtc_mem_backup)(const u32 *from, const u32 *last, u32 at), (*rtc_mem_recovery)(u32 *to, const u32 *last, u32 at);
  u32 (*chip_i2c_readReg)(u32 block, u32 host, u32 at), (*i2c_readReg)(u32 block, u32 host, u32 at);
  void (*chip_i2c_writeReg)(u32 block, u32 host, u32 at, u32 value), (*i2c_writeReg)(u32 block, u32 host, u32 at, u32 value);
  u32 (*i2c_readReg_Mask)(u32 block, u32 host, u32 at, u32 high, u32 low);
  void (*i2c_writeReg_Mask)(u32 block, u32 host, u32 at, u32 high, u32 low, u32 value);
  void (*pbus_force_mode)(u32 on, u32 us);
  u32 (*pbus_rd_addr)(u32 chain, u32 at), (*pbus_rd_shift)(u32 chain, u32 at);
  void (*pbus_force_test)(u32 chain, u32 at, u32 value);
  u32 (*pbus_rd)(u32 chain, u32 at);
  void (*pbus_debugmode)(void), (*pbus_workmode)(void), (*pbus_set_rxgain)(u32 gain), (*pbus_xpd_rx_off)(void), (*pbus_xpd_rx_on)(u32 gain), (*pbus_xpd_tx_off)(void);
  void (*pbus_xpd_tx_on)(u32 rf, u32 bb), (*pbus_set_dco)(const u16 offsets[4]), (*rfpll_reset)(void), (*restart_cal)(void), (*write_rfpll_sdm)(const u8 sdm[3]), (*wait_rfpll_cal_end)(void);
  void (*rfpll_set_freq)(u32 mhz, u32 crystal, s32 offset, u8 sdm[3]), (*set_channel_freq)(u32 channel, u32 crystal, s32 offset), (*phy_freq_correct)(u32 on, s32 offset);
  void (*set_rf_freq_offset)(u32 crystal, u32 mhz, s32 offset), (*chip_v7_rx_init)(void), (*chip_v7_tx_init)(void), (*chip_v7_bt_init)(void);
  u32 (*txbbgain_to_index)(u32 gain), (*index_to_txbbgain)(u32 index);
  void (*txdc_cal_init)(u16 *, u32 rf, u32 bb, u32 set), (*txdc_cal_v70)(u16 *), (*en_pwdet)(void);
  void *none72;
  void (*txcal_work_mode)(void);
  u32 (*txiq_set_reg)(s32 v, u32 isGain);
  void (*read_sar_dout)(u16 values[8]);
  s32 (*get_fm_sar_dout)(s16 *, s16 *), (*txtone_linear_pwr)(u32 raw);
  void (*txiq_get_mis_pwr)(u32 side, u32 attenuation, s32 step, s16 *, s16 *, u32 raw), (*txiq_cover)(u32 attenuation, s32 step, s8 result[2], u32 raw);
  s32 (*abs_temp)(s32);
  void (*iq_est_enable)(u32, u32 count), (*iq_est_disable)(void), (*dc_iq_est)(u32, u32 count, s32 result[2]);
  void (*pbus_rx_dco_cal)(u32 count, s16 *offsets, u32 us, u32 print, u32 print_all), (*rxiq_get_mis)(u32 shift, s8 result[2], u32 print);
  u32 (*rxiq_set_reg)(s32 v, u32 isGain);
  void (*rxiq_cover_mg_mp)(u32 shift, s8 *gain, s8 *phase, u32 print), (*rfcal_rxiq)(u32 shift, s32 step, u32 attenuation, s8 result[2], u32 print);
  u32 (*get_rfcal_rxiq_data)(s32 step, u32 attenuation, u32 print), (*set_chan_cal_interp)(const s8 values[4], u32 channel);
  void (*set_txcap_reg)(const u8 *table, u32 channel), (*rfcal_txcap)(u32 step, u32 attenuation, u32 print, u8 result[3]);
  s32 (*linear_to_db)(s32 v, u32 fraction), (*get_power_db)(u32 offset), (*meas_tone_pwr_db)(u32 attenuation);
  void *none96;
  void (*rfcal_pwrctrl)(u32 step, const u8 *targets, u32 count, u32 base, s8 *result, u32 offset, u32 start, u32 print);
  void (*tx_atten_set_interp)(const s8 *table, u32 channel, u32 offset), (*target_power_add_backoff)(s8 *to, const s8 *from, s32 backoff);
  u32 (*get_rf_gain_qdb)(u32 index);
  void (*correct_rf_ana_gain)(s8 *error, u16 *rf, u16 *bb);
  u32 (*phy_get_vdd33)(void);
  s32 (*get_sar_dout)(u32 offset);
  u32 (*get_pwctrl_correct)(s32 v, s16 *sum, u32 shift, u32 step);
  void (*tx_pwctrl_bg_init)(void);
  void *none106;
} PhyFunctions;
extern PhyFunctions *rom_phyFuns, g_phyFuns_instance;
#define phy rom_phyFuns
PhyFunctions *phy_get_romfuncs(void) { return phy; }

static s32 clamp(s32 v, s32 low, s32 high) { return v < low ? low : v > high ? high : v; }
static s32 magnitude(s32 v) { return v < 0 ? -v : v; }

// ---- gain control, clear channel assessment, noise floor

void rom_phy_disable_agc(void) { AGC(0x30) |= 1 << 29; }
void rom_phy_enable_agc(void) { AGC(0x30) &= ~(1 << 29); }
void rom_disable_agc(void) { AGC(0x30) |= 1 << 29, AGC(0x38) |= 1 << 29; }
void rom_enable_agc(void) { AGC(0x30) &= ~(1 << 29), AGC(0x38) &= ~(1 << 29); }
void rom_phy_disable_cca(void) { AGC(0x74) |= 1 << 19 | 1 << 21, AGC(0x74) &= ~(1 << 20 | 1 << 22); }
void rom_phy_enable_cca(void) { AGC(0x74) &= ~(1 << 19 | 1 << 21); }
void rom_rx_gain_force(u32 on, u32 gain) {
  SET(AGC(0x2C), 0xFF000000, gain << 24);
  SET(AGC(0x2C), 1 << 23, on << 23 & 1 << 23);
}
void rom_chip_v7_rx_rifs_en(u32 on) { SET(AGC(0xF4), 1, on & 1); }

/// Quarters of a dBm, from -98 to -90 dBm.
static s32 noise_in_range(s32 v) { return v < -392 ? -392 : v > -360 ? -360 : v; }
static s32 measured_noise(void) { return (s32)(AGC(0x50) & 0x3FF) - 1024; }
void rom_noise_floor_auto_set(void) {
  AGC(0x18) |= 1 << 23;
  AGC(0x18) |= 1 << 28;
  BB(0x44) |= 1;
  BB(0x50) |= 1;
}
s32 rom_phy_get_noisefloor(void) {
  s32 v = noise_in_range(measured_noise());
  BB(0x50) |= 1;
  return v;
}
s32 rom_check_noise_floor(void) {
  AGC(0x18) &= ~(1 << 23);
  AGC(0x18) |= 1 << 25;
  AGC(0x18) &= ~(1 << 25);
  AGC(0x18) |= 1 << 23;
  u32 start = WIFI(0xC00);
  while (!(AGC(0x18) & 1 << 24)) {
    if (WIFI(0xC00) - start > 50000) return -359;
  }
  return noise_in_range(measured_noise());
}
void rom_set_noise_floor(s32 v) {
  SET(AGC(0x18), 0x3FF << 5, (noise_in_range((s16)v) & 0x3FF) << 5);
  AGC(0x18) |= 1 << 4;
}

// ---- arithmetic

u32 rom_pow_usr(u32 base, u32 n) {
  u32 v = 1;
  while (n--) v *= base;
  return v;
}
s32 rom_get_data_sat(s32 v, s32 high, s32 low) { return v > high ? high : v < low ? low : v; }
s32 rom_abs_temp(s32 v) { return magnitude(v); }
/// The Wi-Fi channel of a frequency; bit 7 of `flags`: the band at 2.4 GHz.
u32 rom_mhz2ieee(u32 mhz, u32 flags) {
  mhz &= 0xFFFF;
  if (mhz == 2484) return 14;
  if (mhz < 2484) return (((s32)mhz - 2407) / 5) & 0xFF;
  return flags & 1 << 7 ? (((s32)mhz - 2512) / 20 + 15) & 0xFF : 255;
}
/// Eighths of a decibel of power, near enough, of a number with `fraction` bits behind the point.
s32 rom_linear_to_db(s32 v, u32 fraction) {
  static const u8 sixteenths[16] = {0, 4, 8, 12, 16, 19, 22, 25, 28, 31, 34, 36, 39, 41, 44, 46};  // 48 log2(1 + i/16)
  fraction &= 0xFF;
  v = fraction < 3 ? v << (3 - fraction) : v >> ((fraction - 3) & 31);
  s32 octaves = 0;
  while (v < 0 ? octaves < 28 : v >> octaves >= 16) octaves++;
  return (s16)(48 * octaves + sixteenths[(octaves > 1 ? v >> (octaves - 1) : v) & 15]);
}

// ---- the analog bus: a word per host; block, register, value, bit 24 write, bit 25 busy

u32 rom_chip_i2c_readReg(u32 block, u32 host, u32 at) {
  host = 4 * (host & 0xFF);
  ANALOG(host) = (block & 0xFF) | (at & 0xFF) << 8;
  while (ANALOG(host) & 1 << 25) {}
  return ANALOG(host) >> 16 & 0xFF;
}
void rom_chip_i2c_writeReg(u32 block, u32 host, u32 at, u32 value) {
  host = 4 * (host & 0xFF);
  ANALOG(host) = (block & 0xFF) | (at & 0xFF) << 8 | (value & 0xFF) << 16 | 1 << 24;
  while (ANALOG(host) & 1 << 25) {}
}
u32 rom_i2c_readReg(u32 block, u32 host, u32 at) { return phy->chip_i2c_readReg(block & 0xFF, host & 0xFF, at & 0xFF); }
void rom_i2c_writeReg(u32 block, u32 host, u32 at, u32 value) { phy->chip_i2c_writeReg(block & 0xFF, host & 0xFF, at & 0xFF, value & 0xFF); }
static u32 ones(u32 high, u32 low) { return (1u << ((high - low + 1) & 31)) - 1; }
u32 rom_i2c_readReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low) { return phy->i2c_readReg(block & 0xFF, host & 0xFF, at & 0xFF) >> (low & 31) & ones(high, low) & 0xFF; }
void rom_i2c_writeReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low, u32 value) {
  u32 v = phy->i2c_readReg(block & 0xFF, host & 0xFF, at & 0xFF);
  phy->i2c_writeReg(block & 0xFF, host & 0xFF, at & 0xFF, ((v & ~(ones(high, low) << (low & 31))) | (value & 0xFF) << (low & 31)) & 0xFF);
}

// ---- the bus to the receive and transmit chains

void rom_pbus_force_mode(u32 on, u32 us) {
  SET(FE(0xA0), 3 << 25, on & 0xFF ? 3 << 25 : 0);
  SET(FE(0x94), 1, on & 1);
  if (on & 0xFF || !(WIFI(0xC04) & 2)) return;
  ets_delay_us(1);
  SET(AGC(0x2C), 0xFF000000, 0x32000000);
  AGC(0x2C) |= 1 << 23;
  ets_delay_us(us);
  AGC(0x2C) &= ~(1 << 23);
}
void rom_pbus_debugmode(void) { phy->pbus_force_mode(1, 0); }
void rom_pbus_workmode(void) { phy->pbus_force_mode(0, 0); }
void rom_pbus_force_test(u32 chain, u32 at, u32 value) {
  SET(FE(0x94), 0x1FFFE, (value & 0xFFFF) << 6 | (at & 0xFF) << 15 | (chain & 0xFF) << 2 | 2);
  while (FE(0xA0) >> 31) {}
  FE(0x94) &= ~2;
}
/// Registers of the chains lie side by side, three of nine bits in a word.
u32 rom_pbus_rd_addr(u32 chain, u32 at) {
  static const u8 second[6] = {0xA8, 0xAC, 0xAC, 0xB0, 0xB0, 0xB4};
  chain &= 0xFF;
  if (chain >= 6) return chain;
  return 0x60006000 + (chain == 1 && (at & 0xFF) == 1 ? 0xA8 : second[chain]);
}
u32 rom_pbus_rd_shift(u32 chain, u32 at) {
  static const u8 shifts[6][2] = {{9, 9}, {0, 18}, {9, 0}, {18, 9}, {0, 0}, {0, 0}};
  chain &= 0xFF;
  return chain >= 6 ? chain : shifts[chain][(at & 0xFF) != 1];
}
u32 rom_pbus_rd(u32 chain, u32 at) {
  u32 address = phy->pbus_rd_addr(chain & 0xFF, at & 0xFF);
  return REG(address) >> (phy->pbus_rd_shift(chain & 0xFF, at & 0xFF) & 31) & 0x1FF;
}
void rom_pbus_set_rxgain(u32 gain) {
  u32 low = (gain & 7) << 6 | (gain & 1 << 3) << 2 | (gain & 1 << 4) | (gain & 1 << 5) >> 2 | (gain & 1 << 6) >> 4 | (gain & 1 << 7) >> 6 | (gain >> 8 & 1);
  u32 high = (phy->pbus_rd(0, 1) & 0x185) | (gain >> 10 & 1) << 1 | (gain >> 11 & 15) << 3;
  phy->pbus_force_test(1, 2, low);
  phy->pbus_force_test(0, 1, high);
}
static void set_chains(const u16 (*values)[3], u32 count) {
  for (u32 i = 0; i < count; i++) phy->pbus_force_test(values[i][0], values[i][1], values[i][2]);
}
void rom_pbus_xpd_rx_off(void) {
  static const u16 v[][3] = {{0, 1, 0}, {1, 1, 0}, {1, 2, 0}};
  set_chains(v, 3);
}
void rom_pbus_xpd_rx_on(u32 gain) {
  static const u16 v[][3] = {{4, 1, 0}, {5, 1, 0}, {0, 1, 0x184}, {1, 1, 0x189}};
  set_chains(v, 4);
  phy->pbus_force_test(1, 2, gain & 0xFFFF);
}
void rom_pbus_xpd_tx_off(void) {
  static const u16 v[][3] = {{4, 1, 0}, {5, 1, 0}, {1, 1, 0}, {1, 2, 0}, {0, 1, 0}};
  set_chains(v, 5);
}
void rom_pbus_xpd_tx_on(u32 rf, u32 bb) {
  phy->pbus_force_test(0, 1, 1);
  phy->pbus_force_test(1, 1, 0x7C);
  phy->pbus_force_test(1, 2, bb & 0xFFFF);
  phy->pbus_force_test(4, 1, 0x7F);
  phy->pbus_force_test(5, 1, rf & 0xFFFF);
}
/// Offsets of the two mixers' stages: I and Q of the first, I and Q of the second.
void rom_pbus_set_dco(const u16 offsets[4]) {
  for (u32 i = 0; i < 4; i++) phy->pbus_force_test(2 + (i & 1), 1 + i / 2, offsets[i]);
}
void rom_set_cal_rxdc(u32 row, u32 column, const u32 *table) {
  const u32 *v = table + 2 * ((6 * row + column) & 0xFF);
  u16 offsets[4] = {v[0] >> 9 & 0x1FF, v[1] >> 9 & 0x1FF, v[0] & 0x1FF, v[1] & 0x1FF};
  phy->pbus_set_dco(offsets);
}
void rom_set_loopback_gain(u32 a, u32 b, u32 c) {
  phy->pbus_force_test(4, 1, 0x7F);
  phy->pbus_force_test(5, 1, a & 0xFFFF);
  phy->pbus_force_test(0, 1, b & 0xFFFF);
  phy->pbus_force_test(1, 1, 0x1F9);
  phy->pbus_force_test(1, 2, c & 0xFFFF);
}
void rom_set_txclk_en(u32 on) { SET(FE(0xA0), 3 << 16, on & 0xFF ? 3 << 16 : 0); }
void rom_set_rxclk_en(u32 on) { SET(FE(0xA0), 3 << 14, on & 0xFF ? 3 << 14 : 0); }
void rom_loopback_mode_en(u32 on) {
  on &= 0xFF;
  phy->i2c_writeReg_Mask(103, 1, 0, 6, 6, on);
  phy->set_txclk_en(on);
  phy->set_rxclk_en(on);
}

/// The sequences of bus commands: each half of FE's words from 0x30 on names where one begins, and takes its last word. They go
/// into a memory of 256 words.
void rom_set_pbus_mem(void) {
  static const u32 commands[] = {
      0x709FF, 0x1713FF, 0xF50000, 0xF60000, 0x401FF, 0x1611FF, 0x403FF, 0x14F9FF, 0xF00000, 0xF10000, 0xF20000, 0x401FF, 0x1411FF, 0x44FFFF, 0xF30000, 0x4401FF,
      0x709FF, 0x1717FF, 0xF50000, 0xF60000, 0x401FF, 0x1615FF, 0x403FF, 0x14FDFF, 0xF00000, 0xF10000, 0xF20000, 0x401FF, 0x1415FF, 0x44FFFF, 0xF30000, 0x4401FF};
  static const u8 lengths[] = {4, 2, 5, 2, 2, 1};
  u32 memory[256 + 4];
  memset(memory, 0, sizeof memory);
  const u32 *next = commands;
  for (u32 i = 0; i < 12; i++) {
    u32 length = lengths[i % 6], at = 0x30 + i / 2 * 4, half = 16 * (i & 1), first = FE(at) >> half & 0xFF;
    SET(FE(at), 0xFFu << (half + 8), (first + length - 1) << (half + 8) & 0xFFu << (half + 8));
    for (u32 k = 0; k < length; k++) memory[first + k] = *next++;
  }
  for (u32 i = 0; i < 256; i++) {
    FE2(0x38) = memory[i];
    SET(FE2(0x34), 0xFF << 8, i << 8);
    FE2(0x34) &= ~(1 << 17);
    FE2(0x34) |= 1 << 17;
  }
}
void rom_write_gain_mem(u32 low, u32 high, u32 at) {
  SET(FE2(0x34), 0xFF, 0xF0);
  FE2(0x38) = high;
  SET(FE2(0x34), 0x1FF << 8, (at & 0xFF) << 8);
  FE2(0x34) |= 1 << 16;
  SET(FE2(0x34), 0xFF, 0x0F);
  FE2(0x38) = low;
  SET(FE2(0x34), 0x1FF << 8, (at & 0xFF) << 8);
  FE2(0x34) |= 1 << 16;
}
/// The analog gain for each step: `steps` tells how many steps there are to a coarse gain, and what remains is fine gain, six
/// steps to an octave. Gives how many steps are possible, 85 for all.
u32 rom_gen_rx_gain_table(u32 *table, u32 size, const u16 *gains, const s8 *steps, u32 count, u32 print) {
  s32 total = size & 0x80 ? 127 : size & 0xFF, last = (s32)(count & 0xFF) - 1;
  u32 base = 0, coarse = 0;
  for (s32 i = 0; i < total; i++) {
    s32 rest = (s8)(i - base);
    while (rest >= steps[coarse] && (s32)coarse < last && !(steps[coarse] == 0 && rest < steps[coarse + 1])) {
      base = (base + (u8)steps[coarse]) & 0xFF;
      coarse = (coarse + 1) & 0xFF;
      rest = (s8)(i - base);
    }
    u32 fine = 63, remainder = 5, ends = 0;
    if (rest <= 35) {
      fine = ((1u << (rest / 6 & 31)) - 1) & 0xFFFF;
      remainder = (rest % 6) & 0xFFFF;
      ends = remainder == 5 && fine == 31;
    }
    u32 value = gains[coarse] + 8 * fine + remainder, odd = i & 1;
    if (odd) table[i / 2] += value << 16;
    else table[i / 2] = value;
    if (print & 0xFF) ets_printf("index: %d value: 0x%x 0x%x 0x%x 0x%x\n", i, table[i / 2] >> 16 * odd, gains[coarse], fine, remainder);
    if (ends) return i;
  }
  return 85;
}

// ---- tones

void rom_start_tx_tone_step(u32 on, s32 step, u32 attenuation, u32 on2, s32 step2, u32 attenuation2) {
  step = (s16)step, step2 = (s16)step2;
  if (FE(0xB8) & 1 << 29) {
    SET(FE2(0xA8), 3, step & 3);
    SET(FE2(0xA8), 12, (step2 & 3) << 2);
    step >>= 2, step2 >>= 2;
  }
  SET(FE(0xB8), 0xFFFFFFF, (step & 0xFFFFFFF) | (on & 0xFF) << 18 | (-attenuation & 0xFF) << 10);
  SET(FE(0xBC), 0xFFFFFFF, (step2 & 0xFFFFFFF) | (on2 & 0xFF) << 18 | (-attenuation2 & 0xFF) << 10);
}
void rom_start_tx_tone(u32 on, s32 frequency, u32 attenuation, u32 on2, s32 frequency2, u32 attenuation2) {
  (void)frequency2;
  s32 step = FE(0xB8) & 1 << 29 ? frequency * 128 / 5 & 0xFFF : frequency * 32 / 5 & 0x3FF;
  phy->start_tx_tone_step(on & 0xFF, step, attenuation & 0xFF, on2 & 0xFF, step, attenuation2 & 0xFF);
}
void rom_stop_tx_tone(u32 which) {
  if (which != 2 && which != 3) FE(0xB8) &= ~(1 << 18);
  if (which != 1 && which != 3) FE(0xBC) &= ~(1 << 18);
  if (which != 1 && which != 2) FE(0xC4) &= ~(1 << 18);
}

// ---- bandwidth, spurs, watchdog

void rom_bb_bss_bw_40_en(u32 on) {
  if (on) SET(WIFI(0xC04), 12, 4);
}
void rom_bb_bss_cbw40_dig(u32 on) { SET(WIFI(0xC04), 12, (on & 1) << 2); }
void rom_bb_rx_ht20_cen_bcov_en(u32 on) { SET(BB(0), 1 << 6, on << 6 & 1 << 6); }
void rom_bb_tx_ht20_cen(u32 on) { SET(WIFI(0xC6C), 1 << 27, (on & 1) << 27); }
void rom_cbw2040_cfg(u32 on) {
  SET(WIFI(0xC6C), 1 << 27, on & 0xFF ? 1 << 27 : 0);
  SET(BB(0), 1 << 6, on & 0xFF ? 1 << 6 : 0);
}
void rom_clk_force_on_vit(u32 on) { SET(NRX(0x40), 1, on & 1); }
/// A tone that the receiver shall not take for a signal, in sixteenths of a carrier's distance: how much the carriers about it
/// count, two bits each, by the quarter of the distance that it lies from the nearest.
void rom_spur_reg_write_one_tone(u32 n, s32 tone) {
  static const u32 near[9] = {0x0BE2F8BE, 0x0BE2F8BE, 0x0BE2F8BE, 0x1FE7F9FE, 0x2FEBFAFE, 0x2FDBF6FD, 0x2F8BE2F8, 0x2F8BE2F8, 0x2F8BE2F8};
  static const u32 far[9] = {0x0514A3CF, 0x0514A3CF, 0x0824D79E, 0x0825DBAE, 0x0865DBAE, 0x0862DBAE, 0x0861CB6D, 0x14528F3C, 0x14528F3C};
  n &= 0xFF;
  SET(BB(0x14 + 4 * n), 0x1FFF, tone & 0x1FFF);
  SET(BB(0x14 + 4 * n), 1 << 13, tone ? 1 << 13 : 0);
  s32 carrier = 0, quarter = 9;
  if (tone) {
    s32 nearest = tone & 1 << 12 ? (16 - tone) / 32 : (tone + 16) / 32;
    carrier = tone & 1 << 12 ? -nearest : nearest;
    if (nearest > 61) carrier = nearest;
    else if (tone & 1 << 12) quarter = 4 - (-32 * nearest - tone) / 4;
    else quarter = 4 + (tone - 32 * nearest) / 4;
  }
  int none = quarter < 0 || quarter > 8;
  NRX(0x10 + 8 * n) = none ? 0 : near[quarter];
  NRX(0x14 + 8 * n) = none ? 0 : far[quarter];
  SET(NRX(0xB0), 0x7Fu << (7 * n & 31), (u32)carrier << (7 * n & 31));
}
/// The crystal's harmonic at a multiple of 80 (half MHz) near the channel.
void rom_spur_coef_cfg(u32 unused, u32 frequency, s32 width) {
  (void)unused;
  frequency &= 0xFFFF;
  s32 reach = (s8)width < 2 ? 10 : 20, below = frequency % 80, distance = below < reach ? -below : 80 - below < reach ? 80 - below : 0;
  phy->spur_reg_write_one_tone(0, distance * 5 * 2048 / 100);
  u32 shift = NRX(0x48) >> 24 & 31;
  SET(NRX(0x48), 0xFFFFFF, ((s32)(80u << shift) / (s32)frequency) & 0xFFFFFF);
}
void rom_bb_wdg_test_en(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f) {
  BB(0x3C) = d << 16 | a << 30 | c | b << 31;
  BB(0x40) = f << 29 | 1 << 30 | e << 31;
}

// ---- RTC memory: a block's registers while it is without power

u32 rom_rtc_mem_backup(const u32 *from, const u32 *last, u32 at) {
  u32 n = ((s32)last - (s32)from) / 4 + 1;
  for (u32 i = 0; i < n; i++) REG(RTC_MEMORY + at + 4 * i) = REG((u32)(from + i));
  return 4 * n;
}
u32 rom_rtc_mem_recovery(u32 *to, const u32 *last, u32 at) {
  u32 n = ((s32)last - (s32)to) / 4 + 1;
  for (u32 i = 0; i < n; i++) REG((u32)(to + i)) = REG(RTC_MEMORY + at + 4 * i);
  return 4 * n;
}

// ---- the synthesizer

static void set_analog(const u8 (*values)[4], u32 count) {
  for (u32 i = 0; i < count; i++) phy->i2c_writeReg(values[i][0], values[i][1], values[i][2], values[i][3]);
}
void rom_rfpll_reset(void) {
  static const u8 v[][4] = {{99, 0, 1, 0xF3}, {98, 1, 8, 0}, {98, 1, 3, 0x71}, {98, 1, 4, 0x10}, {104, 3, 0, 0x53}};
  set_analog(v, 5);
}
void rom_restart_cal(void) {
  phy->i2c_writeReg_Mask(98, 1, 0, 6, 6, 1);
  phy->i2c_writeReg_Mask(98, 1, 0, 5, 5, 0);
  phy->i2c_writeReg_Mask(98, 1, 0, 5, 5, 1);
  phy->i2c_writeReg_Mask(98, 1, 0, 6, 6, 0);
}
void rom_write_rfpll_sdm(const u8 sdm[3]) {
  phy->i2c_writeReg(99, 0, 0, 7);
  for (u32 i = 0; i < 3; i++) phy->i2c_writeReg(99, 0, 3 + i, sdm[i]);
  phy->i2c_writeReg(99, 0, 0, 0x17);
}
void rom_wait_rfpll_cal_end(void) {
  for (u32 i = 0; i < 100; i++) {
    ets_delay_us(20);
    if (phy->i2c_readReg_Mask(98, 1, 7, 7, 7)) return;
  }
  ets_printf("error: pll_cal exceeds 2ms!!!\n");
}
/// The factor that makes 4/3 of `mhz` (and of `offset` / 1024) out of the crystal (0: 40 MHz, 1: 26, 2: 24): 32 and 8.16 bits.
void rom_rfpll_set_freq(u32 mhz, u32 crystal, s32 offset, u8 sdm[3]) {
  float crystals = (crystal & 0xFF) == 1 ? 26 * 1024 : (crystal & 0xFF) == 2 ? 24 * 1024 : 40 * 1024;
  float v = (float)((double)((mhz * 1024 + (s16)offset) * 4) / 3) / crystals - 32;
  for (u32 i = 0; i < 3; i++) {
    if (i) v *= 256;
    sdm[i] = (u8)(u32)v;
    v -= (float)(s32)sdm[i];
  }
}
static void set_frequency(u32 mhz, u32 crystal, s32 offset) {
  u8 sdm[3];
  phy->rfpll_set_freq(mhz, crystal, offset, sdm);
  phy->write_rfpll_sdm(sdm);
  phy->restart_cal();
  phy->wait_rfpll_cal_end();
}
void rom_set_channel_freq(u32 channel, u32 crystal, s32 offset) {
  phy->i2c_writeReg_Mask(98, 1, 0, 7, 7, 0);
  phy->i2c_writeReg_Mask(98, 1, 2, 7, 7, 0);
  phy->rfpll_reset();
  channel &= 0xFF;
  set_frequency(channel >= 1 && channel <= 13 ? 2407 + 5 * channel : 2484, crystal & 0xFF, (s16)offset);
}
void rom_set_rf_freq_offset(u32 crystal, u32 mhz, s32 offset) {
  phy->rfpll_reset();
  set_frequency(mhz & 0xFFFF, crystal & 0xFF, (s16)offset);
}
void rom_phy_freq_correct(u32 on, s32 offset) {
  s32 v = 0, sign = 0x1F;
  if (on & 0xFF) {
    v = 2 * (s16)offset / 5;
    sign = (s16)v > 100 ? 0x02 : (s16)v >= -100 ? 0x1F : 0x3D;
  }
  SET(BB(0x30), 0x3FF, on & 0xFF ? 250 : 0);
  SET(FE2(0xF0), 0x1FF, on & 0xFF ? 250 : 0);
  SET(FE2(0xD0), 1 << 30, on & 0xFF ? 0 : 1 << 30);
  if (on & 0xFF) {
    SET(FE2(0xC4), 0xFFFFF, 1000000);
    SET(FE2(0xC8), 0xFFFFF, 1000000 + v);
  }
  SET(AGC(0x850), 0x3F << 9, sign << 9);
  SET(AGC(0x850), 0x1FF, v & 0x1FF);
  SET(NRX(0x98), 0x3FF, v & 0x3FF);
}
void rom_chip_v7_rx_init(void) {
  static const u8 v[][4] = {{100, 0, 4, 0x79}, {100, 0, 7, 0x7B}};
  set_analog(v, 2);
}
void rom_chip_v7_tx_init(void) {
  static const u8 v[][4] = {{107, 2, 3, 0xA8}, {107, 2, 4, 6}, {107, 2, 5, 8}, {107, 2, 6, 0xB8}, {107, 2, 7, 0x5B}, {107, 2, 10, 0x74}};
  set_analog(v, 6);
}
void rom_chip_v7_bt_init(void) {
  phy->i2c_writeReg_Mask(106, 2, 2, 5, 4, 2);
  phy->i2c_writeReg_Mask(106, 2, 0, 1, 0, 2);
}

// ---- the power detector and its ADC

void rom_en_pwdet(void) {
  SET(SENS(0x2C), 7 << 5, 4 << 5);
  SENS(0x90) |= 1 << 27;
  SENS(0x0C) |= 3 << 18;
  ANALOG(0x5C) &= ~(1 << 23);
  ANALOG(0x5C) &= ~(1 << 21);
  ANALOG(0x50) &= ~1;
  FE(0xC0) |= 1 << 7;
  SENS(0x38) &= ~(3u << 30);
}
void rom_tx_pwctrl_bg_init(void) {
  phy->en_pwdet();
  ANALOG(0x60) |= 2;
  ANALOG(0x60) &= ~1;
  ANALOG(0x60) |= 1;
}
static void await_adc(void) {
  while (ANALOG(0x50) & 7 << 24) {}
}
static void measure(void) {
  ANALOG(0x50) &= ~2;
  ANALOG(0x50) |= 2;
  ets_delay_us(10);
  await_adc();
}
/// Eight values: 256 steps of the low byte above 21 are 279.
void rom_read_sar_dout(u16 values[8]) {
  for (u32 i = 0; i < 8; i++) {
    u32 v = ~ANALOG(0x80 + 4 * i), low = v & 0xFF;
    values[i] = (low > 21 ? (low - 21) * 279 >> 8 : 0) + (v & 0x700);
  }
}
s32 rom_get_fm_sar_dout(s16 *first, s16 *second) {
  u16 v[8];
  measure();
  phy->read_sar_dout(v);
  u16 zero = v[6] + v[7], a = v[2] + v[3], b = v[4] + v[5];
  *first = a < zero ? 0 : a - zero;
  *second = b < zero ? 0 : b - zero;
  return (s16)((v[3] + v[4] + v[5] + v[6]) >> 2);
}
s32 rom_get_sar_dout(u32 offset) {
  u16 v[8];
  phy->read_sar_dout(v);
  u32 zero = 3 * (v[6] + v[7]) & 0xFFFF;
  s16 a = 2 * (v[1] + v[2] + v[3]) - zero, b = 3 * (v[4] + v[5]) - zero;
  s32 first = phy->linear_to_db(a > 0 ? a : 0, 3);
  return (s16)((offset & 0xFFFF) + first - phy->linear_to_db(b > 0 ? b : 0, 3));
}
u32 rom_phy_get_vdd33(void) {
  SENS(0x0C) |= 3 << 18;
  SENS(0x90) |= 1 << 27;
  phy->i2c_writeReg_Mask(107, 2, 9, 7, 7, 1);
  phy->i2c_writeReg_Mask(107, 2, 9, 2, 0, 0);
  SENS(0x2C) |= 1 << 4;
  SENS(0x38) &= ~(3u << 30);
  ANALOG(0x5C) |= 1 << 23;
  ANALOG(0x5C) &= ~(1 << 21);
  await_adc();
  measure();
  u16 v[8], sum = 0;
  phy->read_sar_dout(v);
  for (u32 i = 0; i < 8; i++) sum += v[i];
  phy->i2c_writeReg_Mask(107, 2, 9, 7, 7, 0);
  SENS(0x2C) &= ~(1 << 4);
  SENS(0x0C) &= ~(3 << 18);
  return (sum + 2) >> 2 & 0xFFFF;
}
s32 rom_txtone_linear_pwr(u32 raw) {
  s16 sum = 0;
  for (u32 i = 0; i < 4; i++) {
    s16 a, b;
    s32 v = phy->get_fm_sar_dout(&a, &b);
    if (!b) b = 1;
    sum += raw & 0xFF ? v : (a << 10) / b;
  }
  return sum;
}
s32 rom_get_power_db(u32 offset) {
  s16 a, b;
  phy->get_fm_sar_dout(&a, &b);
  s32 first = phy->linear_to_db(a, 3);
  return (s16)((offset & 0xFFFF) + first - phy->linear_to_db(b, 3));
}
s32 rom_meas_tone_pwr_db(u32 attenuation) {
  s16 sum = 0;
  phy->start_tx_tone_step(1, 128, attenuation & 0xFF, 0, 0, 0);
  for (u32 i = 0; i < 4; i++) sum += phy->get_power_db(312);
  phy->stop_tx_tone(1);
  return (s16)((sum + 4) / 8);
}

// ---- the transmitter: offsets, image, capacitors, power

static const u16 bb_gains[4] = {160, 288, 48, 176};
u32 rom_txbbgain_to_index(u32 gain) {
  for (u32 i = 0; i < 4; i++)
    if (bb_gains[i] == (gain & 0xFFFF)) return i + 1;
  return 0;
}
u32 rom_index_to_txbbgain(u32 index) {
  index = (index - 1) & 0xFF;
  return index < 4 ? bb_gains[index] : 32;
}
u32 rom_get_rf_gain_qdb(u32 index) {
  static const u8 quarters[6] = {14, 10, 8, 7, 6, 5};
  index = (index - 1) & 0xFF;
  return index < 6 ? quarters[index] : 5;
}
/// Of both stages of the mixer: the offset that the carrier goes through zero at, found by halving the step.
void rom_txdc_cal_v70(u16 *offsets) {
  phy->pbus_force_test(2, 2, 256);
  phy->pbus_force_test(3, 2, 256);
  for (u32 stage = 1; stage <= 2; stage++) {
    s32 a = 256, b = 256, step = 124, sum_a = 0, sum_b = 0;
    for (u32 i = 0; i < 12; i++) {
      phy->pbus_force_test(3, stage, b & 0xFFFF);
      phy->pbus_force_test(2, stage, a & 0xFFFF);
      ets_delay_us(2);
      SET(ANALOG(0x4C), 0xFFFFFF, 0x113CF1);
      SET(ANALOG(0x4C), 0xFFFFFF, 0x113CF3);
      while (!(ANALOG(0x4C) & 1 << 24)) {}
      u32 up_a = ~ANALOG(0x4C) >> 31, up_b = ~ANALOG(0x4C) >> 30 & 1;
      if (stage == 2) up_a ^= 1, up_b ^= 1;
      a = clamp(up_a ? a + step : a - step, 0, 511);
      b = clamp(up_b ? b + step : b - step, 0, 511);
      step = step == 2 ? 1 : (step >> 1) + 1;
      if (i >= 8) sum_a += a, sum_b += b;
    }
    a = (sum_a + 2) >> 2, b = (sum_b + 2) >> 2;
    phy->pbus_force_test(3, stage, b & 0xFFFF);
    phy->pbus_force_test(2, stage, a & 0xFFFF);
    *offsets++ = a;
    *offsets++ = b;
  }
  SET(ANALOG(0x4C), 0xFFFFFF, 0x113CF0);
}
void rom_txdc_cal_init(u16 *offsets, u32 rf, u32 bb, u32 set) {
  phy->pbus_debugmode();
  phy->pbus_xpd_tx_on(rf & 0xFFFF, bb & 0xFFFF);
  if (set & 0xFF) phy->pbus_force_test(1, 1, phy->pbus_rd(1, 1) | 2);
  for (u32 i = 0; i < 5; i++, offsets += 4) {
    phy->pbus_force_test(1, 2, phy->index_to_txbbgain(i));
    phy->txdc_cal_v70(offsets);
  }
  phy->pbus_xpd_rx_on(0);
  phy->pbus_workmode();
}
void rom_txcal_work_mode(void) {
  phy->stop_tx_tone(1);
  phy->set_txclk_en(0);
  phy->pbus_xpd_rx_on(0);
  phy->pbus_workmode();
  SENS(0x0C) &= ~(3 << 18);
}

/// Sets gain or phase of an image's correction, within its range: what was set.
static u32 set_image(s32 v, u32 is_gain, u32 at) {
  is_gain &= 0xFF;
  v = clamp((s8)v, is_gain ? -15 : -31, is_gain ? 15 : 31);
  u32 mask = is_gain ? 0x1F : 0x3F, shift = at + (is_gain ? 0 : 5);
  SET(FE2(0xDC), mask << shift, (v & mask) << shift);
  return v & 0xFF;
}
u32 rom_txiq_set_reg(s32 v, u32 is_gain) { return set_image(v, is_gain, 0); }
u32 rom_rxiq_set_reg(s32 v, u32 is_gain) { return set_image(v, is_gain, 16); }
void rom_txiq_get_mis_pwr(u32 side, u32 attenuation, s32 step, s16 *first, s16 *second, u32 raw) {
  side &= 0xFF;
  SET(FE(0xB8), 0xFFFFFFF, ((s16)step >> 2 & 0xFFFFFFF) | 0xB << 18 | side << 26 | (-attenuation & 0xFF) << 10);
  SET(FE2(0xA8), 3, step & 3);
  ets_delay_us(10);
  *first = phy->txtone_linear_pwr(raw & 0xFF);
  SET(FE(0xB8), 15 << 24, (((side ^ 1) & 1) | (side << 3 & 15)) << 24);
  ets_delay_us(10);
  *second = phy->txtone_linear_pwr(raw & 0xFF);
}
void rom_txiq_cover(u32 attenuation, s32 step, s8 result[2], u32 raw) {
  s8 gain = 0, phase = 0, gains = 0, phases = 0;
  attenuation &= 0xFF, raw &= 0xFF;
  s32 less = (s8)(attenuation - 12);
  for (u32 i = 0; i < 7; i++) {
    s16 a, b;
    if (i < 3) {
      u32 square = (phase * phase + 128) >> 8 & 0xFF;
      gain = phy->txiq_set_reg((s8)(square + gain), 1) - square;
      phase = phy->txiq_set_reg(phase, 0);
    }
    phy->txiq_get_mis_pwr(1, less > 0 ? less : 0, (s16)step, &a, &b, raw);
    s32 least = a < b ? a : b, sum;
    result[0] = ((b - a) * 2048 / (least ? least : 1) + 16) >> 5;
    phy->txiq_get_mis_pwr(0, attenuation, (s16)step, &a, &b, raw);
    sum = (s16)(a + b);
    result[1] = ((a - b) * 4096 / (sum ? sum : 1) + 16) >> 5;
    if (i < 3) gain -= result[0], phase -= result[1];
    else gains += result[0], phases += result[1];
  }
  gain -= (gains + 2) >> 2;
  phase -= (phases + 2) >> 2;
  phy->txiq_set_reg(gain, 1);
  phy->txiq_set_reg(phase, 0);
  result[0] = gain;
  result[1] = phase;
}

/// What was measured on four channels, for one of them.
u32 rom_set_chan_cal_interp(const s8 values[4], u32 channel) {
  channel = (channel - 1) & 0xFF;
  if (channel > 13) return (u8)values[3];
  if (channel > 10) return (u8)values[2];
  u32 i = channel >= 6;
  return (values[i] + (s32)(channel - 5 * i) / 5 * (values[i + 1] - values[i])) & 0xFF;
}
static u32 interpolated(const s8 *table, u32 rows, u32 row, u32 channel) {
  s8 values[4];
  for (u32 i = 0; i < 4; i++) values[i] = table[rows * i + row];
  return phy->set_chan_cal_interp(values, channel & 0xFF) & 0xFF;
}
static void set_capacitor(u32 i, u32 v) {
  phy->i2c_writeReg_Mask(107, 2, i == 0 ? 1 : 2, i == 2 ? 6 : 3, i == 2 ? 4 : 0, v & 0xFF);
}
void rom_set_txcap_reg(const u8 *table, u32 channel) {
  for (u32 i = 0; i < 3; i++) set_capacitor(i, interpolated((const s8 *)table, 3, i, channel));
}
void rom_rfcal_txcap(u32 step, u32 attenuation, u32 print, u8 result[3]) {
  phy->start_tx_tone_step(1, step & 0xFF, attenuation & 0xFF, 0, 0, 0);
  for (u32 i = 0; i < 3; i++) {
    s32 best = 0;
    result[i] = 0;
    for (u32 k = 0; k < (i == 1 ? 16 : 8); k++) {
      u32 v = i == 0 ? 2 * k + 1 : k;
      set_capacitor(i, v);
      s32 power = phy->txtone_linear_pwr(0);
      if (print & 0xFF) ets_printf("%d, %d; ", k, power);
      if (power > best) best = power, result[i] = v;
    }
    if (print & 0xFF) ets_printf("reg_i=%d, indata=%d\n", i, result[i]);
    set_capacitor(i, result[i]);
  }
  phy->stop_tx_tone(1);
}

/// The attenuation that gives each target power.
void rom_rfcal_pwrctrl(u32 step, const u8 *targets, u32 count, u32 base, s8 *result, u32 offset, u32 start, u32 print) {
  s32 change = 0;
  count &= 0xFF;
  for (u32 i = 0; i < count; i++) {
    s32 error = 2, attenuation = 0;
    for (u32 tries = 0; tries < 10; tries++) {
      s32 before = error, v = (s8)(start + change);
      attenuation = v > 100 ? 99 : v < 0 ? 1 : v;
      phy->start_tx_tone_step(1, step & 0xFF, attenuation, 0, 0, 0);
      ets_delay_us(2);
      s16 power = phy->get_power_db(offset & 0xFFFF);
      power += phy->get_power_db(offset & 0xFFFF);
      error = (s16)(((power + 4) >> 3) - targets[i]);
      if (print & 0xFF) ets_printf("i=%02d  acc=%03d  tgt=%03d  err=%03d  ser=%03d att=%03d\n", tries, (power + 4) >> 3, targets[i], error, change, attenuation);
      if ((error == 0 && tries) || (error == -1 && before == 1) || (error < 0 && attenuation == 0)) break;
      change = (s16)(change + error - ((u32)(error + 2) >= 5 ? error >> 2 : 0));
    }
    s32 v = (s8)(attenuation - (base & 0xFF));
    result[i] = v < -24 ? -24 : v;
  }
  if (count && result[count - 1] - result[0] > 50) result[0] = result[count - 1] - 50;
  phy->stop_tx_tone(1);
}
void rom_tx_atten_set_interp(const s8 *table, u32 channel, u32 offset) {
  u32 v[6];
  for (u32 i = 0; i < 6; i++) v[i] = -(offset + interpolated(table, 6, i, channel)) & 0xFF;
  FE(0x04) = v[3] << 24 | v[2] << 16 | v[1] << 8 | v[0];
  FE(0x08) = v[5] << 24 | v[5] << 16 | v[5] << 8 | v[4];
}
void rom_target_power_add_backoff(s8 *to, const s8 *from, s32 backoff) {
  backoff = (s16)backoff < 24 ? backoff : 24;
  for (u32 i = 0; i < 6; i++) to[i] = from[i] - backoff;
}
/// Coarser analog gains for an error in quarters of a dB that the digital one cannot take.
void rom_correct_rf_ana_gain(s8 *error, u16 *rf, u16 *bb) {
  u32 index = phy->txbbgain_to_index(*bb), gain = *rf >> 4 & 7;
  if (*error > 0) {
    if (index < 2) *error += 8 * index - 16, index = 2;
    while (*error > 0 && gain != 7) *error -= phy->get_rf_gain_qdb(gain++);
    while (*error > 0 && index < 4) *error -= 8, index++;
  } else if (*error < 0) {
    while (*error < 0 && index > 2) *error += 8, index--;
    while (*error < 0 && gain > 1) *error += phy->get_rf_gain_qdb(--gain);
    if (*error < 0 && index <= 2) *error += 8 * index, index = 0;
  }
  *rf = gain << 4 | 15;
  *bb = phy->index_to_txbbgain(index);
}
/// Smooths a value, and gives a step of the power when it has gone far.
u32 rom_get_pwctrl_correct(s32 v, s16 *sum, u32 shift, u32 step) {
  shift &= 0xFF, step &= 0xFF;
  s16 now = v + *sum - (*sum >> (shift & 31));
  s32 limit = step << ((shift + 2) & 31), give = now >= limit ? -1 : now <= -limit ? 1 : 0;
  *sum = now + give * limit;
  return give * step & 0xFF;
}

// ---- the receiver: offsets, image

void rom_iq_est_enable(u32 unused, u32 count) {
  (void)unused;
  SET(FE(0x60), 3 << 26, 1 << 26);
  SET(FE(0x7C), 3 << 19, 2 << 19);
  SET(FE(0x7C), 0x7FFF << 2, (count & 0x7FFF) << 2);
  FE(0x7C) |= 1;
  ets_delay_us(1);
  FE(0x7C) |= 2;
  while (!(FE(0x7C) >> 31)) {}
}
void rom_iq_est_disable(void) {
  FE(0x7C) &= ~2;
  ets_delay_us(1);
  FE(0x7C) &= ~1;
}
void rom_dc_iq_est(u32 which, u32 count, s32 result[2]) {
  count &= 0xFFFF;
  phy->iq_est_enable(which & 0xFF, count);
  result[0] = ((s32)FE(0xDC) >> 6) / (s32)(count + 1);
  result[1] = ((s32)FE(0xE0) >> 6) / (s32)(count + 1);
  phy->iq_est_disable();
}
/// Of both stages of the mixer: the offsets that leave no mean.
void rom_pbus_rx_dco_cal(u32 count, s16 *offsets, u32 us, u32 print, u32 print_all) {
  static const u8 weights[8] = {80, 71, 63, 56, 50, 44, 0, 0};
  u32 gains = phy->pbus_rd(1, 2), coarse = 0, fine = gains >> 6 & 0xFF;
  for (u32 v = gains & 0x3F; v; v >>= 1) coarse += v & 1;
  phy->pbus_force_test(2, 2, 256);
  phy->pbus_force_test(3, 2, 256);
  s32 limit = coarse < 3 ? 2 : coarse == 3 ? 5 : 10;
  u32 shift = (coarse < 3 ? 4 : coarse + 2) + 2, shift1 = coarse + 7;
  for (u32 stage = 1; stage <= 2; stage++, offsets += 2) {
    s32 v[2] = {512, 512}, mean[2];
    u32 tries = 0, most = 4;
    if (stage == 1) v[0] = (s16)(2 * offsets[0]), v[1] = (s16)(2 * offsets[1]), most = 12;
    while (tries < most) {
      for (u32 i = 0; i < 2; i++) phy->pbus_force_test(2 + i, stage, (offsets[i] = (v[i] + 1) >> 1) & 0xFFFF);
      ets_delay_us(us & 0xFFFF);
      phy->dc_iq_est(1, count & 0xFFFF, mean);
      if (print_all & 0xFF) ets_printf(" (%d,%d) %d,%d ", v[0], v[1], mean[0], mean[1]);
      if (magnitude(mean[0]) <= limit && magnitude(mean[1]) <= limit) break;
      for (u32 i = 0; i < 2; i++) {
        if (magnitude(mean[i]) > limit) {
          if (stage == 1) v[i] = (s16)(v[i] - (weights[fine & 7] * mean[i] * (i ? 7 : 6) >> (shift1 & 31)));
          else v[i] = (s16)(v[i] + (mean[i] * (i ? 371 : 280) >> (shift & 31)));
        }
        v[i] = clamp(v[i], 0, 1023);
      }
      tries++;
    }
    limit = coarse >= 4 ? 5 : 2;
    if (print & 0xFF) ets_printf("stage %d: CGAIN=%d FGAIN=%d, (%d,%d) %d; ", stage, coarse, fine, mean[0], mean[1], tries);
    if (print_all & 0xFF) ets_printf("\n");
  }
  if (print & 0xFF) ets_printf("\n");
}
static s64 product(s32 a, s32 b) { return (s64)a * b; }
/// Gain and phase of the image, in 1/512, from the sums of the estimator.
void rom_rxiq_get_mis(u32 shift, s8 result[2], u32 print) {
  shift &= 0xFF;
  u32 n = (shift - 2) & 31;
  s32 a = (s32)FE(0x80) >> n, b = (s32)FE(0x8C) >> n, c = (s32)FE(0x88) >> n, d = (s32)FE(0x84) >> n;
  s32 sum = a + b, cross = d - c;
  s64 all = product(sum, sum) + product(cross, cross);
  if (!all) all = 1;
  s64 gain = product(sum, a - b) - product(cross, c + d), phase = product(cross, a - b) + product(sum, c + d);
  result[0] = ((s8)((gain << 9) / all) + 1) >> 1;
  result[1] = ((s8)((phase << 9) / all) + 1) >> 1;
  if (print & 0xFF) ets_printf("%d, %d-%d, ", (s32)FE(0xE4) >> ((shift - 3) & 31), result[0], result[1]);
}
void rom_rxiq_cover_mg_mp(u32 shift, s8 *gain_found, s8 *phase_found, u32 print) {
  s8 gain = 0, phase = 0, mean[2];
  for (u32 i = 0; i < 2; i++) {
    u32 square = (phase * phase + 128) >> 8 & 0xFF;
    gain = phy->rxiq_set_reg((s8)(gain - square), 1);
    phase = phy->rxiq_set_reg(phase, 0);
    phy->iq_est_enable(1, 1u << (shift & 31) & 0xFFFF);
    phy->rxiq_get_mis(shift & 0xFF, mean, print & 0xFF);
    gain += square + mean[0];
    phase -= mean[1];
    phy->iq_est_disable();
  }
  gain = clamp(gain, -15, 15);
  phase = clamp(phase, -31, 31);
  phy->rxiq_set_reg(gain, 1);
  phy->rxiq_set_reg(phase, 0);
  *gain_found = gain;
  *phase_found = phase;
}
void rom_rfcal_rxiq(u32 shift, s32 step, u32 attenuation, s8 result[2], u32 print) {
  FE2(0xDC) |= 1 << 27;
  FE2(0xDC) &= ~(1 << 28);
  phy->start_tx_tone_step(1, (s16)step, attenuation & 0xFF, 0, 0, 0);
  phy->rxiq_cover_mg_mp(shift & 0xFF, result, result + 1, print & 0xFF);
  phy->stop_tx_tone(1);
}
/// Gain and phase: the mean of two that agree, else of four.
u32 rom_get_rfcal_rxiq_data(s32 step, u32 attenuation, u32 print) {
  s8 now[2], before[2] = {0, 0}, gain = 0, phase = 0;
  s32 gains = 0, phases = 0;
  for (u32 i = 0; i < 4; i++) {
    phy->rfcal_rxiq(14, (s16)step, attenuation & 0xFF, now, print & 0xFF);
    if (print & 0xFF) ets_printf("%d_%d_%d\n", i, now[0], now[1]);
    gains += now[0], phases += now[1];
    gain = (gains + 2) >> 2, phase = (phases + 2) >> 2;
    if (i && magnitude(before[0] - now[0]) < 2 && magnitude(before[1] - now[1]) < 2) {
      gain = (now[0] + before[0] + 1) >> 1, phase = (now[1] + before[1] + 1) >> 1;
      break;
    }
    before[0] = now[0], before[1] = now[1];
  }
  return (clamp(gain, -15, 15) & 0x1F) << 6 | (clamp(phase, -31, 31) & 0x3F);
}

// ---- the table

static const PhyFunctions first_functions = {
    rom_phy_disable_agc, rom_phy_enable_agc, rom_disable_agc, rom_enable_agc, rom_phy_disable_cca, rom_phy_enable_cca, rom_pow_usr,
    rom_gen_rx_gain_table, rom_set_loopback_gain, rom_set_cal_rxdc, rom_loopback_mode_en, rom_get_data_sat, rom_set_pbus_mem,
    rom_write_gain_mem, rom_rx_gain_force, rom_set_txclk_en, rom_set_rxclk_en, rom_start_tx_tone_step, rom_start_tx_tone,
    rom_stop_tx_tone, rom_bb_bss_bw_40_en, rom_clk_force_on_vit, rom_bb_rx_ht20_cen_bcov_en, rom_bb_tx_ht20_cen,
    rom_spur_reg_write_one_tone, rom_spur_coef_cfg, rom_bb_wdg_test_en, rom_mhz2ieee, rom_bb_bss_cbw40_dig, rom_cbw2040_cfg,
    rom_noise_floor_auto_set, rom_phy_get_noisefloor, rom_check_noise_floor, rom_set_noise_floor, rom_chip_v7_rx_rifs_en,
    rom_rtc_mem_backup, rom_rtc_mem_recovery, rom_chip_i2c_readReg, rom_i2c_readReg, rom_chip_i2c_writeReg, rom_i2c_writeReg,
    rom_i2c_readReg_Mask, rom_i2c_writeReg_Mask, rom_pbus_force_mode, rom_pbus_rd_addr, rom_pbus_rd_shift, rom_pbus_force_test,
    rom_pbus_rd, rom_pbus_debugmode, rom_pbus_workmode, rom_pbus_set_rxgain, rom_pbus_xpd_rx_off, rom_pbus_xpd_rx_on, rom_pbus_xpd_tx_off,
    rom_pbus_xpd_tx_on, rom_pbus_set_dco, rom_rfpll_reset, rom_restart_cal, rom_write_rfpll_sdm, rom_wait_rfpll_cal_end,
    rom_rfpll_set_freq, rom_set_channel_freq, rom_phy_freq_correct, rom_set_rf_freq_offset, rom_chip_v7_rx_init, rom_chip_v7_tx_init,
    rom_chip_v7_bt_init, rom_txbbgain_to_index, rom_index_to_txbbgain, rom_txdc_cal_init, rom_txdc_cal_v70, rom_en_pwdet, NULL,
    rom_txcal_work_mode, rom_txiq_set_reg, rom_read_sar_dout, rom_get_fm_sar_dout, rom_txtone_linear_pwr, rom_txiq_get_mis_pwr,
    rom_txiq_cover, rom_abs_temp, rom_iq_est_enable, rom_iq_est_disable, rom_dc_iq_est, rom_pbus_rx_dco_cal, rom_rxiq_get_mis,
    rom_rxiq_set_reg, rom_rxiq_cover_mg_mp, rom_rfcal_rxiq, rom_get_rfcal_rxiq_data, rom_set_chan_cal_interp, rom_set_txcap_reg,
    rom_rfcal_txcap, rom_linear_to_db, rom_get_power_db, rom_meas_tone_pwr_db, NULL, rom_rfcal_pwrctrl, rom_tx_atten_set_interp,
    rom_target_power_add_backoff, rom_get_rf_gain_qdb, rom_correct_rf_ana_gain, rom_phy_get_vdd33, rom_get_sar_dout,
    rom_get_pwctrl_correct, rom_tx_pwctrl_bg_init, NULL,
};
void radio_start(void) {
  g_phyFuns_instance = first_functions;
  phy = &g_phyFuns_instance;
}
