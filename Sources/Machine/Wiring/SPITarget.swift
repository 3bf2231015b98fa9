/// A chip on a serial bus with a chip select, byte by byte.
public protocol SPITarget: AnyObject {
  /// Chip select falls: a new command.
  func select()
  /// One byte each way.
  func transfer(_ byte: UInt8) -> UInt8
  /// Chip select rises: the command ends.
  func deselect()
}
