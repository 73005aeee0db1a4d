// SPDX-License-Identifier: Apache-2.0
package org.southbound.yang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar carries the standard modules that the NETCONF server offers or that ours import. */
class StandardModulesTest {
  private static final Pattern IMPORT = Pattern.compile("^\\s*import\\s+\"?([\\w.-]+)", Pattern.MULTILINE);

  @ParameterizedTest
  @ValueSource(strings = {"ietf-inet-types@2013-07-15", "ietf-yang-types@2013-07-15", "ietf-netconf-acm@2018-02-14",
      "ietf-datastores@2018-02-14", "ietf-origin@2018-02-14", "ietf-yang-library@2019-01-04",
      "ietf-netconf@2011-06-01", "ietf-netconf-with-defaults@2011-06-01", "ietf-netconf-monitoring@2010-10-04",
      "ietf-netconf-notifications@2012-02-06", "ietf-netconf-nmda@2019-01-07", "notifications@2008-07-14",
      "nc-notifications@2008-07-14", "ietf-yang-metadata@2016-08-05", "ietf-x509-cert-to-name@2014-12-10",
      "ietf-crypto-types@2024-10-10", "ietf-keystore@2024-10-10", "ietf-truststore@2024-10-10"})
  void shouldPackStandardModule(String module) {
    assertNotNull(getClass().getResource("/META-INF/yang/" + module + ".yang"), module);
  }

  /** Whoever loads every module of the jar misses none. */
  @Test
  void shouldPackWhatPackedModulesImport() throws Exception {
    Map<String, String> sources = new TreeMap<>();
    Path folder = Path.of(getClass().getResource("/META-INF/yang").toURI());
    try (var files = Files.newDirectoryStream(folder, "*.yang")) {
      for (Path file : files)
        sources.put(file.getFileName().toString().replaceFirst("@.*", ""), Files.readString(file));
    }
    List<String> missing = new ArrayList<>();
    sources.forEach((name, text) -> IMPORT.matcher(text).results().map(match -> match.group(1))
        .filter(imported -> !sources.containsKey(imported)).forEach(imported -> missing.add(name + ": " + imported)));
    assertEquals(List.of(), missing);
  }
}
