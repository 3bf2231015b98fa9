import Machine

/// ESP32 TRM chapter 12: an I2S controller as far as its registers go: firmware also switches the random number generator's source
/// and the SAR ADC by them. No sample goes in or out, which is told when a transfer is started.
public final class ESP32I2S: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case conf = 0x08, intRaw = 0x0C, intSt = 0x10, intEna = 0x14, intClr = 0x18, timing = 0x1C, fifoConf = 0x20, rxeofNum = 0x24, confSigleData = 0x28, confChan = 0x2C, outLink = 0x30, inLink = 0x34
    case outEofDesAddr = 0x38, inEofDesAddr = 0x3C, outEofBfrDesAddr = 0x40, ahbTest = 0x44, inlinkDscr = 0x48, inlinkDscrBf0 = 0x4C, inlinkDscrBf1 = 0x50, outlinkDscr = 0x54, outlinkDscrBf0 = 0x58
    case outlinkDscrBf1 = 0x5C, lcConf = 0x60, outfifoPush = 0x64, infifoPop = 0x68, lcState0 = 0x6C, lcState1 = 0x70, lcHungConf = 0x74, cvsdConf0 = 0x80, cvsdConf1 = 0x84, cvsdConf2 = 0x88
    case plcConf0 = 0x8C, plcConf1 = 0x90, plcConf2 = 0x94, escoConf0 = 0x98, scoConf0 = 0x9C, conf1 = 0xA0, pdConf = 0xA4, conf2 = 0xA8, clkmConf = 0xAC, sampleRateConf = 0xB0, pdmConf = 0xB4
    case pdmFreqConf = 0xB8, state = 0xBC, date = 0xFC
  }
  static let map = RegisterMap<ESP32I2S> { r in
    let stored: [(Register, UInt32)] = [
      (.conf, 0x3_0300), (.intEna, 0), (.timing, 0), (.fifoConf, 0x1820), (.rxeofNum, 64), (.confSigleData, 0), (.confChan, 0), (.ahbTest, 0), (.lcConf, 0x100), (.lcHungConf, 0x810),
      (.cvsdConf0, 0x8000_7FFF), (.cvsdConf1, 0xA0500), (.cvsdConf2, 0x502A4), (.plcConf0, 0x8A8_0339), (.plcConf1, 0xA017_8A05), (.plcConf2, 0x28), (.escoConf0, 0), (.scoConf0, 0), (.conf1, 0x89),
      (.pdConf, 0xA), (.conf2, 0), (.clkmConf, 4), (.sampleRateConf, 0x41_0186), (.pdmConf, 0x155_0020), (.pdmFreqConf, 0xF_01E0), (.date, 0x160_4201),
    ]
    for (x, reset) in stored { r[x].bits(0...31).reset(reset) }
    for x in [Register.intRaw, .intSt, .intClr, .outEofDesAddr, .inEofDesAddr, .outEofBfrDesAddr, .lcState0, .lcState1] { r[x].reset(0) }
    r[.inlinkDscr, count: 6].reset(0)
    for x in [Register.outLink, .inLink] { r[x].bits(0...19).onWrite { d, v in if v & (1 << 29 | 1 << 30) != 0 { d.log?.once("\(d.name): transfers of samples are not modelled: none goes in or out") } } }
    r[.outfifoPush].bits(0...8)
    r[.infifoPop].reset(0)
    // The transmitter is idle, and the FIFOs' resets are done.
    r[.state].reset(1)
  }
  init(name: String, arena: StateArena) { super.init(Self.map, name: "ESP32.\(name)", arena: arena) }
}
