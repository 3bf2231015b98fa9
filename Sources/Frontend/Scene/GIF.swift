import Foundation

/// An animated GIF (GIF89a), frame by frame into a file: each holds what changed, in at most 255 colours of its own.
final class GIF {
  private let width: Int, height: Int, rate: Double
  private let file: FileHandle
  /// What the last frame in the file shows, and what the next one will, from `begin` to `end` in frames.
  private var shown: [UInt32]?, next: [UInt32] = [], begin = 0, end = 0

  /// - Parameter rate: frames a second.
  /// - Throws: `SceneError`.
  init(path: String, width: Int, height: Int, rate: Double) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil), let f = FileHandle(forWritingAtPath: path) else { throw SceneError("\(path) cannot be written; is its folder there?") }
    file = f
    self.width = width
    self.height = height
    self.rate = rate
    var head = Array("GIF89a".utf8)
    head += Self.halfwords([width, height]) + [0, 0, 0]
    // Netscape's extension: again and again.
    head += [0x21, 0xFF, 11] + Array("NETSCAPE2.0".utf8) + [3, 1, 0, 0, 0]
    try write(head)
  }
  func add(_ canvas: Canvas) throws {
    guard canvas.width == width, canvas.height == height else { throw SceneError("frames of one GIF must be of one size") }
    let pixels = canvas.pixels
    if pixels != next, end > begin {
      try writeFrame()
      begin = end
    }
    next = pixels
    end += 1
  }
  /// The last frame, and the end of the file.
  func finish() throws {
    if end > begin { try writeFrame() }
    try write([0x3B])
    try? file.close()
  }
  private func write(_ bytes: [UInt8]) throws {
    do { try file.write(contentsOf: Data(bytes)) } catch { throw SceneError("the GIF cannot be written: \(error.localizedDescription)") }
  }
  private static func halfwords(_ values: [Int]) -> [UInt8] { values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8 & 255)] } }
  /// In hundredths of a second; rounded so that they do not add up to a drift.
  private func time(_ frame: Int) -> Int { Int((Double(frame) * 100 / rate).rounded()) }

  // MARK: Frames

  private func writeFrame() throws {
    var area = (left: 0, top: 0, right: width, bottom: height)
    if let shown { area = Self.difference(shown, next, width: width, height: height) }
    let w = area.right - area.left, h = area.bottom - area.top
    var changed: [UInt32] = []
    changed.reserveCapacity(w * h)
    for y in area.top..<area.bottom { for x in area.left..<area.right where shown.map({ $0[y * width + x] != next[y * width + x] }) ?? true { changed.append(next[y * width + x] & 0xFF_FFFF) } }
    let palette = Palette(of: changed), transparent = palette.colors.count
    var bits = 2
    while 1 << bits < transparent + 1 { bits += 1 }
    var indices: [UInt8] = []
    indices.reserveCapacity(w * h)
    for y in area.top..<area.bottom {
      for x in area.left..<area.right {
        let c = next[y * width + x]
        indices.append(shown.map { $0[y * width + x] == c } ?? false ? UInt8(transparent) : palette.index(of: c & 0xFF_FFFF))
      }
    }
    var bytes: [UInt8] = []
    var left = max(time(end) - time(begin), 1)
    repeat {
      // Longer than a frame can be: it is there again, with nothing new.
      let part = min(left, 0xFFFF)
      left -= part
      bytes += [0x21, 0xF9, 4, 0x05] + Self.halfwords([part]) + [UInt8(transparent), 0]
      bytes += [0x2C] + Self.halfwords([area.left, area.top, w, h]) + [0x80 | UInt8(bits - 1)]
      for n in 0..<1 << bits {
        let c = n < palette.colors.count ? palette.colors[n] : 0
        bytes += [UInt8(c >> 16 & 255), UInt8(c >> 8 & 255), UInt8(c & 255)]
      }
      bytes += LZW.packed(indices, bits: bits)
    } while left > 0
    try write(bytes)
    shown = next
  }
  /// The smallest rectangle that holds all pixels that differ; one pixel where none does.
  private static func difference(_ a: [UInt32], _ b: [UInt32], width: Int, height: Int) -> (left: Int, top: Int, right: Int, bottom: Int) {
    var left = width, right = 0, top = height, bottom = 0
    for y in 0..<height {
      for x in 0..<width where a[y * width + x] != b[y * width + x] {
        left = min(left, x)
        right = max(right, x + 1)
        top = min(top, y)
        bottom = y + 1
      }
    }
    return left < right ? (left, top, right, bottom) : (0, 0, 1, 1)
  }

  /// At most 255 colours for a picture: its own where it has no more, else by median cut.
  struct Palette {
    private(set) var colors: [UInt32] = []
    private var exact: [UInt32: UInt8] = [:]
    /// By the six highest bits of each component.
    private var coarse: [UInt8] = []

    private static func bin(_ c: UInt32) -> Int { Int(c >> 18 & 63) << 12 | Int(c >> 10 & 63) << 6 | Int(c >> 2 & 63) }
    func index(of c: UInt32) -> UInt8 { coarse.isEmpty ? exact[c] ?? 0 : coarse[Self.bin(c)] }

    init(of pixels: [UInt32]) {
      var last: UInt32?
      for c in pixels where c != last {
        last = c
        guard exact[c] == nil else { continue }
        if colors.count == 255 {
          cut(pixels)
          return
        }
        exact[c] = UInt8(colors.count)
        colors.append(c)
      }
      if colors.isEmpty { colors = [0] }
    }
    private struct Bin {
      var number: Int, count = 0, red = 0, green = 0, blue = 0
      func part(_ axis: Int) -> Int { number >> (12 - axis * 6) & 63 }
    }
    /// Boxes of colours are halved, the one with the most pixels times its longest side first, until there are enough.
    private mutating func cut(_ pixels: [UInt32]) {
      var place = [Int32](repeating: -1, count: 1 << 18), bins: [Bin] = []
      for c in pixels {
        let n = Self.bin(c)
        if place[n] < 0 {
          place[n] = Int32(bins.count)
          bins.append(Bin(number: n))
        }
        let i = Int(place[n])
        bins[i].count += 1
        bins[i].red += Int(c >> 16 & 255)
        bins[i].green += Int(c >> 8 & 255)
        bins[i].blue += Int(c & 255)
      }
      func longest(_ box: ArraySlice<Bin>) -> (axis: Int, length: Int) {
        var best = (axis: 0, length: -1)
        for axis in 0..<3 {
          var low = 63, high = 0
          for b in box {
            low = min(low, b.part(axis))
            high = max(high, b.part(axis))
          }
          if high - low > best.length { best = (axis, high - low) }
        }
        return best
      }
      struct Box { var range: Range<Int>, axis: Int, weight: Int }
      func box(_ r: Range<Int>) -> Box {
        let (axis, length) = longest(bins[r])
        return Box(range: r, axis: axis, weight: length == 0 ? 0 : bins[r].reduce(0) { $0 + $1.count } * length * length)
      }
      var boxes = [box(0..<bins.count)]
      while boxes.count < 255, let at = boxes.indices.max(by: { boxes[$0].weight < boxes[$1].weight }), boxes[at].weight > 0 {
        let b = boxes[at]
        bins[b.range].sort { ($0.part(b.axis), $0.number) < ($1.part(b.axis), $1.number) }
        let total = bins[b.range].reduce(0) { $0 + $1.count }
        var sum = 0, middle = b.range.lowerBound
        repeat {
          sum += bins[middle].count
          middle += 1
        } while sum * 2 < total && middle < b.range.upperBound - 1
        boxes[at] = box(b.range.lowerBound..<middle)
        boxes.append(box(middle..<b.range.upperBound))
      }
      coarse = [UInt8](repeating: 0, count: 1 << 18)
      colors = boxes.enumerated().map { n, b in
        let all = bins[b.range], count = max(all.reduce(0) { $0 + $1.count }, 1)
        for bin in all { coarse[bin.number] = UInt8(n) }
        func mean(_ part: (Bin) -> Int) -> UInt32 { UInt32((all.reduce(0) { $0 + part($1) } + count / 2) / count) }
        return mean(\.red) << 16 | mean(\.green) << 8 | mean(\.blue)
      }
    }
  }

  /// The compression of GIF: codes of growing length, in blocks of at most 255 bytes.
  enum LZW {
    static func packed(_ indices: [UInt8], bits: Int) -> [UInt8] {
      let clear = 1 << bits
      var bytes: [UInt8] = [], word: UInt32 = 0, filled = 0
      var length = bits + 1, free = clear + 2
      // What follows a code, by code and index: an open table.
      var keys = [UInt32](repeating: .max, count: 16384), codes = [UInt16](repeating: 0, count: 16384)
      func put(_ code: Int) {
        word |= UInt32(code) << UInt32(filled)
        filled += length
        while filled >= 8 {
          bytes.append(UInt8(word & 255))
          word >>= 8
          filled -= 8
        }
      }
      put(clear)
      var prefix = -1
      for index in indices {
        guard prefix >= 0 else {
          prefix = Int(index)
          continue
        }
        let key = UInt32(prefix) << 8 | UInt32(index)
        var slot = Int((key &* 0x9E37_79B1) >> 18)
        while keys[slot] != key, keys[slot] != .max { slot = (slot + 1) & 16383 }
        if keys[slot] == key {
          prefix = Int(codes[slot])
          continue
        }
        put(prefix)
        if free < 4096 {
          keys[slot] = key
          codes[slot] = UInt16(free)
          if free == 1 << length { length += 1 }
          free += 1
        } else {
          put(clear)
          length = bits + 1
          free = clear + 2
          for i in keys.indices { keys[i] = .max }
        }
        prefix = Int(index)
      }
      if prefix >= 0 {
        put(prefix)
        if free == 1 << length, length < 12 { length += 1 }
      }
      put(clear + 1)
      if filled > 0 { bytes.append(UInt8(word & 255)) }
      var blocks = [UInt8(bits)]
      for start in stride(from: 0, to: bytes.count, by: 255) {
        let end = min(start + 255, bytes.count)
        blocks.append(UInt8(end - start))
        blocks += bytes[start..<end]
      }
      return blocks + [0]
    }
  }
}
