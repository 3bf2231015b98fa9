/// A Wi-Fi access point that can be heard: what its beacons say.
public struct AccessPoint: Sendable, Equatable {
  public var ssid: String, bssid: [UInt8], channel: UInt8
  /// dBm.
  public var rssi: Int8
  /// With WPA2, else open.
  public var isProtected: Bool
  public init(ssid: String, bssid: [UInt8], channel: UInt8 = 6, rssi: Int8 = -50, isProtected: Bool = true) {
    self.ssid = ssid
    self.bssid = bssid
    self.channel = channel
    self.rssi = rssi
    self.isProtected = isProtected
  }
}
