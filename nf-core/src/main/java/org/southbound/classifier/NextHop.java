// SPDX-License-Identifier: Apache-2.0
package org.southbound.classifier;

import java.net.InetSocketAddress;
import org.southbound.chain.Link;

/**
 * Another NF instance as the classifier sees it.
 *
 * @param number number within this process, from 0: workers keep what they need to reach it in an array
 * @param nf name of the instance
 * @param address where it takes packets over UDP
 * @param link where it is on the fabric; null: nobody said that it is there
 */
public record NextHop(int number, String nf, InetSocketAddress address, Link link) {
}
