// SPDX-License-Identifier: Apache-2.0
package org.southbound.yang;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar carries the standard modules that the NETCONF server offers or that ours import. */
class StandardModulesTest {
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
}
