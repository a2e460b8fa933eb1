import Glibc

extension MongoURL {
  /// Checks that the files of certificates can be read. The library tells of one that cannot in its log alone, and the
  /// error of the connection that fails by it has no reason.
  func requireFiles() throws(MongoError) {
    for option in options
    where ["tlsCAFile", "tlsCertificateKeyFile", "sslCertificateAuthorityFile", "sslClientCertificateKeyFile"]
      .contains(where: option.isNamed) && access(option.value, R_OK) != 0
    {
      let reason = String(cString: strerror(errno))
      throw MongoURLText.error("\(option.name) in the MongoDB URL: \(option.value): \(reason)")
    }
  }
}
