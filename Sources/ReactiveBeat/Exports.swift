// The command line and the tests see these by ReactiveBeat. They show nothing outside of the package.
@_exported import BeatLoop
@_exported import BeatRedis
