import Boards
import CSDL2
import Parts

/// Plays what the board's piezos do through SDL, in step with virtual time while that is the host's.
final class Loudspeaker: @unchecked Sendable {
  private static let rate: UInt64 = 48_000
  private static let period: UInt64 = 1_000_000_000_000 / rate
  private var device: SDL_AudioDeviceID = 0
  /// Level of each sounding part, and since when.
  private var voices: [Bool] = []
  private var level = 0, since: UInt64 = 0
  /// The sample that is being filled, its end, and level times picoseconds in it so far.
  private var end: UInt64 = 0, sum: UInt64 = 0
  private(set) var samples: [Int16] = []
  private var mean: Float = 0
  private let isHere: Bool

  init(_ board: Board) {
    let parts = board.parts + (board.neighbour?.parts ?? [])
    isHere = !parts.isEmpty
    for part in parts {
      let voice = voices.count
      voices.append(false)
      part.onSound = { [unowned self] up, time in change(voice, up, time) }
    }
  }
  /// Opens the audio device at the first sound; without one it stays quiet.
  private func open() {
    guard device == 0, SDL_InitSubSystem(SDL_INIT_AUDIO) == 0 else { return }
    var want = SDL_AudioSpec()
    want.freq = Int32(Self.rate)
    want.format = SDL_AudioFormat(AUDIO_S16LSB)
    want.channels = 1
    want.samples = 1024
    device = SDL_OpenAudioDevice(nil, 0, &want, nil, 0)
    if device != 0 { SDL_PauseAudioDevice(device, 0) }
  }
  private var hasSounded = false
  private func change(_ voice: Int, _ up: Bool, _ time: UInt64) {
    guard voices[voice] != up else { return }
    hasSounded = true
    fill(upTo: time)
    voices[voice] = up
    level += up ? 1 : -1
  }
  /// Box-averages the level into samples.
  func fill(upTo time: UInt64) {
    if end == 0 || time > end &+ 1_000_000_000_000 {
      // The first sound, or a long silence.
      since = time
      sum = 0
      end = time &+ Self.period
    }
    while time >= end {
      sum &+= UInt64(level) &* (end &- since)
      let v = Float(sum) / Float(Self.period)
      // What stays is no sound.
      mean += (v - mean) * 0.002
      if samples.count < 48_000 { samples.append(Int16(max(-1, min(1, (v - mean) * 0.35)) * 32_000)) }
      since = end
      sum = 0
      end &+= Self.period
    }
    if time > since {
      sum &+= UInt64(level) &* (time &- since)
      since = time
    }
  }
  /// Gives the device what there is up to `time`.
  /// - Parameter speed: virtual over host time; far from 1, sound would only lag.
  func play(upTo time: UInt64, speed: Double) {
    guard isHere, hasSounded else { return }
    fill(upTo: time)
    guard 0.8...1.25 ~= speed else { return samples.removeAll(keepingCapacity: true) }
    guard samples.count >= 256 else { return }
    open()
    // A quarter of a second behind is enough.
    if device != 0, SDL_GetQueuedAudioSize(device) < Self.rate / 2 { samples.withUnsafeBytes { _ = SDL_QueueAudio(device, $0.baseAddress, UInt32($0.count)) } }
    samples.removeAll(keepingCapacity: true)
  }
  func close() {
    if device != 0 { SDL_CloseAudioDevice(device) }
    device = 0
  }
}
