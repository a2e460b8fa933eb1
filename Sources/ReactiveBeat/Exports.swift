// The command line and the tests see these modules through ReactiveBeat. The modules declare nothing `public`, so other
// packages see nothing of them.
@_exported import BeatAMQP
@_exported import BeatLoop
@_exported import BeatMongo
@_exported import BeatRedis
