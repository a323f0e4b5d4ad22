"""MQTT: messages acknowledged once they are stored. JSON today; Sparkplug B beside it later."""
