#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Machine
import Processor

extension XtensaCore {
  /// What may be done with memory besides aligned 32-bit reads.
  public struct Access: OptionSet, Sendable, BitwiseCopyable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let write = Access(rawValue: 1)
    public static let execute = Access(rawValue: 2)
    /// Accesses of 8 and 16 bits and, where the core has them, unaligned ones; without it they raise LoadStoreError.
    public static let bytes = Access(rawValue: 4)
    /// DRAM; memory on the data bus.
    public static let data: Access = [.write, .bytes]
    /// IRAM; memory on the instruction bus.
    public static let instruction: Access = [.write, .execute]
  }
  /// A range of addresses whose pages a cache MMU maps.
  public struct Window: Sendable, Equatable { let index: Int }
}

/// What one core sees at which address: memory for its loads and stores by page of 4 KiB, and decoded code by runs of
/// addresses that lie side by side in memory.
final class MemoryMap {
  typealias Access = XtensaCore.Access
  /// A run of addresses with code: what the loop holds.
  struct View: BitwiseCopyable {
    var base: UInt32, size: UInt32
    var slots: UnsafeMutablePointer<Slot<Op>>
    var store: Int, offset: UInt32
    /// Where loops end, by byte.
    var ends: UnsafeMutablePointer<Bool>
    /// The pages of 4 KiB in which slots were decoded.
    var touched: UnsafeMutablePointer<Bool>
  }
  /// Where an address leads.
  struct Place: BitwiseCopyable {
    var store: Int
    /// In the memory.
    var offset: UInt32
    var bytes: UnsafeMutableRawPointer
    var access: Access
    var isReversed: Bool
  }
  private struct Region: BitwiseCopyable {
    var base: UInt32, size: UInt32, offset: UInt32
    var store: Int
    var bytes: UnsafeMutableRawPointer
    var access: Access, reversed: Bool
  }
  private struct WindowRange: BitwiseCopyable {
    var base: UInt32, size: UInt32, pageShift: UInt32
    var access: Access
    var pages: UnsafeMutablePointer<Page>
  }
  /// State of the machine: which memory, from 1; 0 none.
  private struct Page: BitwiseCopyable { var store: UInt32 = 0, offset: UInt32 = 0 }
  /// A memory with the slots that this core decoded from it, in the order of addresses.
  private final class Store {
    let memory: CodeMemory
    let reversed: ClosedRange<UInt32>?
    let slots: UnsafeMutablePointer<Slot<Op>>
    let ends: UnsafeMutablePointer<Bool>
    /// By 4 KiB page: slots were decoded, and for addresses of the run that begins here and ends there; 0, 0: none.
    let touched: UnsafeMutablePointer<Bool>
    let runs: UnsafeMutablePointer<SIMD2<UInt32>>
    init(_ memory: CodeMemory, reversed: ClosedRange<UInt32>?) {
      self.memory = memory
      self.reversed = reversed
      let count = Int(memory.size) + 8
      guard let s = calloc(count, MemoryLayout<Slot<Op>>.stride), let e = calloc(count, 1) else { fatalError("no host memory for decoded code") }
      slots = s.bindMemory(to: Slot<Op>.self, capacity: count)
      ends = e.bindMemory(to: Bool.self, capacity: count)
      let pages = Int(memory.size >> 12)
      touched = .allocate(capacity: pages + 1)
      touched.initialize(repeating: false, count: pages + 1)
      runs = .allocate(capacity: pages)
      runs.initialize(repeating: .zero, count: pages)
    }
    deinit {
      free(slots)
      free(ends)
      touched.deallocate()
      runs.deallocate()
    }
    /// Drops the slots of `from..<to`, and those that reach into it; what was never decoded stays untouched in the host, too.
    func clear(_ from: UInt32, _ to: UInt32) {
      var at = from >= 3 ? from - 3 : 0
      let end = min(to, memory.size)
      while at < end {
        let page = at >> 12, next = min(end, (page + 1) << 12)
        if touched[Int(page)] {
          memset(UnsafeMutableRawPointer(slots + Int(at)), 0, Int(next - at) * MemoryLayout<Slot<Op>>.stride)
          if next - at == 0x1000 { touched[Int(page)] = false }
        }
        at = next
      }
    }
  }
  typealias Table = UnsafeMutablePointer<UnsafeMutableRawPointer?>
  static let pageCount = 1 << 20
  /// By page: memory for aligned words, for bytes, halfwords; nil: the slow path. `none` is all nil.
  let wordReads: Table, byteReads: Table, wordWrites: Table, byteWrites: Table, none: Table
  /// By page: the number of the view, from 1.
  let viewOfPage: UnsafeMutablePointer<UInt8>
  let views: UnsafeMutablePointer<View>
  private(set) var viewCount = 0
  static let mostViews = 254

  private let name: String, arena: StateArena
  private var stores: [Store] = []
  private let regions: UnsafeMutablePointer<Region>, windows: UnsafeMutablePointer<WindowRange>
  private var regionCount = 0, windowCount = 0
  static let mostRegions = 48

  init(name: String, arena: StateArena) {
    self.name = name
    self.arena = arena
    func table() -> Table {
      guard let t = calloc(Self.pageCount, MemoryLayout<UnsafeMutableRawPointer?>.stride) else { fatalError("no host memory for page tables") }
      return t.bindMemory(to: UnsafeMutableRawPointer?.self, capacity: Self.pageCount)
    }
    wordReads = table()
    byteReads = table()
    wordWrites = table()
    byteWrites = table()
    none = table()
    guard let v = calloc(Self.pageCount, 1) else { fatalError("no host memory for page tables") }
    viewOfPage = v.bindMemory(to: UInt8.self, capacity: Self.pageCount)
    views = .allocate(capacity: Self.mostViews)
    regions = .allocate(capacity: Self.mostRegions)
    windows = .allocate(capacity: Self.mostRegions)
  }
  deinit {
    for t in [wordReads, byteReads, wordWrites, byteWrites, none] { free(t) }
    free(viewOfPage)
    views.deallocate()
    regions.deallocate()
    windows.deallocate()
  }

  // MARK: What is where

  var memories: [CodeMemory] { stores.map(\.memory) }
  func memory(_ store: Int) -> CodeMemory { stores[store].memory }

  func store(of memory: CodeMemory, reversed: ClosedRange<UInt32>?) -> Int {
    if let i = stores.firstIndex(where: { $0.memory === memory && $0.reversed == reversed }) { return i }
    stores.append(Store(memory, reversed: reversed))
    return stores.count - 1
  }
  func addRegion(base: UInt32, size: UInt32, memory: CodeMemory, offset: UInt32, _ access: Access, reversed: Bool) {
    precondition(regionCount < Self.mostRegions, "a core has at most \(Self.mostRegions) regions")
    precondition((base | size | offset) & 0xFFF == 0 && size > 0 && offset <= memory.size && size <= memory.size - offset, "a region is whole pages of its memory")
    let s = store(of: memory, reversed: reversed ? offset...(offset + size - 1) : nil)
    regions[regionCount] = Region(base: base, size: size, offset: offset, store: s, bytes: memory.bytes, access: access, reversed: reversed)
    regionCount += 1
  }
  func addWindow(base: UInt32, size: UInt32, pageSize: UInt32, _ access: Access) -> XtensaCore.Window {
    precondition(windowCount < Self.mostRegions, "a core has at most \(Self.mostRegions) windows")
    precondition(pageSize.nonzeroBitCount == 1 && pageSize >= 0x1000 && size % pageSize == 0 && base & 0xFFF == 0, "a window is whole pages")
    let shift = UInt32(pageSize.trailingZeroBitCount)
    let pages = arena.allocate("\(name).window\(windowCount)", count: Int(size >> shift), initial: Page())
    windows[windowCount] = WindowRange(base: base, size: size, pageShift: shift, access: access, pages: pages)
    windowCount += 1
    return XtensaCore.Window(index: windowCount - 1)
  }
  /// Whether something changed.
  func mapPage(_ page: Int, of window: XtensaCore.Window, to memory: CodeMemory?, offset: UInt32, _ core: XtensaCore) -> Bool {
    let w = windows[window.index]
    guard page >= 0, page < Int(w.size >> w.pageShift) else { return false }
    var new = Page()
    if let memory, offset & 0xFFF == 0, offset < memory.size, memory.size - offset >= 1 << w.pageShift { new = Page(store: UInt32(store(of: memory, reversed: nil)) + 1, offset: offset) }
    let old = w.pages[page]
    guard old.store != new.store || old.offset != new.offset else { return false }
    w.pages[page] = new
    let first = (w.base + UInt32(page) << w.pageShift) >> 12
    for p in first..<(first + (1 << w.pageShift) >> 12) { refresh(p, core) }
    if w.access.contains(.execute) { rebuildViews(core) }
    return true
  }
  /// The memory at an address, nil: none.
  func place(_ address: UInt32) -> Place? {
    for i in 0..<regionCount {
      let o = address &- regions[i].base
      guard o < regions[i].size else { continue }
      let r = regions[i], offset = r.reversed ? r.offset + (r.size - 4 - (o & ~3)) + (o & 3) : r.offset + o
      return Place(store: r.store, offset: offset, bytes: r.bytes + Int(offset), access: r.access, isReversed: r.reversed)
    }
    for i in 0..<windowCount {
      let o = address &- windows[i].base
      guard o < windows[i].size else { continue }
      let w = windows[i], page = w.pages[Int(o >> w.pageShift)]
      guard page.store != 0, Int(page.store) <= stores.count else { return nil }
      let offset = page.offset + o & ((1 << w.pageShift) - 1)
      return Place(store: Int(page.store) - 1, offset: offset, bytes: stores[Int(page.store) - 1].memory.bytes + Int(offset), access: w.access, isReversed: false)
    }
    return nil
  }

  // MARK: Tables

  /// Sets the tables' entries for the page at `page` * 4096.
  func refresh(_ page: UInt32, _ core: XtensaCore) {
    let i = Int(page)
    var words: UnsafeMutableRawPointer?, writes: UnsafeMutableRawPointer?, bytes = false
    if core.allowsData(page << 12), !core.isWatched(page), let p = place(page << 12), !p.isReversed {
      let m = stores[p.store].memory
      words = p.bytes
      bytes = p.access.contains(.bytes)
      if p.access.contains(.write), !m.pages[Int(p.offset >> 12)].holdsCode { writes = words }
    }
    wordReads[i] = words
    byteReads[i] = bytes ? words : nil
    wordWrites[i] = writes
    byteWrites[i] = bytes ? writes : nil
  }
  /// The same for wherever this page of `memory` is seen.
  func refresh(_ memory: CodeMemory, _ page: UInt32, _ core: XtensaCore) {
    let offset = page << 12
    for i in 0..<regionCount where stores[regions[i].store].memory === memory && !regions[i].reversed && offset &- regions[i].offset < regions[i].size {
      refresh((regions[i].base + (offset - regions[i].offset)) >> 12, core)
    }
    for i in 0..<windowCount {
      let w = windows[i]
      for p in 0..<Int(w.size >> w.pageShift) where w.pages[p].store != 0 && offset &- w.pages[p].offset < 1 << w.pageShift {
        guard stores[Int(w.pages[p].store) - 1].memory === memory else { continue }
        refresh((w.base + UInt32(p) << w.pageShift + (offset - w.pages[p].offset)) >> 12, core)
      }
    }
  }
  /// Everything anew: after a reset, a restore, a change of attributes.
  func rebuild(_ core: XtensaCore) {
    for i in 0..<regionCount {
      for p in (regions[i].base >> 12)..<((regions[i].base >> 12) + regions[i].size >> 12) { refresh(p, core) }
    }
    for i in 0..<windowCount {
      for p in (windows[i].base >> 12)..<((windows[i].base >> 12) + windows[i].size >> 12) { refresh(p, core) }
    }
    rebuildViews(core)
  }

  // MARK: Code

  /// Finds the runs; what was decoded under another run goes, since branches and the flow past its end depend on it.
  private func rebuildViews(_ core: XtensaCore) {
    for i in 0..<viewCount { memset(viewOfPage + Int(views[i].base >> 12), 0, Int(views[i].size >> 12)) }
    viewCount = 0
    for i in 0..<regionCount where regions[i].access.contains(.execute) {
      let r = regions[i]
      addView(r.base, r.size, r.store, r.offset)
    }
    for i in 0..<windowCount where windows[i].access.contains(.execute) {
      let w = windows[i], count = Int(w.size >> w.pageShift), size: UInt32 = 1 << w.pageShift
      var first = 0
      while first < count {
        var end = first + 1
        let a = w.pages[first]
        if a.store != 0, Int(a.store) <= stores.count {
          while end < count, w.pages[end].store == a.store, w.pages[end].offset == w.pages[end - 1].offset &+ size { end += 1 }
          addView(w.base + UInt32(first) * size, UInt32(end - first) * size, Int(a.store) - 1, a.offset)
        }
        first = end
      }
    }
    core.markLoopEnd(core.sr[SpecialRegister.Number.lend])
  }
  private func addView(_ base: UInt32, _ size: UInt32, _ store: Int, _ offset: UInt32) {
    guard viewCount < Self.mostViews else { return }
    let s = stores[store]
    views[viewCount] = View(base: base, size: size, slots: s.slots + Int(offset), store: store, offset: offset, ends: s.ends + Int(offset), touched: s.touched + Int(offset >> 12))
    viewCount += 1
    memset(viewOfPage + Int(base >> 12), Int32(viewCount), Int(size >> 12))
    let run = SIMD2(base &- offset, base &+ size)
    for p in Int(offset >> 12)..<Int((offset + size) >> 12) where s.runs[p] != run {
      s.clear(UInt32(p) << 12, UInt32(p + 1) << 12)
      s.runs[p] = run
    }
  }
  /// The view with `address`.
  @inline(__always) func view(_ address: UInt32) -> UnsafeMutablePointer<View>? {
    let n = viewOfPage[Int(address >> 12)]
    return n == 0 ? nil : views + Int(n) - 1
  }
  /// Drops the slots of memory bytes `from..<to`, and of an instruction that reaches into them.
  func drop(_ memory: CodeMemory, from: UInt32, to: UInt32) {
    for s in stores where s.memory === memory {
      if let r = s.reversed {
        let low = max(from & ~3, r.lowerBound), high = min((to + 3) & ~3, r.upperBound + 1)
        guard low < high else { continue }
        s.clear(r.lowerBound + (r.upperBound + 1 - high), r.lowerBound + (r.upperBound + 1 - low))
      } else {
        s.clear(from, to)
      }
    }
  }
}
