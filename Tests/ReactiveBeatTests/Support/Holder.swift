/// Keeps what a callback refers to before it exists.
final class Holder<Value> {
  var value: Value?
}
