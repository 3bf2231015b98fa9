// BOOTSEL mode: the board shows itself to a PC as the drive RPI-RP2 and as a PICOBOOT interface.
// RP2040 datasheet §2.8.4 and §2.8.5 (behaviour), §4.1 (the controller); USB 2.0 chapter 9; Mass Storage Bulk-Only
// Transport 1.0; SPC-2 and SBC (commands); the UF2 format.
//
// A program that is loaded may fill the whole SRAM, so variables and stack lie in the flash cache, which is off.

#include "disk.h"
#include "registers.h"

void unreset_and_wait(uint32_t mask);
void connect_internal_flash(void);
void flash_exit_xip(void);
void flash_enter_cmd_xip(void);
void flash_read(uint32_t offset, uint8_t *bytes, uint32_t count);
void flash_range_erase(uint32_t offset, uint32_t count, uint32_t block, uint8_t block_command);
void flash_range_program(uint32_t offset, const uint8_t *bytes, uint32_t count);
void prepare_restart(uint32_t entry, uint32_t stack, uint32_t milliseconds);

enum { FLASH = 0x10000000, FLASH_END = 0x11000000, SRAM = 0x20000000, SRAM_END = 0x20042000, ROM_END = 0x4000 };
enum { SECTOR = 512, PAGE = 256, ERASABLE = 4096, PACKET = 64 };
enum { MSC_IN = 1, MSC_OUT = 2, PB_OUT = 3, PB_IN = 4 };
enum { FULL = 1 << 15, PID1 = 1 << 13, STALL = 1 << 11, AVAILABLE = 1 << 10 };

// ---- Variables

static uint32_t blocks_seen[2048];   // a bit for each UF2 block
static uint32_t sectors_erased[128]; // a bit for each 4 KiB of flash
static uint8_t sector[SECTOR];
static uint8_t page[PAGE];
static struct {
  uint8_t pid[5];       // next DATA0 or DATA1 of each endpoint
  uint8_t address, pending_address, configured;
  uint8_t msc, picoboot;  // which interface each is; 0xff where it is off
  uint8_t in_xip, exclusive, rebooting;
  uint32_t led;         // a bit for the pin that shows activity
} usb;
static struct { uint32_t total, done, lowest; } uf2;
static struct {
  enum { COMMAND, DATA_IN, DATA_OUT, REPLY, IN_STALLED, OUT_STALLED, STATUS_SENT, BROKEN } state;
  uint32_t tag, expected, moved, remaining, lba;
  uint8_t status, from_disk, sense_key, sense_code, ejected;
  uint8_t small[PACKET];
} msc;
static struct {
  enum { PB_COMMAND, PB_DATA_IN, PB_DATA_OUT, PB_ACK_IN, PB_ACK_OUT, PB_HALTED } state;
  uint32_t token, status, command, remaining, at, length;
  uint32_t argument[4];
  uint8_t in_progress;
} pb;

static void copy(void *to, const void *from, uint32_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  while (n--) *t++ = *f++;
}
static void clear(void *to, uint32_t n) {
  uint8_t *t = to;
  while (n--) *t++ = 0;
}
static uint32_t get32(const uint8_t *b) { return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24; }
static uint32_t get32_big(const uint8_t *b) { return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]; }
static void put32(uint8_t *b, uint32_t v) {
  for (int i = 0; i < 4; i++, v >>= 8) b[i] = v;
}
static void put32_big(uint8_t *b, uint32_t v) {
  for (int i = 3; i >= 0; i--, v >>= 8) b[i] = v;
}

// ---- Endpoints: one buffer each, 64 bytes

static uint8_t *buffer(uint32_t endpoint) { return USB_DPRAM + (endpoint ? 0x140 + 0x40 * endpoint : 0x100); }
static volatile uint32_t *control_of(uint32_t endpoint, uint32_t out) { return (volatile uint32_t *)(USB_DPRAM + 0x80 + 8 * endpoint + 4 * out); }

static void give(volatile uint32_t *control, uint32_t value) {
  *control = value;
  __asm__ volatile("nop\n nop\n nop\n nop\n nop\n nop");  // the controller's clock sees the length before the bit
  *control = value | AVAILABLE;
}
static void send(uint32_t endpoint, const void *bytes, uint32_t n) {
  copy(buffer(endpoint), bytes, n);
  uint32_t pid = usb.pid[endpoint] ? PID1 : 0;
  usb.pid[endpoint] ^= 1;
  give(control_of(endpoint, 0), FULL | pid | n);
}
static void receive(uint32_t endpoint) {
  uint32_t pid = usb.pid[endpoint] ? PID1 : 0;
  usb.pid[endpoint] ^= 1;
  give(control_of(endpoint, 1), pid | PACKET);
}
static void stall(uint32_t endpoint, uint32_t out) {
  if (!endpoint) USB_EP_STALL_ARM = 3;
  *control_of(endpoint, out) = STALL;
}

// ---- Flash

static void flash_ready(void) {
  if (usb.in_xip) flash_exit_xip();
  usb.in_xip = 0;
}
static void blink(void) {
  if (usb.led) SIO_GPIO_OUT_XOR = usb.led;
}
static void reboot(uint32_t entry, uint32_t stack, uint32_t milliseconds) {
  usb.rebooting = 1;
  prepare_restart(entry, stack, milliseconds);
}

// ---- UF2

static void new_download(uint32_t total) {
  clear(blocks_seen, sizeof blocks_seen);
  clear(sectors_erased, sizeof sectors_erased);
  uf2.total = total;
  uf2.done = 0;
  uf2.lowest = ~0u;
}
// Any sector that is written may be a block of a UF2 file, wherever the PC puts it on the drive.
static void accept_block(void) {
  if (get32(sector) != 0x0a324655 || get32(sector + 4) != 0x9e5d5157 || get32(sector + 508) != 0x0ab16f30) return;
  uint32_t flags = get32(sector + 8), to = get32(sector + 12), size = get32(sector + 16), n = get32(sector + 20), total = get32(sector + 24);
  if (flags & 1 || !(flags & 0x2000) || get32(sector + 28) != 0xe48bff56) return;
  if (size != PAGE || to % PAGE || n >= total || total > 32 * 2048) return;
  int in_flash = to >= FLASH && to < FLASH_END, in_ram = to >= SRAM && to < SRAM_END;
  if (!in_flash && !in_ram) return;
  int ram_before = uf2.lowest >= SRAM && uf2.lowest != ~0u;
  if (total != uf2.total || (uf2.done && ram_before != in_ram)) new_download(total);
  if (blocks_seen[n / 32] >> (n % 32) & 1) return;
  if (in_flash) {
    uint32_t offset = to - FLASH, s = offset / ERASABLE;
    flash_ready();
    if (!(sectors_erased[s / 32] >> (s % 32) & 1)) {
      flash_range_erase(s * ERASABLE, ERASABLE, 65536, 0xd8);
      sectors_erased[s / 32] |= 1u << (s % 32);
    }
    flash_range_program(offset, sector + 32, PAGE);
  } else {
    copy((void *)to, sector + 32, PAGE);
  }
  blocks_seen[n / 32] |= 1u << (n % 32);
  uf2.done++;
  if (to < uf2.lowest) uf2.lowest = to;
  // The PC still has its directory to write.
  if (uf2.done == uf2.total) reboot(in_ram ? uf2.lowest | 1 : 0, SRAM_END, 300);
}

// ---- The drive

static const uint8_t inquiry[36] = "\x00\x80\x02\x02\x1f\x00\x00\x00RPI     RP2             3   ";

static void msc_status(void) {
  uint8_t csw[13];
  put32(csw, 0x53425355);
  put32(csw + 4, msc.tag);
  put32(csw + 8, msc.expected - msc.moved);
  csw[12] = msc.status;
  msc.state = STATUS_SENT;
  send(MSC_IN, csw, 13);
}
// The next packet of what the PC reads, or the status when that is all.
static void msc_continue_in(void) {
  if (!msc.remaining) {
    if (msc.moved < msc.expected && msc.moved % PACKET == 0) {
      stall(MSC_IN, 0);
      msc.state = IN_STALLED;
      return;
    }
    msc_status();
    return;
  }
  uint32_t n = msc.remaining < PACKET ? msc.remaining : PACKET, at = msc.moved % SECTOR;
  if (msc.from_disk && at == 0) disk_read(msc.lba++, sector);
  send(MSC_IN, msc.from_disk ? sector + at : msc.small, n);
  msc.moved += n;
  msc.remaining -= n;
}
static void msc_answer(uint32_t n) {
  msc.from_disk = 0;
  msc.remaining = n < msc.expected ? n : msc.expected;
  msc.state = DATA_IN;
  msc_continue_in();
}
static void msc_fail(uint8_t key, uint8_t code, int in) {
  msc.status = 1;
  msc.sense_key = key;
  msc.sense_code = code;
  if (!msc.expected) {
    msc_status();
  } else if (in) {
    stall(MSC_IN, 0);
    msc.state = IN_STALLED;
  } else {
    stall(MSC_OUT, 1);
    msc.state = OUT_STALLED;
  }
}
static void msc_command(const uint8_t *cbw, uint32_t length) {
  if (length != 31 || get32(cbw) != 0x43425355) {
    // §6.6.1: not understood; nothing goes until the PC resets the interface.
    stall(MSC_IN, 0);
    stall(MSC_OUT, 1);
    msc.state = BROKEN;
    return;
  }
  msc.tag = get32(cbw + 4);
  msc.expected = get32(cbw + 8);
  msc.moved = 0;
  msc.remaining = 0;
  msc.status = 0;
  int in = cbw[12] >> 7;
  const uint8_t *cdb = cbw + 15;
  clear(msc.small, sizeof msc.small);
  uint32_t lba = get32_big(cdb + 2), count = cdb[7] << 8 | cdb[8];
  switch (cdb[0]) {
  case 0x03:  // REQUEST SENSE
    msc.small[0] = 0x70;
    msc.small[2] = msc.sense_key;
    msc.small[7] = 10;
    msc.small[12] = msc.sense_code;
    msc.sense_key = msc.sense_code = 0;
    msc_answer(18 < cdb[4] ? 18 : cdb[4]);
    return;
  case 0x12:  // INQUIRY
    copy(msc.small, inquiry, sizeof inquiry);
    msc_answer(sizeof inquiry < cdb[4] ? sizeof inquiry : cdb[4]);
    return;
  case 0x1e:  // PREVENT ALLOW MEDIUM REMOVAL
  case 0x2f:  // VERIFY
  case 0x35:  // SYNCHRONIZE CACHE
    msc_status();
    return;
  case 0x1b:  // START STOP UNIT
    if (cdb[4] & 2) msc.ejected = !(cdb[4] & 1);
    msc_status();
    return;
  }
  if (msc.ejected) {
    msc_fail(2, 0x3a, in);  // not ready: no medium
    return;
  }
  switch (cdb[0]) {
  case 0x00:  // TEST UNIT READY
    msc_status();
    return;
  case 0x1a:  // MODE SENSE(6): no pages
    msc.small[0] = 3;
    msc_answer(4);
    return;
  case 0x23:  // READ FORMAT CAPACITIES
    msc.small[3] = 8;
    put32_big(msc.small + 4, DISK_SECTORS);
    put32_big(msc.small + 8, 2u << 24 | SECTOR);
    msc_answer(12);
    return;
  case 0x25:  // READ CAPACITY(10)
    put32_big(msc.small, DISK_SECTORS - 1);
    put32_big(msc.small + 4, SECTOR);
    msc_answer(8);
    return;
  case 0x28:  // READ(10)
  case 0x2a:  // WRITE(10)
    if (lba > DISK_SECTORS || count > DISK_SECTORS - lba) {
      msc_fail(5, 0x21, in);
      return;
    }
    msc.lba = lba;
    msc.remaining = count * SECTOR < msc.expected ? count * SECTOR : msc.expected;
    if (cdb[0] == 0x28) {
      msc.from_disk = 1;
      msc.state = DATA_IN;
      msc_continue_in();
    } else if (usb.exclusive) {
      msc_fail(7, 0x27, in);  // write protected
    } else if (msc.remaining) {
      msc.state = DATA_OUT;
      receive(MSC_OUT);
    } else {
      msc_status();
    }
    return;
  }
  msc_fail(5, 0x20, in);
}
static void msc_received(const uint8_t *bytes, uint32_t n) {
  if (msc.state == COMMAND) {
    blink();
    msc_command(bytes, n);
    return;
  }
  if (msc.state != DATA_OUT) return;
  if (n > msc.remaining) n = msc.remaining;
  copy(sector + msc.moved % SECTOR, bytes, n);
  msc.moved += n;
  msc.remaining -= n;
  if (msc.moved % SECTOR == 0) accept_block();
  if (msc.remaining && n == PACKET) {
    receive(MSC_OUT);
  } else {
    msc_status();
  }
}
static void msc_sent(void) {
  if (msc.state == DATA_IN) {
    msc_continue_in();
  } else if (msc.state == STATUS_SENT) {
    msc.state = COMMAND;
    receive(MSC_OUT);
  }
}

// ---- PICOBOOT

enum { PB_OK, PB_UNKNOWN, PB_BAD_LENGTH, PB_BAD_TRANSFER, PB_BAD_ADDRESS, PB_BAD_ALIGNMENT, PB_INTERLEAVED, PB_REBOOTING, PB_ERROR };

static void pb_halt(uint32_t status) {
  pb.status = status;
  pb.in_progress = 0;
  pb.state = PB_HALTED;
  stall(PB_OUT, 1);
  stall(PB_IN, 0);
}
static int within(uint32_t from, uint32_t n, uint32_t low, uint32_t high) { return from >= low && from <= high && n <= high - from; }

static void pb_finish(void) {
  pb.in_progress = 0;
  pb.state = PB_COMMAND;
  receive(PB_OUT);
}
static void pb_send(void) {
  uint32_t n = pb.remaining < PACKET ? pb.remaining : PACKET;
  uint8_t packet[PACKET];
  if (within(pb.at, n, FLASH, FLASH_END)) {
    flash_ready();
    flash_read(pb.at - FLASH, packet, n);
  } else {
    copy(packet, (const void *)pb.at, n);
  }
  pb.at += n;
  pb.remaining -= n;
  send(PB_IN, packet, n);
}
static void pb_acknowledge(void) {
  pb.state = PB_ACK_IN;
  send(PB_IN, 0, 0);
}
static void pb_command(const uint8_t *c, uint32_t length) {
  static const uint8_t sizes[10] = {0, 1, 12, 8, 8, 8, 0, 0, 4, 4};
  if (length != 32 || get32(c) != 0x431fd10b) {
    pb_halt(PB_UNKNOWN);
    return;
  }
  pb.token = get32(c + 4);
  pb.command = c[8];
  pb.length = pb.remaining = get32(c + 12);
  pb.status = PB_OK;
  pb.in_progress = 1;
  copy(pb.argument, c + 16, 16);
  uint32_t id = pb.command & 0x7f, at = pb.argument[0], size = pb.argument[1];
  int moves = id == 4 || id == 5;
  if (id < 1 || id > 9 || (pb.command >> 7) != (id == 4)) {
    pb_halt(PB_UNKNOWN);
    return;
  }
  if (c[9] != sizes[id]) {
    pb_halt(PB_BAD_LENGTH);
    return;
  }
  if (pb.length != (moves ? size : 0)) {
    pb_halt(PB_BAD_TRANSFER);
    return;
  }
  if (usb.rebooting) {
    pb_halt(PB_REBOOTING);
    return;
  }
  blink();
  switch (id) {
  case 1:
    usb.exclusive = (at & 0xff) != 0;
    if ((at & 0xff) == 2) msc.ejected = 1;
    break;
  case 2: reboot(at, pb.argument[1], pb.argument[2]); break;
  case 3:
    if (at % ERASABLE || size % ERASABLE) {
      pb_halt(PB_BAD_ALIGNMENT);
      return;
    }
    if (!within(at, size, FLASH, FLASH_END)) {
      pb_halt(PB_BAD_ADDRESS);
      return;
    }
    flash_ready();
    flash_range_erase(at - FLASH, size, 65536, 0xd8);
    break;
  case 4:
    if (!within(at, size, FLASH, FLASH_END) && !within(at, size, SRAM, SRAM_END) && !within(at, size, 0, ROM_END)) {
      pb_halt(PB_BAD_ADDRESS);
      return;
    }
    pb.at = at;
    if (size) {
      pb.state = PB_DATA_IN;
      pb_send();
    } else {
      pb.state = PB_ACK_OUT;
      receive(PB_OUT);
    }
    return;
  case 5:
    if (within(at, size, FLASH, FLASH_END) ? at % PAGE : !within(at, size, SRAM, SRAM_END)) {
      pb_halt(at >= FLASH && at < FLASH_END ? PB_BAD_ALIGNMENT : PB_BAD_ADDRESS);
      return;
    }
    if (at < SRAM && size % PAGE) {
      pb_halt(PB_BAD_ALIGNMENT);
      return;
    }
    pb.at = at;
    if (size) {
      pb.state = PB_DATA_OUT;
      receive(PB_OUT);
      return;
    }
    break;
  case 6:
    flash_exit_xip();
    usb.in_xip = 0;
    break;
  case 7:
    flash_enter_cmd_xip();
    usb.in_xip = 1;
    break;
  case 8: ((void (*)(void))(at | 1))(); break;
  case 9: break;  // flash routines of the program's own: these here suit any flash
  }
  pb_acknowledge();
}
static void pb_received(const uint8_t *bytes, uint32_t n) {
  if (pb.state == PB_COMMAND) {
    pb_command(bytes, n);
  } else if (pb.state == PB_ACK_OUT) {
    pb_finish();
  } else if (pb.state == PB_DATA_OUT) {
    if (n > pb.remaining) n = pb.remaining;
    if (pb.at < SRAM) {
      uint32_t at = pb.at % PAGE;
      copy(page + at, bytes, n);
      if (at + n == PAGE) {
        flash_ready();
        flash_range_program(pb.at - at - FLASH, page, PAGE);
      }
    } else {
      copy((void *)pb.at, bytes, n);
    }
    pb.at += n;
    pb.remaining -= n;
    if (pb.remaining) receive(PB_OUT); else pb_acknowledge();
  }
}
static void pb_sent(void) {
  if (pb.state == PB_DATA_IN) {
    if (pb.remaining) {
      pb_send();
    } else {
      pb.state = PB_ACK_OUT;
      receive(PB_OUT);
    }
  } else if (pb.state == PB_ACK_IN) {
    pb_finish();
  }
}

// ---- Control endpoint

static const uint8_t device_descriptor[18] = {18, 1, 0x10, 0x01, 0, 0, 0, PACKET, 0x8a, 0x2e, 0x03, 0x00, 0x00, 0x01, 1, 2, 3, 1};
static const char *const strings[] = {"Raspberry Pi", "RP2 Boot", "E0C9125B0D9B"};
#define ENDPOINT(address) 7, 5, address, 2, PACKET, 0, 0
static const uint8_t msc_descriptor[] = {9, 4, 0, 0, 2, 8, 6, 0x50, 0, ENDPOINT(0x81), ENDPOINT(0x02)};
static const uint8_t pb_descriptor[] = {9, 4, 0, 0, 2, 0xff, 0, 0, 0, ENDPOINT(0x03), ENDPOINT(0x84)};

static uint32_t configuration(uint8_t *to) {
  static const uint8_t head[9] = {9, 2, 0, 0, 0, 1, 0, 0x80, 250};
  uint32_t n = sizeof head;
  copy(to, head, n);
  if (usb.msc != 0xff) {
    copy(to + n, msc_descriptor, sizeof msc_descriptor);
    n += sizeof msc_descriptor;
    to[4]++;
  }
  if (usb.picoboot != 0xff) {
    copy(to + n, pb_descriptor, sizeof pb_descriptor);
    to[n + 2] = usb.picoboot;
    n += sizeof pb_descriptor;
    to[4]++;
  }
  to[2] = n;
  return n;
}
static uint32_t string(uint8_t *to, uint32_t index) {
  uint32_t n = 2;
  if (index == 0) {
    to[n++] = 0x09;
    to[n++] = 0x04;
  } else {
    for (const char *s = strings[index - 1]; *s; s++) {
      to[n++] = *s;
      to[n++] = 0;
    }
  }
  to[0] = n;
  to[1] = 3;
  return n;
}
static void enable(uint32_t endpoint, uint32_t out) {
  USB_DPRAM32[2 * endpoint + out] = 1u << 31 | 1 << 29 | 2 << 26 | (buffer(endpoint) - USB_DPRAM);
  usb.pid[endpoint] = 0;
  *control_of(endpoint, out) = 0;
}
// What was to be sent is void, and its DATA0 or DATA1 is free again.
static void cancel_in(uint32_t endpoint) {
  volatile uint32_t *control = control_of(endpoint, 0);
  if (!(*control & AVAILABLE)) return;
  *control = 0;
  usb.pid[endpoint] ^= 1;
}
static void configure(void) {
  if (usb.msc != 0xff) {
    enable(MSC_IN, 0);
    enable(MSC_OUT, 1);
    msc.state = COMMAND;
    receive(MSC_OUT);
  }
  if (usb.picoboot != 0xff) {
    enable(PB_OUT, 1);
    enable(PB_IN, 0);
    pb.state = PB_COMMAND;
    receive(PB_OUT);
  }
}
static void unstall(uint32_t address) {
  uint32_t endpoint = address & 0xf;
  if (endpoint < 1 || endpoint > 4) return;
  usb.pid[endpoint] = 0;
  *control_of(endpoint, !(address >> 7)) = 0;
  if (endpoint == MSC_IN && msc.state == IN_STALLED) msc_status();
  else if (endpoint == MSC_OUT && msc.state == OUT_STALLED) msc_status();
  else if (endpoint <= MSC_OUT && msc.state == BROKEN) stall(endpoint, endpoint == MSC_OUT);
  else if (endpoint == MSC_OUT && msc.state == COMMAND) receive(MSC_OUT);
  else if (endpoint == PB_OUT && (pb.state == PB_COMMAND || pb.state == PB_HALTED)) {
    pb.state = PB_COMMAND;
    receive(PB_OUT);
  }
}
// Gives the length of the answer in `to`, or -1 for what is refused.
static int answer(const uint8_t *setup, uint8_t *to) {
  uint32_t type = setup[0], value = setup[2] | setup[3] << 8, index = setup[4];
  switch (type << 8 | setup[1]) {
  case 0x8006:
    if (setup[3] == 1) {
      copy(to, device_descriptor, 18);
      return 18;
    }
    if (setup[3] == 2) return configuration(to);
    if (setup[3] == 3 && setup[2] <= 3) return string(to, setup[2]);
    return -1;
  case 0x8000:
  case 0x8100:
    to[0] = to[1] = 0;
    return 2;
  case 0x8200: {
    volatile uint32_t *control = control_of(index & 0xf, !(index >> 7));
    to[0] = (index & 0xf) && (*control & STALL) != 0;
    to[1] = 0;
    return 2;
  }
  case 0x8008:
    to[0] = usb.configured;
    return 1;
  case 0x810a:
    to[0] = 0;
    return 1;
  case 0x0005:
    usb.pending_address = value;
    return 0;
  case 0x0009:
    usb.configured = value;
    if (value) configure();
    return 0;
  case 0x010b:
  case 0x0001:
  case 0x0003: return 0;
  case 0x0201:
    unstall(index);
    return 0;
  case 0x0203:
    stall(index & 0xf, !(index >> 7));
    return 0;
  case 0xa1fe:
    if (index != usb.msc) return -1;
    to[0] = 0;
    return 1;
  case 0x21ff:
    if (index != usb.msc) return -1;
    // §3.1 of the transport: stalls and toggles stay until the PC clears both endpoints.
    cancel_in(MSC_IN);
    msc.state = COMMAND;
    if (!(*control_of(MSC_OUT, 1) & (AVAILABLE | STALL))) receive(MSC_OUT);
    return 0;
  case 0x4141:  // PICOBOOT: reset of the interface
    if (index != usb.picoboot) return -1;
    cancel_in(PB_IN);
    *control_of(PB_IN, 0) &= ~STALL;
    *control_of(PB_OUT, 1) &= ~STALL;
    usb.exclusive = 0;
    pb.in_progress = 0;
    pb.state = PB_COMMAND;
    if (!(*control_of(PB_OUT, 1) & AVAILABLE)) receive(PB_OUT);
    return 0;
  case 0xc142:  // PICOBOOT: how the last command went
    if (index != usb.picoboot) return -1;
    put32(to, pb.token);
    put32(to + 4, pb.status);
    to[8] = pb.command;
    to[9] = pb.in_progress;
    clear(to + 10, 6);
    return 16;
  }
  return -1;
}
static void setup_packet(void) {
  const uint8_t *setup = USB_DPRAM;
  uint8_t reply[PACKET];
  int n = answer(setup, reply), wanted = setup[6] | setup[7] << 8;
  usb.pid[0] = 1;
  if (n < 0) {
    stall(0, 0);
    stall(0, 1);
    return;
  }
  if (n > wanted) n = wanted;
  if (setup[0] & 0x80 && wanted) {
    send(0, reply, n);
    usb.pid[0] = 1;
    receive(0);  // the status stage, whenever it comes
  } else {
    send(0, 0, 0);
  }
}

// ---- The loop

static void bus_reset(void) {
  USB_ADDR_ENDP = 0;
  clear(&usb.pid, sizeof usb.pid);
  usb.pending_address = usb.configured = 0;
  for (int i = 2; i < 10; i++) control_of(0, 0)[i] = 0;
}
static void buffers(void) {
  uint32_t done = USB_BUFF_STATUS;
  USB_BUFF_STATUS = done;
  if (done & 1 && usb.pending_address) {
    USB_ADDR_ENDP = usb.pending_address;
    usb.pending_address = 0;
  }
  if (done >> (2 * MSC_IN) & 1) msc_sent();
  if (done >> (2 * MSC_OUT + 1) & 1) msc_received(buffer(MSC_OUT), *control_of(MSC_OUT, 1) & 0x3ff);
  if (done >> (2 * PB_IN) & 1) pb_sent();
  if (done >> (2 * PB_OUT + 1) & 1) pb_received(buffer(PB_OUT), *control_of(PB_OUT, 1) & 0x3ff);
}

// 48 MHz from the crystal for clk_sys and clk_usb.
static void start_clocks(void) {
  XOSC_CTRL = 0xfabaa0;
  while (!(XOSC_STATUS >> 31)) {}
  RESETS_SET = RESET_PLL_SYS;
  unreset_and_wait(RESET_PLL_SYS);
  PLL_SYS_FBDIV_INT = 100;  // 12 MHz * 100 / 5 / 5
  PLL_SYS_PWR_CLEAR = 0x21;
  while (!(PLL_SYS_CS >> 31)) {}
  PLL_SYS_PRIM = 5 << 16 | 5 << 12;
  PLL_SYS_PWR_CLEAR = 0x08;
  CLOCKS_REF_CTRL = 2;
  CLOCKS_SYS_CTRL = 0;  // its auxiliary source is PLL_SYS
  CLOCKS_SYS_DIV = 0x100;
  CLOCKS_SYS_CTRL = 1;
  while (!(CLOCKS_SYS_SELECTED & 2)) {}
  CLOCKS_USB_DIV = 0x100;
  CLOCKS_USB_CTRL = 1 << 11 | 1 << 5;
  WATCHDOG_TICK = 1 << 9 | 12;
}

void __attribute__((noreturn)) usb_boot_loop(uint32_t activity, uint32_t disabled) {
  clear(blocks_seen, sizeof blocks_seen);
  clear(&usb, sizeof usb);
  clear(&msc, sizeof msc);
  clear(&pb, sizeof pb);
  new_download(0);
  usb.msc = disabled & 1 ? 0xff : 0;
  usb.picoboot = disabled & 2 ? 0xff : usb.msc == 0 ? 1 : 0;
  start_clocks();
  RESETS_SET = RESET_USBCTRL;
  unreset_and_wait(RESET_USBCTRL | RESET_IO_BANK0 | RESET_PADS_BANK0);
  if (activity) {
    usb.led = activity;
    int pin = 0;
    while (!(activity >> pin & 1)) pin++;
    IO_BANK0[2 * pin + 1] = 5;
    SIO_GPIO_OE_SET = activity;
  }
  connect_internal_flash();
  flash_exit_xip();
  clear(USB_DPRAM, 4096);
  USB_MUXING = 9;     // to the PHY, connection by software
  USB_PWR = 0xc;      // there is VBUS
  USB_MAIN_CTRL = 1;
  USB_INTE = 1 << 4 | 1 << 12 | 1 << 16;
  USB_SIE_CTRL = 1 << 29 | 1 << 16;  // interrupts for endpoint 0, pull-up
  NVIC_ISER = 1 << 5;
  for (;;) {
    __asm__ volatile("wfi");  // interrupts are masked: a pending one just ends the sleep
    NVIC_ICPR = 1 << 5;
    uint32_t status = USB_SIE_STATUS;
    if (status >> 19 & 1) {
      USB_SIE_STATUS = 1 << 19;
      bus_reset();
    }
    if (USB_BUFF_STATUS) buffers();
    if (status >> 17 & 1) {
      USB_SIE_STATUS = 1 << 17;
      setup_packet();
    }
  }
}

// The stack goes to the flash cache too.
void __attribute__((noreturn, naked)) usb_boot(uint32_t activity __attribute__((unused)), uint32_t disabled __attribute__((unused))) {
  __asm__ volatile(
      "cpsid i\n"
      "ldr r2, =0x14003000\n movs r3, #1\n str r3, [r2]\n"  // XIP_CTRL.EN off
      "ldr r2, =0x15004000\n msr msp, r2\n"
      "ldr r2, =usb_boot_loop\n bx r2\n");
}
