extension PartCatalog {
  static let sensors: [Part.Type] = [
    DHT22.self, DHT11.self, DS18B20.self, HCSR04.self, Photoresistor.self, Thermistor.self, LM35.self, PIR.self, GasSensor.self, HX711.self, Microphone.self,
    MPU6050.self, MMA8653.self, MAG3110.self, BME280.self, BMP180.self,
  ]
}
