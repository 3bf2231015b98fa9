import Machine

extension ESP8266 {
  /// The pads' function select and pulls (pin_mux_register.h): a register per pad, in the order of the package.
  public final class IOMux: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case conf = 0x00, mtdi = 0x04, mtck = 0x08, mtms = 0x0C, mtdo = 0x10, u0rxd = 0x14, u0txd = 0x18, sdClk = 0x1C, sdData0 = 0x20, sdData1 = 0x24
      case sdData2 = 0x28, sdData3 = 0x2C, sdCmd = 0x30, gpio0 = 0x34, gpio2 = 0x38, gpio4 = 0x3C, gpio5 = 0x40
    }
    static let map = RegisterMap<IOMux> { r in
      r[.conf].bits(0...31)
      r[.mtdi, count: 16].bits(0...31).onWrite { d, i, _ in d.onChange(IOMux.gpioOfPad[i]) }
      // Pull-ups that hold the boot straps, and the console's pads.
      r[.u0rxd].bits(0...31).reset(0x80).onWrite { d, _ in d.onChange(3) }
      r[.u0txd].bits(0...31).reset(0x80).onWrite { d, _ in d.onChange(1) }
      r[.gpio0].bits(0...31).reset(0x80).onWrite { d, _ in d.onChange(0) }
      r[.gpio2].bits(0...31).reset(0x80).onWrite { d, _ in d.onChange(2) }
    }
    /// The GPIO number of each pad register, from MTDI on.
    static let gpioOfPad = [12, 13, 14, 15, 3, 1, 6, 7, 8, 9, 10, 11, 0, 2, 4, 5]
    private static let padOfGPIO: [Int] = (0..<16).map { gpio in gpioOfPad.firstIndex(of: gpio)! }
    /// The function that is the GPIO itself: 0 where the pad's name says GPIO, else 3.
    static func gpioFunction(_ n: Int) -> Int { [0, 2, 4, 5].contains(n) ? 0 : 3 }
    /// A pad of this GPIO has another function or pull.
    var onChange: (Int) -> Void = { _ in }

    init(arena: StateArena) { super.init(Self.map, name: "ESP8266.IO_MUX", arena: arena) }
    private func word(_ n: Int) -> UInt32 { self[.mtdi, Self.padOfGPIO[n]] }
    func function(_ n: Int) -> Int { Int(word(n)[bits: 4...5] | word(n)[bits: 8...8] << 2) }
    /// The functions that a pad may have beside GPIO, by number (pin_mux of eagle_soc.h).
    private static let names: [Int: [Int: String]] = [
      12: [0: "MTDI", 1: "I2SI_DATA", 2: "HSPIQ", 4: "U0DTR"], 13: [0: "MTCK", 1: "I2SI_BCK", 2: "HSPID", 4: "U0CTS"], 14: [0: "MTMS", 1: "I2SI_WS", 2: "HSPICLK", 4: "U0DSR"],
      15: [0: "MTDO", 1: "I2SO_BCK", 2: "HSPICS0", 4: "U0RTS"], 3: [0: "U0RXD", 1: "I2SO_DATA", 4: "CLK_XTAL"], 1: [0: "U0TXD", 1: "SPICS1", 4: "CLK_RTC"],
      6: [0: "SDCLK", 1: "SPICLK", 4: "U1CTS"], 7: [0: "SDDATA0", 1: "SPIQ", 4: "U1TXD"], 8: [0: "SDDATA1", 1: "SPID", 4: "U1RXD"], 9: [0: "SDDATA2", 1: "SPIHD", 4: "HSPIHD"],
      10: [0: "SDDATA3", 1: "SPIWP", 4: "HSPIWP"], 11: [0: "SDCMD", 1: "SPICS0", 4: "U1RTS"], 0: [1: "SPICS2", 4: "CLK_OUT"], 2: [1: "I2SO_WS", 2: "U1TXD", 4: "U0TXD"],
      4: [1: "CLK_XTAL"], 5: [1: "CLK_RTC"],
    ]
    /// The name of what a pad does that is no GPIO.
    func functionName(_ n: Int) -> String { Self.names[n]?[function(n)] ?? "function \(function(n))" }
    func pullUp(_ n: Int) -> Bool { word(n)[bit: 7] }
  }
}
