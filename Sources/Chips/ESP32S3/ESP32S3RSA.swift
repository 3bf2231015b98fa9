import Machine

/// ESP32-S3 TRM chapter 21: the RSA accelerator: products and powers of numbers of up to 4096 bits.
public final class ESP32S3RSA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case mMem = 0x000, zMem = 0x200, yMem = 0x400, xMem = 0x600, mPrime = 0x800, mode = 0x804, clean = 0x808, modexpStart = 0x80C, modmultStart = 0x810, multStart = 0x814, idle = 0x818
    case clearInterrupt = 0x81C, constantTime = 0x820, searchEnable = 0x824, searchPos = 0x828, interruptEna = 0x82C, date = 0x830
  }
  private static let limbs = 128
  static let map = RegisterMap<ESP32S3RSA> { r in
    for x in [Register.mMem, .zMem, .yMem, .xMem] { r[x, count: limbs].bits(0...31) }
    r[.mPrime].bits(0...31)
    r[.mode].bits(0...6)
    // The memories are cleared after reset, and an operation is over at once.
    r[.clean].reset(1)
    r[.idle].reset(1)
    // Software has put R^2 mod M into Z for the hardware's Montgomery form, which is not needed here.
    r[.modexpStart].onWrite { d, v in if v[bit: 0] { d.finish(ESP32RSA.power(d.number(.xMem), d.number(.yMem), modulo: d.number(.mMem))) } }
    r[.modmultStart].onWrite { d, v in if v[bit: 0] { d.finish(ESP32RSA.remainder(ESP32RSA.multiply(d.number(.xMem), d.number(.yMem)), d.number(.mMem))) } }
    // Operands of half the length: X, and what lies in Z's upper half.
    r[.multStart].onWrite { d, v in
      let n = d.count / 2
      if v[bit: 0] { d.finish(ESP32RSA.multiply((0..<n).map { d[.xMem, $0] }, (0..<n).map { d[.zMem, n + $0] })) }
    }
    r[.clearInterrupt].onWrite { d, v in if v[bit: 0] { d.irq.set(false) } }
    r[.constantTime].bits(0...0).reset(1)
    r[.searchEnable].bits(0...0)
    r[.searchPos].bits(0...11)
    r[.interruptEna].bits(0...0)
    r[.date].bits(0...29).reset(0x2019_1231)
  }
  public let irq: Line
  init(chip: String = "ESP32S3", arena: StateArena) {
    irq = Line("\(chip).RSA.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).RSA", arena: arena)
  }
  private var count: Int { Int(self[.mode]) + 1 }
  private func number(_ r: Register) -> [UInt32] { (0..<count).map { self[r, $0] } }
  private func finish(_ v: [UInt32]) {
    for (i, w) in v.prefix(Self.limbs).enumerated() { self[.zMem, i] = w }
    if self[.interruptEna][bit: 0] { irq.set(true) }
  }
  public override func reset() {
    super.reset()
    irq.set(false)
  }
}
