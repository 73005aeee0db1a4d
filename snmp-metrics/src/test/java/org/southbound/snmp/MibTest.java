// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

/**
 * SOUTHBOUND-MIB is a module that others understand. The base modules it imports are not in Debian: they are looked for
 * in the folder that SOUTHBOUND_MIBS names and where they usually are, and else taken from npm's package net-snmp.
 */
@Timeout(120)
class MibTest {
  private static final List<String> BASE = List.of("SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF");

  @TempDir
  private Path folder;

  @Test
  void shouldNumberTheColumnsAsTheContractSays() throws Exception {
    var columns = new TreeMap<Integer, String>();
    var column = Pattern
        .compile("(sbMetric\\w+) OBJECT-TYPE(?:(?!OBJECT-TYPE)[^:]|:(?!:=))*::= \\{ sbMetricEntry (\\d+) }")
        .matcher(mib());
    while (column.find()) {
      columns.put(Integer.valueOf(column.group(2)), column.group(1));
    }
    assertEquals("{1=sbMetricIndex, 2=sbMetricName, 3=sbMetricCounter, 4=sbMetricGauge, 5=sbMetricDecimal,"
        + " 6=sbMetricUnits, 7=sbMetricDescription, 8=sbMetricKind, 9=sbMetricIndicator}", columns.toString());
  }

  @Test
  @Tag("interop")
  void shouldPassSmilint() throws Exception {
    var answer = NetSnmp.run("smilint", Map.of("SMIPATH", modules().toString()),
        List.of("-l", "6", "-s", folder.resolve("SOUTHBOUND-MIB").toString()));
    assertEquals("", answer.ok());
  }

  @Test
  @Tag("interop")
  void shouldBePrintedAsATableByName() throws Exception {
    var metrics = new Metrics();
    metrics.register(Metric.counter(1, "packets-received", "packets", "Received"), () -> 1L << 40);
    metrics.register(Metric.gauge(6, "flows", "flows", "Flows"), () -> 42);
    var modules = modules();
    try (var agent = SnmpAgent.start(SnmpConfig.loopback(0, "a", "", folder), metrics)) {
      var where = "127.0.0.1:" + agent.address().getPort();
      var table = NetSnmp.run("snmptable", Map.of(), List.of("-M", modules.toString(), "-m", "SOUTHBOUND-MIB", "-v2c",
          "-c", "public", "-Ci", "-Cf", "|", where, "SOUTHBOUND-MIB::sbMetricTable")).ok();
      assertTrue(table.contains("sbMetricName|sbMetricCounter|sbMetricGauge|sbMetricDecimal"), table);
      assertTrue(table.contains("packets-received|1099511627776|?|1099511627776|packets|Received|counter|none"), table);
      assertTrue(table.contains("flows|?|42|42|flows|Flows|gauge|none"), table);
      var translated = NetSnmp.run("snmptranslate", Map.of(), List.of("-M", modules.toString(), "-m", "SOUTHBOUND-MIB",
          "-On", "SOUTHBOUND-MIB::sbMetricDecimal.1")).ok();
      assertEquals("." + SnmpConfig.ROOT + ".1.1.1.5.1", translated.strip());
    }
  }

  /** A folder with the module and its base modules, under their names. */
  private Path modules() throws IOException, InterruptedException {
    Files.writeString(folder.resolve("SOUTHBOUND-MIB"), mib());
    for (String place : List.of(System.getenv().getOrDefault("SOUTHBOUND_MIBS", "/nowhere"), "/usr/share/snmp/mibs",
        "/usr/share/snmp/mibs/ietf", "/usr/share/mibs/ietf", "/var/lib/mibs/ietf")) {
      if (copied(Path.of(place))) {
        return folder;
      }
    }
    assumeTrue(NetSnmp.isInstalled("npm"), "no base MIB modules, and no npm to get them with");
    var packed = NetSnmp.run("npm", Map.of(),
        List.of("pack", "--silent", "--pack-destination", folder.toString(), "net-snmp@3.29.2"));
    assumeTrue(packed.status() == 0, "no base MIB modules, and npm cannot get them: " + packed.text());
    NetSnmp.run("tar", Map.of(), List.of("-xzf", folder.resolve(packed.text().strip()).toString(), "-C",
        folder.toString())).ok();
    assertTrue(copied(folder.resolve("package/lib/mibs")), "net-snmp's package has no base MIB modules");
    return folder;
  }

  private boolean copied(Path place) throws IOException {
    for (String module : BASE) {
      boolean found = false;
      for (String suffix : List.of("", ".txt", ".mib", ".my")) {
        var file = place.resolve(module + suffix);
        if (!found && Files.isRegularFile(file)) {
          Files.write(folder.resolve(module), Files.readAllBytes(file));
          found = true;
        }
      }
      if (!found) {
        return false;
      }
    }
    return true;
  }

  private static String mib() throws IOException {
    try (var in = MibTest.class.getResourceAsStream("/SOUTHBOUND-MIB.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}
