/// A wire inside the chip with a level: an interrupt request, a DMA request.
public final class Line {
  public let name: String
  @usableFromInline let level: UnsafeMutablePointer<Bool>
  private var sinks: [(Bool) -> Void] = []
  public init(_ name: String, arena: StateArena) {
    self.name = name
    level = arena.allocate(name, initial: false)
  }
  public func connect(_ sink: @escaping (Bool) -> Void) { sinks.append(sink) }
  @inlinable public var isHigh: Bool { level.pointee }
  @inlinable public func set(_ v: Bool) { if v != level.pointee { change(v) } }
  @usableFromInline func change(_ v: Bool) {
    level.pointee = v
    for s in sinks { s(v) }
  }
}
