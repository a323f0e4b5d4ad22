"""OPC UA: subscriptions that notice when they die."""
