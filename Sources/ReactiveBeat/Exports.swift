// Whoever imports ReactiveBeat has what its interface is made of: URLs, the store's client, signals.
@_exported import BeatLoop
@_exported import BeatRedis
