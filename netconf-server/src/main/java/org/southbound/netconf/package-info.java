// SPDX-License-Identifier: Apache-2.0
/** The NETCONF server: its engine knows nothing of network functions, {@code binding} alone does. */
package org.southbound.netconf;
