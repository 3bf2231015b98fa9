import Machine

/// Runs code through MicroPython's raw REPL, as mpremote does: Ctrl-A, the code, Ctrl-D, then OK, output, 0x04, errors,
/// 0x04 (MicroPython documentation, "The REPL", raw mode).
public final class RawREPL {
  public enum Stage: Equatable { case waiting, entering, sending, acknowledge, output, errors, done }
  public private(set) var stage = Stage.waiting
  private var pending: [UInt8] = []
  private let code: [UInt8]
  private var tail: [UInt8] = []
  public private(set) var errors: [UInt8] = []
  /// The program's output, as it comes.
  public var onOutput: (UInt8) -> Void = { _ in }

  public init(code: String) { self.code = Array(code.utf8) }
  public var isDone: Bool { stage == .done }
  /// The console is there: ask for the prompt.
  public func begin() {
    guard stage == .waiting else { return }
    stage = .entering
    pending = [0x0D, 0x03, 0x03, 0x01]
  }
  /// Asks again, when nothing came.
  public func retry() { if stage == .entering && pending.isEmpty { pending = [0x0D, 0x03, 0x01] } }
  /// Bytes to send; drops the `taken` ones.
  public var toSend: [UInt8] { pending }
  public func sent(_ count: Int) { pending.removeFirst(min(count, pending.count)) }

  public func receive(_ byte: UInt8) {
    switch stage {
    case .waiting, .done: break
    case .entering:
      tail.append(byte)
      if tail.count > 64 { tail.removeFirst() }
      if String(decoding: tail, as: UTF8.self).hasSuffix("raw REPL; CTRL-B to exit\r\n>") {
        stage = .acknowledge
        tail = []
        pending = code + [0x04]
      }
    case .sending, .acknowledge:
      tail.append(byte)
      if tail.suffix(2) == [0x4F, 0x4B] { stage = .output }
    case .output: if byte == 4 { stage = .errors } else { onOutput(byte) }
    case .errors: if byte == 4 { stage = .done } else { errors.append(byte) }
    }
  }
}
