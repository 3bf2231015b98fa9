import Machine
import Testing

@testable import Chips

/// Every register that the devices of the ESP chips name, against a device description: its name, its address on the bus, and what it
/// holds after a reset.
@Suite struct ESPRegisterTests {
  /// A device description in the form of `esp32Registers`.
  struct Description {
    struct Listed { var name: String, offset: UInt32, reset: UInt32 }
    struct Block { var bases: [UInt32] = [], registers: [Listed] = [] }
    var blocks: [String: Block] = [:]
    init(_ text: String) {
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " "), head = words[0].split(separator: ":")
        var block = Block(bases: head[1].split(separator: ",").map { UInt32($0, radix: 16)! })
        for word in words.dropFirst() {
          let parts = word.split(separator: "@"), place = parts[1].split(separator: "=").map { UInt32($0, radix: 16)! }
          let pieces = parts[0].split(omittingEmptySubsequences: false, whereSeparator: { "[]".contains($0) })
          let run = pieces.count == 3 ? pieces[1].split(whereSeparator: { "-/".contains($0) }) : ["0", "0", "0"]
          let (first, last, stride) = (UInt32(run[0])!, UInt32(run[1])!, UInt32(run[2], radix: 16)!)
          for n in first...last {
            let name = pieces.count == 3 ? "\(pieces[0])\(n)\(pieces[2])" : String(parts[0])
            block.registers.append(Listed(name: ESPRegisterTests.plain(name), offset: place[0] + (n - first) * stride, reset: place.count > 1 ? place[1] : 0))
          }
        }
        blocks[String(head[0])] = block
      }
    }
  }
  static func plain(_ name: String) -> String { name.lowercased().replacing("_", with: "") }

  /// Checks the names of `registers`, and through `read`, where the description has it, what is at their addresses after a reset.
  /// - Parameters:
  ///   - own: names that the description does not have, or has otherwise.
  ///   - resets: names of those that hold something else for a reason.
  func check<R: RawRepresentable & CaseIterable>(
    _ registers: R.Type, _ description: Description, _ blocks: [String], own: Set<String> = [], resets: Set<String> = [], read: ((UInt32) -> UInt32)?
  ) where R.RawValue == UInt32 {
    let listed = blocks.flatMap { description.blocks[$0]?.registers ?? [] }, bases = blocks.first.flatMap { description.blocks[$0]?.bases } ?? []
    #expect(!listed.isEmpty && !bases.isEmpty)
    var used: Set<String> = []
    for r in registers.allCases {
      let name = Self.plain("\(r)"), here = listed.filter { $0.offset == r.rawValue }
      if own.contains(name) { used.insert(name) } else { #expect(here.contains { $0.name == name }, "\(blocks[0]).\(r) is \(here.map(\.name))") }
      guard let read else { continue }
      for l in here where l.name == name || own.contains(name) {
        for base in bases {
          let v = read(base &+ l.offset)
          if v != l.reset, resets.contains(l.name) { used.insert(l.name) } else { #expect(v == l.reset, "\(blocks[0]).\(l.name) at \(String(base &+ l.offset, radix: 16)) is \(String(v, radix: 16)), not \(String(l.reset, radix: 16))") }
        }
      }
    }
    #expect(used == own.union(resets), "\(blocks[0]): needed no exception")
  }

  @Test func esp32() {
    let bench = ESP32Bench(), d = Description(esp32Registers)
    func check<R: RawRepresentable & CaseIterable>(_ registers: R.Type, _ blocks: String..., own: Set<String> = [], resets: Set<String> = []) where R.RawValue == UInt32 {
      self.check(registers, d, blocks, own: own, resets: resets) { bench.read($0) }
    }
    // A cache is flushed and filled at once.
    check(ESP32DPort.Register.self, "DPORT", resets: ["procachectrl", "appcachectrl", "prodcachedbug0", "appdcachedbug0"])
    // The description has nothing at all here; an idle block says so.
    check(ESP32AES.Register.self, "AES", resets: ["idle", "endian"])
    check(ESP32SHA.Register.self, "SHA")
    check(ESP32RSA.Register.self, "RSA", own: ["memm", "memz", "memy", "memx", "mdash"], resets: ["clean"])
    // An empty FIFO, and lines that are high.
    check(ESP32UART.Register.self, "UART", resets: ["intraw", "status"])
    check(ESP32SPI.Register.self, "SPI")
    check(ESP32GPIO.Register.self, "GPIO", own: ["sigmadelta0", "sigmadeltacg", "sigmadeltamisc", "sigmadeltaversion"], resets: ["in", "strap", "func0outselcfg"])
    check(ESP32FRCTimers.Register.self, "FRC_TIMER", own: ["load1", "count1", "ctrl1", "int1", "load2", "count2", "ctrl2", "int2", "alarm2"])
    check(ESP32RTCControl.Register.self, "RTC_CNTL", own: ["memconf", "memcrcres"])
    check(ESP32RTCIO.Register.self, "RTC_IO", resets: ["in"])
    // What is measured is there when it is looked at.
    check(ESP32SENS.Register.self, "SENS", resets: ["sarmeasstart1", "sarmeasstart2", "sarslaveaddr3", "sartouchctrl2", "sartouchout1"])
    // Links are parked, FIFOs reset at once.
    check(ESP32I2S.Register.self, "I2S", resets: ["inlink", "outlink", "state"])
    check(ESP32I2C.Register.self, "I2C")
    check(ESP32RTCI2C.Register.self, "RTC_I2C")
    check(ESP32RMT.Register.self, "RMT", own: ["memory"], resets: ["ch0addr"])  // ch0data was read before it
    check(ESP32PCNT.Register.self, "PCNT")
    check(ESP32LEDC.Register.self, "LEDC")
    check(ESP32EFuse.Register.self, "EFUSE")
    check(ESP32MCPWM.Register.self, "MCPWM")
    check(ESP32TimerGroup.Register.self, "TIMG", resets: ["rtccalicfg1"])
    check(ESP32APBControl.Register.self, "APB_CTRL", resets: ["date"])
    // No card is in the slots; the debounce time is the block's maker's.
    check(ESP32SDMMC.Register.self, "SDHOST", own: ["fifo"], resets: ["cdetect", "wrtprt", "debnce", "status"])
    check(ESP32TWAI.Register.self, "TWAI", resets: ["status"])
  }
  /// The description knows no resets, and of DPORT and the RTC little; the other names are those of esp-open-rtos.
  @Test func esp8266() {
    let d = Description(esp8266Registers)
    func check<R: RawRepresentable & CaseIterable>(_ registers: R.Type, _ blocks: String..., own: Set<String> = []) where R.RawValue == UInt32 {
      self.check(registers, d, blocks, own: own, read: nil)
    }
    check(
      ESP8266.DPORT.Register.self, "DPORT", "EFUSE",
      own: ["nmiintenable", "unknown08", "cacheflashctrl", "unknown10", "clockgatewatchdog", "unknown1c", "spiintstatus", "spicacheram", "hostinfsel", "slctxdescdebug", "unknown30"])
    check(ESP8266.FRC.Register.self, "TIMER")
    check(ESP8266.GPIO.Register.self, "GPIO")
    check(ESP8266.I2S.Register.self, "I2S", own: ["i2sconfchan"])
    check(ESP8266.IOMux.Register.self, "IO_MUX")
    check(
      ESP8266.RTC.Register.self, "RTC",
      own: [
        "ctrl0", "counteralarm", "resetreason0", "unknown0c", "unknown10", "resetreason2", "counter", "intset", "intclear", "intenable", "unknown2c", "unknown40", "gpioout", "unknown6c", "gpioenable",
        "unknown78", "gpioin", "gpioconf", "gpiocfg0", "gpiocfg1", "gpiocfg2", "padxpddcdcconf", "gpiocfg4", "gpiocfg5", "unknownac",
      ])
    check(ESP8266.SLC.Register.self, "SLC", own: ["unknown80"])
    check(ESP8266.SPI.Register.self, "SPI", own: ["spiext0", "spiext1", "spiext2"])
    check(ESP8266.UART.Register.self, "UART")
    check(ESP8266.WDT.Register.self, "WDT", "WATCHDOG")
  }
  @Test func esp32s3() {
    let bench = ESP32S3DeviceTests(), d = Description(esp32s3Registers)
    func check<R: RawRepresentable & CaseIterable>(_ registers: R.Type, _ blocks: String..., own: Set<String> = [], resets: Set<String> = []) where R.RawValue == UInt32 {
      self.check(registers, d, blocks, own: own, resets: resets) { bench.read($0) }
    }
    check(ESP32S3UART.Register.self, "UART", resets: ["memrxstatus", "status"])
    // One model for SPI0 and SPI1, whose resets differ.
    self.check(ESP32S3FlashSPI.Register.self, d, ["SPI1"], read: nil)
    check(ESP32S3GPIO.Register.self, "GPIO", own: ["sigmadelta0", "sigmadeltacg", "sigmadeltamisc", "sigmadeltaversion"], resets: ["in", "in1", "strap"])
    check(ESP32S3EFuse.Register.self, "EFUSE", resets: ["status"])
    check(ESP32S3RTCControl.Register.self, "RTC_CNTL", resets: ["resetstate"])
    check(ESP32S3RTCIO.Register.self, "RTC_IO", resets: ["in", "touchpad0"])
    check(ESP32S3SENS.Register.self, "SENS", resets: ["meas1ctrl2", "meas2ctrl2", "touchchnst", "tsensctrl"])
    check(ESP32S3I2C.Register.self, "I2C", resets: ["sr"])
    check(ESP32S3RMT.Register.self, "RMT", own: ["memory"], resets: ["rxch0status"])
    check(ESP32S3LEDC.Register.self, "LEDC")
    check(ESP32S3TimerGroup.Register.self, "TIMG", resets: ["rtccalicfg1"])
    check(ESP32S3SystemTimer.Register.self, "SYSTIMER")
    check(ESP32S3SPI.Register.self, "SPI")
    check(ESP32S3USBSerial.Register.self, "USB_DEVICE")
    check(ESP32S3SHA.Register.self, "SHA")
    check(ESP32S3DMA.Register.self, "DMA")
    check(ESP32S3System.Register.self, "SYSTEM", resets: ["sysclkconf"])
    check(ESP32S3InterruptCore.Register.self, "INTERRUPT_CORE0")
    // The cache's operations are done at once.
    check(ESP32S3ExternalMemory.Register.self, "EXTMEM", resets: ["cachestate", "dcachefreeze", "icachefreeze", "dcachesyncctrl", "icachesyncctrl"])
  }
}
