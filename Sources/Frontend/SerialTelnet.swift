/// What a client does to a serial port beside sending bytes.
public enum SerialControl: Sendable, Equatable {
  case dtr(Bool), rts(Bool)
  /// Bits a second.
  case baud(Int)
  case breakCondition(Bool)
  /// What the client sent and the board has not taken is to be dropped.
  case purge
}

/// The server's side of a serial line over Telnet (RFC 854 and 855; RFC 2217 for COM-PORT-OPTION).
final class SerialTelnet {
  private enum Code { static let se: UInt8 = 240, sb: UInt8 = 250, will: UInt8 = 251, wont: UInt8 = 252, `do`: UInt8 = 253, dont: UInt8 = 254, iac: UInt8 = 255 }
  /// Options that both sides may use: binary, suppress go-ahead, COM port; echo is refused, as a serial line has none.
  private static let options: Set<UInt8> = [0, 3, 44]
  private enum State { case data, command, option(UInt8), sub, subCommand }
  private var state = State.data, sub: [UInt8] = []
  private var ours = Set<UInt8>(), theirs = Set<UInt8>()
  private var baud = 115200, dataBits: UInt8 = 8, parity: UInt8 = 1, stopBits: UInt8 = 1, dtr = false, rts = false, isBreak = false

  /// NOTIFY-MODEMSTATE: clear to send, data set ready, carrier.
  private static let modemState = [Code.iac, Code.sb, 44, 107, 0xB0, Code.iac, Code.se]
  /// A new client.
  func begin() {
    state = .data
    sub = []
    ours = []
    theirs = []
    dtr = false
    rts = false
  }
  /// Bytes towards the client, 255 doubled.
  static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(Code.iac) else { return bytes }
    return bytes.flatMap { $0 == Code.iac ? [Code.iac, Code.iac] : [$0] }
  }
  /// Takes what the client sent apart: data, controls in their order, and what to answer.
  func receive(_ bytes: some Sequence<UInt8>) -> (data: [UInt8], controls: [SerialControl], reply: [UInt8]) {
    var data: [UInt8] = [], controls: [SerialControl] = [], reply: [UInt8] = []
    for b in bytes {
      switch state {
      case .data: if b == Code.iac { state = .command } else { data.append(b) }
      case .command:
        switch b {
        case Code.iac:
          data.append(b)
          state = .data
        case Code.will, Code.wont, Code.do, Code.dont: state = .option(b)
        case Code.sb:
          sub = []
          state = .sub
        default: state = .data
        }
      case .option(let verb):
        reply += negotiate(verb, b)
        state = .data
      case .sub:
        if b == Code.iac { state = .subCommand } else if sub.count < 64 { sub.append(b) }
      case .subCommand:
        if b == Code.se {
          let before = controls.count
          if sub.count >= 2, sub[0] == 44 { reply += port(sub[1], Array(sub.dropFirst(2)), &controls) }
          if controls.dropFirst(before).contains(.purge) { data = [] }
          state = .data
        } else {
          if sub.count < 64 { sub.append(b) }
          state = .sub
        }
      }
    }
    return (data, controls, reply)
  }
  /// Answers only what changes something, so that the two sides do not answer each other for ever.
  private func negotiate(_ verb: UInt8, _ option: UInt8) -> [UInt8] {
    let welcome = Self.options.contains(option)
    switch verb {
    case Code.do:
      guard welcome else { return [Code.iac, Code.wont, option] }
      guard ours.insert(option).inserted else { return [] }
      return [Code.iac, Code.will, option] + (option == 44 ? Self.modemState : [])
    case Code.dont: return ours.remove(option) != nil ? [Code.iac, Code.wont, option] : []
    case Code.will:
      guard welcome else { return [Code.iac, Code.dont, option] }
      return theirs.insert(option).inserted ? [Code.iac, Code.do, option] : []
    default: return theirs.remove(option) != nil ? [Code.iac, Code.dont, option] : []
    }
  }
  /// One command of COM-PORT-OPTION; the answer has its code and a hundred, and what holds now.
  private func port(_ command: UInt8, _ value: [UInt8], _ controls: inout [SerialControl]) -> [UInt8] {
    func answer(_ bytes: [UInt8]) -> [UInt8] { [Code.iac, Code.sb, 44, command &+ 100] + Self.escaped(bytes) + [Code.iac, Code.se] }
    let first = value.first ?? 0
    switch command {
    case 0: return answer(Array("Solderless".utf8))
    case 1:
      let asked = value.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      if asked > 0 {
        baud = asked
        controls.append(.baud(asked))
      }
      return answer((0..<4).map { UInt8(truncatingIfNeeded: baud >> (24 - 8 * $0)) })
    case 2:
      if 5...8 ~= first { dataBits = first }
      return answer([dataBits])
    case 3:
      if 1...5 ~= first { parity = first }
      return answer([parity])
    case 4:
      if 1...3 ~= first { stopBits = first }
      return answer([stopBits])
    case 5:
      var now = first
      switch first {
      case 0, 13: now = first == 0 ? 1 : 14  // no flow control
      case 4: now = isBreak ? 5 : 6
      case 5, 6:
        isBreak = first == 5
        controls.append(.breakCondition(isBreak))
      case 7: now = dtr ? 8 : 9
      case 8, 9:
        dtr = first == 8
        controls.append(.dtr(dtr))
      case 10: now = rts ? 11 : 12
      case 11, 12:
        rts = first == 11
        controls.append(.rts(rts))
      default: break
      }
      return answer([now])
    case 10: return answer([first])
    case 11: return answer([first]) + Self.modemState
    case 12:
      // 1 is for what goes to the client, of which nothing waits here; 2 for what comes from it; 3 for both.
      if first & 2 != 0 { controls.append(.purge) }
      return answer([first])
    default: return []
    }
  }
}
