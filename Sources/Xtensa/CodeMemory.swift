import Machine

/// Memory that cores share and run code from. It knows which of its pages hold code that some core has decoded, so that
/// no store to them goes unseen. Whoever changes it besides a core says so with `changed`.
public final class CodeMemory {
  static let pageShift: UInt32 = 12

  public let bytes: UnsafeMutableRawPointer
  public let size: UInt32
  struct Page: BitwiseCopyable {
    /// A core has decoded code here: stores take the slow path.
    var holdsCode = false
    /// Slow stores since the last decoding, and how many make the page data again.
    var stores: UInt32 = 0, patience: UInt32 = 256
  }
  let pages: UnsafeMutablePointer<Page>
  private struct Client { unowned let core: XtensaCore }
  private var clients: [Client] = []

  /// - Parameter size: bytes; a multiple of 4096.
  public init(_ bytes: UnsafeMutableRawPointer, size: UInt32) {
    precondition(size & 0xFFF == 0, "a memory is a multiple of 4096 bytes")
    self.bytes = bytes
    self.size = size
    pages = .allocate(capacity: Int(size >> Self.pageShift) + 1)
    pages.initialize(repeating: Page(), count: Int(size >> Self.pageShift) + 1)
  }
  public convenience init(_ memory: Memory) { self.init(memory.raw, size: UInt32(memory.size)) }
  deinit { pages.deallocate() }

  func serve(_ core: XtensaCore) {
    if !clients.contains(where: { $0.core === core }) { clients.append(Client(core: core)) }
  }
  /// Code was decoded at `offset`: from now on stores to its page are seen.
  func decoded(_ offset: UInt32) {
    let p = pages + Int(offset >> Self.pageShift)
    p.pointee.stores = 0
    if p.pointee.holdsCode { return }
    p.pointee.holdsCode = true
    for c in clients { c.core.pageChanged(self, offset >> Self.pageShift) }
  }
  /// Bytes were changed by DMA, a flash controller, a loader: what cores had decoded there goes.
  public func changed(offset: UInt32, count: UInt32) {
    guard offset < size, count > 0 else { return }
    let end = offset &+ min(count, size - offset)
    for page in (offset >> Self.pageShift)...((end - 1) >> Self.pageShift) where pages[Int(page)].holdsCode {
      let start = page << Self.pageShift
      if offset <= start, end >= start + 0x1000 { forget(page) } else { drop(max(offset, start), min(end, start + 0x1000)) }
    }
    // An instruction may begin on the page before.
    if offset & 0xFFF < 3, offset >= 0x1000, pages[Int(offset >> Self.pageShift) - 1].holdsCode { drop(offset & ~0xFFF, (offset & ~0xFFF) + 1) }
  }
  /// A core stored up to 4 bytes: `changed`, and a page that is stored to again and again becomes data.
  func stored(offset: UInt32, count: UInt32) {
    let p = pages + Int(offset >> Self.pageShift)
    if p.pointee.holdsCode {
      p.pointee.stores &+= 1
      if p.pointee.stores > p.pointee.patience {
        p.pointee.patience = min(p.pointee.patience << 1, 1 << 20)
        forget(offset >> Self.pageShift)
      }
    }
    changed(offset: offset, count: count)
  }
  private func drop(_ from: UInt32, _ to: UInt32) {
    for c in clients { c.core.drop(self, from: from, to: to) }
  }
  private func forget(_ page: UInt32) {
    drop(page << Self.pageShift, (page + 1) << Self.pageShift)
    pages[Int(page)].holdsCode = false
    pages[Int(page)].stores = 0
    for c in clients { c.core.pageChanged(self, page) }
  }
  /// All decoded code is gone: pages are data until decoded again.
  func forgetAll() {
    for page in 0..<(size >> Self.pageShift) where pages[Int(page)].holdsCode { forget(page) }
  }
}
