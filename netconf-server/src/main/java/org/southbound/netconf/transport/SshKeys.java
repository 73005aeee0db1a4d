// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.bouncycastle.jcajce.interfaces.EdDSAPrivateKey;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** SSH keys in files. Ed25519 comes from BouncyCastle: MINA SSHD takes no other. */
public final class SshKeys {
  private static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----\n";
  private static final String END = "\n-----END PRIVATE KEY-----\n";

  private SshKeys() {
  }

  /** The host key in the file, PKCS#8 in PEM; made, mode 0600, if there is no file. Throws with one line that says what to do. */
  public static KeyPair hostKey(Path file) throws IOException {
    try {
      if (!Files.exists(file)) {
        KeyPair made = KeyPairGenerator.getInstance("Ed25519", BOUNCY_CASTLE).generateKeyPair();
        String text = BEGIN + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(made.getPrivate().getEncoded())
            + END;
        writePrivately(file, text);
      }
      // A character set that has all octets: what is no key is found below.
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      byte[] der = Base64.getMimeDecoder().decode(text.replaceAll("-----[A-Z ]+-----", ""));
      var secret = (EdDSAPrivateKey) KeyFactory.getInstance("Ed25519", BOUNCY_CASTLE)
          .generatePrivate(new PKCS8EncodedKeySpec(der));
      return new KeyPair(secret.getPublicKey(), secret);
    } catch (GeneralSecurityException | IllegalArgumentException | ClassCastException e) {
      throw new IOException(
          "the host key " + file + " cannot be used: restore it, or remove it to have a new one made");
    }
  }

  /** Writes a file of mode 0600 at one step. */
  static void writePrivately(Path file, String text) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(fresh, text, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The keys of an authorized_keys file. Throws with one line that says what to do. */
  public static Set<PublicKey> authorized(Path file) throws IOException {
    try {
      var keys = new LinkedHashSet<PublicKey>();
      for (AuthorizedKeyEntry each : AuthorizedKeyEntry.readAuthorizedKeys(file)) {
        keys.add(each.resolvePublicKey(null, PublicKeyEntryResolver.FAILING));
      }
      return keys;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("the file " + file + " of authorized keys cannot be used: " + e.getMessage());
    }
  }
}
