extension FAT {
  /// An empty volume of `size` bytes without a partition table: FAT16, or FAT12 where it is small (specification §3.1).
  /// - Throws: `FileSystemError` for a size that neither can have.
  public static func format(size: Int, label: String = "SOLDERLESS") throws -> [UInt8] {
    guard size >= 64 << 10, size <= 2 << 30, size % 512 == 0 else { throw FileSystemError("a FAT volume of \(size) bytes cannot be made; choose 64 KiB to 2 GiB, in sectors of 512 bytes") }
    let sectors = size / 512, rootSectors = 32
    // The smallest clusters of which there are few enough.
    var clusterSectors = 1
    while (sectors - rootSectors) / clusterSectors > 65_000 { clusterSectors *= 2 }
    func fatSectors(_ clusters: Int) -> Int { clusters < 4085 ? ((clusters + 2) * 3 / 2 + 512) / 512 : ((clusters + 2) * 2 + 511) / 512 }
    var fat = 1
    while fat < fatSectors((sectors - 1 - rootSectors - 2 * fat) / clusterSectors) { fat += 1 }
    let is12 = (sectors - 1 - rootSectors - 2 * fat) / clusterSectors < 4085
    var bytes = [UInt8](repeating: 0, count: size)
    func put(_ v: Int, _ at: Int, _ n: Int) { for i in 0..<n { bytes[at + i] = UInt8(truncatingIfNeeded: v >> (8 * i)) } }
    func put(_ s: String, _ at: Int, _ n: Int) { for (i, b) in (Array(s.utf8) + [UInt8](repeating: 0x20, count: n)).prefix(n).enumerated() { bytes[at + i] = b } }
    for (i, b) in [0xEB, 0x3C, 0x90].enumerated() { bytes[i] = UInt8(b) }
    put("MSDOS5.0", 3, 8)
    put(512, 11, 2)
    put(clusterSectors, 13, 1)
    put(1, 14, 2)
    put(2, 16, 1)
    put(rootSectors * 16, 17, 2)
    put(sectors < 65536 ? sectors : 0, 19, 2)
    put(0xF8, 21, 1)
    put(fat, 22, 2)
    put(63, 24, 2)
    put(255, 26, 2)
    put(sectors < 65536 ? 0 : sectors, 32, 4)
    put(0x80, 36, 1)
    put(0x29, 38, 1)
    put(0x50_1D_E2_1E, 39, 4)
    put(label, 43, 11)
    put(is12 ? "FAT12" : "FAT16", 54, 8)
    put(0xAA55, 510, 2)
    for copy in 0..<2 { put(is12 ? 0xFFFFF8 : 0xFFFF_FFF8, (1 + copy * fat) * 512, is12 ? 3 : 4) }
    // The label, as a folder's entry.
    put(label, (1 + 2 * fat) * 512, 11)
    put(0x08, (1 + 2 * fat) * 512 + 11, 1)
    put(0x21, (1 + 2 * fat) * 512 + 24, 2)
    return bytes
  }
}
