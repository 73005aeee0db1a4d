// SPDX-License-Identifier: Apache-2.0
/** A packet source and sink that checks a chain of network functions. */
package org.southbound.traffic;
