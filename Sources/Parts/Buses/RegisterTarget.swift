import Machine

/// An I²C target with registers behind a pointer, as most sensors are: the first byte of a write sets the pointer, what
/// follows is written from there on, and a read goes on where the pointer is.
final class RegisterTarget {
  struct State: BitwiseCopyable { var pointer: UInt8 = 0, hasPointer = false }
  private let state: UnsafeMutablePointer<State>
  let target: I2CTarget
  var address: () -> UInt8
  var read: (UInt8) -> UInt8 = { _ in 0xFF }
  var write: (UInt8, UInt8) -> Void = { _, _ in }
  /// The register behind another.
  var next: (UInt8) -> UInt8 = { $0 &+ 1 }
  /// A read or write begins: values that belong together are to be frozen.
  var begin: (_ reading: Bool) -> Void = { _ in }

  /// - Parameter pairs: a write is register, value, register, value …
  init(_ name: String, sda: Pin, scl: Pin, address: @escaping () -> UInt8, pairs: Bool = false, context: PartContext) {
    state = context.arena.allocate("\(name).pointer", initial: State())
    self.address = address
    target = I2CTarget(name, sda: sda, scl: scl, context: context)
    target.accepts = { [unowned self] a, _ in a == self.address() }
    target.onStart = { [unowned self] reading in
      if !reading { state.pointee.hasPointer = false }
      begin(reading)
    }
    target.onWrite = { [unowned self] v in
      if state.pointee.hasPointer {
        write(state.pointee.pointer, v)
        if pairs { state.pointee.hasPointer = false } else { state.pointee.pointer = next(state.pointee.pointer) }
      } else {
        state.pointee.pointer = v
        state.pointee.hasPointer = true
      }
      return true
    }
    target.onRead = { [unowned self] in
      let v = read(state.pointee.pointer)
      state.pointee.pointer = next(state.pointee.pointer)
      return v
    }
  }
}
