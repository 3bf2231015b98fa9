import Chips
import Testing

@testable import Boards

/// What `--access-point` takes.
@Suite struct AccessPointTests {
  private func board(_ name: String) throws -> Board { try BoardLoader(store: FirmwareStore(environment: [:])).bare(name, flash: nil, rom: nil) }
  @Test func whatIsSaidIsHeard() throws {
    let board = try #require(try board("esp32") as? ESP32Board)
    try board.add(accessPoint: "workshop")
    try board.add(accessPoint: "a b=c,channel=11,rssi=-70,open,bssid=02:03:04:05:06:ff")
    #expect(board.chip.radio.accessPoints == [
      AccessPoint(ssid: "workshop", bssid: [2, 0, 0, 0, 0, 1], channel: 6, rssi: -50, isProtected: true), AccessPoint(ssid: "a b=c", bssid: [2, 3, 4, 5, 6, 255], channel: 11, rssi: -70, isProtected: false),
    ])
  }
  @Test(arguments: ["", ",open", "x,channel=15", "x,channel=", "x,rssi=5", "x,open=1", "x,bssid=1:2", "x,what=3", "x,", String(repeating: "n", count: 33)]) func whatIsNotUnderstood(spec: String) throws {
    let board = try board("esp32")
    #expect(throws: BoardError("the access point \"\(spec)\" is not understood; write its name and what is not usual, as in workshop,channel=6,rssi=-50,open")) { try board.add(accessPoint: spec) }
  }
  @Test func boardsWithoutWiFi() throws {
    let board = try board("pico")
    #expect(throws: BoardError("pico has no Wi-Fi that works here; leave the access point out, or take esp32")) { try board.add(accessPoint: "x") }
  }
}
