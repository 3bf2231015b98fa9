extension PartCatalog {
  static let lights: [Part.Type] = [LED.self, RGBLED.self, LEDBarGraph.self, NeoPixel.self, LEDStrip.self, LEDRing.self, LEDMatrix.self, NeoPixelMatrix.self, APA102Matrix.self, MicrobitMatrix.self]
}
