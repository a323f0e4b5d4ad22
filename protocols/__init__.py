"""How the twin is reached: OPC UA, MQTT with Sparkplug B, gRPC, files."""
