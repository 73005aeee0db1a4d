// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.util.ArrayList;
import java.util.List;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.OptionalFeature;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.compression.BuiltinCompressions;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.common.random.JceRandomFactory;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;

/**
 * What the server offers: no SHA-1 (ssh-rsa, the first groups), no CBC, no compression. The client's order of preference
 * decides (RFC 4253 section 7.1). The post-quantum exchanges are at the end: they cost a set-up two to three times as much, and
 * clients that have them ask for them first.
 */
final class SshAlgorithms {
  private SshAlgorithms() {
  }

  static void offer(SshServer server) {
    server.setKeyExchangeFactories(NamedFactory.setUpTransformedFactories(true,
        List.of(BuiltinDHFactories.curve25519, BuiltinDHFactories.curve25519_libssh, BuiltinDHFactories.ecdhp256,
            BuiltinDHFactories.ecdhp384, BuiltinDHFactories.ecdhp521, BuiltinDHFactories.dhg16_512,
            BuiltinDHFactories.dhg14_256, BuiltinDHFactories.mlkem768x25519, BuiltinDHFactories.sntrup761x25519,
            BuiltinDHFactories.sntrup761x25519_openssh),
        ServerBuilder.DH2KEX));
    server.setCipherFactories(supported(List.of(BuiltinCiphers.aes128gcm,
        BuiltinCiphers.aes256gcm, BuiltinCiphers.cc20p1305_openssh, BuiltinCiphers.aes128ctr,
        BuiltinCiphers.aes256ctr)));
    server.setMacFactories(supported(List.of(BuiltinMacs.hmacsha256etm, BuiltinMacs.hmacsha512etm,
        BuiltinMacs.hmacsha256, BuiltinMacs.hmacsha512)));
    server.setSignatureFactories(supported(
        List.of(BuiltinSignatures.ed25519, BuiltinSignatures.nistp256, BuiltinSignatures.nistp384,
            BuiltinSignatures.nistp521, BuiltinSignatures.rsaSHA512, BuiltinSignatures.rsaSHA256)));
    server.setCompressionFactories(supported(List.of(BuiltinCompressions.none)));
    server.setRandomFactory(JceRandomFactory.INSTANCE);
  }

  /** Those that this JDK and BouncyCastle can do. */
  private static <T> List<NamedFactory<T>> supported(List<? extends NamedFactory<T>> wanted) {
    var found = new ArrayList<NamedFactory<T>>();
    for (NamedFactory<T> each : wanted) {
      if (!(each instanceof OptionalFeature optional) || optional.isSupported()) {
        found.add(each);
      }
    }
    return found;
  }
}
