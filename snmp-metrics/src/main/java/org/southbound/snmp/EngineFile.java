// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snmp4j.cfg.EngineBootsProvider;
import org.snmp4j.smi.OctetString;

/**
 * snmpEngineID and snmpEngineBoots, kept over restarts (RFC 3414 section 2.3): with the same id the boots must rise, or
 * old messages could be replayed.
 */
final class EngineFile implements EngineBootsProvider {
  private static final Logger LOG = LoggerFactory.getLogger(EngineFile.class);
  private static final Pattern CONTENT = Pattern.compile("engine-id=([0-9a-f]{10,64})\nengine-boots=([0-9]{1,10})\n");
  private static final int RANDOM_OCTETS = 12;

  private final OctetString id;
  private final int boots;

  /**
   * Reads the file, or makes a new engine if there is none, it is damaged or its boots are used up; counts this start
   * and has it on the disk before returning.
   *
   * @param enterprise the number that begins a new id
   */
  EngineFile(Path folder, int enterprise) throws IOException {
    Files.createDirectories(folder);
    var file = folder.resolve("snmp-engine");
    byte[] known = null;
    long before = 0;
    try {
      var content = CONTENT.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      if (content.matches() && content.group(1).length() % 2 == 0
          && Long.parseLong(content.group(2)) < Integer.MAX_VALUE) {
        known = HexFormat.of().parseHex(content.group(1));
        before = Long.parseLong(content.group(2));
      } else {
        LOG.warn("{} is damaged or its boots are used up: SNMP gets a new engine id", file);
      }
    } catch (NoSuchFileException firstStart) {
      LOG.debug("new SNMP engine");
    }
    id = new OctetString(known == null ? random(enterprise) : known);
    boots = (int) before + 1;
    write(file, "engine-id=" + HexFormat.of().formatHex(id.getValue()) + "\nengine-boots=" + boots + "\n");
  }

  /** An id as in RFC 3411, SnmpEngineID: enterprise with the first bit set, 5 for octets, octets. */
  private static byte[] random(int enterprise) {
    byte[] octets = new byte[5 + RANDOM_OCTETS];
    new SecureRandom().nextBytes(octets);
    octets[0] = (byte) (enterprise >>> 24 | 0x80);
    octets[1] = (byte) (enterprise >>> 16);
    octets[2] = (byte) (enterprise >>> 8);
    octets[3] = (byte) enterprise;
    octets[4] = 5;
    return octets;
  }

  private static void write(Path file, String content) throws IOException {
    var next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, content, StandardCharsets.ISO_8859_1);
    try (var channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** snmpEngineID. */
  OctetString id() {
    return id;
  }

  @Override
  public int updateEngineBoots() {
    return boots;
  }

  @Override
  public int getEngineBoots() { return boots; }
}
