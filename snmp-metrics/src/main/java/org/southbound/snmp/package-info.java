// SPDX-License-Identifier: Apache-2.0
/** The SNMP agent: the MIB's table over the registry of metrics. */
package org.southbound.snmp;
