import Machine
import Parts
import Testing

@Suite struct GPSTests {
  private func sentences(_ bytes: some Sequence<UInt8>) -> [String: [String]] {
    var all: [String: [String]] = [:]
    for line in String(decoding: Array(bytes), as: UTF8.self).split(separator: "\r\n") {
      let halves = line.dropFirst().split(separator: "*")
      guard line.first == "$", halves.count == 2, halves[0].utf8.reduce(UInt8(0), ^) == UInt8(halves[1], radix: 16) else {
        Issue.record("\(line)")
        continue
      }
      let fields = halves[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if all[fields[0]] == nil { all[fields[0]] = fields }
    }
    return all
  }
  private func degrees(_ s: String, _ digits: Int) -> Double { (Double(s.prefix(digits)) ?? .nan) + (Double(s.dropFirst(digits)) ?? .nan) / 60 }

  @Test func tellsPlaceAndTimeEachSecond() throws {
    let bench = Bench(), gps = bench.make(GPS.self, ["lat": "-33.8568", "lon": "151.2153", "alt": "12.5", "initTime": "2025-12-31T23:59:58", "satellites": "9"])
    let peer = UARTPeer(bench, from: gps.pin("TX")), pulse = bench.pin("PPS", gps.pin("PPS"))
    var pulses: [UInt64] = []
    pulse.onChange = { if $0 == .high { pulses.append(bench.machine.now) } }
    bench.run(milliseconds: 1900)
    var got = sentences(peer.heard)
    #expect(Set(got.keys) == ["GPRMC", "GPVTG", "GPGGA", "GPGSA", "GPGSV", "GPGLL"])
    let rmc = try #require(got["GPRMC"]), gga = try #require(got["GPGGA"])
    #expect(rmc[1] == "235959.00" && rmc[2] == "A" && rmc[4] == "S" && rmc[6] == "E" && rmc[9] == "311225")
    #expect(abs(degrees(rmc[3], 2) - 33.8568) < 1e-6 && abs(degrees(rmc[5], 3) - 151.2153) < 1e-6)
    #expect(gga[6] == "1" && gga[7] == "09" && gga[9] == "12.5")
    #expect(got["GPGSV"]?[1] == "3" && got["GPGSV"]?[3] == "09")
    gps.setControl("lat", 0.5)
    gps.setControl("lon", -0.25)
    gps.setControl("speed", 18.52)
    gps.setControl("course", 271.5)
    let before = peer.heard.count
    bench.run(milliseconds: 1000)
    got = sentences(peer.heard.dropFirst(before))
    let second = try #require(got["GPRMC"])
    #expect(second[1] == "000000.00" && second[9] == "010126" && second[3] == "0030.00000" && second[4] == "N" && second[5] == "00015.00000" && second[6] == "W" && second[7] == "10.000" && second[8] == "271.50")
    #expect(got["GPVTG"]?[7] == "18.520")
    gps.setControl("satellites", 3)
    let third = peer.heard.count
    bench.run(milliseconds: 1000)
    got = sentences(peer.heard.dropFirst(third))
    #expect(got["GPRMC"]?[2] == "V" && got["GPGGA"]?[6] == "0")
    #expect(pulses == [1_000_000_000_000, 2_000_000_000_000])
  }
}
