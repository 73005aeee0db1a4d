// SPDX-License-Identifier: Apache-2.0
/** Packets off the heap, and one view per header. */
package org.southbound.packet;
