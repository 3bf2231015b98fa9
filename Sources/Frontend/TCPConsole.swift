import Foundation
import NIOCore
import NIOPosix

/// A serial port on a TCP port: one client at a time, bytes as they are, or with modem lines and speed by RFC 2217.
///
/// A client's bytes wait in the socket once `limit` of them wait here, so nothing that is pasted is lost. What the board
/// prints while nobody is connected is kept, the last 64 KiB of it.
public final class TCPConsole: Console {
  static let limit = 16 << 10, kept = 64 << 10
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let server: any Channel
  private let wire: Wire
  private var pending: [UInt8] = []
  public let wantsToQuit = false
  /// The port that it got; what 0 asked for.
  public var port: Int { server.localAddress?.port ?? 0 }

  /// - Parameter rfc2217: whether the client speaks RFC 2217.
  /// - Throws: `SessionError` when the port cannot be had.
  public init(port: Int, host: String = "127.0.0.1", rfc2217: Bool = false) throws {
    wire = Wire(telnet: rfc2217 ? SerialTelnet() : nil)
    let wire = self.wire
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in channel.pipeline.addHandler(Client(wire)) }
    do {
      server = try bootstrap.bind(host: host, port: port).wait()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      try? group.syncShutdownGracefully()
      throw SessionError("TCP port \(port) is in use; choose another, or 0 for any that is free")
    } catch {
      try? group.syncShutdownGracefully()
      throw SessionError("TCP port \(port) cannot be opened: \(error)")
    }
  }
  deinit {
    try? server.close().wait()
    try? group.syncShutdownGracefully()
  }
  public func write(_ byte: UInt8) { pending.append(byte) }
  public func flush() {
    guard !pending.isEmpty else { return }
    pending = wire.send(pending)
    if pending.count > Self.kept { pending.removeFirst(pending.count - Self.kept) }
  }
  public func read(upTo count: Int) -> [UInt8] { wire.take(count) }
  public func controls() -> [SerialControl] { wire.takeControls() }
  public func wait(seconds: Double) { wire.wait(seconds) }

  /// What the event loop and the session share.
  final class Wire: @unchecked Sendable {
    private let condition = NSCondition()
    private var input: [UInt8] = []
    private var client: (any Channel)?
    private var paused = false, sendsNoMore = false
    private let telnet: SerialTelnet?
    private var controls: [SerialControl] = []

    init(telnet: SerialTelnet?) { self.telnet = telnet }
    func takeControls() -> [SerialControl] {
      condition.lock()
      defer { condition.unlock() }
      let c = controls
      controls = []
      return c
    }
    func take(_ count: Int) -> [UInt8] {
      condition.lock()
      let bytes = Array(input.prefix(count))
      input.removeFirst(bytes.count)
      let resume = paused && input.count < TCPConsole.limit
      if resume { paused = false }
      let channel = client
      condition.unlock()
      if resume { channel?.read() }
      return bytes
    }
    func wait(_ seconds: Double) {
      condition.lock()
      if input.isEmpty && controls.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: seconds)) }
      condition.unlock()
    }
    /// Gives what could not be sent.
    func send(_ bytes: [UInt8]) -> [UInt8] {
      condition.lock()
      let channel = client
      condition.unlock()
      guard let channel, channel.isWritable else { return bytes }
      channel.writeAndFlush(ByteBuffer(bytes: telnet == nil ? bytes : SerialTelnet.escaped(bytes)), promise: nil)
      return []
    }
    /// A client came: true when it is the one.
    func enter(_ channel: any Channel) -> Bool {
      condition.lock()
      defer { condition.unlock() }
      // One that sends no more may still read, until somebody else comes.
      guard client == nil || sendsNoMore else { return false }
      client?.close(promise: nil)
      client = channel
      sendsNoMore = false
      paused = false
      telnet?.begin()
      // A plain client has no lines: it is there, so they are on.
      controls += telnet == nil ? [.dtr(true)] : [.rts(false), .dtr(false)]
      return true
    }
    func leave(_ channel: any Channel) {
      condition.lock()
      if client === channel {
        client = nil
        // RTS first, which without DTR would reset.
        if telnet != nil { controls += [.rts(false), .dtr(false)] }
      }
      condition.unlock()
    }
    /// The client has closed its side; whether it may stay to read.
    func inputClosed(_ channel: any Channel) -> Bool {
      condition.lock()
      defer { condition.unlock() }
      if client === channel { sendsNoMore = true }
      return telnet == nil
    }
    /// Takes a client's bytes; whether it may send more.
    func receive(_ bytes: some Sequence<UInt8>) -> Bool {
      condition.lock()
      defer { condition.unlock() }
      if let telnet {
        let (data, found, reply) = telnet.receive(bytes)
        if found.contains(.purge) { input = [] }
        input.append(contentsOf: data)
        controls.append(contentsOf: found)
        if !reply.isEmpty { client?.writeAndFlush(ByteBuffer(bytes: reply), promise: nil) }
      } else {
        input.append(contentsOf: bytes)
      }
      condition.signal()
      paused = input.count >= TCPConsole.limit
      return !paused
    }
  }

  private final class Client: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let wire: Wire
    private var mayRead = true
    init(_ wire: Wire) { self.wire = wire }
    func channelActive(context: ChannelHandlerContext) {
      guard wire.enter(context.channel) else {
        context.writeAndFlush(NIOAny(ByteBuffer(string: "solderless: another client is connected to this port\r\n")), promise: nil)
        context.close(promise: nil)
        return
      }
      context.read()
    }
    func channelInactive(context: ChannelHandlerContext) { wire.leave(context.channel) }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { mayRead = wire.receive(unwrapInboundIn(data).readableBytesView) }
    func channelReadComplete(context: ChannelHandlerContext) { if mayRead { context.read() } }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      // The client sends no more; it may still read.
      guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
      mayRead = false
      if !wire.inputClosed(context.channel) { context.close(promise: nil) }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
