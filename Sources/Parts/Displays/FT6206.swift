import Machine

/// A capacitive touch panel's controller, FocalTech FT6206, on I²C at 38h; one finger.
final class FT6206 {
  struct State: BitwiseCopyable {
    var x: UInt16 = 0, y: UInt16 = 0, isDown = false, wasDown = false
    var register: UInt8 = 0, awaitsRegister = true
    var threshold: UInt8 = 40, mode: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let target: I2CTarget
  private let width: Int, height: Int

  init(_ name: String, sda: Pin, scl: Pin, width: Int, height: Int, context: PartContext) {
    state = context.arena.allocate("\(name).state", initial: State())
    target = I2CTarget(name, sda: sda, scl: scl, context: context)
    self.width = width
    self.height = height
    target.accepts = { a, _ in a == 0x38 }
    target.onStart = { [unowned self] reading in if !reading { state.pointee.awaitsRegister = true } }
    target.onWrite = { [unowned self] byte in
      if state.pointee.awaitsRegister {
        state.pointee.register = byte
        state.pointee.awaitsRegister = false
      } else {
        switch state.pointee.register {
        case 0x00: state.pointee.mode = byte & 0x70
        case 0x80: state.pointee.threshold = byte
        default: break
        }
        state.pointee.register &+= 1
      }
      return true
    }
    target.onRead = { [unowned self] in
      let v = value(state.pointee.register)
      state.pointee.register &+= 1
      return v
    }
  }
  private func value(_ register: UInt8) -> UInt8 {
    let s = state.pointee
    switch register {
    case 0x00: return s.mode
    case 0x02: return s.isDown ? 1 : 0
    // Event: 2 contact, 1 lifted, 3 none; the first finger's number is 0.
    case 0x03: return (s.isDown ? 0x80 : s.wasDown ? 0x40 : 0xC0) | UInt8(truncatingIfNeeded: s.x >> 8)
    case 0x04: return UInt8(truncatingIfNeeded: s.x)
    case 0x05: return (s.wasDown ? 0x00 : 0xF0) | UInt8(truncatingIfNeeded: s.y >> 8)
    case 0x06: return UInt8(truncatingIfNeeded: s.y)
    case 0x09, 0x0B: return 0xFF
    case 0x80: return s.threshold
    case 0xA3: return 0x06
    case 0xA6: return 0x10
    case 0xA8: return 0x11
    default: return 0
    }
  }
  /// The panel is mounted upside down to the glass, as on the usual modules: 0, 0 is the far corner.
  func touch(x: Int, y: Int, down: Bool) {
    state.pointee.isDown = down
    state.pointee.wasDown = true
    state.pointee.x = UInt16(width - 1 - min(max(x, 0), width - 1))
    state.pointee.y = UInt16(height - 1 - min(max(y, 0), height - 1))
  }
}
