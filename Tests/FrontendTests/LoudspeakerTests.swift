import Boards
import Machine
import Testing

@testable import Frontend

/// Edges of a piezo's pin become samples of sound.
@Suite struct LoudspeakerTests {
  @Test(arguments: [440.0, 1000, 5000]) func aSquareWaveKeepsItsPitch(hertz: Double) throws {
    let board = try SceneTests.blinker(), buzzer = try board.add("wokwi-buzzer", id: "bz"), speaker = Loudspeaker(board)
    let half = 0.5e12 / hertz, edges = Int(2 * hertz * 0.5)
    for n in 0...edges { buzzer.onSound?(n % 2 == 0, 1_000_000_000 + UInt64(Double(n) * half)) }
    speaker.fill(upTo: 501_000_000_000)
    // Half a second at 48 kHz.
    #expect(abs(speaker.samples.count - 24_000) < 3)
    let late = speaker.samples.dropFirst(12_000)
    let crossings = zip(late, late.dropFirst()).filter { ($0 < 0) != ($1 < 0) }.count
    #expect(abs(Double(crossings) - 2 * hertz * Double(late.count) / 48_000) < 4)
    #expect((late.max() ?? 0) > 4000 && (late.min() ?? 0) < -4000)
    // What stands still is silent, after a while.
    speaker.fill(upTo: 950_000_000_000)
    #expect(abs(Int(speaker.samples.last ?? 99)) < 50)
  }
}
